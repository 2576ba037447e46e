/* SPDX-License-Identifier: MIT */
/*
 * enum-names.c - the words of plans and receipts
 *
 * These are an interface: they stand in JSON that other programs read, and a
 * word is never changed.
 */
#include "ration.h"

/* No `default:`, so the compiler names a value without a word. */
#define NAME(value, word) \
	case value:       \
		return word;

const char *ration_mechanism_name(enum ration_mechanism value)
{
	switch (value) {
	NAME(RATION_MECHANISM_NONE, "none")
	NAME(RATION_MECHANISM_CGROUP2, "cgroup2")
	NAME(RATION_MECHANISM_CGROUP1, "cgroup1")
	NAME(RATION_MECHANISM_RLIMIT, "rlimit")
	NAME(RATION_MECHANISM_AFFINITY, "affinity")
	NAME(RATION_MECHANISM_NICE, "nice")
	NAME(RATION_MECHANISM_WATCH, "watch")
	}
	return NULL;
}

const char *ration_scope_name(enum ration_scope value)
{
	switch (value) {
	NAME(RATION_SCOPE_NONE, "none")
	NAME(RATION_SCOPE_GROUP, "group")
	NAME(RATION_SCOPE_PROCESS, "process")
	NAME(RATION_SCOPE_USER, "user")
	}
	return NULL;
}

const char *ration_verdict_name(enum ration_verdict value)
{
	switch (value) {
	NAME(RATION_VERDICT_OK, "ok")
	NAME(RATION_VERDICT_EXIT, "exit")
	NAME(RATION_VERDICT_SIGNAL, "signal")
	NAME(RATION_VERDICT_CPU_TIME, "cpu-time")
	NAME(RATION_VERDICT_CPU_TIME_SOFT, "cpu-time-soft")
	NAME(RATION_VERDICT_WALL_TIME, "wall-time")
	NAME(RATION_VERDICT_MEMORY, "memory")
	NAME(RATION_VERDICT_MEMORY_EXTERNAL, "memory-external")
	NAME(RATION_VERDICT_MEMORY_STALL, "memory-stall")
	NAME(RATION_VERDICT_PIDS, "pids")
	NAME(RATION_VERDICT_OUTPUT, "output")
	NAME(RATION_VERDICT_INTERRUPTED, "interrupted")
	NAME(RATION_VERDICT_NOT_STARTED, "not-started")
	NAME(RATION_VERDICT_INTERNAL, "internal")
	}
	return NULL;
}

const char *ration_level_name(enum ration_level value)
{
	switch (value) {
	NAME(RATION_LEVEL_GROUP, "group")
	NAME(RATION_LEVEL_TENANT, "tenant")
	NAME(RATION_LEVEL_ANCESTOR, "ancestor")
	NAME(RATION_LEVEL_MACHINE, "machine")
	NAME(RATION_LEVEL_OUTSIDE, "outside")
	}
	return NULL;
}

const char *ration_metric_name(enum ration_metric value)
{
	switch (value) {
	NAME(RATION_METRIC_WALL_USEC, "wall_usec")
	NAME(RATION_METRIC_CPU_USEC, "cpu_usec")
	NAME(RATION_METRIC_CPU_USER_USEC, "cpu_user_usec")
	NAME(RATION_METRIC_CPU_SYSTEM_USEC, "cpu_system_usec")
	NAME(RATION_METRIC_THROTTLED_COUNT, "throttled_count")
	NAME(RATION_METRIC_THROTTLED_USEC, "throttled_usec")
	NAME(RATION_METRIC_MEMORY_PEAK_BYTES, "memory_peak_bytes")
	NAME(RATION_METRIC_MEMORY_ANON_BYTES, "memory_anon_bytes")
	NAME(RATION_METRIC_MEMORY_FILE_BYTES, "memory_file_bytes")
	NAME(RATION_METRIC_MEMORY_SHMEM_BYTES, "memory_shmem_bytes")
	NAME(RATION_METRIC_MEMORY_KERNEL_BYTES, "memory_kernel_bytes")
	NAME(RATION_METRIC_SWAP_PEAK_BYTES, "swap_peak_bytes")
	NAME(RATION_METRIC_MAXRSS_BYTES, "maxrss_bytes")
	NAME(RATION_METRIC_PIDS_PEAK, "pids_peak")
	NAME(RATION_METRIC_PIDS_REFUSED, "pids_refused")
	NAME(RATION_METRIC_OOM_KILLS, "oom_kills")
	NAME(RATION_METRIC_MEMORY_HIGH_COUNT, "memory_high_count")
	NAME(RATION_METRIC_IO_READ_BYTES, "io_read_bytes")
	NAME(RATION_METRIC_IO_WRITE_BYTES, "io_write_bytes")
	NAME(RATION_METRIC_IO_READ_OPS, "io_read_ops")
	NAME(RATION_METRIC_IO_WRITE_OPS, "io_write_ops")
	NAME(RATION_METRIC_CPU_PRESSURE_SOME_USEC, "cpu_pressure_some_usec")
	NAME(RATION_METRIC_MEMORY_PRESSURE_SOME_USEC, "memory_pressure_some_usec")
	NAME(RATION_METRIC_MEMORY_PRESSURE_FULL_USEC, "memory_pressure_full_usec")
	NAME(RATION_METRIC_IO_PRESSURE_FULL_USEC, "io_pressure_full_usec")
	NAME(RATION_METRIC_VOLUNTARY_SWITCHES, "voluntary_switches")
	NAME(RATION_METRIC_INVOLUNTARY_SWITCHES, "involuntary_switches")
	NAME(RATION_METRIC_MINOR_FAULTS, "minor_faults")
	NAME(RATION_METRIC_MAJOR_FAULTS, "major_faults")
	NAME(RATION_METRIC_STDOUT_BYTES, "stdout_bytes")
	NAME(RATION_METRIC_STDERR_BYTES, "stderr_bytes")
	NAME(RATION_METRIC_MEMORY_CURRENT_BYTES, "memory_current_bytes")
	NAME(RATION_METRIC_SWAP_CURRENT_BYTES, "swap_current_bytes")
	NAME(RATION_METRIC_PIDS_CURRENT, "pids_current")
	NAME(RATION_METRIC_FROZEN_USEC, "frozen_usec")
	case RATION_METRIC_NONE:
		break;
	}
	return NULL;
}

const char *ration_state_name(enum ration_state value)
{
	switch (value) {
	NAME(RATION_STATE_UNKNOWN, "unknown")
	NAME(RATION_STATE_RUNNING, "running")
	NAME(RATION_STATE_FROZEN, "frozen")
	NAME(RATION_STATE_STOPPED, "stopped")
	NAME(RATION_STATE_EMPTY, "empty")
	}
	return NULL;
}

const char *ration_source_name(enum ration_source value)
{
	switch (value) {
	NAME(RATION_SOURCE_ABSENT, "absent")
	NAME(RATION_SOURCE_CGROUP2, "cgroup2")
	NAME(RATION_SOURCE_RUSAGE, "rusage")
	NAME(RATION_SOURCE_SAMPLED, "sampled")
	NAME(RATION_SOURCE_CLOCK, "clock")
	NAME(RATION_SOURCE_CGROUP1, "cgroup1")
	}
	return NULL;
}

const char *ration_owner_name(enum ration_owner value)
{
	switch (value) {
	NAME(RATION_OWNER_UNKNOWN, "unknown")
	NAME(RATION_OWNER_ALIVE, "alive")
	NAME(RATION_OWNER_DEAD, "dead")
	NAME(RATION_OWNER_KEPT, "kept")
	NAME(RATION_OWNER_IMPLIED, "implied")
	}
	return NULL;
}

const char *ration_event_name(enum ration_event_kind value)
{
	switch (value) {
	NAME(RATION_EVENT_OOM, "oom")
	NAME(RATION_EVENT_OOM_KILL, "oom-kill")
	NAME(RATION_EVENT_MEMORY_HIGH, "memory-high")
	NAME(RATION_EVENT_TASKS_REFUSED, "tasks-refused")
	NAME(RATION_EVENT_POPULATED, "populated")
	NAME(RATION_EVENT_EMPTY, "empty")
	NAME(RATION_EVENT_FROZEN, "frozen")
	NAME(RATION_EVENT_THAWED, "thawed")
	NAME(RATION_EVENT_PRESSURE, "pressure")
	NAME(RATION_EVENT_GONE, "gone")
	}
	return NULL;
}

const char *ration_severity_name(enum ration_severity value)
{
	switch (value) {
	NAME(RATION_SEVERITY_OK, "ok")
	NAME(RATION_SEVERITY_NOTE, "note")
	NAME(RATION_SEVERITY_WARN, "warn")
	NAME(RATION_SEVERITY_BAD, "bad")
	}
	return NULL;
}
