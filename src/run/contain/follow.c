/* SPDX-License-Identifier: MIT */
/*
 * follow.c - the processes of a run, where nothing holds them together
 */
#include "run/contain/follow.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sys/cpus.h"
#include "sys/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* Rounds of stopping, each of which finds what was forked during the one before. */
#define STOP_ROUNDS_MAX 64

static struct follow_member *find(const struct follow *follow, pid_t pid)
{
	for (size_t i = 0; i < follow->n; i++) {
		if (follow->members[i].at.pid == pid)
			return &follow->members[i];
	}
	return NULL;
}

static int push(struct follow *follow, const struct os_process *process)
{
	struct follow_member *more = array_grow(follow->members, follow->n, &follow->room, sizeof(*more));

	if (!more)
		return -ENOMEM;
	follow->members = more;
	follow->members[follow->n++] = (struct follow_member) { .at = *process };
	return 0;
}

int follow_start(struct follow *follow, const struct os_ops *os, pid_t root, pid_t group)
{
	struct os_process process;
	int r;

	*follow = (struct follow) { .os = os, .group = group, .cpus = cpus_online() };
	r = os->look(root, &process);
	return r < 0 ? r : push(follow, &process);
}

void follow_end(struct follow *follow)
{
	free(TAKE_PTR(follow->members));
	free(TAKE_PTR(follow->list));
	follow->n = follow->room = follow->n_list = 0;
}

int follow_add(struct follow *follow, pid_t pid, uint64_t born)
{
	struct os_process process;
	int r;

	if (find(follow, pid))
		return 0;
	r = follow->os->look(pid, &process);
	if (r == 0 && process.born != born)
		r = -ESRCH;
	return r < 0 ? r : push(follow, &process);
}

/* --------------------------------------------------------------- who is there */

/* A member that is gone takes its CPU time along, unless a member has waited for it and counts that time now. */
static void forget(struct follow *follow, size_t i)
{
	struct os_process gone = follow->members[i].at;

	follow->members[i] = follow->members[--follow->n];
	if (!find(follow, gone.ppid))
		follow->gone_usec += gone.cpu_usec + gone.waited_usec;
}

/* From last to first: a child is usually behind its parent in the list, and is forgotten before it. */
static void refresh(struct follow *follow)
{
	for (size_t i = follow->n; i-- > 0;) {
		struct follow_member *member = &follow->members[i];
		struct os_process now;
		int r = follow->os->look(member->at.pid, &now);

		/* Another process has the pid now. */
		if (r == 0 && now.born != member->at.born)
			r = -ESRCH;
		/* Not every system reports what a dead process has used. */
		if (r == 0 && now.dead && now.cpu_usec < member->at.cpu_usec) {
			now.cpu_usec = member->at.cpu_usec;
			now.waited_usec = member->at.waited_usec;
		}
		if (r == 0)
			member->at = now;
		else if (r == -ESRCH)
			forget(follow, i);
	}
}

/* Lists kin into follow->list. Returns how many. */
static int list(struct follow *follow, enum os_kin kin, pid_t of)
{
	for (;;) {
		int n = follow->os->list(kin, of, follow->list, follow->n_list);
		pid_t *more;

		if (n < 0 || (size_t)n <= follow->n_list)
			return n == -ESRCH ? 0 : n;
		/* A few more than there are now: a fork bomb goes on. */
		more = reallocarray(follow->list, (size_t)n + (size_t)n / 4 + 16, sizeof(*more));
		if (!more)
			return -ENOMEM;
		follow->list = more;
		follow->n_list = (size_t)n + (size_t)n / 4 + 16;
	}
}

/* Makes members of those listed that aren't yet, if their pids are still the same processes. */
static int adopt(struct follow *follow, enum os_kin kin, pid_t of)
{
	int n = list(follow, kin, of);

	for (int i = 0; i < n; i++) {
		pid_t pid = follow->list[i];
		struct os_process process;
		int r;

		if (pid <= 1 || find(follow, pid) || follow->os->look(pid, &process) < 0)
			continue;
		if ((kin == OS_CHILDREN ? process.ppid : process.group) != of)
			continue;
		r = push(follow, &process);
		if (r < 0)
			return r;
	}
	return n < 0 ? n : 0;
}

/* While a member is in the process group, no other group can get its number. */
static bool has_group(const struct follow *follow)
{
	for (size_t i = 0; follow->group > 0 && i < follow->n; i++) {
		if (follow->members[i].at.group == follow->group)
			return true;
	}
	return false;
}

static void report_joined(struct follow *follow)
{
	for (size_t i = 0; follow->joined && i < follow->n; i++) {
		struct follow_member *member = &follow->members[i];

		if (!member->told)
			follow->joined(follow->userdata, &member->at);
		member->told = true;
	}
}

int follow_update(struct follow *follow)
{
	int live = 0, r;

	refresh(follow);
	r = has_group(follow) ? adopt(follow, OS_GROUP, follow->group) : 0;
	/* New members are appended, so their children are searched for, too. */
	for (size_t i = 0; r >= 0 && i < follow->n; i++)
		r = follow->members[i].at.dead ? 0 : adopt(follow, OS_CHILDREN, follow->members[i].at.pid);
	report_joined(follow);
	for (size_t i = 0; i < follow->n; i++)
		live += !follow->members[i].at.dead;
	return r < 0 ? r : live;
}

void follow_reaped(struct follow *follow, pid_t pid, uint64_t cpu_usec)
{
	struct follow_member *member = find(follow, pid);

	follow->gone_usec += cpu_usec;
	if (member)
		*member = follow->members[--follow->n];
}

/* ------------------------------------------------------------------- adding up */

static int measure(struct follow *follow, const struct sample_limits *limits, struct sample *ret_sample)
{
	struct sample sample = { .exact = true };
	uint64_t cpu_usec;
	int r = follow_update(follow);

	if (r < 0)
		return r;
	cpu_usec = follow->gone_usec;
	for (size_t i = 0; i < follow->n; i++) {
		const struct os_process *at = &follow->members[i].at;

		cpu_usec += at->cpu_usec + at->waited_usec;
		if (at->dead) {
			/* Dead children of ours don't count any more: we are about to reap them. */
			sample.tasks += find(follow, at->ppid) != NULL;
			continue;
		}
		sample.processes++;
		sample.tasks += at->threads;
		sample.memory_bytes += at->memory_bytes;
		if (at->rss_bytes > sample.maxrss_bytes)
			sample.maxrss_bytes = at->rss_bytes;
	}
	sample.cpu_usec = sample_never_less(&follow->peaks, cpu_usec);
	sample.over = sample_over(limits, &sample);
	*ret_sample = sample;
	return 0;
}

int follow_sample(struct follow *follow, const struct sample_limits *limits, struct sample *ret_sample)
{
	uint64_t start = sys_now_usec();
	struct sample sample;
	int r = measure(follow, limits, &sample);

	/*
	 * As in watch.c: an act that can't be undone is worth a second sample, because a sum isn't taken at
	 * one moment.
	 */
	if (r == 0 && sample.processes > 1 && (sample.over == SAMPLE_OVER_MEMORY || sample.over == SAMPLE_OVER_TASKS))
		r = measure(follow, limits, &sample);
	if (r < 0)
		return r;
	sample_conclude(&follow->peaks, limits, follow->cpus, 0, sys_now_usec() - start, &sample);
	*ret_sample = sample;
	return 0;
}

/* ------------------------------------------------------------------- signalling */

void follow_signal(struct follow *follow, int sig)
{
	(void)follow_update(follow);
	for (size_t i = 0; i < follow->n; i++) {
		if (!follow->members[i].at.dead)
			(void)follow->os->signal(follow->members[i].at.pid, sig);
	}
}

/* Returns how many weren't stopped before. */
static int stop_all(struct follow *follow)
{
	int fresh = 0;

	for (size_t i = 0; i < follow->n; i++) {
		struct follow_member *member = &follow->members[i];

		if (member->stopped || member->at.dead)
			continue;
		(void)follow->os->signal(member->at.pid, SIGSTOP);
		member->stopped = true;
		fresh++;
	}
	return fresh;
}

int follow_kill(struct follow *follow)
{
	int killed = 0;

	for (size_t i = 0; i < follow->n; i++)
		follow->members[i].stopped = false;
	for (int round = 0; round < STOP_ROUNDS_MAX; round++) {
		(void)follow_update(follow);
		if (stop_all(follow) == 0)
			break;
	}
	for (size_t i = 0; i < follow->n; i++) {
		if (follow->members[i].at.dead)
			continue;
		killed += follow->os->signal(follow->members[i].at.pid, SIGKILL) == 0;
	}
	return killed;
}
