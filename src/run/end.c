/* SPDX-License-Identifier: MIT */
/*
 * end.c - decides when a run is over
 */
#include "run/end.h"

#include <signal.h>
#include <stdio.h>

#include "run/concern.h"

/* A failed step is repeated: at this interval, at most so many times. */
#define AGAIN_USEC 10000
#define FAILURES_MAX 100

/*
 * For processes that survive SIGKILL: when to look for the reason, first and then; and when to report it and
 * to repeat the kill less often. A kill takes milliseconds; that of a bomb of thousands took 1.7 s.
 */
#define LOOK_FIRST_USEC 200000
#define LOOK_USEC 1000000
#define STUCK_USEC 2500000

static void on_kill(void *userdata, uint64_t now_usec)
{
	(void)now_usec;
	end_kill(userdata);
}

/* Looking also thaws processes that the group's own freezer of cgroup v1 holds. */
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

/* Waking up is enough: each round of the loop calls end_settle(). */
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

/* Too much output counts as a cause even if we read it after the command's end. */
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
	/* Processes that outlive the command by themselves are leftover; those that we end along with it aren't. */
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
	/* The wall-time limit stays set: it also ends the wait for a reader that never reads. */
	loop_set(&run->loop, &run->kill, loop_after(sys_now_usec(), again_usec));
}

void end_run_by(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed, uint64_t kill_at_usec)
{
	bool first = note_cause(run, cause, sig, observed);

	if (run->leader.ended && cause != RUN_CAUSE_OUTPUT)
		run->give_up_output = true;
	if (sig == SIGKILL) {
		/* What came first may have left the processes time, or all of it: this limit holds all the same. */
		if (first || !run->killed)
			end_kill(run);
		return;
	}
	signal_all(run, sig);
	/* A stopped process doesn't handle the signal before it continues. */
	signal_all(run, SIGCONT);
	/* Who was given time before keeps the shorter of both. */
	if (!run->killed && kill_at_usec < run->kill.at_usec)
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
	/* Behind another cause it is a signal all the same; only what the command has left behind gets none. */
	if (note_cause(run, cause, run->options.signal, observed) || !run->leader.ended || run->options.wait_all)
		signal_all(run, run->options.signal);
}

/* False: it has failed too often. */
static bool again(struct ration_run *run, struct loop_deadline *deadline, unsigned *failures)
{
	if ((*failures)++ >= FAILURES_MAX)
		return false;
	loop_set(&run->loop, deadline, loop_after(sys_now_usec(), AGAIN_USEC));
	return true;
}

int end_retry(struct ration_run *run, int code)
{
	return again(run, &run->again, &run->failures) ? 0 : code;
}

void end_unread(struct ration_run *run, struct loop_deadline *deadline, unsigned *failures, const char *failure)
{
	if (again(run, deadline, failures))
		return;
	receipt_fail(&run->receipt, "%s", failure);
	end_run(run, RUN_CAUSE_INTERNAL, SIGKILL, 0);
}

/* If that can't be read for long, try to remove the group: the kernel doesn't remove one with processes. */
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

/* Another process may have ended the command: `ration stop` notes that on the group. */
static void take_stop(struct ration_run *run)
{
	uint64_t usec;
	int sig;

	run->stop_asked = true;
	if (run->end.cause != RUN_CAUSE_NONE || !run->containment->ops->stopped ||
			!run->containment->ops->stopped(run->containment, &sig, &usec))
		return;
	(void)receipt_note(&run->end, false, RUN_CAUSE_INTERRUPT, sig, 0);
	/* The remaining processes keep the time that `ration stop` gave them. */
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
	/* Processes that were warned keep the time that they were given. */
	if (!empty && !run->options.wait_all && !run->killed && run->kill.at_usec == LOOP_NEVER) {
		end_kill(run);
		empty = is_empty(run);
	}
	if (!empty)
		return 0;
	/* Who waits for all may have been stopped after the command's end. */
	if (run->options.wait_all)
		take_stop(run);
	loop_clear(&run->loop, &run->kill);
	return concerns_done(run);
}
