/* SPDX-License-Identifier: MIT */
/*
 * end.c - who decides that a run is over
 */
#include "run/end.h"

#include <signal.h>
#include <stdio.h>

#include "run/concern.h"
#include "util/error.h"

/* What couldn't be done is tried again: this often, and at most so many times. */
#define AGAIN_USEC 10000
#define FAILURES_MAX 100

/*
 * What was killed and doesn't die: when to look why, first and then; and from when on to tell, and to kill
 * it again more rarely. A kill takes milliseconds, that of a bomb of thousands 1.7 s.
 */
#define LOOK_FIRST_USEC 200000
#define LOOK_USEC 1000000
#define STUCK_USEC 2500000

static void on_kill(void *userdata, uint64_t now_usec)
{
	(void)now_usec;
	end_kill(userdata);
}

/* It wakes what the group's own freezer holds, too. */
static void on_look(void *userdata, uint64_t now_usec)
{
	struct ration_run *run = userdata;
	char words[RATION_WAITING_MAX] = "";

	if (run->recorded || !run->containment->ops->stuck)
		return;
	run->containment->ops->stuck(run->containment, words);
	if (now_usec - run->killed_usec >= STUCK_USEC)
		(void)snprintf(run->waiting, sizeof(run->waiting), "%s", words);
	loop_set(&run->loop, &run->look, loop_after(now_usec, LOOK_USEC));
}

/* A round is all that it takes. */
static void on_again(void *userdata, uint64_t now_usec)
{
	(void)userdata;
	(void)now_usec;
}

void end_init(struct ration_run *run)
{
	run->kill = LOOP_DEADLINE(on_kill, run);
	run->look = LOOP_DEADLINE(on_look, run);
	run->again = LOOP_DEADLINE(on_again, run);
}

/* Too much output is too much, also if it is seen when the command has ended. */
static bool note_cause(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed)
{
	bool closed = run->leader.ended && !run->options.wait_all && cause != RUN_CAUSE_OUTPUT;

	return receipt_note(&run->end, closed, cause, sig, observed);
}

static void signal_all(struct ration_run *run, int sig)
{
	run->containment->ops->signal(run->containment, sig);
}

void end_kill(struct ration_run *run)
{
	struct containment *containment = run->containment;
	/* What outlives the command by itself is leftover; what we end with it isn't. */
	bool leftover = run->leader.ended && run->end.cause == RUN_CAUSE_NONE;
	uint64_t killed = 0, again_usec = containment->ops->kill(containment, leftover ? &killed : NULL);

	run->receipt.leftover_killed += killed;
	if (!run->killed) {
		run->killed_usec = sys_now_usec();
		loop_set(&run->loop, &run->look, loop_after(run->killed_usec, LOOK_FIRST_USEC));
	}
	run->killed = true;
	if (run->waiting[0] && again_usec < LOOK_USEC)
		again_usec = LOOK_USEC;
	/* The wall time goes on: a reader of the output who never reads isn't waited for any longer than that. */
	loop_set(&run->loop, &run->kill, loop_after(sys_now_usec(), again_usec));
}

void end_run_by(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed, uint64_t kill_at_usec)
{
	bool first = note_cause(run, cause, sig, observed);

	if (run->leader.ended && cause != RUN_CAUSE_OUTPUT)
		run->give_up_output = true;
	if (sig == SIGKILL) {
		if (first)
			end_kill(run);
		return;
	}
	signal_all(run, sig);
	/* A stopped process can't die of a signal that it can't take. */
	signal_all(run, SIGCONT);
	if (first && kill_at_usec != LOOP_NEVER)
		loop_set(&run->loop, &run->kill, kill_at_usec);
}

void end_run(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed)
{
	end_run_by(run, cause, sig, observed,
			run->never_kill ? LOOP_NEVER : loop_after(sys_now_usec(), run->options.kill_after_usec));
}

void end_warn(struct ration_run *run, enum run_cause cause, uint64_t observed)
{
	if (run->options.signal == RATION_SIGNAL_NONE) {
		run->end.noted_usec = observed;
		return;
	}
	if (note_cause(run, cause, run->options.signal, observed))
		signal_all(run, run->options.signal);
}

int end_retry(struct ration_run *run, int code)
{
	if (run->failures++ >= FAILURES_MAX)
		return code;
	loop_set(&run->loop, &run->again, loop_after(sys_now_usec(), AGAIN_USEC));
	return 0;
}

/* Where that can't be read for long, its removal is what tells: the kernel removes no group with processes. */
static bool is_empty(struct ration_run *run)
{
	int r = run->containment->ops->empty(run->containment);

	if (r < 0 && end_retry(run, r) == 0)
		return false;
	run->failures = 0;
	if (r < 0)
		end_kill(run);
	return r != 0;
}

/* Somebody may have ended the command from outside: by `ration stop`, which notes that on the group. */
static void take_stop(struct ration_run *run)
{
	uint64_t usec;
	int sig;

	run->stop_asked = true;
	if (run->end.cause != RUN_CAUSE_NONE || !run->containment->ops->stopped ||
			!run->containment->ops->stopped(run->containment, &sig, &usec))
		return;
	(void)receipt_note(&run->end, false, RUN_CAUSE_INTERRUPT, sig, 0);
	/* The others have the time that they were given. */
	if (usec != RATION_UNLIMITED && !run->killed)
		loop_set(&run->loop, &run->kill, loop_after(sys_now_usec(), usec));
}

int end_settle(struct ration_run *run)
{
	bool empty;

	if (!run->leader.ended)
		return 0;
	if (!run->stop_asked)
		take_stop(run);
	empty = is_empty(run);
	/* Whoever has had a warning keeps the time that it was given. */
	if (!empty && !run->options.wait_all && !run->killed && run->kill.at_usec == LOOP_NEVER) {
		end_kill(run);
		empty = is_empty(run);
	}
	if (!empty)
		return 0;
	loop_clear(&run->loop, &run->kill);
	return concerns_done(run);
}
