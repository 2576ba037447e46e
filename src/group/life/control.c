/* SPDX-License-Identifier: MIT */
/*
 * control.c - freeze, thaw, kill, reclaim
 */
#include "group/handle.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "group/frozen.h"
#include "group/leaf.h"
#include "group/life/stuck.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

#define FREEZE_USEC 5000000
/* How often to check whether somebody else thaws the group: no event reports that. */
#define LOOK_USEC 100000
#define KILL_USEC 10000000

static int to_msec(uint64_t usec, uint64_t otherwise)
{
	if (usec == 0)
		usec = otherwise;
	/* A timeout longer than a month is none. */
	return usec / 1000 >= INT_MAX ? INT_MAX : (int)((usec + 999) / 1000);
}

/* -EBUSY: somebody else has asked for the opposite meanwhile, and the kernel has given up. */
static int wait_frozen(int fd, bool frozen, int msec)
{
	uint64_t now = sys_now_usec(), end = now + (uint64_t)msec * 1000, asked;
	int r;

	do {
		uint64_t look = end - now < LOOK_USEC ? end - now : LOOK_USEC;

		r = cg_wait_event(fd, "frozen", frozen, (int)(look / 1000));
		if (r == -ETIMEDOUT && cg_read_u64(fd, "cgroup.freeze", &asked) == 0 && asked != frozen)
			return -EBUSY;
		now = sys_now_usec();
	} while (r == -ETIMEDOUT && now < end);
	/* If we can't see whether it freezes, don't leave it frozen: nobody would know. */
	if (r < 0 && r != -ETIMEDOUT && frozen)
		(void)cg_write(fd, "cgroup.freeze", "0");
	return r;
}

static int set_frozen(struct ration_group *group, bool frozen, uint64_t timeout_usec, struct ration_error *reterr)
{
	const char *what = frozen ? "freeze" : "thaw";
	struct ration_error above;
	int msec = to_msec(timeout_usec, FREEZE_USEC);
	int r = handle_check(group, reterr);

	if (r < 0)
		return r;
	if (frozen && cg_has_caller(group->at.fd)) {
		(void)error_set(reterr, -EDEADLK, RATION_CAUSE_HAS_PROCESSES, "can't freeze %s: this process is in it",
				group->address);
		return error_hint(reterr, -EDEADLK, "freeze it from outside: who freezes itself can't thaw itself");
	}
	r = cg_write(group->at.fd, "cgroup.freeze", frozen ? "1" : "0");
	if (r == 0)
		r = wait_frozen(group->at.fd, frozen, msec);
	if (r == 0)
		return 0;
	if (r == -EBUSY)
		return error_set(reterr, r, RATION_CAUSE_IN_USE, "can't %s %s: somebody else %s it meanwhile", what,
				group->address, frozen ? "thawed" : "froze");
	if (r != -ETIMEDOUT)
		return handle_error(group, r, what, reterr);
	(void)error_set(reterr, r, RATION_CAUSE_TIMEOUT, "%s isn't %s after %d ms; the kernel keeps trying",
			group->address, frozen ? "frozen" : "thawed", msec);
	if (!frozen && frozen_check(&group->at, "thaw", &above) < 0)
		return error_hint(reterr, r, "a group above it is frozen: %s", above.hint);
	return error_hint(reterr, r, "%s", frozen ? "a process in an uninterruptible sleep (state D) freezes when it wakes" :
						    "a group above it may be frozen");
}

int ration_group_freeze(struct ration_group *group, uint64_t timeout_usec, struct ration_error *reterr)
{
	return set_frozen(group, true, timeout_usec, reterr);
}

int ration_group_thaw(struct ration_group *group, uint64_t timeout_usec, struct ration_error *reterr)
{
	return set_frozen(group, false, timeout_usec, reterr);
}

int ration_group_kill(struct ration_group *group, uint64_t timeout_usec, uint64_t *ret_killed,
		struct ration_error *reterr)
{
	int msec = to_msec(timeout_usec, KILL_USEC);
	char words[STUCK_WORDS_MAX];
	int count, r = handle_check(group, reterr);

	if (r < 0)
		return r;
	if (!leaf_alive(group->at.fd))
		return handle_error(group, -ENOENT, "kill", reterr);
	count = cg_count(group->at.fd);
	r = cg_end(group->at.fd, msec);
	if (r == -ETIMEDOUT) {
		(void)error_set(reterr, r, RATION_CAUSE_TIMEOUT, "processes of %s don't die within %d ms: %.250s",
				group->address, msec, stuck_in(&group->at, words));
		return error_hint(reterr, r, "they die as soon as the kernel lets them");
	}
	if (r < 0)
		return handle_error(group, r, "kill", reterr);
	if (ret_killed)
		*ret_killed = count > 0 ? (uint64_t)count : 0;
	return 0;
}

int ration_group_reclaim(struct ration_group *group, uint64_t bytes, uint64_t *ret_reclaimed_bytes,
		struct ration_error *reterr)
{
	uint64_t before, after;
	char text[32];
	int r = handle_check(group, reterr);

	if (r < 0)
		return r;
	if (bytes == 0 || bytes > INT64_MAX)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%" PRIu64 " bytes can't be reclaimed", bytes);
	r = cg_read_u64(group->at.fd, "memory.current", &before);
	if (r == -ENOENT && !leaf_gone(&group->at))
		return error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CONTROLLER,
				"%s has no memory controller and can't reclaim", group->address);
	if (r < 0)
		return handle_error(group, r, "read memory.current of", reterr);
	(void)snprintf(text, sizeof(text), "%" PRIu64, bytes);
	r = cg_write(group->at.fd, "memory.reclaim", text);
	if (r == -ENOENT && !leaf_gone(&group->at)) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_KERNEL_TOO_OLD,
				"this kernel has no memory.reclaim (since 5.19)");
		return error_hint(reterr, -EOPNOTSUPP, "use ration set --memory-high to reclaim down to a size");
	}
	/* EAGAIN means less than was asked for: the kernel has reclaimed what it could. */
	if (r < 0 && r != -EAGAIN)
		return handle_error(group, r, "reclaim memory of", reterr);
	r = cg_read_u64(group->at.fd, "memory.current", &after);
	if (r < 0)
		return handle_error(group, r, "read memory.current of", reterr);
	if (ret_reclaimed_bytes)
		*ret_reclaimed_bytes = after < before ? before - after : 0;
	return 0;
}
