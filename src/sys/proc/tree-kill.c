/* SPDX-License-Identifier: MIT */
/*
 * tree-kill.c - end the processes below a process
 *
 * A walk isn't exact while processes start and end. The kernel guarantees this, which
 * the algorithm relies on:
 *
 * - fork(2) ends in a check for pending signals under the lock that kill(2)
 *   takes. After SIGSTOP or SIGKILL the receiver gets no more children, and all that
 *   it has can be read.
 * - A process that loses its parent is appended to the subreaper's list of children
 *   in the same step in which the parent becomes a zombie.
 * - While nobody waits for them, no process leaves that list, and reading it misses
 *   none.
 *
 * So if a walk finds only processes that were dead in earlier walks, none is left: a
 * live descendant would have to be below one of the dead.
 */
#include "sys/proc/tree-kill.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "sys/precedence.h"
#include "sys/proc/proc-list.h"
#include "sys/proc/tree.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* Looks for stopping, at most; a bomb of 2000 needs two or three. */
#define STOP_ROUNDS 16

#define PAUSE_MIN_USEC 200u
#define PAUSE_MAX_USEC 10000u

struct ending {
	int proc_fd;
	pid_t root;
	struct proc_list now;
	struct proc_list seen; /* in any look, as it was last */
	uint64_t fresh_alive;  /* in the last look for the first time */
	uint64_t running;      /* in the last look, and not stopped */
	uint64_t unsettled;    /* in the last look, and not known to be dead from one before */
	uint64_t denied;       /* alive, and not ours to signal */
	uint64_t found;        /* alive when first seen */
};

static void ending_free(struct ending *ending)
{
	proc_list_free(&ending->now);
	proc_list_free(&ending->seen);
}

/* Remembers one, among the first `n_known` of those seen or at the end. */
static int remember(struct ending *ending, const struct proc_stat *stat, size_t n_known)
{
	const struct proc_list known = {.items = ending->seen.items, .n = n_known};
	const struct proc_stat *before = proc_list_find(&known, stat->pid);
	bool same = before && before->start_ticks == stat->start_ticks;

	ending->fresh_alive += !same && !proc_is_dead(stat);
	ending->running += stat->state == 'R' || stat->state == 'S' || stat->state == 'D';
	ending->unsettled += !same || !proc_is_dead(before);
	if (!before)
		return proc_list_push(&ending->seen, stat);
	ending->seen.items[before - ending->seen.items] = *stat;
	return 0;
}

static int signal_all(struct ending *ending, int sig)
{
	size_t n_known = ending->seen.n;
	struct proc_tree_sent sent;
	int r = proc_tree_walk(ending->proc_fd, ending->root, sig, &ending->now, &sent);

	ending->fresh_alive = ending->running = ending->unsettled = 0;
	ending->denied = sent.denied;
	for (size_t i = 0; r >= 0 && i < ending->now.n; i++)
		r = remember(ending, &ending->now.items[i], n_known);
	proc_list_sort(&ending->seen);
	ending->found += ending->fresh_alive;
	return r;
}

static void pause_usec(uint64_t usec)
{
	struct timespec time = {.tv_sec = (time_t)(usec / 1000000), .tv_nsec = (long)(usec % 1000000) * 1000};

	(void)nanosleep(&time, NULL);
}

static uint64_t pause_longer(uint64_t usec)
{
	pause_usec(usec);
	return usec * 2 < PAUSE_MAX_USEC ? usec * 2 : PAUSE_MAX_USEC;
}

/*
 * Stopping first costs a look and wins the race: a stopped bomb leaves the CPUs
 * to us, and no member sees another die and starts it anew. SIGSTOP comes to one that
 * is just in fork(2) when that is done: its child is found in a later look, as long
 * as it has its parent. Children of the dead come to `root` if that is ourselves;
 * else nobody may be killed before all stand.
 */
static int stop_all(struct ending *ending)
{
	bool all = ending->root != getpid();
	uint64_t pause = PAUSE_MIN_USEC;
	int r = 0;

	for (int round = 0; r >= 0 && round < STOP_ROUNDS; round++) {
		r = signal_all(ending, SIGSTOP);
		if (ending->fresh_alive > 0)
			continue;
		if (!all || ending->running == 0)
			break;
		pause = pause_longer(pause);
	}
	return r;
}

int proc_tree_stop_kill(int proc_fd, pid_t root, uint64_t timeout_usec, uint64_t *ret_killed)
{
	CLEANUP(ending_free) struct ending ending = {.proc_fd = proc_fd, .root = root, .fresh_alive = 1};
	CLEANUP(precedence_restore) struct precedence precedence = {0};
	uint64_t start = sys_now_usec(), pause = PAUSE_MIN_USEC;

	precedence_raise(&precedence);
	for (;;) {
		int r = ending.fresh_alive > 0 ? stop_all(&ending) : 0;

		if (r >= 0)
			r = signal_all(&ending, SIGKILL);
		if (r < 0)
			return r;
		if (ending.unsettled == 0)
			break;
		if (ending.unsettled == ending.denied)
			return -EPERM;
		if (sys_now_usec() - start >= timeout_usec)
			return -ETIMEDOUT;
		pause = pause_longer(pause);
	}
	if (ret_killed)
		*ret_killed = ending.found;
	return 0;
}
