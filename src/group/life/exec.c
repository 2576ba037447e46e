/* SPDX-License-Identifier: MIT */
/*
 * exec.c - start a command in a group, or become one
 *
 * Nobody supervises these: the caller of a start gets the command's pid and pidfd, and a process that becomes
 * a command is on its own.
 */
#include "group/handle.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group/command.h"
#include "group/frozen.h"
#include "group/leaf.h"
#include "group/life/move.h"
#include "group/life/origin.h"
#include "group/life/watchdog.h"
#include "group/limits/apply.h"
#include "group/shortage.h"
#include "host/prepare.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/proc.h"
#include "sys/spawn/terminal.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

static int set_limits(const struct ration_group *group, const struct ration_plan *plan, struct spawn *spawn,
		struct ration_error *reterr)
{
	struct host_facts facts = group->host->facts;
	int r = plan_check_purpose(plan, RATION_PURPOSE_PROCESS, reterr);

	if (r < 0)
		return r;
	/* Looked up here, because only a fallback needs it, and it costs a walk through /proc. */
	if (plan_enforced(plan, RATION_LIMIT_PIDS))
		(void)proc_uid_tasks(group->host->proc_fd, getuid(), &facts.user_tasks);
	return apply_child(plan, &facts, spawn, reterr);
}

/* Without a cgroup the handle says so, and the command runs all the same. The owner of the group may be in it. */
static int check_group(const struct ration_group *group, uid_t user, struct ration_error *reterr)
{
	const struct host_snapshot *now;
	int r;

	if (group->at.fd < 0)
		return 0;
	r = handle_check_leaf(group, reterr);
	if (r == 0)
		r = handle_check_trust(group, user, reterr);
	if (r == 0)
		r = handle_check_v1(group, reterr);
	if (r == 0)
		r = frozen_check(&group->at, "start a command in", reterr);
	return r < 0 ? r : host_need(group->handle, RATION_PURPOSE_PROCESS, &now, reterr);
}

static int prepare(const struct ration_group *group, const struct ration_spawn_options *given,
		struct command *command, struct ration_error *reterr)
{
	struct ration_spawn_options options;
	struct command_request request;
	int fds[3], r = TAKE_OPTIONS(struct ration_spawn_options, &options, given, reterr);

	if (r == 0)
		r = command_check_fds(options.fds, options.pass_fds, options.n_pass_fds, fds, reterr);
	if (r < 0)
		return r;
	request = COMMAND_REQUEST(&options, fds, &group->host->mask);
	r = command_find_user(command, &request, reterr);
	if (r == 0)
		r = check_group(group, options.user ? command->user.identity.uid : WHOSE_NOBODY, reterr);
	if (r == 0)
		r = command_prepare(command, &request, reterr);
	/* Another user's command is looked up by a process of that user. */
	if (r == -EAGAIN)
		return shortage_fork_error(group->host, "start a command", r, reterr);
	if (r < 0)
		return r;
	command->spawn.cgroup_fd = group->at.fd;
	command->spawn.foreground = options.foreground;
	return options.plan ? set_limits(group, options.plan, &command->spawn, reterr) : 0;
}

/* If there is nothing to hand over, the command shares this process's group. */
static int open_terminal(struct spawn *spawn)
{
	spawn->tty_fd = spawn->foreground ? terminal_open() : -EBADF;
	spawn->foreground = spawn->tty_fd >= 0;
	return spawn->tty_fd;
}

/* Why a start has failed in itself. */
static int start_error(const struct ration_group *group, const struct spawn *spawn, int code, struct ration_error *reterr)
{
	if (group->at.fd >= 0 && (vanished(code) ? leaf_gone(&group->at) : !leaf_alive(group->at.fd)))
		return handle_error(group, -ENOENT, "start a command in", reterr);
	return shortage_start_error(&group->at, spawn, code, reterr);
}

int ration_group_spawn(struct ration_group *group, const struct ration_spawn_options *options, int *ret_pid,
		int *ret_pid_fd, struct ration_error *reterr)
{
	CLEANUP(command_done) struct command command = { .program = NULL };
	CLEANUP(closep) int pid_fd = -EBADF, tty_fd = -EBADF;
	enum ration_birth birth;
	struct watchdog watched;
	pid_t pid;
	int started, r = prepare(group, options, &command, reterr);

	if (r < 0)
		return r;
	if (ret_pid_fd && !(group->host->facts.features & RATION_FEATURE_PIDFD)) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_KERNEL_TOO_OLD, "pidfds aren't available");
		return error_hint(reterr, -EOPNOTSUPP, "wait for the command by its pid");
	}
	r = watchdog_begin(&watched, &group->at, &command.spawn, reterr);
	if (r < 0) {
		(void)watchdog_end(&watched, &command.spawn, r, reterr);
		return vanished(r) && leaf_gone(&group->at) ? handle_error(group, r, "start a command in", reterr) : r;
	}
	tty_fd = open_terminal(&command.spawn);
	started = spawn_start(&command.spawn, &pid, &pid_fd, &birth);
	r = watchdog_end(&watched, &command.spawn, started, reterr);
	if (started >= 0 && r < 0)
		(void)waitpid(pid, NULL, 0);
	if ((started < 0 || r < 0) && tty_fd >= 0)
		terminal_take_back(tty_fd, 0);
	if (started < 0)
		return watched.killed ? r : start_error(group, &command.spawn, started, reterr);
	if (r < 0)
		return r;
	*ret_pid = (int)pid;
	if (ret_pid_fd)
		*ret_pid_fd = TAKE_FD(pid_fd);
	return 0;
}

int ration_group_exec(struct ration_group *group, const struct ration_spawn_options *options,
		struct ration_error *reterr)
{
	CLEANUP(command_done) struct command command = { .program = NULL };
	char from[PATH_MAX];
	unsigned outside = 0; /* see origin.h */
	int r = prepare(group, options, &command, reterr);

	if (r == 0 && command.spawn.foreground)
		r = error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "a process that becomes the command can't take the "
				"terminal back: foreground is for ration_group_spawn()");
	if (r == 0 && group->at.fd >= 0)
		r = shortage_check_tasks(&group->at, reterr);
	if (r == 0 && spawn_prepare(&command.spawn) < 0)
		r = command_spawn_error(&command.spawn, command.spawn.failed, reterr);
	if (r == 0 && proc_cgroup(group->host->proc_fd, getpid(), from, sizeof(from)) < 0)
		from[0] = '\0';
	if (r == 0 && group->at.fd >= 0)
		outside = origin_record_v1(group, getpid());
	if (r == 0 && group->at.fd >= 0)
		r = move_self(group, reterr);
	if (r < 0)
		return r;
	r = shortage_start_error(&group->at, &command.spawn, spawn_become(&command.spawn), reterr);
	if (group->at.fd >= 0) {
		(void)origin_move(group->host, getpid(), from);
		origin_return_v1(group, getpid(), outside);
	}
	return r;
}
