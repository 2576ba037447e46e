/* SPDX-License-Identifier: MIT */
/*
 * run-followed.c - one command under limits, on a system that has no cgroups
 *
 * The same promises as run.c and supervise.c, as far as they can be kept: the
 * processes are followed (mech/follow.h), measured and killed by the supervisor,
 * which is this process itself. It looks when a member forks or ends, and at
 * least every 100 ms. What outlives the supervisor is the keeper's.
 *
 * Everything that isn't POSIX goes through the table of sys/os.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "group/apply.h"
#include "group/command.h"
#include "run/keeper-followed.h"
#include "run/output.h"
#include "plan/plan.h"
#include "run/receipt.h"
#include "run/follow.h"
#include "ration.h"
#include "sys/os.h"
#include "host/host.h"
#include "host/names.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/size.h"

#define NEVER UINT64_MAX

/* What has had its SIGKILL and is still there gets another. */
#define KILL_AGAIN_USEC 10000

/* How long a debugger may hold the dead command. */
#define TRACER_USEC 1000000

/* How long a run that is given up waits for its dead to be gone. */
#define RELEASE_MSEC 2000

enum event {
	EVENT_PROCESS,
	EVENT_TIMER,
	EVENT_OUTPUT,
	EVENT_OUTPUT_LAST = EVENT_OUTPUT + 1,
};

enum deadline {
	DEADLINE_WALL,
	DEADLINE_KILL,
	DEADLINE_LOOK,
	DEADLINE_TRACER,
};
#define DEADLINES (DEADLINE_TRACER + 1)

struct ration_run {
	const struct ration_plan *plan;
	struct ration_run_options options; /* pointers in it count during the start only */
	bool lifted_kill;
	int events_fd;
	pid_t pid;
	bool missed;            /* a process ended before its end could be waited for */
	bool own_group;         /* the command is in a process group of its own */
	struct output output[2];
	struct keeper keeper;
	struct follow follow;
	struct sample_limits limits;
	struct sample sample;
	uint64_t cpu_soft_usec, cpu_hard_usec;
	uint64_t start_usec;
	uint64_t deadline[DEADLINES];
	bool ended, killed, give_up_output, over;
	struct run_end end;
	struct ration_receipt receipt;
};

static uint64_t after(uint64_t now, uint64_t usec)
{
	uint64_t sum;

	return __builtin_add_overflow(now, usec, &sum) ? NEVER : sum;
}

static int arm(const struct ration_run *run, struct ration_error *reterr)
{
	uint64_t next = NEVER;
	int r;

	for (size_t i = 0; i < DEADLINES; i++) {
		if (run->deadline[i] < next)
			next = run->deadline[i];
	}
	r = os_ops.events_timer(run->events_fd, next, EVENT_TIMER);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't set the timer: %s", error_text(r)) : 0;
}

/* ------------------------------------------------------------------ ending */

static bool note_cause(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed)
{
	return receipt_note(&run->end, run->ended && !run->options.wait_all, cause, sig, observed);
}

static void kill_all(struct ration_run *run)
{
	bool leftover = run->ended && run->end.cause == RUN_CAUSE_NONE && !run->killed;
	int killed = follow_kill(&run->follow);

	/* What outlives the command by itself is leftover; what we end with it isn't. */
	if (leftover)
		run->receipt.leftover_killed += (uint64_t)killed;
	run->killed = true;
	run->deadline[DEADLINE_LOOK] = NEVER;
	run->deadline[DEADLINE_KILL] = after(sys_now_usec(), KILL_AGAIN_USEC);
}

static void end(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed)
{
	bool first = note_cause(run, cause, sig, observed);

	if (run->ended)
		run->give_up_output = true;
	if (sig == SIGKILL) {
		if (first)
			kill_all(run);
		return;
	}
	follow_signal(&run->follow, sig);
	/* A stopped process can't die of a signal that it can't take. */
	follow_signal(&run->follow, SIGCONT);
	if (first && !run->lifted_kill)
		run->deadline[DEADLINE_KILL] = after(sys_now_usec(), run->options.kill_after_usec);
}

/* ----------------------------------------------------------------- looking */

static void on_cpu(struct ration_run *run)
{
	if (run->sample.cpu_usec >= run->cpu_hard_usec) {
		end(run, RUN_CAUSE_CPU_TIME, SIGKILL, run->sample.cpu_usec);
		return;
	}
	run->cpu_soft_usec = RATION_UNLIMITED;
	run->limits.cpu_usec = run->cpu_hard_usec;
	/* A warning and no more: what becomes of it is up to the command, and to the hard limit. */
	if (note_cause(run, RUN_CAUSE_CPU_TIME_SOFT, run->options.signal, run->sample.cpu_usec))
		follow_signal(&run->follow, run->options.signal);
}

static void look(struct ration_run *run)
{
	int r = follow_sample(&run->follow, &run->limits, &run->sample);

	if (r < 0) {
		/* A limit that can't be watched any more is a limit that isn't held. */
		end(run, RUN_CAUSE_INTERNAL, SIGKILL, 0);
		return;
	}
	if (run->killed)
		return;
	run->deadline[DEADLINE_LOOK] = run->missed ? 0 : after(sys_now_usec(), run->sample.next_usec);
	run->missed = false;
	switch (run->sample.over) {
	case SAMPLE_OVER_NONE:
		break;
	case SAMPLE_OVER_MEMORY:
		end(run, RUN_CAUSE_WATCH_MEMORY, SIGKILL, run->sample.memory_bytes);
		break;
	case SAMPLE_OVER_TASKS:
		end(run, RUN_CAUSE_WATCH_PIDS, SIGKILL, run->sample.tasks);
		break;
	case SAMPLE_OVER_CPU:
		on_cpu(run);
		break;
	}
}

/* From now on its forks and its end wake us, and the keeper knows of it. */
static void joined(void *userdata, const struct os_process *process)
{
	struct ration_run *run = userdata;

	/* Dead already: of that nothing will be told. */
	run->missed |= os_ops.events_process(run->events_fd, process->pid, EVENT_PROCESS) < 0;
	keeper_tell(&run->keeper, process, run->follow.group);
}

/* ------------------------------------------------------------------ output */

static void wait_for_output(const struct ration_run *run, size_t i)
{
	const struct output *output = &run->output[i];
	bool writing = output_waits_for_target(output);

	(void)os_ops.events_fd(run->events_fd, writing ? output->target_fd : output->source_fd, writing,
			EVENT_OUTPUT + (unsigned)i);
}

static void on_output(struct ration_run *run, size_t i)
{
	struct output *output = &run->output[i];
	bool done;

	if (output->source_fd < 0)
		return;
	done = output_move(output) == 1;
	if (output->over && run->options.output_mode == RATION_OUTPUT_KILL)
		end(run, RUN_CAUSE_OUTPUT, SIGKILL, output->limit + 1);
	if (!done)
		wait_for_output(run, i);
}

/* All processes are dead: what is in the pipes is all that will come. See supervise.c. */
static bool outputs_done(struct ration_run *run)
{
	bool give_up = run->give_up_output || run->end.cause != RUN_CAUSE_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++) {
		if (run->output[i].source_fd < 0)
			continue;
		on_output(run, i);
		if (!output_waits_for_target(&run->output[i]))
			continue;
		if (!give_up)
			return false;
		run->output[i].over = true;
	}
	return true;
}

/* ------------------------------------------------------------------ the end */

static uint64_t timeval_usec(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

static void take_status(struct ration_run *run, int status)
{
	struct sys_wait *wait = &run->end.wait;

	if (WIFSIGNALED(status)) {
		wait->signal = WTERMSIG(status);
		wait->core = WCOREDUMP(status);
	} else {
		wait->exit_code = WEXITSTATUS(status);
	}
}

/* The command has ended, and its status is known or lost. */
static void leader_ended(struct ration_run *run, bool lost)
{
	const struct rusage *rusage = &run->end.wait.rusage;

	run->ended = true;
	run->end.lost = lost;
	run->deadline[DEADLINE_TRACER] = NEVER;
	if (!lost)
		follow_reaped(&run->follow, run->pid,
				timeval_usec(rusage->ru_utime) + timeval_usec(rusage->ru_stime));
	receipt_set(&run->receipt, RATION_METRIC_WALL_USEC, sys_now_usec() - run->start_usec, RATION_SOURCE_CLOCK);
	if (run->end.cause == RUN_CAUSE_WALL_TIME)
		(void)usage_get(&run->receipt.usage, RATION_METRIC_WALL_USEC, &run->end.observed);
}

/* Reaps the command, if it has ended. */
static void reap(struct ration_run *run)
{
	int status;
	pid_t r;

	if (run->ended)
		return;
	r = wait4(run->pid, &status, WNOHANG, &run->end.wait.rusage);
	if (r < 0 && errno == EINTR)
		return;
	if (r == run->pid)
		take_status(run, status);
	/* Otherwise SIGCHLD is ignored in this process, or the program has waited for whatever child there is. */
	if (r != 0)
		leader_ended(run, r != run->pid);
	/* Dead, and a debugger has it. */
	else if (!follow_lives(&run->follow, run->pid) && run->deadline[DEADLINE_TRACER] == NEVER)
		run->deadline[DEADLINE_TRACER] = after(sys_now_usec(), TRACER_USEC);
}

static void on_timer(struct ration_run *run)
{
	uint64_t now = sys_now_usec();

	if (now >= run->deadline[DEADLINE_TRACER])
		leader_ended(run, true);
	if (now >= run->deadline[DEADLINE_KILL])
		kill_all(run);
	if (now >= run->deadline[DEADLINE_WALL]) {
		run->deadline[DEADLINE_WALL] = NEVER;
		end(run, RUN_CAUSE_WALL_TIME, run->options.signal, now - run->start_usec);
	}
	if (now >= run->deadline[DEADLINE_LOOK])
		look(run);
}

/* What the kernel said when the command was reaped. Returns its CPU time. */
static uint64_t set_rusage(struct ration_run *run)
{
	const struct rusage *rusage = &run->end.wait.rusage;
	uint64_t user = timeval_usec(rusage->ru_utime), system = timeval_usec(rusage->ru_stime);
	struct ration_receipt *receipt = &run->receipt;

	if (run->end.lost)
		return 0;
	receipt_set(receipt, RATION_METRIC_CPU_USEC, user + system, RATION_SOURCE_RUSAGE);
	receipt_set(receipt, RATION_METRIC_CPU_USER_USEC, user, RATION_SOURCE_RUSAGE);
	receipt_set(receipt, RATION_METRIC_CPU_SYSTEM_USEC, system, RATION_SOURCE_RUSAGE);
	receipt_set(receipt, RATION_METRIC_MAXRSS_BYTES, (uint64_t)rusage->ru_maxrss * COMPAT_MAXRSS_BYTES,
			RATION_SOURCE_RUSAGE);
	return user + system;
}

/* One that ended at once has been seen dead only, or not at all: it has no peak, rather than one of 0. */
static void set_sampled(struct ration_receipt *receipt, enum ration_metric metric, uint64_t peak)
{
	if (peak > 0)
		receipt_set(receipt, metric, peak, RATION_SOURCE_SAMPLED);
}

static void set_usage(struct ration_run *run)
{
	struct ration_receipt *receipt = &run->receipt;

	/* With those that it hasn't waited for. */
	if (run->sample.cpu_usec > set_rusage(run)) {
		receipt_set(receipt, RATION_METRIC_CPU_USEC, run->sample.cpu_usec, RATION_SOURCE_SAMPLED);
		usage_unset(&receipt->usage, RATION_METRIC_CPU_USER_USEC);
		usage_unset(&receipt->usage, RATION_METRIC_CPU_SYSTEM_USEC);
	}
	set_sampled(receipt, RATION_METRIC_MEMORY_PEAK_BYTES, run->sample.memory_peak_bytes);
	set_sampled(receipt, RATION_METRIC_PIDS_PEAK, run->sample.tasks_peak);
	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++) {
		if (run->output[i].buffer)
			receipt_set(receipt, RATION_METRIC_STDOUT_BYTES + (enum ration_metric)i,
					run->output[i].passed, RATION_SOURCE_CLOCK);
		receipt->truncated |= run->output[i].over;
	}
}

static void finish(struct ration_run *run)
{
	const struct counters none = {
		.oom = COUNTER_ABSENT,
		.oom_kill = COUNTER_ABSENT,
		.oom_group_kill = COUNTER_ABSENT,
		.oom_kill_below = COUNTER_ABSENT,
		.machine_oom_kill = COUNTER_ABSENT,
	};

	set_usage(run);
	receipt_judge(&run->receipt, &run->end, &none, &none);
	run->over = true;
	keeper_dismiss(&run->keeper);
}

/* The run's state has changed: is there something to do about it? Returns 1 at its end. */
static int settle(struct ration_run *run, struct ration_error *reterr)
{
	int live;

	if (!run->ended)
		return 0;
	live = follow_update(&run->follow);
	if (live < 0)
		return error_set(reterr, live, RATION_CAUSE_NO_MEMORY, "can't follow the processes: %s",
				error_text(live));
	if (live > 0) {
		/* Whoever has had a warning keeps the time that it was given. */
		if (!run->options.wait_all && !run->killed && run->deadline[DEADLINE_KILL] == NEVER)
			kill_all(run);
		return 0;
	}
	run->deadline[DEADLINE_KILL] = run->deadline[DEADLINE_LOOK] = NEVER;
	if (!outputs_done(run))
		return 0;
	finish(run);
	return 1;
}

int ration_run_dispatch(struct ration_run *run, struct ration_error *reterr)
{
	unsigned ids[8];
	bool stirred = false;
	int n, r;

	if (run->over)
		return 1;
	n = os_ops.events_next(run->events_fd, ids, ARRAY_SIZE(ids));
	if (n < 0)
		return error_set(reterr, n, RATION_CAUSE_UNKNOWN, "can't wait for the run: %s", error_text(n));
	for (int i = 0; i < n; i++)
		stirred |= ids[i] == EVENT_PROCESS;
	/* Before its children have another parent, as far as that can be. */
	if (stirred)
		(void)follow_update(&run->follow);
	reap(run);
	for (int i = 0; i < n; i++) {
		if (ids[i] == EVENT_TIMER)
			on_timer(run);
		else if (ids[i] >= EVENT_OUTPUT)
			on_output(run, ids[i] - EVENT_OUTPUT);
	}
	r = settle(run, reterr);
	return r != 0 ? r : arm(run, reterr);
}

/* ----------------------------------------------------------------- the start */

static int read_options(const struct ration_run_options *given, struct ration_run_options *options,
		struct ration_error *reterr)
{
	int r = TAKE_OPTIONS(struct ration_run_options, options, given, reterr);

	if (r < 0)
		return r;
	if (options->signal < 0 || options->signal >= NSIG)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a signal", options->signal);
	return 0;
}

static struct ration_run *run_new(const struct ration_plan *plan, const struct ration_run_options *options)
{
	struct ration_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->plan = plan;
	run->options = *options;
	if (run->options.signal == 0)
		run->options.signal = SIGTERM;
	run->lifted_kill = options->kill_after_usec == RATION_UNLIMITED;
	if (options->kill_after_usec == 0)
		run->options.kill_after_usec = RATION_KILL_AFTER_USEC;
	run->events_fd = -EBADF;
	run->keeper = KEEPER_NONE;
	run->output[0] = run->output[1] = OUTPUT_NONE;
	run->receipt.containment = RATION_CONTAINMENT_FOLLOWED;
	run->end.wait.exit_code = -1;
	run->end.preserve_status = options->preserve_status;
	run->end.cpu_by_watch = true;
	for (size_t i = 0; i < DEADLINES; i++)
		run->deadline[i] = NEVER;
	return run;
}

static uint64_t watched(const struct ration_run *run, enum ration_limit limit)
{
	const struct ration_plan_item *item = plan_held(run->plan, limit);

	return item && item->mechanism == RATION_MECHANISM_WATCH ? item->in_force : RATION_UNLIMITED;
}

static void take_limits(struct ration_run *run)
{
	const struct ration_plan_item *cpu = plan_held(run->plan, RATION_LIMIT_CPU_TIME);

	run->cpu_hard_usec = watched(run, RATION_LIMIT_CPU_TIME);
	run->cpu_soft_usec = cpu ? cpu->asked_soft : RATION_UNLIMITED;
	run->limits = (struct sample_limits) {
		.memory_bytes = watched(run, RATION_LIMIT_MEMORY),
		.tasks = watched(run, RATION_LIMIT_PIDS),
		.cpu_usec = run->cpu_soft_usec < run->cpu_hard_usec ? run->cpu_soft_usec : run->cpu_hard_usec,
	};
}

static int prepare_output(struct ration_run *run, struct command *command, struct ration_error *reterr)
{
	const struct ration_plan_item *limit = plan_held(run->plan, RATION_LIMIT_OUTPUT);

	for (size_t i = 0; limit && limit->in_force != RATION_UNLIMITED && i < ARRAY_SIZE(run->output); i++) {
		int *fd = &command->spawn.fds[i + 1];
		int r = output_open(&run->output[i], *fd, limit->in_force);

		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't limit the output on fd %zu: %s",
					i + 1, error_text(r));
		*fd = run->output[i].child_fd;
		wait_for_output(run, i);
	}
	return 0;
}

/*
 * In a process group of its own the command's orphans can be found. But it would be
 * in the background of a terminal, and so it stays in ours where it has one.
 */
static bool has_terminal(const struct spawn *spawn)
{
	return isatty(spawn->fds[0]) || isatty(spawn->fds[1]) || isatty(spawn->fds[2]);
}

/* It is there, and waits: followed from now on, and known to the keeper. */
static int born(void *userdata, pid_t pid)
{
	struct ration_run *run = userdata;
	int r = follow_start(&run->follow, &os_ops, pid, run->own_group ? pid : 0);

	if (r < 0)
		return r;
	run->pid = pid;
	run->follow.joined = joined;
	run->follow.userdata = run;
	r = follow_update(&run->follow);
	return r < 0 ? r : 0;
}

static int launch(struct ration_run *run, const struct host_snapshot *host, struct command *command,
		struct ration_error *reterr)
{
	const struct ration_plan_item *wall = plan_held(run->plan, RATION_LIMIT_TIMEOUT);
	int pid_fd, r;
	pid_t pid;

	run->own_group = command->spawn.own_group = !has_terminal(&command->spawn);
	command->spawn.born = born;
	command->spawn.userdata = run;
	r = apply_child(run->plan, &host->facts, &command->spawn, reterr);
	if (r < 0)
		return r;
	run->start_usec = sys_now_usec();
	r = spawn_start(&command->spawn, &pid, &pid_fd, &run->receipt.birth);
	if (r < 0) {
		/* Reaped already. */
		run->pid = 0;
		return command_spawn_error(&command->spawn, r, reterr);
	}
	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++)
		run->output[i].child_fd = close_fd(run->output[i].child_fd);
	if (wall)
		run->deadline[DEADLINE_WALL] = after(run->start_usec, wall->in_force);
	look(run);
	return arm(run, reterr);
}

static int start(struct ration_run *run, const struct host_snapshot *host, struct command *command,
		struct ration_error *reterr)
{
	int r;

	run->events_fd = os_ops.events_open();
	if (run->events_fd < 0)
		return error_set(reterr, run->events_fd, RATION_CAUSE_UNKNOWN, "can't wait for events: %s",
				error_text(run->events_fd));
	take_limits(run);
	r = keeper_begin(&run->keeper);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't fork a keeper: %s", error_text(r));
	r = prepare_output(run, command, reterr);
	return r < 0 ? r : launch(run, host, command, reterr);
}

int ration_run_start(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_run_options *given, struct ration_run **ret_run, struct ration_error *reterr)
{
	struct ration_run_options options;
	CLEANUP(command_done) struct command command = { .program = NULL };
	char tenant[RATION_NAME_MAX + 1], name[RATION_NAME_MAX + 1];
	struct ration_run *run;
	int r = read_options(given, &options, reterr);

	if (r == 0)
		r = plan_check_purpose(plan, RATION_PURPOSE_RUN, reterr);
	if (r == 0)
		r = names_choose(options.tenant, options.name, tenant, name, reterr);
	if (r == 0)
		r = command_prepare(&command, options.argv, options.envp, options.fds, &host_now(host)->mask, reterr);
	if (r < 0)
		return r;
	run = run_new(plan, &options);
	if (!run)
		return error_oom(reterr);
	(void)snprintf(run->receipt.group, sizeof(run->receipt.group), "%s/%s", tenant, name);
	r = start(run, host_now(host), &command, reterr);
	if (r < 0) {
		(void)ration_run_free(run);
		return r;
	}
	*ret_run = run;
	return 0;
}

/* ------------------------------------------------------------ a run's life */

/* Kills and reaps what runs. */
static void release(struct ration_run *run)
{
	for (int msec = 0; run->pid > 0 && !run->over && msec < RELEASE_MSEC; msec++) {
		int live;

		if (run->follow.n > 0)
			(void)follow_kill(&run->follow);
		else if (!run->ended)
			(void)kill(run->pid, SIGKILL);
		reap(run);
		live = follow_update(&run->follow);
		if (run->ended && live <= 0)
			break;
		(void)poll(NULL, 0, 1);
	}
	keeper_dismiss(&run->keeper);
	follow_end(&run->follow);
	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++)
		output_close(&run->output[i]);
	run->events_fd = close_fd(run->events_fd);
}

struct ration_run *ration_run_free(struct ration_run *run)
{
	if (run) {
		release(run);
		free(run);
	}
	return NULL;
}

int ration_run_fd(const struct ration_run *run)
{
	return run->events_fd;
}

int ration_run_pid(const struct ration_run *run)
{
	return (int)run->pid;
}

const char *ration_run_address(const struct ration_run *run)
{
	return run->receipt.group;
}

int ration_run_wait(struct ration_run *run, struct ration_error *reterr)
{
	struct pollfd poll_fd = { .fd = run->events_fd, .events = POLLIN };

	for (;;) {
		int r = ration_run_dispatch(run, reterr);

		if (r != 0)
			return r < 0 ? r : 0;
		if (poll(&poll_fd, 1, -1) < 0)
			return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "waiting was interrupted");
	}
}

static int check_signal(int sig, struct ration_error *reterr)
{
	if (sig > 0 && sig < NSIG)
		return 0;
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a signal", sig);
}

int ration_run_signal(struct ration_run *run, int sig, struct ration_error *reterr)
{
	int r = check_signal(sig, reterr);

	/* It isn't reaped before we do it: the pid is the command's. */
	if (r < 0 || run->ended || kill(run->pid, sig) == 0 || errno == ESRCH)
		return r;
	return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't send signal %d to the command: %s", sig,
			error_text(-errno));
}

int ration_run_interrupt(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	int r = check_signal(sig, reterr);

	if (r < 0 || run->over)
		return r;
	/* A terminal's signal goes to its foreground: not to a process group of the command's own. */
	if (!delivered || run->own_group) {
		end(run, RUN_CAUSE_INTERRUPT, sig, 0);
		return arm(run, reterr);
	}
	if (run->end.cause == RUN_CAUSE_NONE && !run->ended) {
		run->end.cause = RUN_CAUSE_TERMINAL;
		run->end.signal = sig;
	}
	return 0;
}

const struct ration_receipt *ration_run_receipt(const struct ration_run *run)
{
	return run->over ? &run->receipt : NULL;
}
