/* SPDX-License-Identifier: MIT */
/*
 * inherited.h - warns of attributes of a process that make limits void
 */
#ifndef RATION_CLI_INHERITED_H
#define RATION_CLI_INHERITED_H

struct attributes {
	const char *policy; /* NULL: not a realtime one */
	int oom_score_adj;
};

/* Ours. Without cgroups, the library has the OOM killer spare us as soon as a run has started. */
struct attributes inherited_own(void);

/* Says on standard error which of these the command doesn't get. */
void inherited_tell(const struct attributes *ours);

/* Says on standard error which ones process `pid` has, that was attached and keeps them. */
void inherited_warn(int pid);

#endif
