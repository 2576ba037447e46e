/* SPDX-License-Identifier: MIT */
/*
 * descent.c - the processes of a run as the descendants of this process
 */
#include "run/contain/descent.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "group/life/stuck.h"
#include "run/contain/reaper.h"
#include "sys/proc/tree-kill.h"
#include "sys/proc/tree.h"
#include "util/cleanup.h"

/* How long one round of killing can take; a fork bomb of thousands has taken 1.7 s. */
#define TREE_KILL_USEC 2000000
#define AGAIN_USEC 10000

/* How long a tracer has to notice that its tracee is dead. */
#define TRACER_USEC 1000000

/* How long to wait for a process that runs as another user to change back or to end. */
#define DENIED_USEC 1000000

/* Waking up is enough: each round of the loop calls end_settle(). */
static void on_again(void *userdata, uint64_t now_usec)
{
	(void)userdata;
	(void)now_usec;
}

void descent_init(struct descent *descent, struct ration_run *run)
{
	*descent = (struct descent) {
		.run = run,
		.again = LOOP_DEADLINE(on_again, descent),
		.traced_usec = LOOP_NEVER,
		.denied_usec = LOOP_NEVER,
	};
}

void descent_done(struct descent *descent)
{
	loop_clear(&descent->run->loop, &descent->again);
}

/* ---------------------------------------------------------------------- kill */

/* Lists the pids of live processes, as many as fit. Returns whether there is one. */
static bool name_living(struct descent *descent, const struct proc_list *list, char *names, size_t size)
{
	struct ration_run *run = descent->run;
	size_t used = 0;

	for (size_t i = 0; i < list->n; i++) {
		pid_t pid = list->items[i].pid;

		if (proc_is_dead(&list->items[i]))
			continue;
		if (used < size)
			used += (size_t)snprintf(names + used, size - used, used ? ", %d" : "%d", (int)pid);
		if (pid == run->leader.pid)
			leader_give_up(&run->leader);
	}
	return used > 0;
}

/*
 * Names the processes that can't be killed in the receipt. Whatever limit ended the run, the verdict isn't
 * that limit's.
 */
static void give_up(struct descent *descent)
{
	CLEANUP(proc_list_free) struct proc_list list = { 0 };
	struct ration_run *run = descent->run;
	char names[100];

	if (proc_descendants(run->host->proc_fd, getpid(), &list) < 0 ||
			!name_living(descent, &list, names, sizeof(names)))
		return;
	receipt_fail(&run->receipt, "could not be ended: pid %s, of another user by now", names);
	descent->given_up = true;
	run->end.cause = RUN_CAUSE_NOT_ENDED;
}

/* The only processes left are those that we may not signal. */
static void note_denied(struct descent *descent)
{
	uint64_t now_usec = sys_now_usec();

	if (descent->denied_usec == LOOP_NEVER)
		descent->denied_usec = loop_after(now_usec, DENIED_USEC);
	else if (now_usec >= descent->denied_usec)
		give_up(descent);
}

uint64_t descent_kill(struct descent *descent, uint64_t *ret_killed)
{
	uint64_t killed = 0, again_usec;
	int r = proc_tree_stop_kill(descent->run->host->proc_fd, getpid(), TREE_KILL_USEC, &killed);

	if (ret_killed)
		*ret_killed = killed;
	if (r == -EPERM)
		note_denied(descent);
	else
		descent->denied_usec = LOOP_NEVER;
	/* All are dead. What is left is held by a tracer, and no event reports its release. */
	again_usec = r < 0 ? AGAIN_USEC : TRACER_USEC;
	if (r == 0 && descent->traced_usec == LOOP_NEVER)
		descent->traced_usec = loop_after(sys_now_usec(), again_usec);
	return again_usec;
}

/* --------------------------------------------------------------------- empty */

static bool all_dead(const struct proc_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!proc_is_dead(&list->items[i]))
			return false;
	}
	return true;
}

/* Everything left is dead and held by a tracer, whose time is up. */
static bool left_to_tracers(const struct descent *descent)
{
	CLEANUP(proc_list_free) struct proc_list list = { 0 };

	if (!descent->run->leader.unreaped && sys_now_usec() < descent->traced_usec)
		return false;
	return proc_descendants(descent->run->host->proc_fd, getpid(), &list) == 0 && all_dead(&list);
}

int descent_empty(struct descent *descent)
{
	CLEANUP(proc_list_free) struct proc_list list = { 0 };
	int r = reaper_sweep(&descent->run->leader);

	if (r == -ECHILD)
		return 1;
	if (r == 0)
		return descent->given_up || left_to_tracers(descent);
	/* The processes can't be reaped just now; /proc has the same information. */
	return proc_descendants(descent->run->host->proc_fd, getpid(), &list) == 0 && all_dead(&list) ? 1 : r;
}

/* ------------------------------------------------------------ beside a group */

/* Counts the live processes. One that is about to be a zombie has left its group, too, and isn't counted. */
static uint64_t count_strays(const struct descent *descent, const struct proc_list *list, pid_t *ret_first)
{
	uint64_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct proc_stat *at = &list->items[i];

		if (proc_is_dead(at) || proc_is_leaving(descent->run->host->proc_fd, at))
			continue;
		if (n++ == 0)
			*ret_first = at->pid;
	}
	return n;
}

static void end_strays(struct descent *descent, uint64_t n, pid_t first)
{
	struct ration_run *run = descent->run;
	struct ration_receipt *receipt = &run->receipt;
	char path[PATH_MAX] = "/";

	if (!receipt->escaped_to[0]) {
		(void)proc_cgroup(run->host->proc_fd, first, path, sizeof(path));
		(void)snprintf(receipt->escaped_to, sizeof(receipt->escaped_to), "%s", path);
	}
	if (n > receipt->strays)
		receipt->strays = n;
	/* However the command ended, some of its processes weren't under its limits. */
	(void)receipt_note(&run->end, false, RUN_CAUSE_ESCAPED, SIGKILL, 0);
	(void)descent_kill(descent, NULL);
}

int descent_empty_beside(struct descent *descent)
{
	CLEANUP(proc_list_free) struct proc_list list = { 0 };
	struct ration_run *run = descent->run;
	pid_t first = 0;
	uint64_t n;
	int r = descent_empty(descent);

	if (r != 0 || !run->leader.ended)
		return r;
	r = proc_descendants(run->host->proc_fd, getpid(), &list);
	if (r < 0)
		return r;
	n = count_strays(descent, &list, &first);
	if (n > 0)
		end_strays(descent, n, first);
	else if (descent->traced_usec == LOOP_NEVER)
		descent->traced_usec = loop_after(sys_now_usec(), TRACER_USEC);
	loop_set(&run->loop, &descent->again, loop_after(sys_now_usec(), AGAIN_USEC));
	return 0;
}

void descent_stuck(const struct descent *descent, char buf[RATION_WAITING_MAX])
{
	CLEANUP(proc_list_free) struct proc_list list = { 0 };
	struct stuck stuck = { .place = &descent->run->group, .proc_fd = descent->run->host->proc_fd };

	if (proc_descendants(stuck.proc_fd, getpid(), &list) < 0)
		return;
	for (size_t i = 0; i < list.n; i++)
		(void)stuck_look(&stuck, list.items[i].pid);
	(void)stuck_words(&stuck, buf);
}
