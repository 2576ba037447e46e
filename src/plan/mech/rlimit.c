/* SPDX-License-Identifier: MIT */
/*
 * rlimit.c - setrlimit(2) in the child
 *
 * Asked for by name, they are what they say. As a backstop behind the watch,
 * RLIMIT_CPU ends one runaway process a second after the watch should have, and
 * RLIMIT_NPROC makes fork fail for a uid: it counts *all* tasks of that uid on
 * the machine, so it is what the uid has already plus what the run may have.
 *
 * On macOS some are worse than none: see macos_rows.
 */
#include "plan/mech/mech.h"

#include <errno.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/enum-index.h"

static uint64_t whole_seconds(uint64_t usec)
{
	return usec / 1000000 + (usec % 1000000 != 0);
}

/* Why a resource isn't a limit on macOS: setrlimit(2) takes some of them all the same. */
static const char *const macos_rows[LIMIT_INDEX_COUNT] = {
	[LIMIT_INDEX_CPU_TIME] = "on macOS, RLIMIT_CPU loses what the command has written to a pipe",
	[LIMIT_INDEX_RLIMIT_CPU] = "on macOS, RLIMIT_CPU loses what the command has written to a pipe",
	[LIMIT_INDEX_RLIMIT_AS] = "macOS ignores RLIMIT_AS",
	[LIMIT_INDEX_RLIMIT_RSS] = "macOS ignores RLIMIT_RSS",
	[LIMIT_INDEX_RLIMIT_DATA] = "on macOS, RLIMIT_DATA is about sbrk(2) alone, which malloc(3) doesn't use",
	[LIMIT_INDEX_RLIMIT_LOCKS] = "macOS has no RLIMIT_LOCKS",
	[LIMIT_INDEX_RLIMIT_MSGQUEUE] = "macOS has no RLIMIT_MSGQUEUE",
	[LIMIT_INDEX_RLIMIT_NICE] = "macOS has no RLIMIT_NICE",
	[LIMIT_INDEX_RLIMIT_RTPRIO] = "macOS has no RLIMIT_RTPRIO",
	[LIMIT_INDEX_RLIMIT_RTTIME] = "macOS has no RLIMIT_RTTIME",
	[LIMIT_INDEX_RLIMIT_SIGPENDING] = "macOS has no RLIMIT_SIGPENDING",
};

static const char *nproc_note(const struct host_facts *facts)
{
	return host_is_macos(facts) ? "RLIMIT_NPROC counts all processes of the user, and no threads"
				    : "RLIMIT_NPROC counts all tasks of the user";
}

static void ask(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct mech_answer *answer)
{
	const char *unfit = host_is_macos(facts) ? macos_rows[limit_index(limit)] : NULL;

	(void)soft;
	if (unfit)
		return mech_no(answer, "", "%s", unfit);
	/* Without a supervisor these are what there is: see RATION_PURPOSE_PROCESS. */
	if (limit == RATION_LIMIT_CPU_TIME) {
		if (hard != RATION_UNLIMITED)
			answer->in_force = whole_seconds(hard) * 1000000;
		return mech_yes(answer, RATION_SCOPE_PROCESS, "RLIMIT_CPU counts each process separately, in "
				"whole seconds");
	}
	if (limit == RATION_LIMIT_PIDS && facts->root)
		return mech_no(answer, "", "the kernel doesn't enforce RLIMIT_NPROC for uid 0");
	if (limit == RATION_LIMIT_PIDS)
		return mech_yes(answer, RATION_SCOPE_USER, nproc_note(facts));
	if (ration_limit_info(limit)->resource < 0)
		return mech_no(answer, "", "resource limits can't enforce it");
	if (limit != RATION_LIMIT_RLIMIT_NPROC)
		return mech_yes(answer, RATION_SCOPE_PROCESS, "");
	mech_yes(answer, RATION_SCOPE_USER,
			facts->root ? "the kernel doesn't enforce it for uid 0" : "");
}

static int add_rlimit(struct spawn *spawn, int resource, uint64_t soft, uint64_t hard)
{
	if (spawn->n_rlimits == ARRAY_SIZE(spawn->rlimits))
		return -E2BIG;
	spawn->rlimits[spawn->n_rlimits++] = (struct spawn_rlimit) {
		.resource = resource,
		.soft = soft,
		.hard = hard,
	};
	return 0;
}

/* Behind the watch: if we can't raise it, it is low enough already, which is no reason to fail. */
static int add_backstop(struct spawn *spawn, int resource, uint64_t value)
{
	struct rlimit own;

	if (getrlimit((rlimit_resource)resource, &own) == 0 && own.rlim_max < value)
		value = own.rlim_max;
	return add_rlimit(spawn, resource, value, value);
}

static int apply_child(const struct ration_plan_item *item, const struct host_facts *facts, struct spawn *spawn)
{
	int resource = ration_limit_info(item->limit)->resource;

	if (resource >= 0)
		return add_rlimit(spawn, resource,
				item->asked_soft == RATION_UNLIMITED ? item->in_force : item->asked_soft,
				item->in_force);
	if (item->limit == RATION_LIMIT_CPU_TIME && item->mechanism == RATION_MECHANISM_RLIMIT)
		return add_rlimit(spawn, RLIMIT_CPU,
				whole_seconds(item->asked_soft == RATION_UNLIMITED ? item->in_force : item->asked_soft),
				item->in_force / 1000000);
	/* Whole seconds, and one more: the watch is to come first. */
	if (item->limit == RATION_LIMIT_CPU_TIME)
		return add_backstop(spawn, RLIMIT_CPU, item->in_force / 1000000 + 2);
	if (item->limit == RATION_LIMIT_PIDS && item->in_force == RATION_UNLIMITED)
		return 0;
	if (item->limit == RATION_LIMIT_PIDS)
		return add_backstop(spawn, RLIMIT_NPROC, facts->user_tasks + item->in_force);
	return -EINVAL;
}

const struct mech_ops mech_rlimit = {
	.mechanism = RATION_MECHANISM_RLIMIT,
	.ask = ask,
	.apply_child = apply_child,
};
