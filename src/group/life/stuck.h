/* SPDX-License-Identifier: MIT */
/*
 * stuck.h - why processes that were killed don't die
 *
 * SIGKILL has no effect on a process in an uninterruptible sleep (state D), e.g. on a dead disk or
 * a frozen file system, or on one in the freezer of cgroup v1. Callers that wait for such a process
 * say so.
 */
#ifndef RATION_GROUP_LIFE_STUCK_H
#define RATION_GROUP_LIFE_STUCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "group/place.h"

#define STUCK_WORDS_MAX 320

struct stuck {
	const struct place *place;    /* the group; what it has frozen in cgroup v1 is thawed */
	int proc_fd;
	uint64_t n;                   /* live processes seen */
	char first[STUCK_WORDS_MAX];  /* the first of them, in words */
};

/* Looks at one process; for cg_each_pid(). Returns 0. */
int stuck_look(void *stuck, pid_t pid);

/* "process 4711 (dd) doesn't die: …"; "" if none was seen. Returns buf. */
const char *stuck_words(const struct stuck *stuck, char buf[STUCK_WORDS_MAX]);

/* The same of all processes of a group. */
const char *stuck_in(const struct place *place, char buf[STUCK_WORDS_MAX]);

#endif
