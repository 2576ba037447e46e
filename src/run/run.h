/* SPDX-License-Identifier: MIT */
/*
 * run.h - one command under limits, from start to receipt
 *
 * run.c        makes the group, applies the plan, starts the command
 * supervise.c  sleeps until something happens, and acts on it
 * output.c     passes the command's output on, as far as it may go
 * subreaper.c  does all this in a process of its own where there is no cgroup, or no pidfd
 * receipt.c    judges, from counters and causes, why it ended
 */
#ifndef RATION_RUN_RUN_H
#define RATION_RUN_RUN_H

#include "group/counters.h"
#include "group/place.h"
#include "run/keeper.h"
#include "run/output.h"
#include "plan/plan.h"
#include "run/receipt.h"
#include "run/watch.h"
#include "ration.h"
#include "sys/syscalls.h"

enum run_deadline {
	RUN_DEADLINE_WALL,
	RUN_DEADLINE_KILL,
	RUN_DEADLINE_CPU,
	RUN_DEADLINE_STALL,
	RUN_DEADLINE_WATCH,
	RUN_DEADLINE_TRACER, /* who holds the command's corpse */
	RUN_DEADLINE_OOM,
	RUN_DEADLINE_LEADER, /* the next look at the command, where there is no pidfd */
	RUN_DEADLINE_KEEPER, /* the next attempt to have one again */
};
#define RUN_DEADLINES (RUN_DEADLINE_KEEPER + 1)

/* Not set. */
#define RUN_NEVER UINT64_MAX

struct ration_run {
	const struct host_snapshot *host;
	const struct ration_plan *plan;
	struct ration_run_options options; /* pointers in it count during the start only */
	char *program;                     /* the file that argv[0] means */
	bool lifted_kill;                  /* never SIGKILL after the first signal */

	struct place group;
	struct keeper keeper;
	pid_t subreaper;      /* in the process that asked: who supervises; 0: we do */
	bool in_subreaper;    /* we are the subreaper */
	int peer_fd;          /* to the subreaper, or from it */

	pid_t pid;
	int pid_fd;           /* none in a subreaper, where the kernel has none */
	int epoll_fd, timer_fd, events_fd, cpu_stat_fd, stall_fd, child_fd, oom_fd, oom_above_fd;
	struct output output[2];
	struct watch *watch;
	struct sample_limits sample_limits;
	struct sample sample;

	uint64_t start_usec;
	uint64_t deadline[RUN_DEADLINES];
	uint64_t traced_usec;    /* in a subreaper: when the dead that tracers have aren't waited for any more */
	uint64_t armed_usec;     /* what the timer is set to */
	uint64_t cpu_soft_usec, cpu_hard_usec; /* by cpu.stat; RATION_UNLIMITED: none */
	uint64_t stall_usec, stall_window_usec;
	uint64_t oom_events, oom_events_above; /* that oom_fd and oom_above_fd have told of */
	unsigned oom_looks;      /* that are left for a kill to be seen */
	uint64_t stall_mark_usec, stall_mark_full_usec; /* when the measuring began, and what was stalled by then */

	bool ended;              /* the command itself has, and is reaped */
	bool unreaped;           /* but for this: its tracer wouldn't let go */
	bool killed;             /* everything has been sent SIGKILL */
	bool give_up_output;     /* don't wait any longer for who reads the output */
	bool over;               /* and the receipt is written */
	struct run_end end;
	struct counters before;
	struct ration_receipt receipt;
};

/* supervise.c */

/* Opens what supervision needs, before the command starts. */
int supervise_prepare(struct ration_run *run, struct ration_error *reterr);
/* The command runs: sets the clocks going. */
int supervise_begin(struct ration_run *run, struct ration_error *reterr);
/* Handles what has happened. 1: the run is over. */
int supervise_dispatch(struct ration_run *run, struct ration_error *reterr);
/* Sends `sig` to every process, and arms the SIGKILL. */
void supervise_end(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed);
/* Sets the timer to the next deadline, after one has been changed from outside of dispatch. */
int supervise_arm(struct ration_run *run, struct ration_error *reterr);
/* Kills everything now. */
void supervise_kill(struct ration_run *run);
/* Whether the command is dead, reaped or not. */
bool supervise_is_dead(const struct ration_run *run);
/* Sleeps until dispatch has something to do. -EINTR. */
int supervise_sleep(const struct ration_run *run);

/* run.c */

/* Starts the command in the group, or below ourselves. After a failure nothing runs. */
int run_launch(struct ration_run *run, struct ration_error *reterr);
/* Closes and removes what run_launch() made, whatever of it is there. */
/* Removes the group, and gives back what was protected above it. Errors: as leaf_remove(). */
int run_remove_group(struct ration_run *run);

void run_release(struct ration_run *run);

/* subreaper.c */

int subreaper_start(struct ration_run *run, struct ration_error *reterr);
/* In the caller: takes what the subreaper sends. 1: the run is over. */
int subreaper_dispatch(struct ration_run *run, struct ration_error *reterr);
/* In the caller: passes a wish on. */
int subreaper_signal(struct ration_run *run, int sig, struct ration_error *reterr);
int subreaper_interrupt(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr);
/* In the subreaper: does what the caller wishes. */
void subreaper_hear(struct ration_run *run);
/* In the caller: ends and reaps the subreaper. */
void subreaper_free(struct ration_run *run);

#endif
