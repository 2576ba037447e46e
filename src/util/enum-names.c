/* SPDX-License-Identifier: MIT */
/*
 * enum-names.c - the words of plans and receipts
 *
 * These are an interface: they stand in JSON that other programs read, and a
 * word is never changed.
 */
#include "ration.h"

#include "util/cleanup.h"

/* Defines the function that looks a value up in its table: NULL where it isn't one of the enum. */
#define NAME_FUNCTION(function, type, table)                                        \
	const char *function(enum type value)                                       \
	{                                                                           \
		return (unsigned)value < ARRAY_SIZE(table) ? (table)[value] : NULL; \
	}

static const char *const mechanisms[] = {
	[RATION_MECHANISM_NONE] = "none",
	[RATION_MECHANISM_CGROUP2] = "cgroup2",
	[RATION_MECHANISM_CGROUP1] = "cgroup1",
	[RATION_MECHANISM_RLIMIT] = "rlimit",
	[RATION_MECHANISM_AFFINITY] = "affinity",
	[RATION_MECHANISM_NICE] = "nice",
	[RATION_MECHANISM_WATCH] = "watch",
};
NAME_FUNCTION(ration_mechanism_name, ration_mechanism, mechanisms)

static const char *const scopes[] = {
	[RATION_SCOPE_NONE] = "none",
	[RATION_SCOPE_GROUP] = "group",
	[RATION_SCOPE_PROCESS] = "process",
	[RATION_SCOPE_USER] = "user",
};
NAME_FUNCTION(ration_scope_name, ration_scope, scopes)

static const char *const verdicts[] = {
	[RATION_VERDICT_OK] = "ok",
	[RATION_VERDICT_EXIT] = "exit",
	[RATION_VERDICT_SIGNAL] = "signal",
	[RATION_VERDICT_CPU_TIME] = "cpu-time",
	[RATION_VERDICT_CPU_TIME_SOFT] = "cpu-time-soft",
	[RATION_VERDICT_WALL_TIME] = "wall-time",
	[RATION_VERDICT_MEMORY] = "memory",
	[RATION_VERDICT_MEMORY_EXTERNAL] = "memory-external",
	[RATION_VERDICT_MEMORY_STALL] = "memory-stall",
	[RATION_VERDICT_PIDS] = "pids",
	[RATION_VERDICT_OUTPUT] = "output",
	[RATION_VERDICT_INTERRUPTED] = "interrupted",
	[RATION_VERDICT_NOT_STARTED] = "not-started",
	[RATION_VERDICT_INTERNAL] = "internal",
};
NAME_FUNCTION(ration_verdict_name, ration_verdict, verdicts)

static const char *const levels[] = {
	[RATION_LEVEL_GROUP] = "group",
	[RATION_LEVEL_TENANT] = "tenant",
	[RATION_LEVEL_ANCESTOR] = "ancestor",
	[RATION_LEVEL_MACHINE] = "machine",
	[RATION_LEVEL_OUTSIDE] = "outside",
};
NAME_FUNCTION(ration_level_name, ration_level, levels)

static const char *const metrics[] = {
	[RATION_METRIC_WALL_USEC] = "wall_usec",
	[RATION_METRIC_CPU_USEC] = "cpu_usec",
	[RATION_METRIC_CPU_USER_USEC] = "cpu_user_usec",
	[RATION_METRIC_CPU_SYSTEM_USEC] = "cpu_system_usec",
	[RATION_METRIC_THROTTLED_COUNT] = "throttled_count",
	[RATION_METRIC_THROTTLED_USEC] = "throttled_usec",
	[RATION_METRIC_MEMORY_PEAK_BYTES] = "memory_peak_bytes",
	[RATION_METRIC_MEMORY_ANON_BYTES] = "memory_anon_bytes",
	[RATION_METRIC_MEMORY_FILE_BYTES] = "memory_file_bytes",
	[RATION_METRIC_MEMORY_SHMEM_BYTES] = "memory_shmem_bytes",
	[RATION_METRIC_MEMORY_KERNEL_BYTES] = "memory_kernel_bytes",
	[RATION_METRIC_SWAP_PEAK_BYTES] = "swap_peak_bytes",
	[RATION_METRIC_MAXRSS_BYTES] = "maxrss_bytes",
	[RATION_METRIC_PIDS_PEAK] = "pids_peak",
	[RATION_METRIC_PIDS_REFUSED] = "pids_refused",
	[RATION_METRIC_OOM_KILLS] = "oom_kills",
	[RATION_METRIC_MEMORY_HIGH_COUNT] = "memory_high_count",
	[RATION_METRIC_IO_READ_BYTES] = "io_read_bytes",
	[RATION_METRIC_IO_WRITE_BYTES] = "io_write_bytes",
	[RATION_METRIC_IO_READ_OPS] = "io_read_ops",
	[RATION_METRIC_IO_WRITE_OPS] = "io_write_ops",
	[RATION_METRIC_CPU_PRESSURE_SOME_USEC] = "cpu_pressure_some_usec",
	[RATION_METRIC_MEMORY_PRESSURE_SOME_USEC] = "memory_pressure_some_usec",
	[RATION_METRIC_MEMORY_PRESSURE_FULL_USEC] = "memory_pressure_full_usec",
	[RATION_METRIC_IO_PRESSURE_FULL_USEC] = "io_pressure_full_usec",
	[RATION_METRIC_STDOUT_BYTES] = "stdout_bytes",
	[RATION_METRIC_STDERR_BYTES] = "stderr_bytes",
	[RATION_METRIC_MEMORY_CURRENT_BYTES] = "memory_current_bytes",
	[RATION_METRIC_SWAP_CURRENT_BYTES] = "swap_current_bytes",
	[RATION_METRIC_PIDS_CURRENT] = "pids_current",
	[RATION_METRIC_FROZEN_USEC] = "frozen_usec",
};
_Static_assert(ARRAY_SIZE(metrics) == RATION_METRIC_COUNT, "a metric has no name");
NAME_FUNCTION(ration_metric_name, ration_metric, metrics)

static const char *const sources[] = {
	[RATION_SOURCE_ABSENT] = "absent",
	[RATION_SOURCE_CGROUP2] = "cgroup2",
	[RATION_SOURCE_RUSAGE] = "rusage",
	[RATION_SOURCE_SAMPLED] = "sampled",
	[RATION_SOURCE_CLOCK] = "clock",
	[RATION_SOURCE_CGROUP1] = "cgroup1",
};
NAME_FUNCTION(ration_source_name, ration_source, sources)

static const char *const owners[] = {
	[RATION_OWNER_UNKNOWN] = "unknown",
	[RATION_OWNER_ALIVE] = "alive",
	[RATION_OWNER_DEAD] = "dead",
	[RATION_OWNER_KEPT] = "kept",
};
NAME_FUNCTION(ration_owner_name, ration_owner, owners)

static const char *const events[] = {
	[RATION_EVENT_OOM] = "oom",
	[RATION_EVENT_OOM_KILL] = "oom-kill",
	[RATION_EVENT_MEMORY_HIGH] = "memory-high",
	[RATION_EVENT_TASKS_REFUSED] = "tasks-refused",
	[RATION_EVENT_POPULATED] = "populated",
	[RATION_EVENT_EMPTY] = "empty",
	[RATION_EVENT_FROZEN] = "frozen",
	[RATION_EVENT_THAWED] = "thawed",
	[RATION_EVENT_PRESSURE] = "pressure",
	[RATION_EVENT_GONE] = "gone",
};
_Static_assert(ARRAY_SIZE(events) == RATION_EVENT_COUNT, "an event has no name");

const char *ration_event_name(enum ration_event_kind kind)
{
	return (size_t)kind < RATION_EVENT_COUNT ? events[kind] : "unknown";
}

static const char *const severities[] = {
	[RATION_SEVERITY_OK] = "ok",
	[RATION_SEVERITY_NOTE] = "note",
	[RATION_SEVERITY_WARN] = "warn",
	[RATION_SEVERITY_BAD] = "bad",
};
NAME_FUNCTION(ration_severity_name, ration_severity, severities)

const char *ration_version(void)
{
	return RATION_VERSION;
}
