/* SPDX-License-Identifier: MIT */
/*
 * examine.h - what only the doctor looks at
 *
 * No plan depends on any of it, so that no run pays for it.
 */
#ifndef RATION_DOCTOR_EXAMINE_H
#define RATION_DOCTOR_EXAMINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/snapshot.h"
#include "util/text.h"

/* CONFIG_RT_GROUP_SCHED of this kernel. */
enum examined_config {
	EXAMINED_UNKNOWN, /* its configuration can't be read */
	EXAMINED_NO,
	EXAMINED_YES,
};

struct examined {
	bool on_linux;        /* what is said of Linux' versions is of this kernel */
	bool proc_foreign;    /* /proc is of another pid namespace */
	bool read_only;       /* the mount of cgroup2 */
	bool favordynmods;    /* an option of that mount */
	bool pressure;        /* /proc/pressure is there, if only to say that it is off */
	char disabled[64];    /* the controllers that the kernel was booted without: "memory,pids" */
	bool pressure_off;    /* it was booted with cgroup_disable=pressure */
	bool swap_off;        /* and with swapaccount=0 */
	char caller_limits[512]; /* those of our own group that BASE isn't below of, "memory 32 MiB, pids 100"; or "" */
	/* Of BASE, where there is one already */
	uint32_t kept_back;   /* controllers that it has and can't hand down */
	bool threaded;        /* nobody can have memory limits in it */
	uint64_t groups, dying; /* groups below, and those that are removed but remembered */
	uint64_t groups_max;  /* how many there may be, UINT64_MAX: any number */
	/* Realtime threads that moving them into a group with the cpu controller would meet */
	enum examined_config group_sched;
	uint64_t realtime;
	pid_t realtime_pid;   /* of the first: its process, name and group */
	char realtime_name[TEXT_SHOWN_MAX], realtime_group[TEXT_SHOWN_MAX];
};

/* Looks. Whatever can't be read isn't there. */
void examine(const struct host_snapshot *host, struct examined *ret);

#endif
