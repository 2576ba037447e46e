/* SPDX-License-Identifier: MIT */
/*
 * members.c - the processes of a group: count them, signal them
 *
 * A pid that was read from a list may be another process's by the time that it is
 * signalled. So the process is held first, by a pidfd, and the list read again: if it
 * has the pid still, then the process that we hold is a member, or is dead.
 *
 * cgroup.procs lists each process where its main thread is, also when that has ended
 * and others run on. A main thread that has ended can't be moved, though: then the
 * rest of the process is in cgroup.threads of another group only. A threaded group
 * has no list of processes at all.
 */
#include "sys/cgroup/members.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/walk.h"
#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"

/* -------------------------------------------------------------------- lists */

struct pids {
	pid_t *pid;
	size_t n, allocated;
};

static void pids_free(struct pids *pids)
{
	free(pids->pid);
}

static int pids_push(struct pids *pids, pid_t pid)
{
	pid_t *more = array_grow(pids->pid, pids->n, &pids->allocated, sizeof(*more));

	if (!more)
		return -ENOMEM;
	pids->pid = more;
	pids->pid[pids->n++] = pid;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static bool pids_have(const struct pids *pids, pid_t pid)
{
	return pids->n > 0 && bsearch(&pid, pids->pid, pids->n, sizeof(pid), compare_pids);
}

/* Takes the numbers of a piece of the file. What it ends in may go on in the next. */
static int take_piece(const char *text, ssize_t n, int64_t *number, struct pids *pids)
{
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			*number = (*number < 0 ? 0 : *number) * 10 + (text[i] - '0');
			if (*number > INT32_MAX)
				return -EBADMSG;
			continue;
		}
		if (*number >= 0 && pids_push(pids, (pid_t)*number) < 0)
			return -ENOMEM;
		*number = -1;
	}
	return 0;
}

/* Reads a list of pids, and sorts it. What was in `ret` is gone. */
static int pids_read(int dir_fd, const char *file, struct pids *ret)
{
	CLEANUP(closep) int fd = cg_open_file(dir_fd, file);
	char buf[4096];
	int64_t number = -1;
	ssize_t n;
	int r = 0;

	ret->n = 0;
	if (fd < 0)
		return fd;
	while (r == 0 && (n = read(fd, buf, sizeof(buf))) != 0) {
		if (n > 0)
			r = take_piece(buf, n, &number, ret);
		else if (errno != EINTR)
			return -errno;
	}
	if (r == 0 && ret->n > 0)
		qsort(ret->pid, ret->n, sizeof(*ret->pid), compare_pids);
	return r;
}

/* ------------------------------------------- processes known by their threads */

/* Whose thread it is. -ESRCH: nobody's any more. */
static pid_t process_of(int proc_fd, pid_t tid)
{
	char name[32], text[1024];
	const char *at;
	int process;

	(void)snprintf(name, sizeof(name), "%d/status", (int)tid);
	if (proc_read(proc_fd, name, text, sizeof(text)) < 0)
		return -ESRCH;
	at = strstr(text, "\nTgid:");
	return at && sscanf(at, "\nTgid: %d", &process) == 1 ? process : -ESRCH;
}

/* A thread in the group, of a process that isn't listed there. */
struct unlisted {
	int proc_fd;
	struct pids threads, processes; /* the same number of each */
};

#define UNLISTED { .proc_fd = -EBADF }

static void unlisted_free(struct unlisted *unlisted)
{
	(void)close_fd(unlisted->proc_fd);
	pids_free(&unlisted->threads);
	pids_free(&unlisted->processes);
}

static int add_unlisted(struct unlisted *unlisted, const struct pids *listed, pid_t thread)
{
	pid_t process;
	int r;

	if (pids_have(listed, thread))
		return 0;
	/* Where /proc is of another pid namespace, its numbers are other processes. */
	if (unlisted->proc_fd < 0 && proc_open(NULL, &unlisted->proc_fd, NULL) < 0)
		return 0;
	process = process_of(unlisted->proc_fd, thread);
	if (process <= 0 || pids_have(listed, process))
		return 0;
	for (size_t i = unlisted->processes.n; i-- > 0;) {
		if (unlisted->processes.pid[i] == process)
			return 0;
	}
	r = pids_push(&unlisted->threads, thread);
	return r < 0 ? r : pids_push(&unlisted->processes, process);
}

static int read_unlisted(int dir_fd, const struct pids *listed, struct unlisted *ret)
{
	CLEANUP(pids_free) struct pids threads = { .pid = NULL };
	int r = pids_read(dir_fd, "cgroup.threads", &threads);

	/* v1 has no such file: there a process is listed by any of its threads. */
	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; i < threads.n && r == 0; i++)
		r = add_unlisted(ret, listed, threads.pid[i]);
	return r;
}

/* -------------------------------------------------------------------- visit */

/* What is done in each group. */
struct each {
	int (*visit)(void *data, pid_t pid); /* or it is for signals */
	void *data;
	int top_fd;
	int sig, count, failed;
	pid_t spared;
	bool all;
	bool awake;  /* only groups that aren't frozen */
	bool frozen; /* there was one that is */
};

/*
 * The processes whose main thread is here. For a threaded group, the domain above lists all of them; if that
 * isn't visited, only the threads can be used.
 */
static int read_group(int dir_fd, const struct each *each, struct pids *listed, struct unlisted *unlisted)
{
	int r = pids_read(dir_fd, "cgroup.procs", listed);
	bool threaded = r == -EOPNOTSUPP;

	if (r < 0 && !threaded)
		return r;
	/* Looking at each thread is expensive, so it is usually done only if nothing else can be there. */
	if (each->all || (listed->n == 0 && (!threaded || dir_fd == each->top_fd)))
		return read_unlisted(dir_fd, listed, unlisted);
	return 0;
}

/* Of one below that is gone, the processes are gone, too. */
static int gone_below(const struct each *each, int dir_fd, int r)
{
	return (r == -ENOENT || r == -ENODEV) && dir_fd != each->top_fd ? 0 : r;
}

/* What cgroup.events says behind `key`; `otherwise` where it can't be read. */
static bool event_is(int dir_fd, const char *key, bool otherwise)
{
	uint64_t value = otherwise;
	char text[256];

	if (cg_read(dir_fd, "cgroup.events", text, sizeof(text)) > 0)
		(void)cg_text_key(text, key, &value);
	return value != 0;
}

static int visit_group(int dir_fd, void *data)
{
	CLEANUP(pids_free) struct pids listed = { .pid = NULL };
	CLEANUP(unlisted_free) struct unlisted unlisted = UNLISTED;
	struct each *each = data;
	int r;

	if (each->awake && dir_fd != each->top_fd) {
		if (!event_is(dir_fd, "populated", true))
			return CG_WALK_PAST;
		if (event_is(dir_fd, "frozen", false)) {
			each->frozen = true;
			return CG_WALK_PAST;
		}
	}
	r = read_group(dir_fd, each, &listed, &unlisted);
	for (size_t i = 0; i < listed.n && r == 0; i++)
		r = each->visit(each->data, listed.pid[i]);
	for (size_t i = 0; i < unlisted.processes.n && r == 0; i++)
		r = each->visit(each->data, unlisted.processes.pid[i]);
	return gone_below(each, dir_fd, r);
}

int cg_each_pid(int dir_fd, int (*visit)(void *data, pid_t pid), void *data)
{
	struct each each = { .visit = visit, .data = data, .top_fd = dir_fd };

	return cg_each_group(dir_fd, visit_group, &each);
}

int cg_each_awake(int dir_fd, int (*visit)(void *data, pid_t pid), void *data)
{
	struct each each = { .visit = visit, .data = data, .top_fd = dir_fd, .awake = true };
	int r = cg_each_group(dir_fd, visit_group, &each);

	return r == 0 ? each.frozen : r;
}

static int count_one(void *data, pid_t pid)
{
	int *count = data;

	*count += pid > 0;
	return 0;
}

int cg_count(int dir_fd)
{
	int count = 0, r = cg_each_pid(dir_fd, count_one, &count);

	return r < 0 ? r : count;
}

int cg_populated(int dir_fd)
{
	char text[256];
	uint64_t populated;
	int r = cg_read(dir_fd, "cgroup.events", text, sizeof(text));

	/* Removed by somebody else: there is nobody in it. Or of cgroup v1, where one has to count. */
	if (r == -ENOENT || r == -ENODEV)
		return cg_count(dir_fd) > 0;
	if (r < 0)
		return r;
	r = cg_text_key(text, "populated", &populated);
	return r < 0 ? r : populated != 0;
}

/* ------------------------------------------------------------------ signals */

/* How many processes are held at a time. The list is read again once for that many. */
#define HELD_MAX 32

/* Without pidfds (before 5.3, or refused by a filter) the pid has to do. */
static bool send_to(pid_t pid, int pid_fd, int sig)
{
	int r = pid_fd >= 0 ? sys_pidfd_signal(pid_fd, sig) : -ENOSYS;

	if (sys_refused(r))
		r = kill(pid, sig) < 0 ? -errno : 0;
	return r == 0;
}

/* Signals the first of `pids`, and returns how many it has seen to. */
static int signal_some(int dir_fd, const pid_t *pids, size_t n, struct each *each)
{
	CLEANUP(pids_free) struct pids again = { .pid = NULL };
	int fd[HELD_MAX], r = 0;
	size_t held = 0;

	for (; held < n && held < HELD_MAX; held++) {
		fd[held] = sys_pidfd_open(pids[held]);
		if (fd[held] < 0 && fd[held] != -ESRCH && !sys_refused(fd[held]))
			break;
	}
	/* No fd to spare for one of them. */
	if (held == 0)
		return fd[0];
	r = pids_read(dir_fd, "cgroup.procs", &again);
	for (size_t i = 0; i < held; i++) {
		if (r == 0 && fd[i] != -ESRCH && pids[i] != each->spared && pids_have(&again, pids[i]))
			each->count += send_to(pids[i], fd[i], each->sig);
		(void)close_fd(fd[i]);
	}
	return r < 0 ? r : (int)held;
}

/* The same for one that is known by a thread. That must be its thread before and after the list is read. */
static int signal_unlisted(int dir_fd, const struct unlisted *unlisted, size_t i, struct each *each)
{
	pid_t process = unlisted->processes.pid[i], thread = unlisted->threads.pid[i];
	CLEANUP(closep) int fd = sys_pidfd_open(process);
	CLEANUP(pids_free) struct pids again = { .pid = NULL };
	int r;

	if (fd == -ESRCH || process == each->spared)
		return 0;
	if (fd < 0 && !sys_refused(fd))
		return fd;
	r = pids_read(dir_fd, "cgroup.threads", &again);
	if (r == 0 && pids_have(&again, thread) && process_of(unlisted->proc_fd, thread) == process)
		each->count += send_to(process, fd, each->sig);
	return r;
}

static int signal_members(int dir_fd, struct each *each)
{
	CLEANUP(pids_free) struct pids listed = { .pid = NULL };
	CLEANUP(unlisted_free) struct unlisted unlisted = UNLISTED;
	int r = read_group(dir_fd, each, &listed, &unlisted);
	size_t from = 0;

	/* 0 is a process of another pid namespace: kill(0) would be us. */
	while (from < listed.n && listed.pid[from] <= 0)
		from++;
	for (; r >= 0 && from < listed.n; from += (size_t)r) {
		r = signal_some(dir_fd, listed.pid + from, listed.n - from, each);
		if (r < 0)
			break;
	}
	for (size_t i = 0; i < unlisted.processes.n && r >= 0; i++)
		r = signal_unlisted(dir_fd, &unlisted, i, each);
	return r < 0 ? r : 0;
}

/* A failure in one group doesn't spare the others. */
static int signal_group(int dir_fd, void *data)
{
	struct each *each = data;
	int r;

	if (each->all && !event_is(dir_fd, "populated", true))
		return CG_WALK_PAST;
	r = gone_below(each, dir_fd, signal_members(dir_fd, each));
	if (r < 0 && each->failed == 0)
		each->failed = r;
	return 0;
}

static int signal_each(int dir_fd, struct each each)
{
	int r = cg_each_group(dir_fd, signal_group, &each);

	if (r == 0)
		r = each.failed;
	return r < 0 ? r : each.count;
}

int cg_signal(int dir_fd, int sig)
{
	return signal_each(dir_fd, (struct each) { .sig = sig, .top_fd = dir_fd });
}

int cg_signal_all(int dir_fd)
{
	return signal_each(dir_fd, (struct each) { .sig = SIGKILL, .top_fd = dir_fd, .all = true });
}

int cg_signal_others(int dir_fd, int sig)
{
	return signal_each(dir_fd, (struct each) { .sig = sig, .top_fd = dir_fd, .spared = getpid(), .all = true });
}

static int is_self(void *data, pid_t pid)
{
	(void)data;
	return pid == getpid() ? -EEXIST : 0;
}

bool cg_has_caller(int dir_fd)
{
	return cg_each_pid(dir_fd, is_self, NULL) == -EEXIST;
}
