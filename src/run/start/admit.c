/* SPDX-License-Identifier: MIT */
/*
 * admit.c - waits its turn for room in the budgets of a tenant and of the namespace
 *
 * A start first takes a place in the queue of its tenant (sys/cgroup/queue.h). The first one there, if the
 * tenant has room for it, takes a place in the queue of the namespace. So a full tenant doesn't
 * keep other tenants from starting. A start keeps both places until its group is made, so that
 * nobody overtakes it. Nothing is locked while it waits.
 *
 * Processes that hold a budget don't announce their end, and can be killed. The first few in a
 * queue watch directories by inotify: they are told at once of a removed group, a changed budget or
 * limit, and of the close of the queue's file by a process that leaves the queue or is killed. The
 * rest check ten times a second, as do all if no inotify instance is available, and less often with
 * more than a hundred before them. The first one still checks once a second, because nothing
 * announces free memory.
 */
#include "run/start/admit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "group/budget/budget-gate.h"
#include "group/nodes.h"
#include "host/host.h"
#include "host/names.h"
#include "host/prepare.h"
#include "plan/plan.h"
#include "run/loop.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/queue.h"
#include "sys/cgroup/walk.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

/* The time between two checks: without and with inotify. */
#define LOOK_USEC 100000
#define LOOK_TOLD_USEC 1000000

/* How many processes of a queue use an inotify instance: a user has 128 in all. */
#define WATCHERS_MAX 8

/*
 * The least time that a start takes. With many before it, a start checks that much less often, but at least
 * every second.
 */
#define START_USEC 1000

/* The tenant's queue, or the namespace's. */
struct level {
	struct budget_node node;
	int ticket_fd;         /* -EBADF: it isn't in this queue */
	uint64_t *number;      /* points to 0 in that case */
};

struct ration_admission {
	struct budget_waiting waiting; /* first: budget_turn_of() */
	const struct host_snapshot *host;
	struct budget_ask ask;
	char tenant[RATION_NAME_MAX + 1];
	struct level of_namespace, of_tenant;
	struct loop loop;
	struct loop_source changes; /* inotify */
	struct loop_deadline again, end;
	int inotify_fd;
	bool look, late;
	bool over;             /* its turn, or failed */
	struct ration_error failure; /* why: code < 0 */
	uint64_t ahead;        /* how many are before it, at the last check */
	uint64_t begun_usec, over_usec;
	struct ration_error why; /* why it waits */
	char doubt[BUDGET_DOUBT_MAX];
};

/* --------------------------------------------------------------- changes */

static void on_changes(void *userdata, bool failed)
{
	struct ration_admission *admission = userdata;
	char buffer[4096] __attribute__((aligned(_Alignof(struct inotify_event))));

	(void)failed;
	while (read(admission->inotify_fd, buffer, sizeof(buffer)) > 0)
		;
	admission->look = true;
}

static void on_again(void *userdata, uint64_t now_usec)
{
	struct ration_admission *admission = userdata;

	(void)now_usec;
	admission->look = true;
}

static void on_end(void *userdata, uint64_t now_usec)
{
	struct ration_admission *admission = userdata;

	(void)now_usec;
	admission->look = admission->late = true;
}

static int watch_directory(const struct ration_admission *admission, int fd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inotify_add_watch(admission->inotify_fd, path, IN_CREATE | IN_DELETE | IN_ATTRIB | IN_CLOSE_WRITE | IN_ONLYDIR);
}

static int watch_tenant(int namespace_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(namespace_fd, name);

	/* A directory that can't be watched is checked once a second. */
	if (fd >= 0)
		(void)watch_directory(data, fd);
	return 0;
}

/* Asks the kernel to report changes to what it waits for. False: it can't. */
static bool watch_changes(struct ration_admission *admission)
{
	struct level *waits_at = admission->of_namespace.ticket_fd >= 0 ? &admission->of_namespace : &admission->of_tenant;

	if (admission->inotify_fd < 0) {
		admission->inotify_fd = lift_fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
		if (admission->inotify_fd < 0 ||
				loop_add(&admission->loop, &admission->changes, admission->inotify_fd, LOOP_READABLE) < 0) {
			admission->inotify_fd = close_fd(admission->inotify_fd);
			return false;
		}
	}
	/* Watching a directory twice gives the same watch. */
	if (watch_directory(admission, waits_at->node.fd) < 0)
		return false;
	if (!waits_at->node.tenant)
		(void)cg_each_child(waits_at->node.fd, watch_tenant, admission);
	return true;
}

static void unwatch(struct ration_admission *admission)
{
	loop_drop(&admission->loop, &admission->changes);
	admission->inotify_fd = close_fd(admission->inotify_fd);
}

/* ------------------------------------------------------------------ looks */

static int ticket_error(const struct level *level, int code, struct ration_error *reterr)
{
	return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't wait for room in the budget of %s: %s",
			level->node.tenant ? level->node.tenant : level->node.host->nspace, error_text(code));
}

/* 1: it is the first, and there is room at this level. 0: it waits. */
static int check_level(struct ration_admission *admission, struct level *level, struct ration_error *reterr)
{
	struct budget budget;
	uint64_t ahead = 0;
	int r = level->node.fd < 0 ? 0 : budget_read(level->node.fd, &budget);

	if (r < 0)
		return ticket_error(level, r, reterr);
	if (r == 0)
		return 1;
	if (level->ticket_fd < 0) {
		r = queue_join(level->node.fd, level->number);
		if (r < 0)
			return ticket_error(level, r, reterr);
		level->ticket_fd = r;
	}
	r = queue_count(level->ticket_fd, *level->number, RATION_AHEAD_EXACT, &ahead);
	if (r < 0)
		return ticket_error(level, r, reterr);
	admission->ahead = ahead;
	/* Only the first needs to know: many processes check, and often. */
	if (ahead == 0 && !admission->doubt[0])
		(void)budget_gate_doubt(admission->doubt, &level->node, &budget);
	r = budget_look(&level->node, &admission->ask, ahead, reterr);
	if (r != -EDQUOT)
		return r < 0 ? r : 1;
	if (reterr)
		admission->why = *reterr;
	return 0;
}

static void leave_queue(struct level *level)
{
	level->ticket_fd = queue_leave(level->ticket_fd);
	*level->number = 0;
}

static int look(struct ration_admission *admission, struct ration_error *reterr)
{
	int r = check_level(admission, &admission->of_tenant, reterr);

	if (r == 0) {
		/* No room in its own tenant: others in the namespace's queue that have room go first. */
		leave_queue(&admission->of_namespace);
		return 0;
	}
	return r < 0 ? r : check_level(admission, &admission->of_namespace, reterr);
}

static int late_error(const struct ration_admission *admission, struct ration_error *reterr)
{
	const struct ration_error why = admission->why;
	char waited[RATION_TEXT_MAX];

	(void)error_set(reterr, -ETIMEDOUT, RATION_CAUSE_BUDGET, "no room within %s: %s",
			ration_format_duration(waited, sys_now_usec() - admission->begun_usec), why.message);
	return error_hint(reterr, -ETIMEDOUT, "try again, or wait longer");
}

static uint64_t look_usec(uint64_t ahead)
{
	if (ahead < LOOK_USEC / START_USEC)
		return LOOK_USEC;
	return ahead < LOOK_TOLD_USEC / START_USEC ? ahead * START_USEC : LOOK_TOLD_USEC;
}

/* Sets the time of the next check. */
static void set_again(struct ration_admission *admission, uint64_t now_usec)
{
	bool told = admission->ahead < WATCHERS_MAX && watch_changes(admission);

	if (!told && admission->ahead >= WATCHERS_MAX)
		unwatch(admission);
	loop_set(&admission->loop, &admission->again,
			loop_after(now_usec, told && admission->ahead == 0 ? LOOK_TOLD_USEC : look_usec(admission->ahead)));
}

/* Every later call returns the same. */
static int outcome(const struct ration_admission *admission, struct ration_error *reterr)
{
	if (admission->failure.code == 0)
		return 1;
	if (reterr)
		*reterr = admission->failure;
	return admission->failure.code;
}

static void end_waiting(struct ration_admission *admission, int r, const struct ration_error *error)
{
	admission->over = true;
	if (r < 0) {
		admission->failure = *error;
		admission->failure.code = r;
	}
	admission->over_usec = sys_now_usec();
	loop_clear(&admission->loop, &admission->again);
	loop_clear(&admission->loop, &admission->end);
	unwatch(admission);
}

int ration_admission_dispatch(struct ration_admission *admission, struct ration_error *reterr)
{
	struct ration_error error = { .code = 0 };
	int r = loop_dispatch(&admission->loop);

	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(r));
	if (admission->over)
		return outcome(admission, reterr);
	if (!admission->look)
		return 0;
	admission->look = false;
	r = look(admission, &error);
	if (r == 0 && admission->late)
		r = late_error(admission, &error);
	if (r != 0) {
		end_waiting(admission, r, &error);
		return outcome(admission, reterr);
	}
	set_again(admission, sys_now_usec());
	r = loop_arm(&admission->loop);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(r)) : 0;
}

int ration_admission_wait(struct ration_admission *admission, struct ration_error *reterr)
{
	for (;;) {
		int r = ration_admission_dispatch(admission, reterr);

		if (r != 0)
			return r < 0 ? r : 0;
		r = loop_sleep(&admission->loop);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "waiting was interrupted");
	}
}

/* ----------------------------------------------------------------- handle */

static void open_levels(struct ration_admission *admission)
{
	const struct host_snapshot *host = admission->host;
	int namespace_fd = host->base_fd >= 0 ? nodes_open(host) : -ENOENT;

	admission->of_namespace.node = (struct budget_node) { host, NULL, namespace_fd };
	admission->of_tenant.node = (struct budget_node) { host, admission->tenant,
		namespace_fd >= 0 ? cg_open_dir(namespace_fd, admission->tenant) : -ENOENT };
}

static int begin(struct ration_admission *admission, uint64_t wait_usec, struct ration_error *reterr)
{
	int r = loop_open(&admission->loop);

	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(r));
	open_levels(admission);
	admission->begun_usec = sys_now_usec();
	loop_set(&admission->loop, &admission->again, admission->begun_usec);
	if (wait_usec > 0 && wait_usec != RATION_UNLIMITED)
		loop_set(&admission->loop, &admission->end, loop_after(admission->begun_usec, wait_usec));
	r = loop_arm(&admission->loop);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(r)) : 0;
}

int ration_admission_new(const struct ration_host *handle, const struct ration_plan *plan,
		const struct ration_admission_options *given, struct ration_admission **ret_admission,
		struct ration_error *reterr)
{
	struct ration_admission_options options;
	const struct host_snapshot *host;
	struct ration_admission *admission;
	int r = error_check_null("host", handle, reterr);

	if (r == 0)
		r = error_check_null("plan", plan, reterr);
	if (r == 0)
		r = TAKE_OPTIONS(struct ration_admission_options, &options, given, reterr);
	if (r == 0 && options.tenant)
		r = names_check("tenant", options.tenant, reterr);
	if (r == 0)
		r = plan_check_purpose(plan, plan->purpose, reterr);
	if (r == 0)
		r = host_need(handle, plan->purpose, &host, reterr);
	if (r < 0)
		return r;
	admission = calloc(1, sizeof(*admission));
	if (!admission)
		return error_oom(reterr);
	admission->host = host;
	(void)strcpy(admission->tenant, options.tenant ? options.tenant : NAMES_DEFAULT_TENANT);
	admission->of_namespace.ticket_fd = admission->of_tenant.ticket_fd = -EBADF;
	admission->of_namespace.node.fd = admission->of_tenant.node.fd = admission->inotify_fd = -EBADF;
	admission->of_namespace.number = &admission->waiting.turn.of_namespace;
	admission->of_tenant.number = &admission->waiting.turn.of_tenant;
	admission->loop = LOOP_NONE;
	admission->changes = LOOP_SOURCE(on_changes, admission);
	admission->again = LOOP_DEADLINE(on_again, admission);
	admission->end = LOOP_DEADLINE(on_end, admission);
	admission->look = true;
	budget_ask_of(plan, &admission->ask);
	r = begin(admission, options.wait_usec, reterr);
	if (r < 0) {
		(void)ration_admission_free(admission);
		return r;
	}
	*ret_admission = admission;
	return 0;
}

void admit_done(struct ration_admission *admission)
{
	if (!admission)
		return;
	/*
	 * The namespace's place first: the next one there is from another tenant, or is still in this
	 * tenant's queue.
	 */
	leave_queue(&admission->of_namespace);
	leave_queue(&admission->of_tenant);
}

struct ration_admission *ration_admission_free(struct ration_admission *admission)
{
	if (!admission)
		return NULL;
	unwatch(admission);
	admit_done(admission);
	loop_close(&admission->loop);
	(void)close_fd(admission->of_tenant.node.fd);
	(void)close_fd(admission->of_namespace.node.fd);
	free(admission);
	return NULL;
}

int ration_admission_fd(const struct ration_admission *admission)
{
	return admission->loop.fd;
}

uint64_t ration_admission_ahead(const struct ration_admission *admission)
{
	return admission->over ? 0 : admission->ahead;
}

uint64_t ration_admission_waited_usec(const struct ration_admission *admission)
{
	return (admission->over ? admission->over_usec : sys_now_usec()) - admission->begun_usec;
}

const char *ration_admission_reason(const struct ration_admission *admission)
{
	return admission->over ? "" : admission->why.message;
}

const char *ration_admission_doubt(const struct ration_admission *admission)
{
	return admission->doubt;
}

int admit_check(const struct ration_admission *admission, const struct host_snapshot *host, const char *tenant,
		struct ration_error *reterr)
{
	if (!admission || (host->keeper == admission->host->keeper &&
			strcmp(tenant ? tenant : NAMES_DEFAULT_TENANT, admission->tenant) == 0))
		return 0;
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "this admission is for tenant %s, on its own host",
			admission->tenant);
}
