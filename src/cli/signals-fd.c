/* SPDX-License-Identifier: MIT */
/*
 * signals-fd.c - signals by a signalfd
 *
 * A signal of a terminal has SI_KERNEL as its si_code. But when a terminal goes away, the
 * kernel signals only the leader of the session, and nothing is typed any more. An ignored
 * signal is blocked, too, and so reaches us: it is dropped when it comes. To ask for each
 * beforehand would take sixty system calls, and hardly any ever comes.
 */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"

int signals_open(int *ret_fd, struct ration_error *reterr)
{
	sigset_t set;
	int fd, sig;

	/* Ignored, it would have the kernel reap our child before we do. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&set);
	for (int i = 0; (sig = signals_want(i)) >= 0; i++)
		signal_set_add(&set, sig);
	/* SIGCHLD of a supervisor that was stopped: the run checks that itself. */
	signal_set_add(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't make a signalfd: %s",
				error_text(-errno));
	*ret_fd = fd;
	return 0;
}

/*
 * Stops as Ctrl-Z would if it weren't blocked, and returns when continued.
 * SIGTSTP and not SIGSTOP: it doesn't stop a process that nobody could continue
 * (in an orphaned process group).
 */
void signals_stop(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

int signals_handle(int fd, struct ration_run *run, struct ration_error *reterr)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		bool typed = info.ssi_code == SI_KERNEL && info.ssi_signo != SIGHUP;
		int sig = (int)info.ssi_signo;
		int r = sig == SIGCHLD || signal_is_ignored(sig) ? 0 : signals_answer(run, sig, typed, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}
