/* SPDX-License-Identifier: MIT */
/*
 * signals-pipe.c - signals by handlers that write into a pipe
 *
 * Whether one was typed isn't told everywhere. If we are in the foreground of the
 * terminal, an interrupt, a quit or a stop was, most likely: so are taken for typed
 * those that somebody sends to us meanwhile by kill(1).
 */
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"

/* Of the only command in this program: a handler can't reach it in another way. */
static int pipe_fd = -EBADF;

static void on_signal(int sig)
{
	unsigned char byte = (unsigned char)sig;
	int saved = errno;

	(void)!write(pipe_fd, &byte, 1);
	errno = saved;
}

static void handle_by(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(sig, &action, NULL);
}

int signals_open(int *ret_fd, struct ration_error *reterr)
{
	int pair[2], sig;

	/* Ignored, it would have the kernel reap our child before we do. */
	(void)signal(SIGCHLD, SIG_DFL);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't make a pipe: %s", error_text(-errno));
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(pair[1], F_SETFL, O_NONBLOCK);
	pipe_fd = pair[1];
	for (int i = 0; (sig = signals_want(i)) >= 0; i++) {
		if (!signal_is_ignored(sig))
			handle_by(sig, on_signal);
	}
	*ret_fd = pair[0];
	return 0;
}

/* SIGTSTP and not SIGSTOP: see signals-fd.c. */
void signals_stop(void)
{
	handle_by(SIGTSTP, SIG_DFL);
	(void)raise(SIGTSTP);
	handle_by(SIGTSTP, on_signal);
}

static bool in_foreground(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	bool yes = fd >= 0 && tcgetpgrp(fd) == getpgrp();

	(void)close_fd(fd);
	return yes;
}

int signals_handle(int fd, struct ration_run *run, struct ration_error *reterr)
{
	unsigned char byte;

	while (read(fd, &byte, 1) == 1) {
		bool key = byte == SIGINT || byte == SIGQUIT || byte == SIGTSTP;
		int r = signals_answer(run, byte, key && in_foreground(), reterr);

		if (r < 0)
			return r;
	}
	return 0;
}
