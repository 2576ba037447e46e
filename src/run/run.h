/* SPDX-License-Identifier: MIT */
/*
 * run.h - one command under limits, from start to receipt
 *
 *   start/handle.c      the calls of the interface
 *   start/launch.c      chooses the containment, and which process supervises
 *   start/start.c       starts the command: its containment, its concerns, the child
 *   supervise.c         sleeps until something happens, and acts on it
 *   end.c               decides when a run is over
 *   leader.c            the command itself
 *   containment.h       what holds its processes together: hold/
 *   concern.h           limits that the supervisor enforces: limits/
 *   record.c            fills in the receipt
 *   receipt.c           judges, from counters and causes, why it ended
 *   start/subreaper.c   has all this done by a process of its own
 *   hold/takeover.c     ends all if that process dies
 */
#ifndef RATION_RUN_RUN_H
#define RATION_RUN_RUN_H

#include "group/budget/budget.h"
#include "group/command.h"
#include "group/place.h"
#include "group/stats/counters.h"
#include "plan/plan.h"
#include "ration.h"
#include "run/containment.h"
#include "run/leader.h"
#include "run/loop.h"
#include "run/receipt.h"
#include "sys/precedence.h"

struct concern;

/* The supervisor of a run: this process, or a subreaper on its behalf. */
struct supervisor {
	/* Handles what has happened. 1: the run is over. */
	int (*dispatch)(struct ration_run *run, struct ration_error *reterr);
	/* Sends the command a signal. */
	int (*signal)(struct ration_run *run, int sig, struct ration_error *reterr);
	/* Ends the run on request; with `delivered`, only notes that a terminal has sent the signal. */
	int (*interrupt)(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr);
	/*
	 * Kills and removes what is left, in bounded time: about RELEASE_MSEC, some seconds more with a
	 * subreaper. Can be called again.
	 */
	void (*release)(struct ration_run *run);
};

/* How long the release of a run waits for killed processes to disappear. After that the keeper takes over. */
#define RELEASE_MSEC 2000

struct ration_run {
	const struct host_snapshot *host;
	const struct ration_plan *plan;
	struct ration_run_options options; /* pointers in it count during the start only */
	struct command *command;           /* during the start only */
	bool never_kill;                   /* no SIGKILL after the first signal */

	const struct supervisor *supervisor;
	int tty_fd;                        /* the terminal that was handed to the command, or -EBADF */
	pid_t subreaper;                   /* in the caller's process: the pid of the subreaper; else 0 */
	bool adopts, adopted_before;       /* this process is the child subreaper above it: now; before the run */
	struct budget_turn turn;           /* its places in the queues of its budgets */
	bool guarded;                      /* another process of ours is the child subreaper above it */
	struct spared spared;              /* without a group: how to undo that the OOM killer spares this process */
	bool socket_tells;                 /* in the subreaper: nobody but the caller has the other end of the socket */
	bool descent;                      /* in the subreaper: its descendants are exactly the run's processes */
	int peer_fd;                       /* to the subreaper, or from it */
	int subreaper_fd;                  /* its pidfd, or -EBADF */
	struct loop_source peer, peer_gone;

	struct place group;                /* the names of its group; its directories where there are cgroups */
	struct loop loop;
	struct containment *containment;
	struct leader leader;
	struct concern *concerns;

	struct loop_deadline kill;         /* the SIGKILL after a warning, or the next one */
	struct loop_deadline again;        /* retries what couldn't be read or removed */
	unsigned failures;                 /* retries in a row */
	bool stop_asked;                   /* we have checked whether `ration stop` ended it */
	bool killed;                       /* SIGKILL has been sent to all processes */
	uint64_t killed_usec;              /* when, for the first time */
	struct loop_deadline look;         /* checks which processes survive SIGKILL, and why */
	char waiting[RATION_WAITING_MAX];  /* what the run waits for, if that takes long; or "" */
	unsigned wishes;                   /* requests to end the run */
	bool give_up;                      /* don't wait any longer for processes that don't die */
	bool give_up_output;               /* don't wait any longer for a slow reader of the output */
	bool recorded;                     /* the receipt is written */
	bool over;                         /* nothing is left of the run */
	struct run_end end;
	struct counters before;
	struct ration_receipt receipt;
};

#endif
