/* SPDX-License-Identifier: MIT */
/*
 * signals.c - what `ration run` does with the signals that it gets
 *
 * They are read from an fd, beside the run's own: so none arrives between a look
 * and a sleep. How they come to that fd is in signals-fd.c (Linux) and
 * signals-pipe.c (elsewhere). What was typed at a terminal has reached the command,
 * too, and isn't sent to it again: it may be an editor's business.
 *
 * A signal that was ignored when ration started, by nohup for one, is left alone.
 */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/parse.h"
#include "util/signal-names.h"

/* The realtime signals that have names, on Linux. */
#define RTMIN 34
#define RTMAX 64

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
	/*
	 * Timers that an exec has left running, batch systems, watchdogs, terminals: what would end this
	 * process ends the run instead. Faults aren't here, they are our own.
	 */
	{ SIGALRM, ANSWER_END },
	{ SIGVTALRM, ANSWER_END },
	{ SIGPROF, ANSWER_END },
	{ SIGXCPU, ANSWER_END },
	{ SIGIO, ANSWER_END },
	{ SIGABRT, ANSWER_END },
	{ SIGTRAP, ANSWER_END },
	{ SIGSYS, ANSWER_END },
#ifdef SIGPWR
	{ SIGPWR, ANSWER_END },
#endif
#ifdef SIGSTKFLT
	{ SIGSTKFLT, ANSWER_END },
#endif
	{ SIGUSR1, ANSWER_PASS },
	{ SIGUSR2, ANSWER_PASS },
	{ SIGWINCH, ANSWER_PASS },
	{ SIGCONT, ANSWER_PASS },
	{ SIGTSTP, ANSWER_STOP },
	/* The command's output and the exit status matter more than our own messages. */
	{ SIGPIPE, ANSWER_DISCARD },
	/* A receipt above RLIMIT_FSIZE: that it isn't written is worth a message, not our end. */
	{ SIGXFSZ, ANSWER_DISCARD },
	/* A message from the background: a supervisor that stops for it supervises no longer. */
	{ SIGTTOU, ANSWER_DISCARD },
};

/* Realtime signals, which end a process, too; how many there are is known at run time. */
#ifdef SIGRTMIN
static int realtime_signal(int i)
{
	return SIGRTMIN + i <= SIGRTMAX ? SIGRTMIN + i : -1;
}
#else
static int realtime_signal(int i)
{
	(void)i;
	return -1;
}
#endif

int signals_want(int i)
{
	const int n = (int)ARRAY_SIZE(answers);

	return i < n ? answers[i].sig : realtime_signal(i - n);
}

/* A command that has become somebody else can't be sent signals, and needn't be. */
static int pass(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	int r = delivered ? 0 : ration_run_signal(run, sig, reterr);

	return r == -EPERM ? 0 : r;
}

static struct {
	void (*hook)(void *data);
	void *data;
} before_stop;

void signals_before_stop(void (*hook)(void *data), void *data)
{
	before_stop.hook = hook;
	before_stop.data = data;
}

/* Others than those of the table are realtime signals. */
static enum answer answer_to(int sig)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (answers[i].sig == sig)
			return answers[i].answer;
	}
	return ANSWER_END;
}

int signals_answer(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	int r;

	switch (answer_to(sig)) {
	case ANSWER_END:
		return ration_run_interrupt(run, sig, delivered, reterr);
	case ANSWER_PASS:
		return pass(run, sig, delivered, reterr);
	case ANSWER_STOP:
		r = pass(run, sig, delivered, reterr);
		if (before_stop.hook)
			before_stop.hook(before_stop.data);
		signals_stop();
		return r;
	case ANSWER_DISCARD:
		break;
	}
	return 0;
}

/*
 * "RTMIN", "RTMIN+3", "RTMAX-1", as kill(1) has them: of those that glibc leaves to programs, whatever
 * library this one has. -EINVAL.
 */
static int realtime_number(const char *text)
{
	bool first = strncasecmp(text, "RTMIN", 5) == 0;
	int edge = first ? RTMIN : RTMAX;
	uint64_t distance = 0;

	if (!first && strncasecmp(text, "RTMAX", 5) != 0)
		return -EINVAL;
	text += 5;
	if (*text && (*text != (first ? '+' : '-') || parse_count(text + 1, &distance) < 0))
		return -EINVAL;
	if (distance > RTMAX - RTMIN)
		return -EINVAL;
	return first ? edge + (int)distance : edge - (int)distance;
}

int signal_number(const char *text)
{
	uint64_t number;

	if (parse_count(text, &number) == 0)
		return number >= 1 && number <= (uint64_t)SIGRTMAX ? (int)number : -EINVAL;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int sig = 1; sig < NSIG; sig++) {
		const char *name = signal_name(sig);

		if (name && strcasecmp(name, text) == 0)
			return sig;
	}
	return realtime_number(text);
}
