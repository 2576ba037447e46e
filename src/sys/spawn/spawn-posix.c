/* SPDX-License-Identifier: MIT */
/*
 * spawn-posix.c - one command, by fork and exec: where there is no clone3 and no cgroup
 *
 * The child waits until its supervisor knows it, and reports failures over a pipe that
 * exec closes. Between fork and exec there are only system calls, because the caller
 * can have threads.
 */
#include "sys/spawn/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/compat.h"

static void child_main(struct spawn *spawn)
{
	char byte;
	ssize_t n;

	(void)close_fd(spawn->parent_fds[0]);
	(void)close_fd(spawn->parent_fds[1]);
	if (spawn->own_group)
		(void)setpgid(0, 0);
	/* The parent gave up, or is gone: never run unknown to its keeper. */
	do
		n = read(spawn->gate_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(spawn_child_fail(spawn, SPAWN_STEP_START, n < 0 ? -errno : -EIO));
	spawn_reset_handlers();
	_exit(spawn_child(spawn));
}

static void take_report(struct spawn *spawn, int fd)
{
	int report[3];
	ssize_t n;

	/* Ends with exec, which closes the other side, or with a report. */
	do
		n = read(fd, report, sizeof(report));
	while (n < 0 && errno == EINTR);
	/* Nobody knows what became of it: it may be the command, or have failed. */
	if (n < 0) {
		spawn->failed_step = SPAWN_STEP_START;
		spawn->failed = -errno;
	}
	if (n != (ssize_t)sizeof(report))
		return;
	spawn->failed_step = (enum spawn_step)report[0];
	spawn->failed = report[1];
	spawn->failed_index = report[2];
}

/* Lets it run, once it is known. Returns 0 when it has execed. */
static int release(struct spawn *spawn, pid_t pid)
{
	int r = spawn->born ? spawn->born(spawn->userdata, pid) : 0;

	if (r == 0 && send(spawn->parent_fds[0], "", 1, MSG_NOSIGNAL) != 1)
		r = -EIO;
	spawn->parent_fds[0] = close_fd(spawn->parent_fds[0]);
	if (r == 0 && spawn->identity)
		r = spawn_await(pid, spawn->parent_fds[1], spawn->within_usec);
	if (r < 0 && spawn->identity) {
		spawn->failed_step = SPAWN_STEP_IDENTITY;
		spawn->failed_index = IDENTITY_STEP_WAIT;
	}
	if (r == 0) {
		take_report(spawn, spawn->parent_fds[1]);
		r = spawn->failed_step != SPAWN_STEP_NONE ? spawn->failed : 0;
	}
	/* Its user may have stopped it, or we don't know what it does. */
	if (r < 0 && (spawn->identity || spawn->failed_step == SPAWN_STEP_START))
		(void)kill(pid, SIGKILL);
	if (r < 0)
		(void)waitpid(pid, NULL, 0);
	return r;
}

static int start(struct spawn *spawn, pid_t *ret_pid)
{
	pid_t pid = fork();
	int r;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		child_main(spawn);
	spawn->report_fd = close_fd(spawn->report_fd);
	spawn->gate_fd = close_fd(spawn->gate_fd);
	r = release(spawn, pid);
	if (r == 0)
		*ret_pid = pid;
	return r;
}

/* Moves an fd out of the way of 0, 1 and 2. */
static int lift(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	(void)close(fd);
	return high;
}

static int open_pipes(struct spawn *spawn)
{
	int gate[2], report[2];

	/* A socket: to write to a pipe whose reader was killed raises SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, gate) < 0)
		return -errno;
	spawn->gate_fd = lift(gate[0]);
	spawn->parent_fds[0] = lift(gate[1]);
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	spawn->parent_fds[1] = lift(report[0]);
	spawn->report_fd = lift(report[1]);
	return spawn->gate_fd < 0 || spawn->parent_fds[0] < 0 || spawn->parent_fds[1] < 0 || spawn->report_fd < 0 ?
		-EMFILE : 0;
}

int spawn_start(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd, enum ration_birth *ret_birth)
{
	sigset_t all, before;
	int r;

	spawn->failed_step = SPAWN_STEP_NONE;
	spawn->failed = 0;
	spawn->gate_fd = spawn->report_fd = spawn->parent_fds[0] = spawn->parent_fds[1] = -EBADF;
	/* No handler of the host program may run in the child, nor take it from us when it has failed. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = open_pipes(spawn);
	if (r == 0)
		r = start(spawn, ret_pid);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	spawn->gate_fd = close_fd(spawn->gate_fd);
	spawn->report_fd = close_fd(spawn->report_fd);
	spawn->parent_fds[0] = close_fd(spawn->parent_fds[0]);
	spawn->parent_fds[1] = close_fd(spawn->parent_fds[1]);
	if (r < 0)
		return r;
	*ret_pid_fd = -EBADF;
	*ret_birth = RATION_BIRTH_NONE;
	return 0;
}

uint64_t spawn_inherited_maxrss(void)
{
	/* Here exec begins a new count. */
	return 0;
}
