/* SPDX-License-Identifier: MIT */
/*
 * update.c - change the limits of a group that lives
 *
 * All writes or none (apply.c), in an order that the kernel accepts. What makes a
 * change to a living group different from limits for a new one is that it may be
 * using more than it is to have:
 *
 *   memory   memory.max below the present use makes the kernel reclaim, and kill
 *            when that isn't enough, before write(2) returns. So memory.high
 *            comes first, which reclaims and slows the group down but kills
 *            nothing; memory.reclaim helps; and memory.max is written when the
 *            use is below it, or not at all.
 *   tasks    the kernel takes any pids.max, and refuses forks from then on. That
 *            is refused here, unless it is wished for, since programs rarely
 *            survive it.
 */
#include "group/limits/update.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "group/handle.h"
#include "group/leaf.h"
#include "group/limits/apply.h"
#include "group/limits/protect.h"
#include "group/owner.h"
#include "group/record.h"
#include "plan/mech/mech.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

#define RECLAIM_USEC 2000000

/* How long to wait for memory.high to take effect, after a request that reclaimed nothing. */
#define PAUSE_MSEC 20

/* After this many requests in a row that reclaimed nothing, nothing can be reclaimed. */
#define FRUITLESS_MAX 3

struct change {
	struct ration_group *group;
	const struct ration_plan *plan;
	struct ration_update_options options;
	struct ration_update_report report;
	struct group_writes writes;
	char high[32];  /* memory.high as it was, while ours is set; "" otherwise */
	int (*then)(void *data, struct ration_error *reterr);
	void *data;
};

static uint64_t now_or(int fd, const char *file, uint64_t otherwise)
{
	uint64_t value;

	return cg_read_u64(fd, file, &value) < 0 ? otherwise : value;
}

static uint64_t oom_kills(int fd)
{
	char text[512];
	uint64_t value;

	return cg_read(fd, "memory.events", text, sizeof(text)) < 0 ||
		cg_text_key(text, "oom_kill", &value) < 0 ? 0 : value;
}

/* What a plan asks of a limit that the kernel will enforce; RATION_UNLIMITED where it asks for nothing. */
static uint64_t wanted(const struct change *change, enum ration_limit limit)
{
	const struct ration_plan_item *item = plan_enforced(change->plan, limit);

	return item ? item->in_force : RATION_UNLIMITED;
}

static int fail(struct change *change, enum ration_limit limit, int code)
{
	change->report.has_failed = true;
	change->report.failed = limit;
	return code;
}

/* ------------------------------------------------------------------- order */

static size_t find_write(const struct group_writes *writes, const char *file)
{
	size_t i = 0;

	while (i < writes->n && strcmp(writes->write[i].file, file) != 0)
		i++;
	return i;
}

/* Puts write `from` before write `to`, if both are there. */
static void move_before(struct group_writes *writes, size_t from, size_t to)
{
	struct group_write write;

	if (from >= writes->n || to >= writes->n || from < to)
		return;
	write = writes->write[from];
	memmove(&writes->write[to + 1], &writes->write[to], (from - to) * sizeof(write));
	writes->write[to] = write;
}

/* "QUOTA PERIOD", in usec in each 100 ms. */
static uint64_t quota_now(int fd)
{
	char text[64];
	uint64_t quota, period;

	if (cg_read(fd, "cpu.max", text, sizeof(text)) < 0 ||
			sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) != 2 || period == 0)
		return RATION_UNLIMITED;
	return quota * 100000 / period;
}

static void put_in_order(struct change *change)
{
	struct group_writes *writes = &change->writes;
	size_t quota = find_write(writes, "cpu.max"), burst = find_write(writes, "cpu.max.burst");

	/* A burst may never be above the quota: lower it before, raise it after. */
	if (wanted(change, RATION_LIMIT_CPUS) < quota_now(change->group->at.fd))
		move_before(writes, burst, quota);
	/* A group that is idle has no weight, so it stops being idle first. */
	if (wanted(change, RATION_LIMIT_CPU_IDLE) == 0)
		move_before(writes, find_write(writes, "cpu.idle"), find_write(writes, "cpu.weight"));
}

/* ------------------------------------------------- against what is in force */

static int check_burst(struct change *change, struct ration_error *reterr)
{
	const struct ration_plan_item *burst = plan_enforced(change->plan, RATION_LIMIT_CPU_BURST);
	const struct ration_plan_item *cpus = plan_enforced(change->plan, RATION_LIMIT_CPUS);
	uint64_t burst_usec, quota_usec;
	char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX];

	if (!burst == !cpus)
		return 0; /* together they have been checked, and neither is neither */
	burst_usec = burst ? burst->in_force : now_or(change->group->at.fd, "cpu.max.burst", 0);
	quota_usec = cpus ? cpus->in_force : quota_now(change->group->at.fd);
	if (burst_usec <= quota_usec)
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
			"%s: a burst of %s is above a quota of %s in 100 ms, %s", change->group->address,
			ration_format_duration(a, burst_usec), ration_format_duration(b, quota_usec),
			burst ? "the current --cpus" : "with the current --cpu-burst");
	(void)error_hint(reterr, -EINVAL, "set both --cpus and --cpu-burst");
	return fail(change, burst ? RATION_LIMIT_CPU_BURST : RATION_LIMIT_CPUS, -EINVAL);
}

static int check_high(struct change *change, struct ration_error *reterr)
{
	const struct ration_plan_item *high = plan_enforced(change->plan, RATION_LIMIT_MEMORY_HIGH);
	const struct ration_plan_item *max = plan_enforced(change->plan, RATION_LIMIT_MEMORY);
	uint64_t high_bytes, max_bytes;
	char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX];

	if (!high == !max)
		return 0; /* as above */
	high_bytes = high ? high->in_force : now_or(change->group->at.fd, "memory.high", RATION_UNLIMITED);
	max_bytes = max ? max->in_force : now_or(change->group->at.fd, "memory.max", RATION_UNLIMITED);
	if (high_bytes <= max_bytes || high_bytes == RATION_UNLIMITED)
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
			"%s: a memory_high of %s%s is above a memory of %s%s", change->group->address,
			ration_format_size(a, high_bytes), high ? "" : " (current)",
			ration_format_size(b, max_bytes), high ? " (current)" : "");
	(void)error_hint(reterr, -EINVAL, "set both --memory and --memory-high");
	return fail(change, high ? RATION_LIMIT_MEMORY_HIGH : RATION_LIMIT_MEMORY, -EINVAL);
}

static int check_idle(struct change *change, struct ration_error *reterr)
{
	if (!plan_enforced(change->plan, RATION_LIMIT_CPU_WEIGHT) || plan_enforced(change->plan, RATION_LIMIT_CPU_IDLE) ||
			now_or(change->group->at.fd, "cpu.idle", 0) != 1)
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
			"%s has no weight while --cpu-idle is 1", change->group->address);
	(void)error_hint(reterr, -EINVAL, "e.g. --cpu-idle 0 --cpu-weight 100");
	return fail(change, RATION_LIMIT_CPU_WEIGHT, -EINVAL);
}

static int check_tasks(struct change *change, struct ration_error *reterr)
{
	uint64_t limit = wanted(change, RATION_LIMIT_PIDS);
	uint64_t now = now_or(change->group->at.fd, "pids.current", 0);

	if (now <= limit || change->options.force)
		return 0;
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE,
			"--pids %" PRIu64 ": %s has %" PRIu64 " tasks now", limit, change->group->address, now);
	(void)error_hint(reterr, -EBUSY, "--force sets it: no task ends, but forks fail until there are fewer");
	return fail(change, RATION_LIMIT_PIDS, -EBUSY);
}

/* ------------------------------------------------------------------ memory */

static void give_back_high(struct change *change)
{
	if (change->high[0])
		(void)cg_write(change->group->at.fd, "memory.high", change->high);
	change->high[0] = '\0';
}

/* Sets memory.high to `limit`, unless it is lower already. */
static int take_high(struct change *change, uint64_t limit)
{
	int fd = change->group->at.fd;
	char text[32];
	int r;

	if (now_or(fd, "memory.high", 0) <= limit)
		return 0;
	r = cg_read(fd, "memory.high", change->high, sizeof(change->high));
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof(text), "%" PRIu64, limit);
	r = cg_write(fd, "memory.high", text);
	if (r < 0)
		change->high[0] = '\0';
	return r;
}

/*
 * Brings the use down to `limit`, and asks as long as that helps. memory.reclaim answers EAGAIN for less than
 * was asked for, which is usual.
 */
static int reclaim_to(struct change *change, uint64_t limit, uint64_t deadline)
{
	int fd = change->group->at.fd, fruitless = 0;
	uint64_t use = now_or(fd, "memory.current", 0);

	while (use > limit && sys_now_usec() < deadline && fruitless < FRUITLESS_MAX) {
		uint64_t before = use;
		char text[32];
		int r;

		(void)snprintf(text, sizeof(text), "%" PRIu64, use - limit);
		r = cg_write(fd, "memory.reclaim", text);
		/* Before 5.19 there is no such file, and memory.high does it alone. */
		if (r < 0 && r != -EAGAIN && r != -EINTR && r != -ENOENT)
			return r;
		use = now_or(fd, "memory.current", 0);
		fruitless = use < before ? 0 : fruitless + 1;
		if (use > limit && fruitless > 0)
			(void)poll(NULL, 0, PAUSE_MSEC);
	}
	return use > limit ? -EBUSY : 0;
}

static int in_use_error(struct change *change, uint64_t limit, struct ration_error *reterr)
{
	char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX];

	(void)error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE,
			"--memory %s: %s uses %s and no more can be reclaimed", ration_format_size(a, limit),
			change->group->address,
			ration_format_size(b, now_or(change->group->at.fd, "memory.current", 0)));
	(void)error_hint(reterr, -EBUSY, "--force sets it now and can OOM-kill processes");
	return fail(change, RATION_LIMIT_MEMORY, -EBUSY);
}

static int shrink(struct change *change, struct ration_error *reterr)
{
	uint64_t limit = wanted(change, RATION_LIMIT_MEMORY);
	uint64_t usec = change->options.reclaim_usec ? change->options.reclaim_usec : RECLAIM_USEC;
	int r;

	if (change->options.force || now_or(change->group->at.fd, "memory.current", 0) <= limit)
		return 0;
	r = take_high(change, limit);
	if (r == 0)
		r = reclaim_to(change, limit, sys_now_usec() + usec);
	if (r == 0)
		return 0;
	give_back_high(change);
	if (r == -EBUSY)
		return in_use_error(change, limit, reterr);
	return fail(change, RATION_LIMIT_MEMORY, handle_error(change->group, r, "reclaim memory of", reterr));
}

/* ------------------------------------------------------------------ update */

/* A memory limit implies no swap, and a lifted one implies swap again, unless swap was asked for by itself. */
static int settle_swap(struct change *change)
{
	const struct ration_plan_item *memory = plan_enforced(change->plan, RATION_LIMIT_MEMORY);
	const struct ration_plan_item *swap = plan_find(change->plan, RATION_LIMIT_SWAP);
	bool asked = record_has_limit(change->group->at.fd, RATION_LIMIT_SWAP);
	size_t i = find_write(&change->writes, "memory.swap.max");

	if (swap && swap->implied && asked && i < change->writes.n) {
		change->writes.n--;
		memmove(&change->writes.write[i], &change->writes.write[i + 1],
				(change->writes.n - i) * sizeof(change->writes.write[0]));
	}
	if (memory && memory->in_force == RATION_UNLIMITED && !swap && !asked &&
			now_or(change->group->at.fd, "memory.swap.max", RATION_UNLIMITED) == 0)
		return mech_write(&change->writes, RATION_LIMIT_SWAP, "memory.swap.max", "max");
	return 0;
}

/* A group's protection needs the same above it: that is part of the change, and so is what the caller does then. */
static int complete(void *data, struct ration_error *reterr)
{
	const struct change *change = data;
	int r = protect_nodes(change->plan, &change->group->at, reterr);

	return r < 0 || !change->then ? r : change->then(change->data, reterr);
}

/* The note of what is asked for comes first: if it can't be written, nothing has changed. */
static int write_all(struct change *change, struct ration_error *reterr)
{
	int fd = change->group->at.fd, r;
	char before[NOTE_MAX];

	if (notes_read(fd, NOTE_LIMITS, before, sizeof(before)) < 0)
		before[0] = '\0';
	r = record_limits(fd, change->plan);
	if (r < 0 && r != -EOPNOTSUPP)
		return handle_error(change->group, r, "write notes on", reterr);
	r = apply_writes_then(&change->group->at, &change->writes, complete, change, reterr);
	if (r == 0)
		return 0;
	(void)notes_write(fd, NOTE_LIMITS, before);
	/* The nodes above may have some of it. */
	if (change->writes.failed == change->writes.n)
		(void)protect_nodes(change->plan, &change->group->at, NULL);
	return r;
}

static int carry_out(struct change *change, struct ration_error *reterr)
{
	int fd = change->group->at.fd;
	int r = apply_collect(change->plan, &change->writes, reterr);

	if (r == 0)
		r = check_burst(change, reterr);
	if (r == 0)
		r = check_high(change, reterr);
	if (r == 0)
		r = check_idle(change, reterr);
	if (r == 0)
		r = check_tasks(change, reterr);
	if (r == 0)
		r = settle_swap(change);
	if (r < 0)
		return r;
	put_in_order(change);
	r = shrink(change, reterr);
	if (r < 0)
		return r;
	r = write_all(change, reterr);
	if (r < 0) {
		give_back_high(change);
		if (change->writes.failed < change->writes.n)
			(void)fail(change, change->writes.write[change->writes.failed].limit, r);
		if ((vanished(r) && leaf_gone(&change->group->at)) || ((r == -EACCES || r == -EPERM) && owner_is_another(fd)))
			return handle_error(change->group, r, "change", reterr);
		return r;
	}
	/* A memory.high of the plan's own has replaced ours. */
	if (plan_enforced(change->plan, RATION_LIMIT_MEMORY_HIGH))
		change->high[0] = '\0';
	give_back_high(change);
	return 0;
}

int update_apply_then(struct ration_group *group, const struct ration_plan *plan,
		int (*then)(void *data, struct ration_error *reterr), void *data, struct ration_error *reterr)
{
	struct change change = { .group = group, .plan = plan, .then = then, .data = data };
	int r = TAKE_OPTIONS(struct ration_update_options, &change.options, NULL, reterr);

	return r < 0 ? r : carry_out(&change, reterr);
}

int update_apply(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_update_options *options, struct ration_update_report *report,
		struct ration_error *reterr)
{
	struct change change = {
		.group = group,
		.plan = plan,
		.report = { .memory_before_bytes = now_or(group->at.fd, "memory.current", RATION_UNKNOWN) },
	};
	uint64_t begun = sys_now_usec(), killed = oom_kills(group->at.fd);
	int r;

	r = TAKE_OPTIONS(struct ration_update_options, &change.options, options, reterr);
	if (r == 0)
		r = CHECK_RESULT(struct ration_update_report, report, reterr);
	if (r < 0)
		return r;
	r = carry_out(&change, reterr);
	change.report.changed = r == 0;
	change.report.memory_after_bytes = now_or(group->at.fd, "memory.current", RATION_UNKNOWN);
	change.report.oom_kills = oom_kills(group->at.fd) - killed;
	change.report.elapsed_usec = sys_now_usec() - begun;
	/* Its size was checked. */
	(void)GIVE_RESULT(struct ration_update_report, report, &change.report, NULL);
	return r;
}
