/* SPDX-License-Identifier: MIT */
/*
 * program.c - an old program: compiled with the headers of 0.2 that are kept beside it
 *
 * Whatever numbers, sizes and symbols these headers gave it, it must find the same behind
 * them in every later libration.so.0. It runs a command, reads the receipt, and looks at this host
 * through every struct that it may hand over; it needs no cgroup. "as it was": all is well.
 */
#include <errno.h>
#include <ration.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static struct ration_error error;

#define CHECK(condition)                                                                    \
	do {                                                                                \
		if (!(condition)) {                                                         \
			printf("line %d: %s (%s)\n", __LINE__, #condition, error.message); \
			exit(1);                                                            \
		}                                                                           \
	} while (0)

/* ----------------------------------------------------------------- numbers */

static void check_limits(void)
{
	static const struct {
		enum ration_limit limit;
		const char *name;
	} rows[] = {
		{ RATION_LIMIT_MEMORY, "memory" }, { RATION_LIMIT_SWAP, "swap" },
		{ RATION_LIMIT_MEMORY_HIGH, "memory_high" }, { RATION_LIMIT_MEMORY_LOW, "memory_low" },
		{ RATION_LIMIT_MEMORY_MIN, "memory_min" }, { RATION_LIMIT_HUGETLB, "hugetlb" },
		{ RATION_LIMIT_CPUS, "cpus" }, { RATION_LIMIT_CPU_BURST, "cpu_burst" },
		{ RATION_LIMIT_CPU_IDLE, "cpu_idle" }, { RATION_LIMIT_CPU_WEIGHT, "cpu_weight" },
		{ RATION_LIMIT_CPU_TIME, "cpu_time" }, { RATION_LIMIT_CPUSET_CPUS, "cpuset_cpus" },
		{ RATION_LIMIT_CPUSET_MEMS, "cpuset_mems" }, { RATION_LIMIT_PIDS, "pids" },
		{ RATION_LIMIT_IO_READ_BPS, "io_read_bps" }, { RATION_LIMIT_IO_WRITE_BPS, "io_write_bps" },
		{ RATION_LIMIT_IO_READ_IOPS, "io_read_iops" }, { RATION_LIMIT_IO_WRITE_IOPS, "io_write_iops" },
		{ RATION_LIMIT_TIMEOUT, "timeout" }, { RATION_LIMIT_STALL_TIMEOUT, "stall_timeout" },
		{ RATION_LIMIT_OUTPUT, "output" }, { RATION_LIMIT_RLIMIT_AS, "rlimit_as" },
		{ RATION_LIMIT_RLIMIT_CORE, "rlimit_core" }, { RATION_LIMIT_RLIMIT_CPU, "rlimit_cpu" },
		{ RATION_LIMIT_RLIMIT_DATA, "rlimit_data" }, { RATION_LIMIT_RLIMIT_FSIZE, "rlimit_fsize" },
		{ RATION_LIMIT_RLIMIT_LOCKS, "rlimit_locks" }, { RATION_LIMIT_RLIMIT_MEMLOCK, "rlimit_memlock" },
		{ RATION_LIMIT_RLIMIT_MSGQUEUE, "rlimit_msgqueue" }, { RATION_LIMIT_RLIMIT_NICE, "rlimit_nice" },
		{ RATION_LIMIT_RLIMIT_NOFILE, "rlimit_nofile" }, { RATION_LIMIT_RLIMIT_NPROC, "rlimit_nproc" },
		{ RATION_LIMIT_RLIMIT_RSS, "rlimit_rss" }, { RATION_LIMIT_RLIMIT_RTPRIO, "rlimit_rtprio" },
		{ RATION_LIMIT_RLIMIT_RTTIME, "rlimit_rttime" },
		{ RATION_LIMIT_RLIMIT_SIGPENDING, "rlimit_sigpending" }, { RATION_LIMIT_RLIMIT_STACK, "rlimit_stack" },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ration_limit_info *info = ration_limit_info(rows[i].limit);

		CHECK(info && info->limit == rows[i].limit && info->size >= sizeof(*info));
		CHECK(strcmp(info->name, rows[i].name) == 0);
		CHECK(info->flag[0] == '-' && info->help[0] && info->min <= info->max);
	}
	while (ration_limit_at(n))
		n++;
	CHECK(n >= sizeof(rows) / sizeof(rows[0]));
}

static void check_metrics(void)
{
	static const struct {
		enum ration_metric metric;
		const char *name;
	} rows[] = {
		{ RATION_METRIC_MEMORY_PEAK_BYTES, "memory_peak_bytes" },
		{ RATION_METRIC_MEMORY_CURRENT_BYTES, "memory_current_bytes" },
		{ RATION_METRIC_MEMORY_ANON_BYTES, "memory_anon_bytes" },
		{ RATION_METRIC_MEMORY_FILE_BYTES, "memory_file_bytes" },
		{ RATION_METRIC_MEMORY_SHMEM_BYTES, "memory_shmem_bytes" },
		{ RATION_METRIC_MEMORY_KERNEL_BYTES, "memory_kernel_bytes" },
		{ RATION_METRIC_MAXRSS_BYTES, "maxrss_bytes" }, { RATION_METRIC_OOM_KILLS, "oom_kills" },
		{ RATION_METRIC_MEMORY_HIGH_COUNT, "memory_high_count" },
		{ RATION_METRIC_MEMORY_PRESSURE_SOME_USEC, "memory_pressure_some_usec" },
		{ RATION_METRIC_MEMORY_PRESSURE_FULL_USEC, "memory_pressure_full_usec" },
		{ RATION_METRIC_SWAP_PEAK_BYTES, "swap_peak_bytes" },
		{ RATION_METRIC_SWAP_CURRENT_BYTES, "swap_current_bytes" }, { RATION_METRIC_CPU_USEC, "cpu_usec" },
		{ RATION_METRIC_CPU_USER_USEC, "cpu_user_usec" }, { RATION_METRIC_CPU_SYSTEM_USEC, "cpu_system_usec" },
		{ RATION_METRIC_THROTTLED_COUNT, "throttled_count" },
		{ RATION_METRIC_THROTTLED_USEC, "throttled_usec" },
		{ RATION_METRIC_CPU_PRESSURE_SOME_USEC, "cpu_pressure_some_usec" },
		{ RATION_METRIC_PIDS_PEAK, "pids_peak" }, { RATION_METRIC_PIDS_CURRENT, "pids_current" },
		{ RATION_METRIC_PIDS_REFUSED, "pids_refused" }, { RATION_METRIC_IO_READ_BYTES, "io_read_bytes" },
		{ RATION_METRIC_IO_WRITE_BYTES, "io_write_bytes" }, { RATION_METRIC_IO_READ_OPS, "io_read_ops" },
		{ RATION_METRIC_IO_WRITE_OPS, "io_write_ops" },
		{ RATION_METRIC_IO_PRESSURE_FULL_USEC, "io_pressure_full_usec" },
		{ RATION_METRIC_WALL_USEC, "wall_usec" }, { RATION_METRIC_FROZEN_USEC, "frozen_usec" },
		{ RATION_METRIC_STDOUT_BYTES, "stdout_bytes" }, { RATION_METRIC_STDERR_BYTES, "stderr_bytes" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(strcmp(ration_metric_name(rows[i].metric), rows[i].name) == 0);
}

#define NAMED(function, value, word) CHECK(strcmp(function(value), word) == 0)

static void check_names(void)
{
	NAMED(ration_verdict_name, RATION_VERDICT_OK, "ok");
	NAMED(ration_verdict_name, RATION_VERDICT_EXIT, "exit");
	NAMED(ration_verdict_name, RATION_VERDICT_SIGNAL, "signal");
	NAMED(ration_verdict_name, RATION_VERDICT_MEMORY, "memory");
	NAMED(ration_verdict_name, RATION_VERDICT_MEMORY_EXTERNAL, "memory-external");
	NAMED(ration_verdict_name, RATION_VERDICT_MEMORY_STALL, "memory-stall");
	NAMED(ration_verdict_name, RATION_VERDICT_CPU_TIME, "cpu-time");
	NAMED(ration_verdict_name, RATION_VERDICT_CPU_TIME_SOFT, "cpu-time-soft");
	NAMED(ration_verdict_name, RATION_VERDICT_PIDS, "pids");
	NAMED(ration_verdict_name, RATION_VERDICT_WALL_TIME, "wall-time");
	NAMED(ration_verdict_name, RATION_VERDICT_OUTPUT, "output");
	NAMED(ration_verdict_name, RATION_VERDICT_INTERRUPTED, "interrupted");
	NAMED(ration_verdict_name, RATION_VERDICT_NOT_STARTED, "not-started");
	NAMED(ration_verdict_name, RATION_VERDICT_INTERNAL, "internal");
	NAMED(ration_mechanism_name, RATION_MECHANISM_CGROUP2, "cgroup2");
	NAMED(ration_mechanism_name, RATION_MECHANISM_CGROUP1, "cgroup1");
	NAMED(ration_mechanism_name, RATION_MECHANISM_RLIMIT, "rlimit");
	NAMED(ration_mechanism_name, RATION_MECHANISM_AFFINITY, "affinity");
	NAMED(ration_mechanism_name, RATION_MECHANISM_NICE, "nice");
	NAMED(ration_mechanism_name, RATION_MECHANISM_WATCH, "watch");
	NAMED(ration_scope_name, RATION_SCOPE_GROUP, "group");
	NAMED(ration_scope_name, RATION_SCOPE_PROCESS, "process");
	NAMED(ration_scope_name, RATION_SCOPE_USER, "user");
	NAMED(ration_level_name, RATION_LEVEL_GROUP, "group");
	NAMED(ration_level_name, RATION_LEVEL_TENANT, "tenant");
	NAMED(ration_level_name, RATION_LEVEL_ANCESTOR, "ancestor");
	NAMED(ration_level_name, RATION_LEVEL_OUTSIDE, "outside");
	NAMED(ration_level_name, RATION_LEVEL_MACHINE, "machine");
	NAMED(ration_source_name, RATION_SOURCE_CGROUP2, "cgroup2");
	NAMED(ration_source_name, RATION_SOURCE_CGROUP1, "cgroup1");
	NAMED(ration_source_name, RATION_SOURCE_RUSAGE, "rusage");
	NAMED(ration_source_name, RATION_SOURCE_SAMPLED, "sampled");
	NAMED(ration_source_name, RATION_SOURCE_CLOCK, "clock");
	NAMED(ration_severity_name, RATION_SEVERITY_NOTE, "note");
	NAMED(ration_severity_name, RATION_SEVERITY_WARN, "warn");
	NAMED(ration_severity_name, RATION_SEVERITY_BAD, "bad");
	NAMED(ration_owner_name, RATION_OWNER_ALIVE, "alive");
	NAMED(ration_owner_name, RATION_OWNER_DEAD, "dead");
	NAMED(ration_owner_name, RATION_OWNER_KEPT, "kept");
	NAMED(ration_event_name, RATION_EVENT_OOM, "oom");
	NAMED(ration_event_name, RATION_EVENT_OOM_KILL, "oom-kill");
	NAMED(ration_event_name, RATION_EVENT_MEMORY_HIGH, "memory-high");
	NAMED(ration_event_name, RATION_EVENT_TASKS_REFUSED, "tasks-refused");
	NAMED(ration_event_name, RATION_EVENT_POPULATED, "populated");
	NAMED(ration_event_name, RATION_EVENT_EMPTY, "empty");
	NAMED(ration_event_name, RATION_EVENT_FROZEN, "frozen");
	NAMED(ration_event_name, RATION_EVENT_THAWED, "thawed");
	NAMED(ration_event_name, RATION_EVENT_GONE, "gone");
	NAMED(ration_event_name, RATION_EVENT_PRESSURE, "pressure");
}

/* ------------------------------------------------------------------- sizes */

/* What follows a struct that is filled in, and isn't to be touched. */
#define GUARD UINT64_C(0xa5a5a5a5a5a5a5a5)

static void check_host(const struct ration_host *host)
{
	struct {
		struct ration_host_info info;
		uint64_t guard;
	} seen = { { 0 }, GUARD };

	seen.info.size = sizeof(seen.info);
	ration_host_info(host, &seen.info);
	CHECK(seen.guard == GUARD && seen.info.size == sizeof(seen.info));
	CHECK(seen.info.kernel && seen.info.base_reason && seen.info.base_fix && seen.info.memory_source);
	CHECK(seen.info.cpus > 0 && seen.info.memory_bytes > 0 && seen.info.root == (geteuid() == 0));
	CHECK(seen.info.container_kind && seen.info.v1_reason && seen.info.kernel_kind);
}

static void check_gc(const struct ration_host *host)
{
	struct ration_gc_options look = { 0 };
	struct {
		struct ration_gc_report report;
		uint64_t guard;
	} seen = { { 0 }, GUARD };

	look.size = sizeof(look);
	look.dry_run = true;
	seen.report.size = sizeof(seen.report);
	CHECK(ration_gc(host, &look, &seen.report, &error) == 0);
	CHECK(seen.guard == GUARD && seen.report.failed == 0);
}

static void check_findings(const struct ration_host *host)
{
	struct ration_findings *findings = NULL;
	const struct ration_finding *item;

	CHECK(ration_findings_new(host, &findings, &error) == 0);
	for (size_t i = 0; (item = ration_findings_item(findings, i)); i++)
		CHECK(item->size >= sizeof(*item) && item->id[0] && item->text[0] && item->fix &&
				ration_severity_name(item->severity));
	CHECK(!ration_findings_weakens(findings, ration_findings_count(findings), RATION_LIMIT_MEMORY));
	ration_findings_free(findings);
}

static void check_vm(void)
{
	struct ration_limits *limits = NULL;
	struct {
		struct ration_vm vm;
		uint64_t guard;
	} seen = { { 0 }, GUARD };
	uint64_t bytes;

	seen.vm.size = sizeof(seen.vm);
	seen.vm.accel = RATION_ACCEL_TCG;
	seen.vm.guest_bytes = UINT64_C(512) << 20;
	CHECK(ration_limits_new(&limits) == 0 && ration_vm_limits(&seen.vm, limits, NULL, &error) == 0);
	CHECK(seen.guard == GUARD && seen.vm.vcpus == 1 && seen.vm.pids == 100 && seen.vm.tb_bytes == 256 << 20);
	CHECK(ration_limits_get(limits, RATION_LIMIT_MEMORY, NULL, &bytes) == 0 && bytes == UINT64_C(968) << 20);
	ration_limits_free(limits);
}

/* The one struct without a size: an error with as much text as there can be stays within it. */
static void check_error(void)
{
	struct ration_limits *limits = NULL;
	struct {
		struct ration_error error;
		uint64_t guard;
	} seen;
	char text[2000];

	memset(&seen, 0xa5, sizeof(seen));
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	CHECK(ration_limits_new(&limits) == 0);
	CHECK(ration_limits_parse(limits, RATION_LIMIT_MEMORY, text, &seen.error) < 0);
	CHECK(seen.guard == GUARD && seen.error.code == -EINVAL && seen.error.cause == RATION_CAUSE_INVALID);
	CHECK(memchr(seen.error.message, 0, sizeof(seen.error.message)) && seen.error.message[0]);
	CHECK(memchr(seen.error.hint, 0, sizeof(seen.error.hint)));
	ration_limits_free(limits);
}

/* --------------------------------------------------------------------- run */

static struct ration_plan *plan_of(const struct ration_host *host)
{
	struct ration_plan_options how = { 0 };
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	const struct ration_plan_item *item;
	bool timeout = false;

	how.size = sizeof(how);
	how.policy = RATION_ENFORCE_ANY;
	how.tenant = "abi";
	CHECK(ration_limits_new(&limits) == 0);
	CHECK(ration_limits_parse(limits, RATION_LIMIT_MEMORY, "512M", &error) == 0);
	CHECK(ration_limits_parse(limits, RATION_LIMIT_TIMEOUT, "5x", &error) < 0 && error.cause == RATION_CAUSE_INVALID);
	CHECK(ration_limits_set(limits, RATION_LIMIT_TIMEOUT, RATION_UNLIMITED, 300000000, &error) == 0);
	CHECK(ration_limits_set(limits, RATION_LIMIT_RLIMIT_NOFILE, 100, 200, &error) == 0);
	CHECK(ration_plan_new(host, limits, &how, &plan, &error) == 0 && ration_plan_check(plan, &error) == 0);
	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		CHECK(item->size >= sizeof(*item) && item->reason && item->fix);
		if (item->limit == RATION_LIMIT_TIMEOUT)
			timeout = item->asked == 300000000 && item->in_force == 300000000 &&
				item->mechanism == RATION_MECHANISM_WATCH && item->scope == RATION_SCOPE_GROUP;
	}
	CHECK(timeout);
	ration_limits_free(limits);
	return plan;
}

/* "exit 3", with a line into an fd of its own. */
static void check_run(const struct ration_host *host, const struct ration_plan *plan, const int pair[2])
{
	char words[3][64] = { "sh", "-c", "" }, text[16] = "";
	char *argv[] = { words[0], words[1], words[2], NULL };
	struct ration_run_options how = { 0 };
	struct ration_run *run = NULL;
	const struct ration_receipt *receipt;
	struct ration_outcome outcome = { 0 };
	struct ration_evidence evidence = { 0 };
	uint64_t usec;
	int fd = pair[1];

	snprintf(words[2], sizeof(words[2]), "echo through >&%d; exit $(ulimit -n)", fd);
	how.size = sizeof(how);
	how.argv = argv;
	how.tenant = "abi";
	how.pass_fds = &fd;
	how.n_pass_fds = 1;
	CHECK(ration_run_start(host, plan, &how, &run, &error) == 0);
	CHECK(strncmp(ration_run_address(run), "abi/", 4) == 0 && ration_run_pid(run) > 0 && ration_run_fd(run) >= 0);
	CHECK(ration_run_wait(run, &error) == 0 && ration_run_dispatch(run, &error) == 1);
	CHECK(read(pair[0], text, sizeof(text) - 1) == 8 && strcmp(text, "through\n") == 0);
	receipt = ration_run_receipt(run);
	CHECK(ration_receipt_verdict(receipt) == RATION_VERDICT_EXIT);
	CHECK(ration_receipt_exit_code(receipt) == 100 && ration_receipt_child_status(receipt) == 100);
	CHECK(ration_receipt_child_signal(receipt) == 0 && !ration_receipt_core(receipt));
	CHECK(!ration_receipt_status_lost(receipt) && !ration_receipt_truncated(receipt));
	CHECK(ration_receipt_start_errno(receipt) == 0 && !ration_receipt_escaped_to(receipt)[0]);
	CHECK(ration_receipt_metric(receipt, RATION_METRIC_WALL_USEC, &usec) == RATION_SOURCE_CLOCK && usec > 0);
	CHECK(ration_receipt_metric(receipt, RATION_METRIC_FROZEN_USEC, &usec) == RATION_SOURCE_ABSENT && usec == 0);
	outcome.size = sizeof(outcome);
	evidence.size = sizeof(evidence);
	CHECK(!ration_receipt_outcome(receipt, RATION_LIMIT_TIMEOUT, &outcome) && !outcome.acted);
	CHECK(!ration_receipt_evidence(receipt, 0, &evidence));
	run = ration_run_free(run);
	snprintf(words[0], sizeof(words[0]), "/nowhere/at/all");
	CHECK(ration_run_start(host, plan, &how, &run, &error) < 0 && error.cause == RATION_CAUSE_COMMAND);
}

int main(void)
{
	struct ration_host_options where = { 0 };
	struct ration_host *host = NULL;
	struct ration_plan *plan;
	char nspace[32];
	int pair[2];

	alarm(80);
	/* First of all: a shell takes one digit. */
	CHECK(pipe(pair) == 0 && pair[1] < 10);
	check_limits();
	check_metrics();
	check_names();
	check_vm();
	check_error();
	snprintf(nspace, sizeof(nspace), "rtest-abi-%ld", (long)getpid());
	where.size = sizeof(where);
	where.nspace = nspace;
	CHECK(ration_host_open(&where, &host, &error) == 0);
	check_host(host);
	check_gc(host);
	check_findings(host);
	plan = plan_of(host);
	check_run(host, plan, pair);
	ration_plan_free(plan);
	ration_host_free(host);
	CHECK(ration_version_number() >= RATION_VERSION_NUMBER);
	puts("as it was");
	return 0;
}
