/* SPDX-License-Identifier: MIT */
/*
 * watchdog.c - a watchdog for a child that doesn't become the command
 */
#include "group/life/watchdog.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "group/cgroup1.h"
#include "group/frozen.h"
#include "group/shortage.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Between two looks. A start takes milliseconds, or the command's file is on a slow disk. */
#define LOOK_USEC 1000000

/* A few calls of our own, none of them deep. */
#define STACK_BYTES 131072

/* The freezer of cgroup v1 keeps it from dying: moves it out of there, so that the pending SIGKILL takes effect. */
static void move_out(const struct place *place, pid_t pid)
{
	for (size_t i = 0; pid > 0 && i < place->host->n_v1; i++) {
		if (place->v1_fd[i] >= 0 && place->host->v1[i].controllers & RATION_CONTROLLER_FREEZER)
			(void)cg_attach(place->host->v1[i].fd, pid);
	}
}

/* Whether a process born there can be frozen. */
static bool can_freeze(const struct place *place)
{
	return place->fd >= 0 || v1_fd(place, RATION_CONTROLLER_FREEZER) >= 0;
}

/* A killed process dies within this time, or hangs in the kernel. */
#define KILLED_USEC 2000000

/* It was killed long ago. The parent sleeps until it is dead and can't report anything, so this thread does. */
static void tell_that_it_hangs(struct watchdog *watchdog, uint64_t now_usec)
{
	if (watchdog->told || !watchdog->spawn->hangs || watchdog->killed_usec == 0 || now_usec - watchdog->killed_usec < KILLED_USEC)
		return;
	watchdog->told = true;
	watchdog->spawn->hangs(watchdog->spawn->hangs_data);
}

static void kill_child(struct watchdog *watchdog, uint64_t now_usec)
{
	int pid_fd = watchdog->spawn->child_fd;
	pid_t pid = watchdog->spawn->child_pid;

	if (pid_fd < 0 && pid <= 0)
		return;
	(void)sys_child_signal(pid, pid_fd, SIGKILL);
	if (watchdog->late && watchdog->killed_usec == 0)
		watchdog->killed_usec = now_usec;
	move_out(watchdog->place, pid > 0 ? pid : sys_pidfd_pid(pid_fd));
}

/*
 * The child is frozen, or its time is up: it waits for memory, or for a file that doesn't answer or on which
 * somebody holds a lease.
 */
static bool hangs(struct watchdog *watchdog)
{
	if (can_freeze(watchdog->place) && frozen_check(watchdog->place, "start in", NULL) != 0)
		watchdog->killed = true;
	else if (sys_now_usec() >= watchdog->deadline_usec)
		watchdog->killed = watchdog->late = true;
	return watchdog->killed;
}

static void *watch(void *argument)
{
	struct watchdog *watchdog = argument;
	uint64_t now_usec = sys_now_usec(), next_usec = now_usec;

	(void)pthread_mutex_lock(&watchdog->mutex);
	while (!watchdog->over) {
		struct timespec next;

		next_usec += LOOK_USEC;
		if (now_usec < watchdog->deadline_usec && next_usec > watchdog->deadline_usec)
			next_usec = watchdog->deadline_usec;
		next = (struct timespec) { (time_t)(next_usec / 1000000), (long)(next_usec % 1000000) * 1000 };
		while (!watchdog->over && pthread_cond_timedwait(&watchdog->cond, &watchdog->mutex, &next) == 0)
			;
		now_usec = sys_now_usec();
		if (!watchdog->over)
			tell_that_it_hangs(watchdog, now_usec);
		if (!watchdog->over && hangs(watchdog))
			kill_child(watchdog, now_usec);
	}
	(void)pthread_mutex_unlock(&watchdog->mutex);
	return NULL;
}

/* Ends the thread before anybody can reap the child. */
static void stop(void *data)
{
	struct watchdog *watchdog = data;

	(void)pthread_mutex_lock(&watchdog->mutex);
	watchdog->over = true;
	(void)pthread_cond_signal(&watchdog->cond);
	(void)pthread_mutex_unlock(&watchdog->mutex);
	(void)pthread_join(watchdog->thread, NULL);
	(void)pthread_cond_destroy(&watchdog->cond);
	(void)pthread_mutex_destroy(&watchdog->mutex);
}

static void watch_child(struct watchdog *watchdog, struct spawn *spawn)
{
	pthread_condattr_t clock;
	pthread_attr_t small;

	spawn->child_pid = 0;
	spawn->child_fd = -EBADF;
	(void)pthread_mutex_init(&watchdog->mutex, NULL);
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watchdog->cond, &clock);
	(void)pthread_condattr_destroy(&clock);
	(void)pthread_attr_init(&small);
	(void)pthread_attr_setstacksize(&small, STACK_BYTES);
	if (pthread_create(&watchdog->thread, &small, watch, watchdog) == 0) {
		spawn->settled = stop;
		spawn->settled_data = watchdog;
	}
	(void)pthread_attr_destroy(&small);
}

/* Its directories in cgroup v1: the command writes itself into them. */
static int open_joins(const struct place *place, struct spawn *spawn, struct ration_error *reterr)
{
	for (size_t i = 0; i < ARRAY_SIZE(place->v1_fd); i++) {
		int fd;

		if (place->v1_fd[i] < 0)
			continue;
		fd = sys_open_beneath(place->v1_fd[i], "cgroup.procs", O_WRONLY);
		if (fd < 0)
			return error_set(reterr, fd, RATION_CAUSE_UNKNOWN,
					"can't open cgroup.procs of %s/%s below %.200s: %s", place->tenant,
					place->name, place->host->v1[i].path, error_text(fd));
		spawn->join_fd[spawn->n_join++] = fd;
	}
	return 0;
}

static void close_joins(struct spawn *spawn)
{
	while (spawn->n_join > 0)
		(void)close_fd(spawn->join_fd[--spawn->n_join]);
}

/* Above the root there is nobody who could have one. */
static bool has_no_cpusets(const struct place *place)
{
	const struct host_facts *facts = place->fd < 0 ? NULL : &place->host->facts;

	return !facts || (facts->base_kind == RATION_BASE_ROOT && !(facts->controllers & RATION_CONTROLLER_CPUSET));
}

int watchdog_begin(struct watchdog *watchdog, const struct place *place, struct spawn *spawn, struct ration_error *reterr)
{
	int r = open_joins(place, spawn, reterr);

	*watchdog = (struct watchdog) {
		.place = place,
		.spawn = spawn,
		.deadline_usec = sys_now_usec() + (spawn->within_usec ? spawn->within_usec : SPAWN_WITHIN_USEC),
	};
	spawn->no_cpusets = has_no_cpusets(place);
	if (r == 0)
		watch_child(watchdog, spawn);
	return r;
}

int watchdog_end(const struct watchdog *watchdog, struct spawn *spawn, int r, struct ration_error *reterr)
{
	close_joins(spawn);
	/* Whatever failed because of the missing child. */
	if (!watchdog->killed)
		return r;
	/* Its time limit has ended it; the concern that set the limit reports that. */
	if (watchdog->late && spawn->within_usec)
		return r;
	if (watchdog->late) {
		spawn->failed_step = SPAWN_STEP_EXEC;
		return shortage_start_error(watchdog->place, spawn, -ETIMEDOUT, reterr);
	}
	r = frozen_check(watchdog->place, "start a command in", reterr);
	return r < 0 ? r : error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't start a command in %s/%s: the group was "
			"frozen meanwhile", watchdog->place->tenant, watchdog->place->name);
}
