/* SPDX-License-Identifier: MIT */
/*
 * escape.c - a command that has left its group
 *
 * The group is empty, and the command lives: it has moved itself out, as root and
 * the owner of a delegated tree can. Then no limit holds for it any more, and
 * it is ended.
 */
#include "run/concern.h"
#include "run/end.h"
#include "sys/proc.h"
#include "sys/tree-kill.h"
#include "sys/tree.h"
#include "util/error.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* How long a command that has left its group may take to stop. */
#define STOP_USEC 1000000

/* How long the kill of what is below it may take at a time. */
#define TREE_KILL_USEC 2000000

/* Is `path`, as /proc tells it, the run's group or one that the command made below it? */
static bool within_group(const struct ration_run *run, const char *path)
{
	char own[2 * RATION_NAME_MAX + 4];
	const char *at = path;
	size_t length;

	(void)snprintf(own, sizeof(own), "/%s", run->receipt.group);
	length = strlen(own);
	while ((at = strstr(at, own)) && at[length] != '\0' && at[length] != '/' && at[length] != ' ')
		at++;
	return at; /* ' ': " (deleted)" follows */
}

/* A command that is about to be a zombie has left its group, too, but still shows it. */
static void on_empty(void *userdata)
{
	struct ration_run *run = userdata;
	const struct leader *leader = &run->leader;
	char path[PATH_MAX];

	if (leader->pid == 0 || leader->ended ||
			proc_cgroup(run->host->proc_fd, leader->pid, path, sizeof(path)) < 0 || within_group(run, path))
		return;
	(void)snprintf(run->receipt.escaped_to, sizeof(run->receipt.escaped_to), "%.199s", path);
	/* Once it stands it has no more children than can be found. */
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
