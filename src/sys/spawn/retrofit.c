/* SPDX-License-Identifier: MIT */
/*
 * retrofit.c - limits of a process that runs already
 *
 * All or nothing: what was there is read first, and put back when a later step fails.
 * What only root could put back (a hard limit that was lowered, a nice value that was
 * raised) is set last, when nothing is left that could be refused.
 */
#include "sys/spawn/retrofit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* What a thread had. */
struct thread {
	pid_t tid;
	int nice;
	bool niced, pinned; /* it has something else now */
	size_t mask_size;
	struct cpus mask;
};

struct undo {
	pid_t pid;
	struct rlimit rlimits[SPAWN_RLIMITS_MAX];
	bool set[SPAWN_RLIMITS_MAX]; /* it has something else now */
	struct thread *threads;
	size_t n, allocated;
};

static void undo_free(struct undo *undo)
{
	free(undo->threads);
}

static void put_back(const struct spawn *spawn, const struct undo *undo)
{
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		if (undo->set[i])
			(void)prlimit(undo->pid, (rlimit_resource)spawn->rlimits[i].resource, &undo->rlimits[i],
					NULL);
	}
	for (size_t i = 0; i < undo->n; i++) {
		const struct thread *thread = &undo->threads[i];

		if (thread->pinned)
			(void)syscall(SYS_sched_setaffinity, thread->tid, thread->mask_size, thread->mask.bits);
		if (thread->niced)
			(void)setpriority(PRIO_PROCESS, (id_t)thread->tid, thread->nice);
	}
}

static int fail(struct spawn *spawn, enum spawn_step step, size_t index)
{
	spawn->failed_step = step;
	spawn->failed_index = (int)index;
	return -errno;
}

/* ----------------------------------------------------------------- rlimits */

static rlim_t value_of(uint64_t value)
{
	return value == RATION_UNLIMITED ? RLIM_INFINITY : (rlim_t)value;
}

static int read_rlimits(struct spawn *spawn, struct undo *undo)
{
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		if (prlimit(undo->pid, (rlimit_resource)spawn->rlimits[i].resource, NULL, &undo->rlimits[i]) < 0)
			return fail(spawn, SPAWN_STEP_RLIMIT, i);
		errno = EINVAL;
		if (value_of(spawn->rlimits[i].soft) > value_of(spawn->rlimits[i].hard))
			return fail(spawn, SPAWN_STEP_RLIMIT, i);
	}
	return 0;
}

/* The hard limit goes down: anybody can do that, but only root can undo it. */
static bool is_final(const struct spawn_rlimit *r, const struct rlimit *old)
{
	return value_of(r->hard) < old->rlim_max;
}

static int set_rlimits(struct spawn *spawn, struct undo *undo, bool final)
{
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		const struct spawn_rlimit *r = &spawn->rlimits[i];
		const struct rlimit value = { .rlim_cur = value_of(r->soft), .rlim_max = value_of(r->hard) };

		if (is_final(r, &undo->rlimits[i]) != final)
			continue;
		if (prlimit(undo->pid, (rlimit_resource)r->resource, &value, NULL) < 0)
			return fail(spawn, SPAWN_STEP_RLIMIT, i);
		undo->set[i] = true;
	}
	return 0;
}

/* ----------------------------------------------------------------- threads */

static int add_thread(struct undo *undo, pid_t tid)
{
	struct thread thread = { .tid = tid };
	long n = syscall(SYS_sched_getaffinity, tid, sizeof(thread.mask.bits), thread.mask.bits);
	struct thread *threads;

	errno = 0;
	thread.nice = getpriority(PRIO_PROCESS, (id_t)tid);
	/* It has ended. */
	if (n < 0 || errno == ESRCH)
		return 0;
	thread.mask_size = (size_t)n;
	threads = array_grow(undo->threads, undo->n, &undo->allocated, sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	undo->threads = threads;
	undo->threads[undo->n++] = thread;
	return 0;
}

static int read_threads(int proc_fd, struct undo *undo)
{
	CLEANUP(closep) int fd = -EBADF;
	struct dirent *entry;
	char name[32];
	DIR *dir;
	int r = 0;

	(void)snprintf(name, sizeof(name), "%d/task", (int)undo->pid);
	fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd);
	while (r == 0 && (errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			r = add_thread(undo, (pid_t)strtol(entry->d_name, NULL, 10));
	}
	if (r == 0 && !entry)
		r = errno == ENOENT ? -ESRCH : -errno;
	(void)closedir(dir);
	return r;
}

static int pin_threads(struct spawn *spawn, struct undo *undo)
{
	for (size_t i = 0; i < undo->n; i++) {
		struct thread *thread = &undo->threads[i];

		if (syscall(SYS_sched_setaffinity, thread->tid, sizeof(spawn->cpu_mask.bits), spawn->cpu_mask.bits) == 0)
			thread->pinned = true;
		else if (errno != ESRCH)
			return fail(spawn, SPAWN_STEP_AFFINITY, i);
	}
	return 0;
}

/* Relative, as at a start: a process that is nice already keeps that in addition. */
static int nice_threads(struct spawn *spawn, struct undo *undo)
{
	for (size_t i = 0; i < undo->n; i++) {
		struct thread *thread = &undo->threads[i];
		int nice = thread->nice + spawn->nice;

		nice = nice > 19 ? 19 : nice < -20 ? -20 : nice;
		if (setpriority(PRIO_PROCESS, (id_t)thread->tid, nice) == 0)
			thread->niced = true;
		else if (errno != ESRCH)
			return fail(spawn, SPAWN_STEP_NICE, i);
	}
	return 0;
}

int retrofit(int proc_fd, pid_t pid, struct spawn *spawn)
{
	CLEANUP(undo_free) struct undo undo = { .pid = pid };
	int r = read_rlimits(spawn, &undo);

	if (r == 0 && (spawn->pinned || spawn->nice != 0))
		r = read_threads(proc_fd, &undo);
	if (r == 0)
		r = set_rlimits(spawn, &undo, false);
	if (r == 0 && spawn->pinned)
		r = pin_threads(spawn, &undo);
	if (r == 0 && spawn->nice != 0)
		r = nice_threads(spawn, &undo);
	if (r == 0)
		r = set_rlimits(spawn, &undo, true);
	if (r < 0)
		put_back(spawn, &undo);
	return r;
}
