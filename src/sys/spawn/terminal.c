/* SPDX-License-Identifier: MIT */
/*
 * terminal.c - who has the terminal: the process group that reads from it and gets its signals
 */
#include "sys/spawn/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/compat.h"

int terminal_open(void)
{
	int fd = lift_fd(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));

	if (fd < 0)
		return -EBADF;
	/*
	 * A process in the background has nothing to hand over: a shell's job would take the terminal from
	 * the shell.
	 */
	return tcgetpgrp(fd) == getpgrp() ? fd : close_fd(fd);
}

/* The kernel stops a process of the background for this, unless it blocks SIGTTOU. */
int terminal_give(int fd, pid_t group)
{
	sigset_t set, before;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	r = tcsetpgrp(fd, group) < 0 ? -errno : 0;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

void terminal_take_back(int fd, pid_t group)
{
	if (group == 0 || tcgetpgrp(fd) == group)
		(void)terminal_give(fd, getpgrp());
}
