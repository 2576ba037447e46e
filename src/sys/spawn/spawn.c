/* SPDX-License-Identifier: MIT */
/*
 * spawn.c - one command, from clone to exec
 */
#include "sys/spawn/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cpuset.h"
#include "sys/clone.h"
#include "sys/spawn/inherit.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* Enough for the system calls below; the kernel's own use of it is none. */
#define CHILD_STACK 65536

/* Writing 0 means the writer: no pid of another namespace is needed, and none can be reused. */
static int join(const struct spawn *spawn)
{
	for (size_t i = 0; i < spawn->n_join; i++) {
		if (write(spawn->join_fd[i], "0", 1) != 1)
			return -errno;
	}
	return 0;
}

/* It dies with its parent. */
static int tie(struct spawn *spawn)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* That only covers a later death. If the parent is dead already, this process has another parent. */
	return getppid() != spawn->parent ? spawn_child_fail(spawn, SPAWN_STEP_START, -ESRCH) : 0;
}

static int child_main(void *argument)
{
	struct spawn *spawn = argument;
	ssize_t n;
	char byte;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(spawn->parent_fds); i++)
		(void)close_fd(spawn->parent_fds[i]);
	/* The parent gave up, or is gone: never run outside of the group. */
	do
		n = spawn->gate_fd >= 0 ? read(spawn->gate_fd, &byte, 1) : 1;
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return spawn_child_fail(spawn, SPAWN_STEP_START, n < 0 ? -errno : -EIO);
	r = spawn->tie ? spawn->tie(spawn) : 0;
	if (r != 0)
		return r;
	if (spawn->cpuset && !cpuset_taken(spawn->cpuset))
		return spawn_child_fail(spawn, SPAWN_STEP_CPUSET, -EXDEV);
	/* Before it joins: cgroup v1 takes no realtime process. */
	r = spawn_child_reset(spawn);
	if (r != 0)
		return r;
	r = join(spawn);
	if (r < 0)
		return spawn_child_fail(spawn, SPAWN_STEP_JOIN, r);
	if (spawn->forked)
		spawn_reset_handlers();
	return spawn_child(spawn);
}

/* Born in the group. */
static int start_cloned(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd)
{
	void *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		return -errno;
	pid = sys_clone_into(spawn->cgroup_fd, stack, CHILD_STACK, child_main, spawn, (int *)&spawn->child_fd);
	(void)munmap(stack, CHILD_STACK);
	if (pid < 0)
		return pid;
	*ret_pid = pid;
	*ret_pid_fd = spawn->child_fd;
	return 0;
}

/* From here on nobody else signals the child. */
static void settle(struct spawn *spawn)
{
	if (spawn->settled)
		spawn->settled(spawn->settled_data);
	spawn->settled = NULL;
}

/* The thread that watches the child ends it in time, and knows why. Only a child that isn't watched is ended here. */
static uint64_t await_usec(const struct spawn *spawn)
{
	return spawn->within_usec ? spawn->within_usec + SPAWN_PATIENCE_USEC : 0;
}

/* Ends with exec, which closes the other side, or with a report. */
static void take_report(struct spawn *spawn, pid_t pid, int fd)
{
	int report[3], r = spawn->identity ? spawn_await(pid, fd, await_usec(spawn)) : 0;
	ssize_t n;

	if (r < 0) {
		spawn->failed_step = SPAWN_STEP_IDENTITY;
		spawn->failed_index = IDENTITY_STEP_WAIT;
		spawn->failed = r;
		return;
	}
	do
		n = read(fd, report, sizeof(report));
	while (n < 0 && errno == EINTR);
	/* Nobody knows whether it became the command or failed. */
	if (n < 0) {
		spawn->failed_step = SPAWN_STEP_START;
		spawn->failed = -errno;
	}
	if (n == (ssize_t)sizeof(report)) {
		spawn->failed_step = (enum spawn_step)report[0];
		spawn->failed = report[1];
		spawn->failed_index = report[2];
	}
}

/* Moves it where it belongs, and lets it go on. */
static int release(struct spawn *spawn, pid_t pid, bool move, int gate_fd)
{
	int r = 0;

	if (move && spawn->cgroup_fd >= 0) {
		/* Where CONFIG_RT_GROUP_SCHED is set, a realtime process can't be moved. The child tells of a failure. */
		(void)inherit_calm(pid);
		r = cg_attach(spawn->cgroup_fd, pid);
	}
	return r == 0 && send(gate_fd, "", 1, MSG_NOSIGNAL) != 1 ? -EIO : r;
}

/* With a memory of its own. Born in the group or, with `move`, forked, moved, released. */
static int start_apart(struct spawn *spawn, bool move, pid_t *ret_pid, int *ret_pid_fd)
{
	CLEANUP(closep) int gate_read = -EBADF;
	CLEANUP(closep) int gate_write = -EBADF;
	CLEANUP(closep) int report_read = -EBADF;
	CLEANUP(closep) int report_write = -EBADF;
	int pair[2];
	pid_t pid;
	int r;

	/* A socket: to write to a pipe whose reader was killed, by the group's limit perhaps, raises SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || lift_fds(pair) < 0)
		return -errno;
	gate_read = pair[0];
	gate_write = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0 || lift_fds(pair) < 0)
		return -errno;
	report_read = pair[0];
	report_write = pair[1];
	spawn->gate_fd = gate_read;
	spawn->report_fd = report_write;
	spawn->parent_fds[0] = gate_write;
	spawn->parent_fds[1] = report_read;
	spawn->forked = move;
	pid = move ? sys_fork(child_main, spawn, ret_pid_fd) :
		sys_clone_copied(spawn->cgroup_fd, child_main, spawn, ret_pid_fd);
	if (pid < 0)
		return pid;
	spawn->child_fd = *ret_pid_fd;
	spawn->child_pid = pid;
	gate_read = close_fd(gate_read);
	report_write = close_fd(report_write);
	r = release(spawn, pid, move, gate_write);
	if (r < 0) {
		settle(spawn);
		(void)sys_child_signal(pid, *ret_pid_fd, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		*ret_pid_fd = close_fd(*ret_pid_fd);
		return r;
	}
	take_report(spawn, pid, report_read);
	*ret_pid = pid;
	return 0;
}

/* A killed child dies within this time; or it hangs in the kernel, and we don't wait for it. */
#define KILLED_MSEC 5000

/* Waits for a child that has failed to be dead. False: it is left, to die some time. */
static bool is_dead(pid_t pid, int pid_fd)
{
	uint64_t deadline_usec = sys_now_usec() + KILLED_MSEC * 1000;
	siginfo_t info = { .si_pid = 0 };

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == 0) {
		struct pollfd poll_fd = { .fd = pid_fd, .events = POLLIN };

		if (sys_now_usec() >= deadline_usec)
			return false;
		(void)poll(&poll_fd, 1, 10);
	}
	return true;
}

/* A child that has failed exits, unless its user has stopped it, or we don't know what it does. */
static void end_failed(const struct spawn *spawn, pid_t pid, int pid_fd)
{
	if (spawn->identity || spawn->failed_step == SPAWN_STEP_START)
		(void)sys_child_signal(pid, pid_fd, SIGKILL);
}

/*
 * Starts the child in the group, unless the kernel can't, or leaves it on the CPUs of its parent. That child
 * hasn't done anything by then, so another one replaces it, which is moved and gets the CPUs of the group.
 */
static int start_confined(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd, bool *ret_moved)
{
	struct cpuset set;
	int r;

	cpuset_read(spawn->no_cpusets ? -EBADF : spawn->cgroup_fd, &set);
	spawn->cpuset = &set;
	r = spawn->identity ? start_apart(spawn, false, ret_pid, ret_pid_fd) : start_cloned(spawn, ret_pid, ret_pid_fd);
	spawn->cpuset = NULL;
	*ret_moved = r < 0 ? sys_refused(r) : spawn->failed_step == SPAWN_STEP_CPUSET;
	if (!*ret_moved)
		return r;
	if (r >= 0) {
		end_failed(spawn, *ret_pid, *ret_pid_fd);
		spawn->child_pid = 0;
		spawn->child_fd = -EBADF;
		(void)waitpid(*ret_pid, NULL, 0);
		*ret_pid_fd = close_fd(*ret_pid_fd);
		spawn->failed_step = SPAWN_STEP_NONE;
		spawn->failed = 0;
	}
	return start_apart(spawn, true, ret_pid, ret_pid_fd);
}

int spawn_start(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd, enum ration_birth *ret_birth)
{
	CLEANUP(closep) int pid_fd = -EBADF;
	sigset_t all, before;
	pid_t pid = -1;
	bool moved = false, dead;
	int r;

	spawn->failed_step = SPAWN_STEP_NONE;
	spawn->failed = 0;
	spawn->parent = getpid();
	spawn->tie = spawn->die_with_parent ? tie : NULL;
	spawn->child_pid = 0;
	spawn->child_fd = -EBADF;
	spawn->forked = false;
	spawn->gate_fd = spawn->report_fd = spawn->parent_fds[0] = spawn->parent_fds[1] = -EBADF;
	/* No handler of the host program may run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = start_confined(spawn, &pid, &pid_fd, &moved);
	/* While no handler can come in between: a child that has failed is about to exit. */
	if (r >= 0 && spawn->failed_step != SPAWN_STEP_NONE) {
		end_failed(spawn, pid, pid_fd);
		dead = is_dead(pid, pid_fd);
		settle(spawn);
		if (dead)
			(void)waitpid(pid, NULL, 0);
		r = spawn->failed;
	}
	settle(spawn);
	pid_fd = lift_fd(pid_fd);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		return r;
	*ret_pid = pid;
	*ret_pid_fd = TAKE_FD(pid_fd);
	if (spawn->cgroup_fd >= 0 && moved)
		*ret_birth = RATION_BIRTH_MIGRATED;
	else if (spawn->n_join > 0)
		*ret_birth = RATION_BIRTH_JOINED;
	else
		*ret_birth = spawn->cgroup_fd >= 0 ? RATION_BIRTH_CLONED : RATION_BIRTH_NONE;
	return 0;
}

uint64_t spawn_inherited_maxrss(void)
{
	struct rusage usage;
	uint64_t bytes;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		return UINT64_MAX;
	bytes = (uint64_t)usage.ru_maxrss * COMPAT_MAXRSS_BYTES;
	/* Counters of pages are exact but for what each CPU has in hand. */
	return bytes + bytes / 16;
}
