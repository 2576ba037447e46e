/* SPDX-License-Identifier: MIT */
/*
 * ration/receipt.h - the record of a run: why it ended, and what it used
 *
 * A receipt belongs to its run (ration_run_receipt()) and never changes. Functions read it value by
 * value, so that later versions can add values.
 */
#ifndef RATION_RECEIPT_H
#define RATION_RECEIPT_H

#include <ration/error.h>
#include <ration/limits.h>

/* Why a run ended. */
enum ration_verdict {
	/* By itself. */
	RATION_VERDICT_OK = 0,                /* exit status 0 */
	RATION_VERDICT_EXIT = 1,              /* another exit status */
	RATION_VERDICT_SIGNAL = 2,            /* a signal that the supervisor didn't send */
	/* By a limit. */
	RATION_VERDICT_MEMORY = 100,          /* its own memory limit */
	RATION_VERDICT_MEMORY_EXTERNAL = 101, /* the memory of its tenant, an ancestor or the machine */
	RATION_VERDICT_MEMORY_STALL = 102,
	RATION_VERDICT_CPU_TIME = 200,
	RATION_VERDICT_CPU_TIME_SOFT = 201,
	RATION_VERDICT_PIDS = 300,            /* by the watch only: a kernel refuses the fork */
	RATION_VERDICT_WALL_TIME = 500,
	RATION_VERDICT_OUTPUT = 600,
	/* By request. */
	RATION_VERDICT_INTERRUPTED = 700,     /* a signal to the supervisor */
	/* By a failure. */
	RATION_VERDICT_NOT_STARTED = 800,     /* the command couldn't be executed */
	RATION_VERDICT_INTERNAL = 801,        /* the supervisor failed */
};

/* The level of the tree at which a counter moved, from the group upwards. */
enum ration_level {
	RATION_LEVEL_GROUP = 0,
	RATION_LEVEL_TENANT = 100,
	RATION_LEVEL_ANCESTOR = 200,
	RATION_LEVEL_OUTSIDE = 300,  /* a group above all that are visible here, or the machine */
	RATION_LEVEL_MACHINE = 400,
};

/* What a run or a group used. */
enum ration_metric {
	RATION_METRIC_NONE = 0,              /* no metric: what ration_metric_at() returns behind the last */
	/* Memory. */
	RATION_METRIC_MEMORY_PEAK_BYTES = 100,
	RATION_METRIC_MEMORY_CURRENT_BYTES = 101, /* of live groups only */
	RATION_METRIC_MEMORY_ANON_BYTES = 102,
	RATION_METRIC_MEMORY_FILE_BYTES = 103,
	RATION_METRIC_MEMORY_SHMEM_BYTES = 104,
	RATION_METRIC_MEMORY_KERNEL_BYTES = 105,
	RATION_METRIC_MAXRSS_BYTES = 106,    /* of the largest single process; absent if this program was as large
						when it started the command, because the kernel counts that memory
						as well */
	RATION_METRIC_OOM_KILLS = 107,       /* in the group, by any OOM kill, as the kernel counts: the first
						victim of a group kill usually counts twice */
	/*
	 * This, and those marked below, count what the group's own limit did. In a receipt the
	 * metric is absent instead of 0 if the limit of a group above did so during the run: the
	 * evidence tells which one.
	 */
	RATION_METRIC_MEMORY_HIGH_COUNT = 108,
	RATION_METRIC_MEMORY_PRESSURE_SOME_USEC = 109,
	RATION_METRIC_MEMORY_PRESSURE_FULL_USEC = 110,
	RATION_METRIC_MINOR_FAULTS = 111,         /* page faults without I/O; of the command and those of its
						     descendants that were waited for. Since 0.2.0 */
	RATION_METRIC_MAJOR_FAULTS = 112,         /* with I/O. Since 0.2.0 */
	RATION_METRIC_SWAP_PEAK_BYTES = 150,
	RATION_METRIC_SWAP_CURRENT_BYTES = 151,   /* of live groups only */
	/* CPU. */
	RATION_METRIC_CPU_USEC = 200,
	RATION_METRIC_CPU_USER_USEC = 201,
	RATION_METRIC_CPU_SYSTEM_USEC = 202,
	RATION_METRIC_THROTTLED_COUNT = 203,      /* by the own limit */
	RATION_METRIC_THROTTLED_USEC = 204,       /* by the own limit */
	RATION_METRIC_CPU_PRESSURE_SOME_USEC = 205,
	RATION_METRIC_VOLUNTARY_SWITCHES = 206,   /* context switches to wait for something; of the same processes
						     as the faults. Since 0.2.0 */
	RATION_METRIC_INVOLUNTARY_SWITCHES = 207, /* by the scheduler. Since 0.2.0 */
	/* Tasks. */
	RATION_METRIC_PIDS_PEAK = 300,
	RATION_METRIC_PIDS_CURRENT = 301,         /* of live groups only */
	RATION_METRIC_PIDS_REFUSED = 302,         /* by the own limit; before Linux 6.11 and in cgroup v1 by any */
	/* I/O. */
	RATION_METRIC_IO_READ_BYTES = 400,
	RATION_METRIC_IO_WRITE_BYTES = 401,
	RATION_METRIC_IO_READ_OPS = 402,
	RATION_METRIC_IO_WRITE_OPS = 403,
	RATION_METRIC_IO_PRESSURE_FULL_USEC = 404,
	/* Time. */
	RATION_METRIC_WALL_USEC = 500,            /* until the command ended; with wait_all, until all had */
	RATION_METRIC_FROZEN_USEC = 501,          /* of live groups only; Linux 6.18 */
	/* Output that was passed on, where it is limited. */
	RATION_METRIC_STDOUT_BYTES = 600,
	RATION_METRIC_STDERR_BYTES = 601,
};

/* Where the value of a metric comes from. */
enum ration_source {
	RATION_SOURCE_ABSENT = 0,    /* not known */
	RATION_SOURCE_CGROUP2 = 100, /* the kernel's count of the whole group */
	RATION_SOURCE_CGROUP1 = 101, /* the same, by cgroup v1 */
	RATION_SOURCE_RUSAGE = 200,  /* wait4(2): processes that were waited for only */
	RATION_SOURCE_SAMPLED = 300, /* measured by the watch, which misses peaks between two samples */
	RATION_SOURCE_CLOCK = 301,   /* the supervisor's own clock or count: exact */
};

/* How the command came into its group. */
enum ration_birth {
	RATION_BIRTH_NONE = 0,     /* there is no group, or nothing was started */
	RATION_BIRTH_CLONED = 1,   /* born in it: clone3(CLONE_INTO_CGROUP), Linux 5.7 */
	RATION_BIRTH_MIGRATED = 2, /* stopped, moved into it, released before exec */
	RATION_BIRTH_JOINED = 3,   /* born in it if there is a cgroup2, and moved itself into the
				      directories of cgroup v1 before exec */
};

/* What holds the processes of a run together. */
enum ration_containment {
	RATION_CONTAINMENT_CGROUP = 0,      /* a cgroup */
	RATION_CONTAINMENT_SUBREAPER = 100, /* descent from a child subreaper, by /proc */
	RATION_CONTAINMENT_FOLLOWED = 101,  /* macOS: descent, as far as it is seen. A process escapes if it leaves
					       its process group and loses its parent between two looks */
};

/*
 * One counter that moved: what a verdict is based on, or what a limit did without ending the
 * run. Its strings are valid as long as the receipt.
 */
struct ration_evidence {
	size_t size;               /* sizeof(struct ration_evidence), set by the caller */
	const char *counter;       /* "memory.events.local oom_kill" */
	enum ration_level level;
	const char *where;         /* the path of the group whose counter it is, or "" */
	uint64_t before, after;
};

/* What became of a limit. */
struct ration_outcome {
	size_t size;         /* sizeof(struct ration_outcome), set by the caller */
	bool acted;          /* this limit ended the run */
	uint64_t observed;   /* what was measured then, in the unit of the limit; RATION_UNKNOWN if nothing
				measures it (memory before Linux 5.19); 0 if it didn't act */
	bool changed;        /* somebody changed its kernel file during the run. For memory and swap this is
				detected by their peak even if `at_end` is the old value; other limits that were
				changed and set back aren't detected */
	uint64_t at_end;     /* what the kernel's file said at the end, if at_end_known or changed; else 0 */
	bool at_end_known;   /* the file was read at the end, whether or not it was changed; not for lists and
				limits with a key, which are text. Since 0.2.0 */
};

/* The record of a run. The calls that read it are since 0.2.0. */
struct ration_receipt;
struct ration_run;

RATION_BEGIN

/* Returns why the run ended. */
RATION_PUBLIC enum ration_verdict ration_receipt_verdict(const struct ration_receipt *receipt);

/* Returns what `ration run` would exit with: 0 to 255. */
RATION_PUBLIC int ration_receipt_exit_code(const struct ration_receipt *receipt);

/*
 * Reads what the run used. `ret_value` can be NULL. If the source is RATION_SOURCE_ABSENT, it
 * becomes 0: the metric isn't known, or this version doesn't have it. A known metric that is 0 has
 * another source.
 */
RATION_PUBLIC enum ration_source ration_receipt_metric(const struct ration_receipt *receipt,
		enum ration_metric metric, uint64_t *ret_value);

/* Returns the exit code of the command, or -1 if it didn't exit. */
RATION_PUBLIC int ration_receipt_child_status(const struct ration_receipt *receipt);

/* Returns the signal that ended the command, or 0. */
RATION_PUBLIC int ration_receipt_child_signal(const struct ration_receipt *receipt);

/* Returns whether the command dumped core. */
RATION_PUBLIC bool ration_receipt_core(const struct ration_receipt *receipt);

/*
 * Returns whether the command's exit status is unknown, because this process waited for the command
 * itself or ignores SIGCHLD. The verdict is that of the limit that ended the run, or internal.
 */
RATION_PUBLIC bool ration_receipt_status_lost(const struct ration_receipt *receipt);

/* Returns whether output was cut. */
RATION_PUBLIC bool ration_receipt_truncated(const struct ration_receipt *receipt);

/* Returns the errno of an exec that failed, positive, or 0. */
RATION_PUBLIC int ration_receipt_start_errno(const struct ration_receipt *receipt);

/* Returns whether the command ran as another user, and as which one. Since 0.2.0. */
RATION_PUBLIC bool ration_receipt_user(const struct ration_receipt *receipt, uint32_t *ret_uid, uint32_t *ret_gid);

/* Return how the command came into its group, and what held its processes together. */
RATION_PUBLIC enum ration_birth ration_receipt_birth(const struct ration_receipt *receipt);
RATION_PUBLIC enum ration_containment ration_receipt_containment(const struct ration_receipt *receipt);

/* Returns how many processes outlived the command and were killed. */
RATION_PUBLIC uint64_t ration_receipt_leftover_killed(const struct ration_receipt *receipt);

/*
 * Returns whether the command was started, and when: in microseconds since the epoch (a clock that
 * can be set and jump) and on CLOCK_MONOTONIC. Either pointer can be NULL. Since 0.2.0.
 */
RATION_PUBLIC bool ration_receipt_started(const struct ration_receipt *receipt, uint64_t *ret_realtime_usec,
		uint64_t *ret_monotonic_usec);

/* Returns the address of the run, "TENANT/NAME"; "" if nothing was started. */
RATION_PUBLIC const char *ration_receipt_address(const struct ration_receipt *receipt);

/*
 * Returns the id of the run, which no other run of this machine has. It is also the name of the
 * run's group, unless ration_run_options.name is set. A run that wasn't started has one, too. Since
 * 0.2.0.
 */
RATION_PUBLIC const char *ration_receipt_id(const struct ration_receipt *receipt);

/*
 * Returns the path of the group to which the command has moved, out of its own; or, with
 * ration_run_options.descent, one of its processes. It was ended for that; the verdict is internal
 * unless a limit came first. "" if nothing moved.
 */
RATION_PUBLIC const char *ration_receipt_escaped_to(const struct ration_receipt *receipt);

/*
 * Returns what ration couldn't do, as text for people: why the verdict is internal, unless
 * ration_receipt_escaped_to() says it; or, with any other verdict, why the group still exists, or
 * that metrics are missing because they couldn't be read. Else "". Since 0.2.0.
 */
RATION_PUBLIC const char *ration_receipt_failure(const struct ration_receipt *receipt);

/*
 * Fills in what became of a limit. Returns true if the limit ended the run or was changed during
 * it. Otherwise returns false, but fills the struct in as well. Without a size it only returns.
 */
RATION_PUBLIC bool ration_receipt_outcome(const struct ration_receipt *receipt, enum ration_limit limit,
		struct ration_outcome *ret_outcome);

/*
 * Fills in evidence `i`. Returns false, and writes nothing, if there are not so many: count
 * up from 0 until then. Also without a size.
 */
RATION_PUBLIC bool ration_receipt_evidence(const struct ration_receipt *receipt, size_t i,
		struct ration_evidence *ret_evidence);

/*
 * Creates the receipt of a run that failed, for programs that keep a receipt of each run: from the
 * error of ration_run_start() (then `run` is NULL), ration_run_dispatch() or ration_run_wait(). The
 * verdict is not-started if the cause is RATION_CAUSE_COMMAND, else internal; nothing else is
 * known. The receipt belongs to the caller.
 * Errors: -ENOMEM, -EINVAL (no error). Since 0.2.0.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_receipt_new_failed(const struct ration_run *run,
		const struct ration_error *error, struct ration_receipt **ret_receipt);

/* Frees a receipt of ration_receipt_new_failed(), and no other. Accepts NULL, returns NULL. */
RATION_PUBLIC struct ration_receipt *ration_receipt_free(struct ration_receipt *receipt);

/* "ok", "wall-time", "memory-external", ... */
RATION_PUBLIC const char *ration_verdict_name(enum ration_verdict verdict);
/* "group", "tenant", "ancestor", "outside", "machine". */
RATION_PUBLIC const char *ration_level_name(enum ration_level level);
/* "wall_usec", "memory_peak_bytes", ... */
RATION_PUBLIC const char *ration_metric_name(enum ration_metric metric);
/* "cgroup2", "cgroup1", "rusage", "sampled", "clock"; "absent". */
RATION_PUBLIC const char *ration_source_name(enum ration_source source);

RATION_END

#endif /* RATION_RECEIPT_H */
