/* SPDX-License-Identifier: MIT */
/*
 * follow.h - the processes of a run, where nothing holds them together
 *
 * Without a cgroup or a child subreaper, a process whose parent ends belongs to process 1, and
 * nobody can tell whose it was. So processes are followed: a process that was once seen as a child
 * of a member is a member from then on. It is identified by its pid and time of birth, whoever its
 * parent is later. If the run has a process group of its own, processes in that are members, too.
 *
 * A process isn't found if it has left the process group and its parent has ended before anybody
 * looked.
 */
#ifndef RATION_RUN_CONTAIN_FOLLOW_H
#define RATION_RUN_CONTAIN_FOLLOW_H

#include "run/sample.h"
#include "sys/os.h"

struct follow_member {
	struct os_process at; /* as last seen */
	bool stopped;         /* by us */
	bool told;            /* to `joined` */
};

struct follow {
	const struct os_ops *os;
	pid_t group;          /* the run's own process group, or 0 */
	/* Called for each process that becomes a member, once; may be NULL. */
	void (*joined)(void *userdata, const struct os_process *process);
	void *userdata;
	unsigned cpus;
	uint64_t gone_usec;   /* CPU time of members that are gone, and that no member has waited for */
	struct sample_peaks peaks;
	size_t n, room;
	struct follow_member *members;
	size_t n_list;
	pid_t *list;          /* room for what the system lists */
};

/* Begins with one process. -ESRCH, -ENOMEM. */
int follow_start(struct follow *follow, const struct os_ops *os, pid_t root, pid_t group);
void follow_end(struct follow *follow);

/* Makes a process a member that is known by pid and birth, if it isn't one yet. -ESRCH: it isn't there any more. */
int follow_add(struct follow *follow, pid_t pid, uint64_t born);

/* Looks for members. Returns how many live, or -ENOMEM and the like. */
int follow_update(struct follow *follow);

/* We have reaped a member ourselves; it and its children have used this much CPU time. */
void follow_reaped(struct follow *follow, pid_t pid, uint64_t cpu_usec);

/* Takes a sample. Errors: as follow_update(). */
int follow_sample(struct follow *follow, const struct sample_limits *limits, struct sample *ret_sample);

/* Sends a signal to each that lives. */
void follow_signal(struct follow *follow, int sig);

/*
 * Stops all, until there are no new ones, and kills them. Returns how many it has
 * sent SIGKILL; 0: none lives.
 */
int follow_kill(struct follow *follow);

#endif
