/* SPDX-License-Identifier: MIT */
/*
 * stop.c - end a run from another process
 *
 * The supervisor of the run isn't signalled: it may be a program with other runs. The group's processes get
 * the signal, and a note on the group tells the supervisor who ended them.
 */
#include "group/handle.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "group/leaf.h"
#include "host/notes.h"
#include "ration.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/syscalls.h"
#include "util/error.h"

#define END_USEC 10000000
#define LOOK_MSEC 5

/* Before the first signal, because that can end the run at once. */
static int leave_note(struct ration_group *group, int sig, uint64_t kill_after_usec, struct ration_error *reterr)
{
	char text[48];
	int r;

	(void)snprintf(text, sizeof(text), "%d %" PRIu64, sig, kill_after_usec);
	r = notes_leave(group->at.fd, NOTE_STOP, text);
	/* A kernel without such notes: the run ends all the same, but without a reason. */
	return r == 0 || r == -EOPNOTSUPP ? 0 : handle_error(group, r, "stop", reterr);
}

/* Sends the signal, and waits. 1: somebody is left. */
static int warn(struct ration_group *group, int sig, uint64_t kill_after_usec)
{
	bool never = kill_after_usec / 1000 >= INT_MAX;
	int msec = never ? INT_MAX : (int)((kill_after_usec + 999) / 1000), r;

	(void)cg_signal_others(group->at.fd, sig);
	/* A stopped process can't die of a signal that it can't take. */
	(void)cg_signal_others(group->at.fd, SIGCONT);
	do
		r = cg_wait_empty(group->at.fd, msec);
	while (r == -ETIMEDOUT && never);
	return r == -ETIMEDOUT ? 1 : 0;
}

/* The supervisor removes it. */
static int wait_removed(struct ration_group *group, uint64_t usec, struct ration_error *reterr)
{
	uint64_t end = sys_now_usec() + usec;

	while (leaf_alive(group->at.fd)) {
		if (sys_now_usec() >= end) {
			(void)error_set(reterr, -ETIMEDOUT, RATION_CAUSE_TIMEOUT, "%s is empty, and its run doesn't end",
					group->address);
			return error_hint(reterr, -ETIMEDOUT, "is its supervisor stopped? ration rm removes the group");
		}
		(void)poll(NULL, 0, LOOK_MSEC);
	}
	return 0;
}

int ration_group_stop(struct ration_group *group, int sig, uint64_t kill_after_usec, uint64_t timeout_usec,
		uint64_t *ret_stopped, struct ration_error *reterr)
{
	uint64_t usec = timeout_usec == 0 ? END_USEC : timeout_usec > INT64_MAX / 2 ? INT64_MAX / 2 : timeout_usec;
	int count, r = handle_check(group, reterr);
	bool stays;

	sig = sig == 0 ? SIGTERM : sig;
	if (r == 0 && (sig < 0 || sig >= NSIG))
		r = error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a signal", sig);
	if (r < 0)
		return r;
	if (!leaf_alive(group->at.fd))
		return handle_error(group, -ENOENT, "stop", reterr);
	if (ration_group_is_tenant(group)) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s is a tenant, and no run", group->address);
		return error_hint(reterr, -EINVAL, "stop its groups: ration ls %s lists them", group->address);
	}
	kill_after_usec = kill_after_usec == 0 ? RATION_KILL_AFTER_USEC : kill_after_usec;
	stays = notes_has(group->at.fd, NOTE_KEEP);
	count = cg_count(group->at.fd);
	if (!stays)
		r = leave_note(group, sig, kill_after_usec, reterr);
	if (r == 0 && warn(group, sig, kill_after_usec) > 0)
		r = ration_group_kill(group, timeout_usec, NULL, reterr);
	/* Its supervisor was sooner. */
	if (r < 0 && leaf_gone(&group->at))
		r = 0;
	if (r == 0 && !stays)
		r = wait_removed(group, usec, reterr);
	if (r == 0 && ret_stopped)
		*ret_stopped = count > 0 ? (uint64_t)count : 0;
	return r;
}
