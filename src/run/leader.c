/* SPDX-License-Identifier: MIT */
/*
 * leader.c - the command itself: whether it has ended, and how
 */
#include "run/leader.h"

#include <poll.h>
#include <signal.h>

#include "util/cleanup.h"

/*
 * How long a tracer (a debugger, strace) has to notice the death of its tracee. Until then the parent can't
 * reap it. A tracer that runs notices at once.
 */
#define TRACER_USEC 1000000

/*
 * How often to check a command whose end nothing reports. Without a pidfd SIGCHLD does; then this is for
 * tracers only.
 */
#define CHECK_USEC 1000000

/* A reap that failed is repeated: at this interval, at most so many times. */
#define AGAIN_USEC 10000
#define FAILURES_MAX 100

/* While a run is released: when to send SIGKILL again to a command that is still there. */
#define KILL_AGAIN_MSEC 100
#define RETRY_MSEC 10

static void on_source(void *userdata, bool failed)
{
	(void)failed;
	leader_check(userdata);
}

static void on_check(void *userdata, uint64_t now_usec)
{
	struct leader *leader = userdata;

	if (!leader->watched)
		loop_set(leader->loop, &leader->check, loop_after(now_usec, CHECK_USEC));
	leader_check(leader);
}

static void has_ended(struct leader *leader)
{
	loop_drop(leader->loop, &leader->source);
	loop_clear(leader->loop, &leader->check);
	loop_clear(leader->loop, &leader->tracer);
	leader->wall_usec = sys_now_usec() - leader->start_usec;
	leader->ended = true;
}

static void lose(struct leader *leader)
{
	leader->wait = (struct sys_wait) { .exit_code = -1 };
	leader->lost = true;
}

/* The tracer's time is over, and it still holds the command: don't wait any longer. */
static void on_tracer(void *userdata, uint64_t now_usec)
{
	struct leader *leader = userdata;
	struct containment *containment = leader->containment;

	(void)now_usec;
	leader_check(leader);
	if (leader->ended)
		return;
	if (containment->ops->read_end(containment, leader->pid, &leader->wait) < 0)
		lose(leader);
	leader->unreaped = true;
	has_ended(leader);
}

void leader_init(struct leader *leader, struct loop *loop)
{
	*leader = (struct leader) {
		.loop = loop,
		.pid_fd = -EBADF,
		.source = LOOP_SOURCE(on_source, leader),
		.check = LOOP_DEADLINE(on_check, leader),
		.tracer = LOOP_DEADLINE(on_tracer, leader),
		.wait.exit_code = -1,
	};
	leader->source.first = true;
}

int leader_begin(struct leader *leader)
{
	/* Edge-triggered: the pidfd of a zombie that a tracer holds stays readable. */
	int r = leader->pid_fd < 0 ? -ENOSPC :
		loop_add(leader->loop, &leader->source, leader->pid_fd, LOOP_READABLE_EDGE);

	leader->watched = r == 0;
	/* -ENOSPC: the user has no epoll watches left. Check the command from time to time instead. */
	if (r != -ENOSPC)
		return r;
	loop_set(leader->loop, &leader->check, loop_after(leader->start_usec, CHECK_USEC));
	return 0;
}

static bool is_dead(const struct leader *leader)
{
	return leader->containment->ops->is_dead(leader->containment, leader->pid);
}

void leader_check(struct leader *leader)
{
	const struct containment_ops *ops = leader->containment->ops;
	int r;

	if (leader->ended || leader->pid == 0)
		return;
	if (ops->may_reap && !ops->may_reap(leader->containment, leader->pid))
		return;
	r = sys_reap(leader->pid, leader->pid_fd, &leader->wait);
	if (r == 0) {
		leader->failures = 0;
		/* It is dead, but a tracer holds it. The kernel reports it again when the tracer lets go. */
		if (leader->tracer.at_usec == LOOP_NEVER && (leader->watched || is_dead(leader)))
			loop_set(leader->loop, &leader->tracer, loop_after(sys_now_usec(), TRACER_USEC));
		return;
	}
	/* It lives, as far as we know; or it is dead, and /proc also shows how it ended. */
	if (r < 0 && r != -ECHILD && (leader->failures++ < FAILURES_MAX || !is_dead(leader))) {
		loop_set(leader->loop, &leader->check, loop_after(sys_now_usec(), AGAIN_USEC));
		return;
	}
	leader->unreaped = r < 0 && r != -ECHILD;
	/* -ECHILD: this process ignores SIGCHLD, or the program has waited for any child. */
	if (r == -ECHILD || (r < 0 && ops->read_end(leader->containment, leader->pid, &leader->wait) < 0))
		lose(leader);
	else if (r > 0 && ops->reaped)
		ops->reaped(leader->containment, leader->pid, &leader->wait.rusage);
	has_ended(leader);
}

/* Waits a little for its end. True: it is dead; if it can't be reaped, a tracer holds it. */
static bool wait_for_death(const struct leader *leader)
{
	struct pollfd poll_fd = { .fd = leader->pid_fd, .events = POLLIN };

	if (leader->pid_fd >= 0)
		return poll(&poll_fd, 1, KILL_AGAIN_MSEC) != 0;
	(void)poll(NULL, 0, RETRY_MSEC);
	return is_dead(leader);
}

/*
 * Doesn't use leader_check(): perhaps we are here because the command can't be supervised. A dead command
 * that can't be reaped is left to its tracer after a while; one that hangs in the kernel is left to the
 * keeper.
 */
static void reap_killed(struct leader *leader, uint64_t deadline_usec)
{
	uint64_t held_usec = 0;
	struct sys_wait ignored;

	while (sys_reap(leader->pid, leader->pid_fd, &ignored) == 0 && held_usec < TRACER_USEC &&
			sys_now_usec() < deadline_usec) {
		if (!wait_for_death(leader)) {
			(void)sys_child_signal(leader->pid, leader->pid_fd, SIGKILL);
		} else {
			/* The first look after its death reaps it, unless it has a tracer. */
			if (held_usec > 0)
				(void)poll(NULL, 0, RETRY_MSEC);
			held_usec += RETRY_MSEC * 1000;
		}
	}
}

void leader_give_up(struct leader *leader)
{
	if (leader->ended)
		return;
	lose(leader);
	leader->unreaped = true;
	has_ended(leader);
}

void leader_release(struct leader *leader, uint64_t deadline_usec)
{
	if (leader->pid > 0 && !leader->ended)
		reap_killed(leader, deadline_usec);
	else if (leader->unreaped)
		(void)sys_reap(leader->pid, leader->pid_fd, &(struct sys_wait) { 0 });
	leader->ended = true;
	leader->unreaped = false;
	loop_drop(leader->loop, &leader->source);
	leader->pid_fd = close_fd(leader->pid_fd);
}
