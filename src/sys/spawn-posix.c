/* SPDX-License-Identifier: MIT */
/*
 * spawn-posix.c - one command, by fork and exec: where there is no clone3 and no cgroup
 *
 * The child reports what fails over a pipe that exec closes. Between fork and exec
 * there are only system calls: the caller may have threads.
 */
#include "sys/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/compat.h"

static void child_main(struct spawn *spawn)
{
	if (spawn->own_group)
		(void)setpgid(0, 0);
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
	if (n != (ssize_t)sizeof(report))
		return;
	spawn->failed_step = (enum spawn_step)report[0];
	spawn->failed = report[1];
	spawn->failed_index = report[2];
}

static int start(struct spawn *spawn, int report_fd, pid_t *ret_pid)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		child_main(spawn);
	spawn->report_fd = close_fd(spawn->report_fd);
	take_report(spawn, report_fd);
	if (spawn->failed_step != SPAWN_STEP_NONE) {
		(void)waitpid(pid, NULL, 0);
		return spawn->failed;
	}
	*ret_pid = pid;
	return 0;
}

int spawn_start(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd, enum ration_birth *ret_birth)
{
	CLEANUP(closep) int report_read = -EBADF;
	CLEANUP(closep) int report_write = -EBADF;
	sigset_t all, before;
	int pair[2], r;

	spawn->failed_step = SPAWN_STEP_NONE;
	spawn->failed = 0;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	report_read = pair[0];
	report_write = pair[1];
	/* Out of the way of 0, 1 and 2. */
	spawn->report_fd = fcntl(report_write, F_DUPFD_CLOEXEC, 3);
	report_write = close_fd(report_write);
	if (spawn->report_fd < 0)
		return -errno;
	/* No handler of the host program may run in the child, nor take it from us when it has failed. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = start(spawn, report_read, ret_pid);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	spawn->report_fd = close_fd(spawn->report_fd);
	if (r < 0)
		return r;
	*ret_pid_fd = -EBADF;
	*ret_birth = RATION_BIRTH_NONE;
	return 0;
}
