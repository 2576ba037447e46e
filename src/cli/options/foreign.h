/* SPDX-License-Identifier: MIT */
/*
 * foreign.h - the options of other tools, with the names of ours
 */
#ifndef RATION_CLI_OPTIONS_FOREIGN_H
#define RATION_CLI_OPTIONS_FOREIGN_H

struct foreign {
	const char *flag;  /* theirs */
	const char *ours;
	const char *value; /* what ours takes there, if that isn't what theirs takes: " as=SIZE"; or "" */
};

/* All of them, up to one without a flag. */
extern const struct foreign foreign_flags[];

/* Finds theirs. NULL: there is none of that name. */
const struct foreign *foreign_find(const char *flag);

#endif
