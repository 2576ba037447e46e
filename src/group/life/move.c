/* SPDX-License-Identifier: MIT */
/*
 * move.c - move running processes into a group
 *
 * The kernel gives a pid to another process when the old one is gone. So the process is checked
 * before and after the move, by its start time. With a pidfd that can't go wrong.
 */
#include "group/life/move.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "group/command.h"
#include "group/life/origin.h"
#include "group/limits/apply.h"
#include "group/owner.h"
#include "host/prepare.h"
#include "sys/cgroup/cgroup.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/proc.h"
#include "sys/spawn/retrofit.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

static int no_process(int pid, int code, const char *why, struct ration_error *reterr)
{
	return error_set(reterr, code, RATION_CAUSE_NO_PROCESS, "process %d %s", pid, why);
}

/* Looks at a process that is to be moved. */
static int check_process(const struct ration_group *group, int pid, struct proc_stat *ret_stat,
		struct ration_error *reterr)
{
	int proc_fd = group->host->proc_fd;
	int r;

	if (pid <= 0) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_NO_PROCESS, "%d isn't a process", pid);
		return error_hint(reterr, -EINVAL, "0 stands for a process of another pid namespace; attach "
				"it from there");
	}
	if (group->host->facts.proc_foreign)
		return error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_UNKNOWN, "/proc belongs to another pid namespace");
	/* Everything that it starts later, every service and session, would be born in the group. */
	if (proc_is_init(proc_fd, pid)) {
		(void)no_process(pid, -EINVAL, "is the machine's init: all that it starts later would be in the group", reterr);
		return error_hint(reterr, -EINVAL, "attach the processes that you mean");
	}
	r = proc_stat_read(proc_fd, pid, ret_stat);
	if (r < 0)
		return no_process(pid, r, r == -ESRCH ? "isn't there" : "can't be read", reterr);
	if (proc_is_dead(ret_stat))
		return no_process(pid, -ESRCH, "has ended", reterr);
	if (proc_is_kernel(proc_fd, pid) == 1)
		return no_process(pid, -EINVAL, "is a kernel thread", reterr);
	/* The kernel would move the whole process; a caller that means this must name the process. */
	if (proc_is_thread(proc_fd, pid) == 1)
		return no_process(pid, -EINVAL, "is a thread of another process", reterr);
	return 0;
}

static int move_error(const struct ration_group *group, int pid, int code, struct ration_error *reterr)
{
	switch (code) {
	case -ESRCH:
		return no_process(pid, code, "isn't there", reterr);
	case -EACCES:
	case -EPERM:
		if (sys_access(group->at.fd, "cgroup.procs", W_OK) < 0)
			return owner_error(group->at.fd, code, "move a process into", group->address, reterr);
		(void)error_set(reterr, code, RATION_CAUSE_NOT_DELEGATED, "can't move process %d into %s: %s", pid,
				group->address, error_text(code));
		return error_hint(reterr, code, "this user must be able to write cgroup.procs of the nearest "
				"common ancestor group; use root");
	case -EBUSY:
		return error_set(reterr, code, RATION_CAUSE_HAS_PROCESSES,
				"%s isn't a leaf: it enables controllers for groups below", group->address);
	case -EINVAL:
		(void)error_set(reterr, code, RATION_CAUSE_NO_PROCESS, "the kernel refuses to move process %d into %s", pid,
				group->address);
		return error_hint(reterr, code, "a realtime process can't be in a group with the cpu controller: see "
						"ps -o cls= -p %d",
				pid);
	default:
		return handle_error(group, code, "move a process into", reterr);
	}
}

/* Sets the limits that a process has for itself. */
static int set_limits(const struct ration_group *group, int pid, const struct ration_plan *plan,
		struct ration_error *reterr)
{
	struct host_facts facts = group->host->facts;
	struct spawn spawn = { .n_rlimits = 0 };
	int r;

	/* Looked up here, since only a fallback needs it, and it costs a walk through /proc. */
	if (plan_enforced(plan, RATION_LIMIT_PIDS))
		(void)proc_uid_tasks(group->host->proc_fd, getuid(), &facts.user_tasks);
	r = apply_child(plan, &facts, &spawn, reterr);
	if (r < 0)
		return r;
	r = retrofit(group->host->proc_fd, pid, &spawn);
	return r < 0 ? command_spawn_error(&spawn, r, reterr) : 0;
}

/* The kernel lets no user move a process out of a session's scope: systemd does the first step. */
static int bring(const struct ration_group *group, pid_t pid)
{
	int r = cg_attach(group->at.fd, pid);

	if ((r == -EACCES || r == -EPERM) && sys_access(group->at.fd, "cgroup.procs", W_OK) == 0 &&
			host_bring(group->host, pid) >= 0)
		r = cg_attach(group->at.fd, pid);
	return r;
}

/*
 * First into cgroup v1, then into cgroup2. So a process in the group is under all its limits; a child that is
 * born in between isn't in it.
 */
static int enter(const struct ration_group *group, pid_t pid, unsigned *ret_outside)
{
	unsigned outside = origin_record_v1(group, pid);
	int r = 0;

	for (size_t i = 0; i < group->host->n_v1 && r >= 0; i++)
		r = group->at.v1_fd[i] < 0 ? 0 : cg_attach(group->at.v1_fd[i], pid);
	if (r >= 0)
		r = bring(group, pid);
	if (r < 0)
		origin_return_v1(group, pid, outside);
	*ret_outside = outside;
	return r;
}

/* Undoes it. */
static void leave(const struct ration_group *group, pid_t pid, const char *from, unsigned outside)
{
	if (from[0])
		(void)origin_move(group->host, pid, from);
	origin_return_v1(group, pid, outside);
}

/* Moves it, and undoes the move if the pid belonged to another process by then. */
static int move(struct ration_group *group, const struct proc_stat *stat, const char *from, int pid_fd,
		unsigned *ret_outside, struct ration_error *reterr)
{
	uint64_t start;
	int r = enter(group, stat->pid, ret_outside);

	if (r < 0)
		return move_error(group, (int)stat->pid, r, reterr);
	/* Not by a signal: if a filter refuses signals, the process looks like somebody else's. */
	if (pid_fd >= 0)
		r = sys_pidfd_pid(pid_fd) == stat->pid ? 0 : -ESRCH;
	else if (proc_start_ticks(group->host->proc_fd, stat->pid, &start) < 0 || start != stat->start_ticks)
		r = -ESRCH;
	if (r == 0)
		return 0;
	/* It is gone, or its pid belongs to another process, which goes back. */
	leave(group, stat->pid, from, *ret_outside);
	return no_process((int)stat->pid, -ESRCH, "ended meanwhile", reterr);
}

static int attach(struct ration_group *group, int pid, int pid_fd, const struct ration_plan *plan,
		struct ration_attach_report *report, struct ration_error *reterr)
{
	struct ration_attach_report done = { .elsewhere_bytes = RATION_UNKNOWN, .from = "" };
	struct proc_stat stat;
	char *from = group->from;
	unsigned outside = 0; /* see origin.h */
	int r = CHECK_RESULT(struct ration_attach_report, report, reterr);

	if (r == 0)
		r = check_process(group, pid, &stat, reterr);
	if (r < 0)
		return r;
	if (proc_cgroup(group->host->proc_fd, pid, from, sizeof(group->from)) < 0)
		from[0] = '\0';
	if (group->at.fd >= 0) {
		r = move(group, &stat, from, pid_fd, &outside, reterr);
		if (r < 0)
			return r;
		done.moved = true;
		done.elsewhere_bytes = stat.rss_bytes;
		done.from = from;
	}
	if (plan) {
		r = set_limits(group, pid, plan, reterr);
		if (r < 0 && done.moved)
			leave(group, pid, from, outside);
		if (r < 0)
			return r;
	}
	if (done.moved)
		origin_record(group, pid, from);
	return GIVE_RESULT(struct ration_attach_report, report, &done, reterr);
}

static int check_group(const struct ration_group *group, const struct ration_plan *plan, struct ration_error *reterr)
{
	/* Without a cgroup only limits of the process itself can be set. */
	int r = group->at.fd < 0 && plan ? 0 : handle_check_leaf(group, reterr);

	if (r == 0)
		r = handle_check_trust(group, WHOSE_NOBODY, reterr);
	if (r == 0 && group->at.fd >= 0)
		r = handle_check_v1(group, reterr);
	return r == 0 && plan ? plan_check_purpose(plan, RATION_PURPOSE_PROCESS, reterr) : r;
}

int ration_group_attach_check(const struct ration_group *group, int pid, const struct ration_plan *plan,
		struct ration_error *reterr)
{
	struct proc_stat ignored;
	int r = check_group(group, plan, reterr);

	return r < 0 ? r : check_process(group, pid, &ignored, reterr);
}

int ration_group_attach(struct ration_group *group, int pid, const struct ration_plan *plan,
		struct ration_attach_report *report, struct ration_error *reterr)
{
	int r = check_group(group, plan, reterr);

	return r < 0 ? r : attach(group, pid, -EBADF, plan, report, reterr);
}

int move_self(struct ration_group *group, struct ration_error *reterr)
{
	return attach(group, (int)getpid(), -EBADF, NULL, NULL, reterr);
}

int ration_group_attach_pidfd(struct ration_group *group, int pid_fd, const struct ration_plan *plan,
		struct ration_attach_report *report, struct ration_error *reterr)
{
	int pid, r = check_group(group, plan, reterr);

	if (r < 0)
		return r;
	pid = sys_pidfd_pid(pid_fd);
	if (pid == -EBADF || pid == -EINVAL)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a pidfd", pid_fd);
	if (pid < 0)
		return error_set(reterr, pid, RATION_CAUSE_NO_PROCESS, "the process behind the pidfd %s",
				pid == -ESRCH ? "has ended" : error_text(pid));
	return attach(group, pid, pid_fd, plan, report, reterr);
}
