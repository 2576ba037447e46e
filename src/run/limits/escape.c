/* SPDX-License-Identifier: MIT */
/*
 * escape.c - a command that has left its group
 *
 * The group is empty, but the command lives: it has moved itself out, as root and the owner of a
 * delegated tree can. No limit applies to it any more, so it is ended.
 */
#include "run/concern.h"
#include "run/end.h"
#include "sys/proc/proc.h"
#include "sys/proc/tree-kill.h"
#include "sys/proc/tree.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* How long a command that has left its group may take to stop. */
#define STOP_USEC 1000000

/* How long one round of killing its descendants can take. */
#define TREE_KILL_USEC 2000000

/*
 * The kernel says that the group is empty, so a live command is elsewhere, whatever that group is called. But
 * a command that is about to be a zombie has left its group, too.
 */
static void on_empty(void *userdata)
{
	struct ration_run *run = userdata;
	const struct leader *leader = &run->leader;
	int proc_fd = run->host->proc_fd;
	struct proc_stat stat;
	char path[PATH_MAX];

	if (leader->pid == 0 || leader->ended || proc_stat_read(proc_fd, leader->pid, &stat) < 0 ||
			proc_is_leaving(proc_fd, &stat))
		return;
	if (proc_cgroup(proc_fd, leader->pid, path, sizeof(path)) < 0)
		(void)strcpy(path, "/");
	(void)snprintf(run->receipt.escaped_to, sizeof(run->receipt.escaped_to), "%s", path);
	/* Once it is stopped, it gets no more children, and those that it has can be found. */
	(void)sys_child_stop(leader->pid, leader->pid_fd, STOP_USEC);
	(void)proc_tree_stop_kill(run->host->proc_fd, leader->pid, TREE_KILL_USEC, &(uint64_t){ 0 });
	(void)sys_child_signal(leader->pid, leader->pid_fd, SIGKILL);
	end_run(run, RUN_CAUSE_ESCAPED, SIGKILL, 0);
}

int escape_prepare(struct ration_run *run, struct ration_error *reterr)
{
	(void)reterr;
	run->containment->on_empty = on_empty;
	run->containment->userdata = run;
	return 0;
}
