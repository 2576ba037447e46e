/* SPDX-License-Identifier: MIT */
/* ration/limits.h - what is asked for */
#ifndef RATION_LIMITS_H
#define RATION_LIMITS_H

#include <ration/error.h>

/*
 * The limits. `ration run --help` and ration-run(1) describe each; ration/tables.h has the
 * kernel file, range, unit and fallback of each.
 */
enum ration_limit {
	/* Memory, in bytes. */
	RATION_LIMIT_MEMORY = 100,
	RATION_LIMIT_SWAP = 101,
	RATION_LIMIT_MEMORY_HIGH = 102,
	RATION_LIMIT_MEMORY_LOW = 103,
	RATION_LIMIT_MEMORY_MIN = 104,
	RATION_LIMIT_HUGETLB = 105,       /* of each page size */
	/* CPU. */
	RATION_LIMIT_CPUS = 200,          /* microseconds of CPU time in each 100 ms */
	RATION_LIMIT_CPU_BURST = 201,     /* microseconds */
	RATION_LIMIT_CPU_IDLE = 202,      /* 0 or 1 */
	RATION_LIMIT_CPU_WEIGHT = 203,    /* 1 to 10000; every group has 100 by default */
	RATION_LIMIT_CPU_TIME = 204,      /* microseconds, soft and hard */
	RATION_LIMIT_CPUSET_CPUS = 205,   /* a list: "0-3,8" */
	RATION_LIMIT_CPUSET_MEMS = 206,   /* a list of NUMA nodes: "0-1" */
	/* Tasks: processes and threads. */
	RATION_LIMIT_PIDS = 300,
	/* I/O of each disk. */
	RATION_LIMIT_IO_READ_BPS = 400,   /* bytes a second */
	RATION_LIMIT_IO_WRITE_BPS = 401,
	RATION_LIMIT_IO_READ_IOPS = 402,  /* operations a second */
	RATION_LIMIT_IO_WRITE_IOPS = 403,
	/* Time, in microseconds. */
	RATION_LIMIT_TIMEOUT = 500,       /* soft and hard, both from the start: soft sends the signal, hard kills */
	RATION_LIMIT_STALL_TIMEOUT = 501,
	/* Output. */
	RATION_LIMIT_OUTPUT = 600,        /* bytes on each of stdout and stderr */
	/* setrlimit(2): soft and hard, in the unit of the resource. */
	RATION_LIMIT_RLIMIT_AS = 1000,
	RATION_LIMIT_RLIMIT_CORE = 1001,
	RATION_LIMIT_RLIMIT_CPU = 1002,
	RATION_LIMIT_RLIMIT_DATA = 1003,
	RATION_LIMIT_RLIMIT_FSIZE = 1004,
	RATION_LIMIT_RLIMIT_LOCKS = 1005,
	RATION_LIMIT_RLIMIT_MEMLOCK = 1006,
	RATION_LIMIT_RLIMIT_MSGQUEUE = 1007,
	RATION_LIMIT_RLIMIT_NICE = 1008,
	RATION_LIMIT_RLIMIT_NOFILE = 1009,
	RATION_LIMIT_RLIMIT_NPROC = 1010,
	RATION_LIMIT_RLIMIT_RSS = 1011,
	RATION_LIMIT_RLIMIT_RTPRIO = 1012,
	RATION_LIMIT_RLIMIT_RTTIME = 1013,
	RATION_LIMIT_RLIMIT_SIGPENDING = 1014,
	RATION_LIMIT_RLIMIT_STACK = 1015,
};

/* Who enforces the limits of a plan. */
enum ration_purpose {
	RATION_PURPOSE_RUN = 0,     /* the kernel, and the supervisor of ration_run_start() */
	RATION_PURPOSE_GROUP = 1,   /* the kernel alone: a tenant or a group without a supervisor */
	RATION_PURPOSE_PROCESS = 2, /* the kernel, for each process: one that is started in a group, attached to
				       it, or executes a command in it */
};

RATION_BEGIN

/* Returns whether a limit can be asked for with this purpose on any host at all. */
RATION_PUBLIC bool ration_limit_fits(enum ration_limit limit, enum ration_purpose purpose);

/* A set of limits. Nothing takes effect before it is planned and applied. */
struct ration_limits;

/* Creates an empty set. Errors: -ENOMEM. */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_new(struct ration_limits **ret_limits);
RATION_PUBLIC struct ration_limits *ration_limits_free(struct ration_limits *limits);

/*
 * Asks for a limit as text, in the grammar of the command line:
 * sizes `64M`, `1.5GiB`, `50%` (of what the parent can use), `max`; durations
 * `500ms`, `1.5s`, `2m`, `1h`, bare seconds, 0 for none; CPUs `1.5`, `150%`;
 * counts; lists `0-3,8`; `SOFT:HARD` for limits with a soft value; `KEY:VALUE`,
 * split at the last colon, for limits with a key (a disk, a page size). That sets the value of
 * one key; other keys keep theirs.
 * Errors: -EINVAL (malformed, or an ambiguous unit), -ERANGE. The message names the flag, the
 * value, the range and an example. On failure the set is unchanged.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_parse(struct ration_limits *limits,
		enum ration_limit limit, const char *text, struct ration_error *reterr);

/*
 * Asks for `hard`, in the unit of the limit; RATION_UNLIMITED lifts it. `soft` is used by
 * limits with a soft value only; RATION_UNLIMITED: there is none (cpu_time, timeout), or it
 * is the same as `hard` (setrlimit resources).
 * Errors: -EINVAL (no such limit; one that is text or has a key), -ERANGE (out of its
 * range; soft above hard). On failure the set is unchanged.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_set(struct ration_limits *limits,
		enum ration_limit limit, uint64_t soft, uint64_t hard, struct ration_error *reterr);

/* Removes a limit from the set. One that isn't in it is no error. */
RATION_PUBLIC void ration_limits_unset(struct ration_limits *limits, enum ration_limit limit);

/* Returns whether a limit is asked for. */
RATION_PUBLIC bool ration_limits_has(const struct ration_limits *limits, enum ration_limit limit);

/*
 * Reads a limit, as ration_limits_set() takes it. `ret_soft` can be NULL.
 * Errors: -ENOENT (it isn't asked for), -EINVAL (no such limit; one that is
 * text, or a percentage, which has no number yet).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_get(const struct ration_limits *limits,
		enum ration_limit limit, uint64_t *ret_soft, uint64_t *ret_hard);

/*
 * Parses a duration as the command line does, into microseconds: for settings
 * that aren't limits, such as the time between the first signal and SIGKILL.
 * More than 2^63 becomes 2^63; more than zero never becomes 0.
 * Errors: -EINVAL. The message names `flag`.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_parse_duration(const char *flag, const char *text,
		uint64_t *ret_usec, struct ration_error *reterr);

/* Parses a size as the command line does, into bytes. Errors: -EINVAL, -ERANGE. */
RATION_PUBLIC RATION_MUST_CHECK int ration_parse_size(const char *flag, const char *text,
		uint64_t *ret_bytes, struct ration_error *reterr);

/* Room for what the two calls below write, with its final NUL. */
#define RATION_TEXT_MAX 32

/* Formats bytes for people: "64 MiB", "1.5 GiB", "no limit", "unknown". Returns buf. */
RATION_PUBLIC const char *ration_format_size(char buf[RATION_TEXT_MAX], uint64_t bytes);

/* Formats microseconds for people: "250 ms", "1.5 s", "2 min", "no limit", "unknown". Returns buf. */
RATION_PUBLIC const char *ration_format_duration(char buf[RATION_TEXT_MAX], uint64_t usec);

RATION_END

#endif /* RATION_LIMITS_H */
