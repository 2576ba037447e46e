/* SPDX-License-Identifier: MIT */
/*
 * receipt-make.c - the receipt of a run that is over
 *
 * Values come in three steps, from less to more exact: what the kernel reported when the command was reaped,
 * what was sampled, and the counters of the cgroup.
 */
#include "run/receipt-make.h"

#include <errno.h>

#include "run/account.h"
#include "run/concern.h"
#include "util/clock.h"
#include "util/compat.h"
#include "util/error.h"

static void record_rusage(struct ration_run *run)
{
	struct containment *containment = run->containment;
	const struct leader *leader = &run->leader;
	struct rusage all, rusage = leader->wait.rusage;
	uint64_t user, system, maxrss;

	if (leader->lost)
		return;
	if (!leader->unreaped && containment->ops->rusage && containment->ops->rusage(containment, &all))
		rusage = all;
	user = clock_timeval_usec(rusage.ru_utime);
	system = clock_timeval_usec(rusage.ru_stime);
	receipt_set(&run->receipt, RATION_METRIC_CPU_USEC, user + system, RATION_SOURCE_RUSAGE);
	receipt_set(&run->receipt, RATION_METRIC_CPU_USER_USEC, user, RATION_SOURCE_RUSAGE);
	receipt_set(&run->receipt, RATION_METRIC_CPU_SYSTEM_USEC, system, RATION_SOURCE_RUSAGE);
	if (!leader->unreaped) {
		receipt_set(&run->receipt, RATION_METRIC_VOLUNTARY_SWITCHES, (uint64_t)rusage.ru_nvcsw, RATION_SOURCE_RUSAGE);
		receipt_set(&run->receipt, RATION_METRIC_INVOLUNTARY_SWITCHES, (uint64_t)rusage.ru_nivcsw, RATION_SOURCE_RUSAGE);
		receipt_set(&run->receipt, RATION_METRIC_MINOR_FAULTS, (uint64_t)rusage.ru_minflt, RATION_SOURCE_RUSAGE);
		receipt_set(&run->receipt, RATION_METRIC_MAJOR_FAULTS, (uint64_t)rusage.ru_majflt, RATION_SOURCE_RUSAGE);
	}
	maxrss = (uint64_t)rusage.ru_maxrss * COMPAT_MAXRSS_BYTES;
	if (!leader->unreaped && maxrss > leader->foreign_maxrss)
		receipt_set(&run->receipt, RATION_METRIC_MAXRSS_BYTES, maxrss, RATION_SOURCE_RUSAGE);
	/* Its own memory can't be told from that of the process that started it. */
	if (leader->foreign_maxrss == UINT64_MAX)
		run->receipt.usage.unread = -EIO;
}

/* How the command has ended, for the judge. */
static void take_end(struct ration_run *run)
{
	struct run_end *end = &run->end;
	/* The run's time, which can go on after its command. */
	uint64_t wall_usec = run->options.wait_all ? sys_now_usec() - run->leader.start_usec : run->leader.wall_usec;

	end->wait = run->leader.wait;
	end->lost = run->leader.lost;
	if (end->lost)
		receipt_fail(&run->receipt, "how the command ended isn't known: this program waits for all its children, "
				"or ignores SIGCHLD");
	if (end->cause == RUN_CAUSE_WALL_TIME)
		end->observed = wall_usec;
	receipt_set(&run->receipt, RATION_METRIC_WALL_USEC, wall_usec, RATION_SOURCE_CLOCK);
}

/* Metrics that nobody asked for aren't read, unless something must be reported. */
static bool wants_figures(const struct ration_run *run)
{
	return !run->options.no_figures || run->leader.lost || run->end.cause != RUN_CAUSE_NONE ||
		run->leader.wait.signal != 0 || run->leader.wait.exit_code != 0;
}

void receipt_make(struct ration_run *run)
{
	bool all = wants_figures(run);
	struct counters now;

	account_counters(&run->group, all, &now);
	take_end(run);
	record_rusage(run);
	concerns_record(run, &now);
	account_usage(&run->group, all, &run->receipt);
	/* A metric that couldn't be read isn't the same as one that doesn't exist. */
	if (run->receipt.usage.unread < 0)
		receipt_fail(&run->receipt, "not all figures of what it used could be read: %s", error_text(run->receipt.usage.unread));
	receipt_judge(&run->receipt, &run->end, &run->before, &now);
	account_changes(&run->group, run->plan, &run->receipt);
	account_left(run->host->proc_fd, run->leader.start_time, sys_now_usec() - run->leader.start_usec, &run->receipt);
}
