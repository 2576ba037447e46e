/* SPDX-License-Identifier: MIT */
/*
 * signals.c - what `ration run` does with the signals that it gets
 *
 * They are blocked and read from a signalfd, beside the run's own fd: so none
 * arrives between a look and a sleep. What was typed at a terminal (si_code is
 * SI_KERNEL) has reached the command, too, and isn't sent to it again: it may
 * be an editor's business. But when a terminal goes away, the kernel tells the
 * leader of the session alone, and nothing is typed any more.
 *
 * A signal that was ignored when ration started, by nohup for one, is left
 * alone: blocked it would wait for us all the same.
 */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"

enum answer {
	ANSWER_END,      /* the run is to end */
	ANSWER_PASS,     /* the command's own business */
	ANSWER_STOP,     /* we stop, with the command */
	ANSWER_DISCARD,
};

static const struct {
	int sig;
	enum answer answer;
} answers[] = {
	{ SIGINT, ANSWER_END },
	{ SIGTERM, ANSWER_END },
	{ SIGHUP, ANSWER_END },
	{ SIGQUIT, ANSWER_END },
	{ SIGUSR1, ANSWER_PASS },
	{ SIGUSR2, ANSWER_PASS },
	{ SIGWINCH, ANSWER_PASS },
	{ SIGCONT, ANSWER_PASS },
	{ SIGTSTP, ANSWER_STOP },
	/* The command's output and the exit status matter more than our own messages. */
	{ SIGPIPE, ANSWER_DISCARD },
};

static bool ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_open(int *ret_fd, struct ration_error *reterr)
{
	sigset_t set;
	int fd;

	/* Ignored, it would have the kernel reap our child before we do. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (!ignored(answers[i].sig))
			(void)sigaddset(&set, answers[i].sig);
	}
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't make a signalfd: %s",
				error_text(-errno));
	*ret_fd = fd;
	return 0;
}

/*
 * Stops as Ctrl-Z would have, had we not blocked it, and returns when continued.
 * SIGTSTP and not SIGSTOP: the kernel doesn't stop a process for it that nobody
 * could continue (of an orphaned process group).
 */
static void stop_ourselves(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTSTP);
	(void)raise(SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* A command that has become somebody else can't be sent signals, and needn't be. */
static int pass(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	int r = delivered ? 0 : ration_run_signal(run, sig, reterr);

	return r == -EPERM ? 0 : r;
}

static enum answer answer_to(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (answers[i].sig == sig)
			return answers[i].answer;
	}
	return ANSWER_DISCARD;
}

static int answer(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	int r;

	switch (answer_to(sig)) {
	case ANSWER_END:
		return ration_run_interrupt(run, sig, delivered, reterr);
	case ANSWER_PASS:
		return pass(run, sig, delivered, reterr);
	case ANSWER_STOP:
		r = pass(run, sig, delivered, reterr);
		stop_ourselves();
		return r;
	case ANSWER_DISCARD:
		break;
	}
	return 0;
}

int signals_handle(int fd, struct ration_run *run, struct ration_error *reterr)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		bool typed = info.ssi_code == SI_KERNEL && info.ssi_signo != SIGHUP;
		int r = answer(run, (int)info.ssi_signo, typed, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}

int signal_number(const char *text)
{
	uint64_t number;

	if (parse_count(text, &number) == 0)
		return number >= 1 && number <= (uint64_t)SIGRTMAX ? (int)number : -EINVAL;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int sig = 1; sig < NSIG; sig++) {
		const char *name = sigabbrev_np(sig);

		if (name && strcasecmp(name, text) == 0)
			return sig;
	}
	return -EINVAL;
}
