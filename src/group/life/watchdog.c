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
static void tell_that_it_hangs(struct watchdog *birth, uint64_t now_usec)
{
	if (birth->told || !birth->spawn->hangs || birth->killed_usec == 0 || now_usec - birth->killed_usec < KILLED_USEC)
		return;
	birth->told = true;
	birth->spawn->hangs(birth->spawn->hangs_data);
}

static void kill_child(struct watchdog *birth, uint64_t now_usec)
{
	int pid_fd = birth->spawn->child_fd;
	pid_t pid = birth->spawn->child_pid;

	if (pid_fd < 0 && pid <= 0)
		return;
	(void)sys_child_signal(pid, pid_fd, SIGKILL);
	if (birth->late && birth->killed_usec == 0)
		birth->killed_usec = now_usec;
	move_out(birth->place, pid > 0 ? pid : sys_pidfd_pid(pid_fd));
}

/*
 * The child is frozen, or its time is up: it waits for memory, or for a file that doesn't answer or on which
 * somebody holds a lease.
 */
static bool hangs(struct watchdog *birth)
{
	if (can_freeze(birth->place) && frozen_check(birth->place, "start in", NULL) != 0)
		birth->killed = true;
	else if (sys_now_usec() >= birth->deadline_usec)
		birth->killed = birth->late = true;
	return birth->killed;
}

static void *watch(void *argument)
{
	struct watchdog *birth = argument;
	uint64_t now_usec = sys_now_usec(), next_usec = now_usec;

	(void)pthread_mutex_lock(&birth->mutex);
	while (!birth->over) {
		struct timespec next;

		next_usec += LOOK_USEC;
		if (now_usec < birth->deadline_usec && next_usec > birth->deadline_usec)
			next_usec = birth->deadline_usec;
		next = (struct timespec) { (time_t)(next_usec / 1000000), (long)(next_usec % 1000000) * 1000 };
		while (!birth->over && pthread_cond_timedwait(&birth->cond, &birth->mutex, &next) == 0)
			;
		now_usec = sys_now_usec();
		if (!birth->over)
			tell_that_it_hangs(birth, now_usec);
		if (!birth->over && hangs(birth))
			kill_child(birth, now_usec);
	}
	(void)pthread_mutex_unlock(&birth->mutex);
	return NULL;
}

/* Ends the thread before anybody can reap the child. */
static void stop(void *data)
{
	struct watchdog *birth = data;

	(void)pthread_mutex_lock(&birth->mutex);
	birth->over = true;
	(void)pthread_cond_signal(&birth->cond);
	(void)pthread_mutex_unlock(&birth->mutex);
	(void)pthread_join(birth->thread, NULL);
	(void)pthread_cond_destroy(&birth->cond);
	(void)pthread_mutex_destroy(&birth->mutex);
}

static void watch_child(struct watchdog *birth, struct spawn *spawn)
{
	pthread_condattr_t clock;
	pthread_attr_t small;

	spawn->child_pid = 0;
	spawn->child_fd = -EBADF;
	(void)pthread_mutex_init(&birth->mutex, NULL);
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&birth->cond, &clock);
	(void)pthread_condattr_destroy(&clock);
	(void)pthread_attr_init(&small);
	(void)pthread_attr_setstacksize(&small, STACK_BYTES);
	if (pthread_create(&birth->thread, &small, watch, birth) == 0) {
		spawn->settled = stop;
		spawn->settled_data = birth;
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

int watchdog_begin(struct watchdog *birth, const struct place *place, struct spawn *spawn, struct ration_error *reterr)
{
	int r = open_joins(place, spawn, reterr);

	*birth = (struct watchdog) {
		.place = place,
		.spawn = spawn,
		.deadline_usec = sys_now_usec() + (spawn->within_usec ? spawn->within_usec : SPAWN_WITHIN_USEC),
	};
	spawn->no_cpusets = has_no_cpusets(place);
	if (r == 0)
		watch_child(birth, spawn);
	return r;
}

int watchdog_end(const struct watchdog *birth, struct spawn *spawn, int r, struct ration_error *reterr)
{
	close_joins(spawn);
	/* Whatever failed because of the missing child. */
	if (!birth->killed)
		return r;
	/* Its time limit has ended it; the concern that set the limit reports that. */
	if (birth->late && spawn->within_usec)
		return r;
	if (birth->late) {
		spawn->failed_step = SPAWN_STEP_EXEC;
		return shortage_start_error(birth->place, spawn, -ETIMEDOUT, reterr);
	}
	r = frozen_check(birth->place, "start a command in", reterr);
	return r < 0 ? r : error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't start a command in %s/%s: the group was "
			"frozen meanwhile", birth->place->tenant, birth->place->name);
}
