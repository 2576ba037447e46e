/* SPDX-License-Identifier: MIT */
/*
 * birth.c - nobody waits for ever for a child that is frozen before it is the command
 */
#include "group/birth.h"

#include <errno.h>
#include <signal.h>

#include "group/cgroup1.h"
#include "group/frozen.h"
#include "sys/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* The freezer of cgroup v1 keeps it from dying: out of there, where its SIGKILL has been waiting for it. */
static void move_out(const struct place *place, pid_t pid)
{
	for (size_t i = 0; pid > 0 && i < place->host->n_v1; i++) {
		if (place->v1_fd[i] >= 0 && place->host->v1[i].controllers & RATION_CONTROLLER_FREEZER)
			(void)cg_attach(place->host->v1[i].fd, pid);
	}
}

/* Whether anything can freeze who is born there. */
static bool can_freeze(const struct place *place)
{
	return place->fd >= 0 || v1_fd(place, RATION_CONTROLLER_FREEZER) >= 0;
}

/* It isn't the command yet, a second after it was cloned. */
static void look(void *data, pid_t pid, int pid_fd)
{
	struct birth *birth = data;

	if (frozen_check(birth->place, "start in", NULL) == 0)
		return;
	birth->killed = true;
	(void)sys_child_signal(pid, pid_fd, SIGKILL);
	move_out(birth->place, pid);
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

int birth_begin(struct birth *birth, const struct place *place, struct spawn *spawn, struct ration_error *reterr)
{
	int r = open_joins(place, spawn, reterr);

	*birth = (struct birth) { .place = place };
	if (can_freeze(place)) {
		spawn->late = look;
		spawn->late_data = birth;
	}
	return r;
}

int birth_end(const struct birth *birth, struct spawn *spawn, int r, struct ration_error *reterr)
{
	close_joins(spawn);
	if (r < 0 || !birth->killed)
		return r;
	r = frozen_check(birth->place, "start a command in", reterr);
	return r < 0 ? r : error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't start a command in %s/%s: the group was "
			"frozen meanwhile", birth->place->tenant, birth->place->name);
}
