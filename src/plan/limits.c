/* SPDX-License-Identifier: MIT */
/*
 * limits.c - the table of limits, and what was asked for
 *
 * A row of the table says everything about a limit: how it is written, its unit and
 * range, the kernel file that enforces it and what does where there is no such file.
 * Below the table there is no code for a single limit: the parser, the range
 * check and every message use the row.
 *
 * A value is read in two steps. Reading turns text into numbers of the row's
 * unit. Settling decides about numbers, wherever they come from: the range, soft
 * against hard, and whether zero means that nothing is asked for.
 */
#include "plan/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

/* No limit of its own, but what JSON and the kernel's loff_t can carry. */
#define NUMBER_MAX ((uint64_t)INT64_MAX)

enum row_flags {
	TAKES_PERCENT = 1 << 0, /* "50%" of what the parent may use */
	ZERO_LIFTS = 1 << 1,    /* 0 asks for nothing */
	IN_SECONDS = 1 << 2,    /* written as a duration, counted in seconds */
};

/* What can hold a limit, the best first. */
#define MECHANISMS(...) \
	.mechanisms = (const enum ration_mechanism[]) { __VA_ARGS__, RATION_MECHANISM_NONE }

struct limit_row {
	struct ration_limit_info info;
	unsigned flags;
};

/*
 * __COUNTER__ counts the rows while they are written, and the assertion below
 * the table compares. Two rows of one limit are an overridden initialiser, which
 * the compiler warns of; so as many rows as limits means every row.
 */
#define ROW(LIMIT, UNIT, RESOURCE, FLAGS, ...)                                                  \
	[LIMIT_INDEX_##LIMIT] = {                                                              \
		.flags = (FLAGS) + 0 * __COUNTER__,                                             \
		.info = { .size = sizeof(struct ration_limit_info),                              \
			.limit = RATION_LIMIT_##LIMIT, .unit = RATION_UNIT_##UNIT,            \
			.resource = (RESOURCE), __VA_ARGS__ },                                  \
	}

#define RLIMIT_ROW(RESOURCE, NAME, UNIT, FLAGS, UNSET, ARGUMENT, EXAMPLE, HELP)                 \
	ROW(RLIMIT_##RESOURCE, UNIT, RLIMIT_##RESOURCE, FLAGS,                                  \
		.name = "rlimit_" NAME, .flag = "--rlimit " NAME, .argument = ARGUMENT,         \
		.max = NUMBER_MAX, .has_soft = true, .lifts = true,                             \
		MECHANISMS(RATION_MECHANISM_RLIMIT),                                      \
		.fallback = "same everywhere, for each process", .unset = UNSET,                \
		.example = EXAMPLE, .help = HELP)

/* The kernel takes no rate of 1, and counts operations in 32 bits. */
#define IOPS_MAX (UINT64_C(0xffffffff) - 1)

#define IO_ROW(LIMIT, NAME, FLAG, UNIT, MIN, MAX, EXAMPLE, HELP)                                \
	ROW(IO_##LIMIT, UNIT, -1, 0, .key = RATION_KEY_DISK,                                    \
		.name = "io_" NAME, .flag = "--io-" FLAG, .argument = "PATH:RATE",              \
		.min = MIN, .max = MAX, .lifts = true,                                          \
		.kernel_file = "io.max", .since = "4.5",                                        \
		MECHANISMS(RATION_MECHANISM_CGROUP2),                                     \
		.fallback = "none", .unset = "no limit", .example = EXAMPLE,                    \
		.help = HELP)

enum { rows_before = __COUNTER__ };

static const struct limit_row rows[LIMIT_INDEX_COUNT] = {
	ROW(MEMORY, BYTES, -1, TAKES_PERCENT,
		.name = "memory", .flag = "--memory", .argument = "SIZE",
		.min = MIB, .max = NUMBER_MAX, .lifts = true,
		.kernel_file = "memory.max", .since = "4.5",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1, RATION_MECHANISM_WATCH),
		.fallback = "cgroup1; watch: the supervisor measures the processes and kills",
		.unset = "no limit", .example = "512M",
		.help = "Maximum memory; OOM kill above it"),
	ROW(SWAP, BYTES, -1, TAKES_PERCENT,
		.name = "swap", .flag = "--swap", .argument = "SIZE",
		.min = 0, .max = NUMBER_MAX, .lifts = true,
		.kernel_file = "memory.swap.max", .since = "4.5",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1),
		.fallback = "cgroup1, together with --memory",
		.unset = "0 with --memory", .example = "256M",
		.help = "Maximum swap in addition to memory"),
	ROW(MEMORY_HIGH, BYTES, -1, TAKES_PERCENT,
		.name = "memory_high", .flag = "--memory-high", .argument = "SIZE",
		.min = MIB, .max = NUMBER_MAX, .lifts = true,
		.kernel_file = "memory.high", .since = "4.5",
		MECHANISMS(RATION_MECHANISM_CGROUP2),
		.fallback = "none",
		.unset = "no limit", .example = "448M",
		.help = "Throttle above this memory usage"),
	ROW(MEMORY_LOW, BYTES, -1, TAKES_PERCENT,
		.name = "memory_low", .flag = "--memory-low", .argument = "SIZE",
		.min = 0, .max = NUMBER_MAX, .lifts = true, .protects = true,
		.kernel_file = "memory.low", .since = "4.5",
		MECHANISMS(RATION_MECHANISM_CGROUP2),
		.fallback = "none",
		.unset = "0", .example = "64M",
		.help = "Avoid reclaiming memory below this usage"),
	ROW(MEMORY_MIN, BYTES, -1, TAKES_PERCENT,
		.name = "memory_min", .flag = "--memory-min", .argument = "SIZE",
		.min = 0, .max = NUMBER_MAX, .lifts = true, .protects = true,
		.kernel_file = "memory.min", .since = "4.18",
		MECHANISMS(RATION_MECHANISM_CGROUP2),
		.fallback = "none",
		.unset = "0", .example = "32M",
		.help = "Never reclaim memory below this usage"),
	ROW(HUGETLB, BYTES, -1, 0, .key = RATION_KEY_PAGE_SIZE,
		.name = "hugetlb", .flag = "--hugetlb", .argument = "PAGESIZE:SIZE",
		.min = 0, .max = NUMBER_MAX, .lifts = true,
		.kernel_file = "hugetlb.2MB.max", .since = "5.6",
		MECHANISMS(RATION_MECHANISM_CGROUP2),
		.fallback = "none",
		.unset = "no limit", .example = "2M:64M",
		.help = "Maximum huge pages (repeatable)"),
	ROW(CPUS, CPUS, -1, 0,
		.name = "cpus", .flag = "--cpus", .argument = "N",
		.min = 1000, .max = UINT64_C(819200000),
		.kernel_file = "cpu.max", .since = "4.15",
		.lifts = true,
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1, RATION_MECHANISM_AFFINITY),
		.fallback = "cgroup1; affinity: pinned to as many whole CPUs",
		.unset = "no limit", .example = "1.5",
		.help = "Maximum number of CPUs: 1.5 or 150%"),
	ROW(CPU_BURST, USEC, -1, ZERO_LIFTS,
		.name = "cpu_burst", .flag = "--cpu-burst", .argument = "DURATION",
		.min = 1000, .max = PARSE_USEC_MAX,
		.kernel_file = "cpu.max.burst", .since = "5.14",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1),
		.fallback = "cgroup1",
		.unset = "none", .example = "20ms",
		.help = "Unused CPU time to save for bursts"),
	ROW(CPU_IDLE, COUNT, -1, 0,
		.name = "cpu_idle", .flag = "--cpu-idle", .argument = "0|1",
		.min = 0, .max = 1,
		.kernel_file = "cpu.idle", .since = "5.15",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1, RATION_MECHANISM_NICE),
		.fallback = "cgroup1; nice: value 19 for each process",
		.unset = "0", .example = "1",
		.help = "1: run only when CPUs are idle"),
	ROW(CPU_WEIGHT, COUNT, -1, 0,
		.name = "cpu_weight", .flag = "--cpu-weight", .argument = "WEIGHT",
		.min = 1, .max = 10000,
		.kernel_file = "cpu.weight", .since = "4.15",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1, RATION_MECHANISM_NICE),
		.fallback = "cgroup1; nice: a value for each process",
		.unset = "100", .example = "200",
		.help = "CPU share relative to other groups"),
	ROW(CPU_TIME, USEC, -1, ZERO_LIFTS,
		.name = "cpu_time", .flag = "--cpu-time", .argument = "[SOFT:]HARD",
		.min = 1, .max = PARSE_USEC_MAX, .has_soft = true,
		.supervised = true, .kernel_file = "cpu.stat", .since = "4.15",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1, RATION_MECHANISM_WATCH, RATION_MECHANISM_RLIMIT),
		.fallback = "cgroup1; watch: the supervisor adds up the processes; RLIMIT_CPU for each "
			"process",
		.unset = "no limit", .example = "10s:12s",
		.help = "Maximum CPU time; signal at SOFT"),
	ROW(TIMEOUT, USEC, -1, ZERO_LIFTS,
		.name = "timeout", .flag = "--timeout", .argument = "[SOFT:]HARD",
		.min = 1, .max = PARSE_USEC_MAX, .has_soft = true,
		.supervised = true, MECHANISMS(RATION_MECHANISM_WATCH),
		.fallback = "same everywhere",
		.unset = "no limit", .example = "1.5s",
		.help = "Maximum wall time; signal at SOFT"),
	ROW(PIDS, COUNT, -1, 0,
		.name = "pids", .flag = "--pids", .argument = "N",
		.min = 1, .max = 4194304, .lifts = true,
		.kernel_file = "pids.max", .since = "4.5",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_CGROUP1, RATION_MECHANISM_WATCH, RATION_MECHANISM_RLIMIT),
		.fallback = "cgroup1; watch: the supervisor counts the tasks and kills; RLIMIT_NPROC for the "
			"user, unless root",
		.unset = "no limit", .example = "100",
		.help = "Maximum tasks (processes and threads)"),
	ROW(CPUSET_CPUS, CPULIST, -1, 0,
		.name = "cpuset_cpus", .flag = "--cpuset-cpus", .argument = "LIST",
		.min = 0, .max = PARSE_CPU_MAX,
		.kernel_file = "cpuset.cpus", .since = "5.0",
		MECHANISMS(RATION_MECHANISM_CGROUP2, RATION_MECHANISM_AFFINITY),
		.fallback = "affinity of each process, which can change it",
		.unset = "all", .example = "0-3,8",
		.help = "Allowed CPUs"),
	ROW(CPUSET_MEMS, NODELIST, -1, 0,
		.name = "cpuset_mems", .flag = "--cpuset-mems", .argument = "LIST",
		.min = 0, .max = 1023,
		.kernel_file = "cpuset.mems", .since = "5.0",
		MECHANISMS(RATION_MECHANISM_CGROUP2),
		.fallback = "none",
		.unset = "all", .example = "0",
		.help = "Allowed NUMA nodes"),
	IO_ROW(READ_BPS, "read_bps", "read-bps", BYTES, KIB, NUMBER_MAX, "/data:10M",
		"Disk reads in B/s (repeatable)"),
	IO_ROW(WRITE_BPS, "write_bps", "write-bps", BYTES, KIB, NUMBER_MAX, "/data:10M",
		"Disk writes in B/s (repeatable)"),
	IO_ROW(READ_IOPS, "read_iops", "read-iops", COUNT, 2, IOPS_MAX, "/data:200",
		"Disk reads/s (repeatable)"),
	IO_ROW(WRITE_IOPS, "write_iops", "write-iops", COUNT, 2, IOPS_MAX, "/data:200",
		"Disk writes/s (repeatable)"),
	ROW(STALL_TIMEOUT, USEC, -1, ZERO_LIFTS,
		.name = "stall_timeout", .flag = "--stall-timeout", .argument = "DURATION",
		.min = 500000, .max = PARSE_USEC_MAX,
		.supervised = true, .kernel_file = "memory.pressure", .since = "5.2",
		MECHANISMS(RATION_MECHANISM_CGROUP2),
		.fallback = "none",
		.unset = "off", .example = "5s",
		.help = "Kill a run that memory stalls this long"),
	ROW(OUTPUT, BYTES, -1, 0,
		.name = "output", .flag = "--output-limit", .argument = "SIZE",
		.min = 0, .max = NUMBER_MAX,
		.supervised = true, MECHANISMS(RATION_MECHANISM_WATCH),
		.fallback = "same everywhere",
		.unset = "no limit", .example = "10M",
		.help = "Maximum bytes on stdout and stderr"),

	RLIMIT_ROW(AS, "as", BYTES, 0, "inherited", "SIZE", "4G",
		"Address space of each process"),
	RLIMIT_ROW(CORE, "core", BYTES, 0, "0", "SIZE", "64M",
		"Size of a core file"),
	RLIMIT_ROW(CPU, "cpu", COUNT, IN_SECONDS, "inherited", "DURATION", "60:70",
		"CPU time of each process, in whole seconds"),
	RLIMIT_ROW(DATA, "data", BYTES, 0, "inherited", "SIZE", "512M",
		"Data segment and private memory of each process"),
	RLIMIT_ROW(FSIZE, "fsize", BYTES, 0, "inherited", "SIZE", "100M",
		"Size of a file that it writes"),
	RLIMIT_ROW(LOCKS, "locks", COUNT, 0, "inherited", "N", "100",
		"File locks (no effect since Linux 2.4.25)"),
	RLIMIT_ROW(MEMLOCK, "memlock", BYTES, 0, "inherited", "SIZE", "64K",
		"Locked memory of each process"),
	RLIMIT_ROW(MSGQUEUE, "msgqueue", BYTES, 0, "inherited", "SIZE", "800K",
		"POSIX message queues of the user"),
	RLIMIT_ROW(NICE, "nice", COUNT, 0, "inherited", "N", "20",
		"Highest priority: 20 minus nice value"),
	RLIMIT_ROW(NOFILE, "nofile", COUNT, 0, "inherited", "N", "1024:4096",
		"Open files of each process"),
	RLIMIT_ROW(NPROC, "nproc", COUNT, 0, "inherited", "N", "200",
		"Tasks of the user (processes and threads)"),
	RLIMIT_ROW(RSS, "rss", BYTES, 0, "inherited", "SIZE", "256M",
		"Resident memory (no effect since Linux 2.4.30)"),
	RLIMIT_ROW(RTPRIO, "rtprio", COUNT, 0, "inherited", "N", "10",
		"Highest realtime priority"),
	RLIMIT_ROW(RTTIME, "rttime", USEC, 0, "inherited", "DURATION", "200ms",
		"Realtime CPU time without a blocking call"),
	RLIMIT_ROW(SIGPENDING, "sigpending", COUNT, 0, "inherited", "N", "1000",
		"Queued signals of the user"),
	RLIMIT_ROW(STACK, "stack", BYTES, 0, "inherited", "SIZE", "8M",
		"Stack of the main thread"),
};

_Static_assert(__COUNTER__ - rows_before - 1 == LIMIT_INDEX_COUNT, "a limit has no row, or two");

static const struct limit_row *row_of(enum ration_limit limit)
{
	size_t i = limit_index(limit);

	return i < LIMIT_INDEX_COUNT ? &rows[i] : NULL;
}

const struct ration_limit_info *ration_limit_info(enum ration_limit limit)
{
	const struct limit_row *row = row_of(limit);

	return row ? &row->info : NULL;
}

const struct ration_limit_info *ration_limit_at(size_t i)
{
	return i < LIMIT_INDEX_COUNT ? &rows[i].info : NULL;
}

bool limit_serves(enum ration_purpose purpose, enum ration_mechanism mechanism)
{
	switch (purpose) {
	case RATION_PURPOSE_RUN:
		return mechanism != RATION_MECHANISM_NONE;
	case RATION_PURPOSE_GROUP:
		return mechanism == RATION_MECHANISM_CGROUP2 || mechanism == RATION_MECHANISM_CGROUP1;
	case RATION_PURPOSE_PROCESS:
		return mechanism == RATION_MECHANISM_RLIMIT || mechanism == RATION_MECHANISM_AFFINITY ||
			mechanism == RATION_MECHANISM_NICE;
	}
	return false;
}

bool ration_limit_fits(enum ration_limit limit, enum ration_purpose purpose)
{
	const struct limit_row *row = row_of(limit);

	if (!row || (row->info.supervised && purpose == RATION_PURPOSE_GROUP))
		return false;
	for (size_t i = 0; row->info.mechanisms[i] != RATION_MECHANISM_NONE; i++) {
		if (limit_serves(purpose, row->info.mechanisms[i]))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------ for a person */

const char *ration_format_size(char buf[RATION_TEXT_MAX], uint64_t bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t i = 0;
	uint64_t tenths;

	if (bytes >= RATION_UNKNOWN) {
		(void)snprintf(buf, RATION_TEXT_MAX, bytes == RATION_UNKNOWN ? "unknown" : "no limit");
		return buf;
	}
	while (i + 1 < ARRAY_SIZE(names) && bytes >> (10 * (i + 1)))
		i++;
	/* Of what is behind the point 10 bits are enough for one decimal, and don't overflow. */
	tenths = bytes * 10;
	if (i > 0)
		tenths = ((bytes >> (10 * (i - 1))) * 10 + 512) >> 10;
	/* 1023.97 MiB rounds to 1 GiB. */
	if (tenths >= 10240 && i + 1 < ARRAY_SIZE(names)) {
		tenths = 10;
		i++;
	}
	if (tenths % 10)
		(void)snprintf(buf, RATION_TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
				names[i]);
	else
		(void)snprintf(buf, RATION_TEXT_MAX, "%" PRIu64 " %s", tenths / 10, names[i]);
	return buf;
}

/* Writes value/scale with as many decimals as it needs. Returns the length. */
static int format_decimal(char *buf, size_t size, uint64_t value, uint64_t scale)
{
	int n = snprintf(buf, size, "%" PRIu64, value / scale);
	uint64_t rest = value % scale;

	if (rest)
		buf[n++] = '.';
	for (; rest && (size_t)n + 1 < size; n++) {
		scale /= 10;
		buf[n] = (char)('0' + rest / scale);
		rest %= scale;
	}
	buf[n] = '\0';
	return n;
}

const char *ration_format_duration(char buf[RATION_TEXT_MAX], uint64_t usec)
{
	static const struct {
		const char *name;
		uint64_t usec;
		uint64_t grain; /* from here up, the precision that a person wants */
		bool decimal;   /* "1.5 s", but "1 min 30 s" */
	} units[] = {
		{ "us", 1, 1, true },
		{ "ms", 1000, 1, true },
		{ "s", 1000000, 1000, true },
		{ "min", 60000000, 1000000, false },
		{ "h", UINT64_C(3600000000), 60000000, false },
		{ "d", UINT64_C(86400000000), UINT64_C(3600000000), false },
	};
	uint64_t exact;
	size_t i = 0;
	int n;

	if (usec >= RATION_UNKNOWN || usec == 0) {
		(void)snprintf(buf, RATION_TEXT_MAX, usec == 0 ? "0 s" : usec == RATION_UNKNOWN ? "unknown" : "no limit");
		return buf;
	}
	if (usec > PARSE_USEC_MAX)
		usec = PARSE_USEC_MAX;
	/* Rounding can lift a value into the next unit: 59.9999 s is 1 min. It starts anew from
	   the exact value there, or 90.4999 s would become 90.5 s and then 1 min 31 s. */
	exact = usec;
	for (size_t j = 0; j < ARRAY_SIZE(units) && usec >= units[j].usec; i = j++)
		usec = (exact + units[j].grain / 2) / units[j].grain * units[j].grain;
	if (units[i].decimal) {
		n = format_decimal(buf, RATION_TEXT_MAX - 4, usec, units[i].usec);
		(void)snprintf(buf + n, (size_t)(RATION_TEXT_MAX - n), " %s", units[i].name);
		return buf;
	}
	n = snprintf(buf, RATION_TEXT_MAX, "%" PRIu64 " %s", usec / units[i].usec, units[i].name);
	usec = usec % units[i].usec / units[i - 1].usec;
	if (usec)
		(void)snprintf(buf + n, (size_t)(RATION_TEXT_MAX - n), " %" PRIu64 " %s", usec,
				units[i - 1].name);
	return buf;
}

static const char *format_value(const struct limit_row *row, char buf[RATION_TEXT_MAX], uint64_t value)
{
	switch (row->info.unit) {
	case RATION_UNIT_BYTES:
		return ration_format_size(buf, value);
	case RATION_UNIT_USEC:
		return ration_format_duration(buf, value);
	case RATION_UNIT_CPUS:
		(void)format_decimal(buf, RATION_TEXT_MAX, value, 100000);
		return buf;
	case RATION_UNIT_COUNT:
	case RATION_UNIT_CPULIST:
	case RATION_UNIT_NODELIST:
		break;
	}
	(void)snprintf(buf, RATION_TEXT_MAX, "%" PRIu64 "%s", value, row->flags & IN_SECONDS ? " s" : "");
	return buf;
}

/* ----------------------------------------------------------------- refusing */

/* Joins a row's flag and a value: "--pids 100", but "--rlimit nofile=100". */
static char flag_joint(const struct limit_row *row)
{
	return strchr(row->info.flag, ' ') ? '=' : ' ';
}

static void describe_range(const struct limit_row *row, char *buf, size_t size)
{
	char low[RATION_TEXT_MAX], high[RATION_TEXT_MAX];
	const char *to = " or more";

	if (row->info.lifts) {
		to = " to max";
	} else if (row->info.max < NUMBER_MAX) {
		to = " to ";
		(void)format_value(row, high, row->info.max);
	}
	(void)snprintf(buf, size, "%s%s%s%s%s", format_value(row, low, row->info.min), to,
			strcmp(to, " to ") == 0 ? high : "",
			row->flags & TAKES_PERCENT ? ", or up to 100%" : "",
			row->flags & ZERO_LIFTS ? ", 0 for none" : "");
}

/*
 * Refuses the value `text` of a row: `what` is the reason, `advice` what to write
 * instead, ending in "; ", or "".
 */
static int refuse(const struct limit_row *row, const char *text, int code, enum ration_cause cause,
		const char *what, const char *advice, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX], range[96];
	const char *flag = row->info.flag;

	(void)error_set(reterr, code, cause, "%s%c%s: %s", flag, flag_joint(row),
			*text ? text_show(shown, sizeof(shown), text) : "''", what);
	describe_range(row, range, sizeof(range));
	return error_hint(reterr, code, "%srange %s, e.g. %s%c%s", advice, range, flag, flag_joint(row),
			row->info.example);
}

static const char *not_a(enum ration_unit unit)
{
	switch (unit) {
	case RATION_UNIT_BYTES:
		return "not a size";
	case RATION_UNIT_USEC:
		return "not a duration";
	case RATION_UNIT_CPUS:
		return "not a number of CPUs";
	case RATION_UNIT_COUNT:
		return "not a whole number";
	case RATION_UNIT_CPULIST:
		return "not a list of CPUs";
	case RATION_UNIT_NODELIST:
		return "not a list of NUMA nodes";
	}
	return "not a value";
}

static int refuse_malformed(const struct limit_row *row, const char *text, struct ration_error *reterr)
{
	bool seconds = row->flags & IN_SECONDS;
	enum ration_unit unit = seconds ? RATION_UNIT_USEC : row->info.unit;
	const char *units = unit == RATION_UNIT_USEC ? "units us, ms, s, min, h, d; " :
		unit == RATION_UNIT_BYTES ? "units K, M, G, T; " : "";

	return refuse(row, text, -EINVAL, RATION_CAUSE_INVALID, not_a(unit), units, reterr);
}

static int refuse_range(const struct limit_row *row, const char *text, uint64_t value,
		struct ration_error *reterr)
{
	bool below = value < row->info.min;
	/* Elsewhere, 64 can mean MiB. */
	bool plain = below && row->info.unit == RATION_UNIT_BYTES && !text[strspn(text, "0123456789")];
	char edge[RATION_TEXT_MAX], what[RATION_TEXT_MAX + 40];

	(void)snprintf(what, sizeof(what), "%s %s%s", below ? "below" : "above",
			format_value(row, edge, below ? row->info.min : row->info.max),
			plain ? " (a plain number is bytes)" : "");
	return refuse(row, text, -ERANGE, RATION_CAUSE_INVALID, what, "", reterr);
}

/* `part` is what of `text` the unit was found in: "64MB". */
static int refuse_ambiguous(const struct limit_row *row, const char *text, const char *part,
		struct ration_error *reterr)
{
	size_t n = strspn(part, "0123456789.");
	char unit = (char)(part[n] & ~0x20), what[64], advice[96];

	/* A number too long to repeat serves as badly as an example. */
	if (n > 20) {
		part = "64";
		n = 2;
	}
	(void)snprintf(what, sizeof(what), "%cB is ambiguous (1000 or 1024?)", unit);
	(void)snprintf(advice, sizeof(advice), "write %.*s%c or %.*s%ciB for 1024, or plain bytes; ", (int)n, part,
			unit, (int)n, part, unit);
	return refuse(row, text, -EINVAL, RATION_CAUSE_INVALID, what, advice, reterr);
}

static int refuse_limit(enum ration_limit limit, struct ration_error *reterr)
{
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "invalid limit number %u", (unsigned)limit);
}

/* ------------------------------------------------------------------ reading */

/* Reads one number of `text`, `part`, in the row's unit. */
static int read_part(const struct limit_row *row, const char *text, const char *part, uint64_t *ret_value,
		struct ration_error *reterr)
{
	uint64_t value = 0;
	int r = -EINVAL;

	if (row->info.lifts && (strcmp(part, "max") == 0 || strcmp(part, "unlimited") == 0)) {
		*ret_value = RATION_UNLIMITED;
		return 0;
	}
	switch (row->info.unit) {
	case RATION_UNIT_BYTES:
		r = parse_size(part, &value);
		break;
	case RATION_UNIT_USEC:
		r = parse_duration(part, &value);
		break;
	case RATION_UNIT_CPUS:
		r = parse_cpus(part, &value);
		break;
	case RATION_UNIT_COUNT:
		r = row->flags & IN_SECONDS ? parse_duration(part, &value) : parse_count(part, &value);
		if (row->flags & IN_SECONDS)
			value = value / 1000000 + (value % 1000000 != 0);
		break;
	case RATION_UNIT_CPULIST:
	case RATION_UNIT_NODELIST:
		break;
	}
	if (r == -ENOTUNIQ)
		return refuse_ambiguous(row, text, part, reterr);
	if (r == -ERANGE)
		return refuse_range(row, text, UINT64_MAX, reterr);
	if (r < 0)
		return refuse_malformed(row, text, reterr);
	*ret_value = value;
	return 0;
}

/* Reads a share of what the parent may use, "50%". */
static int read_share(const struct limit_row *row, const char *text, struct limit_value *ret_value,
		struct ration_error *reterr)
{
	uint64_t share;
	int r = parse_percent(text, &share);

	if (r == -EINVAL)
		return refuse_malformed(row, text, reterr);
	if (r < 0 || share == 0 || share > 10000)
		return refuse(row, text, -ERANGE, RATION_CAUSE_INVALID, "outside 0.01% to 100%", "", reterr);
	*ret_value = (struct limit_value){ .set = true, .percent = true, .soft = RATION_UNLIMITED, .hard = share };
	return 0;
}

/* -EINVAL; -ERANGE: a number above `max`. */
static int check_list(const char *text, uint64_t max)
{
	int r;

	do {
		unsigned low, high;

		r = parse_cpu_range(&text, &low, &high);
		if (r >= 0 && high > max)
			return -ERANGE;
	} while (r > 0);
	return r;
}

static int read_list(const struct limit_row *row, const char *text, struct limit_value *ret_value,
		struct ration_error *reterr)
{
	struct limit_value value = { .set = true, .soft = RATION_UNLIMITED, .hard = RATION_UNLIMITED };
	int r = check_list(text, row->info.max);

	if (r == -ERANGE)
		return refuse_range(row, text, UINT64_MAX, reterr);
	if (r < 0)
		return refuse_malformed(row, text, reterr);
	if (strlen(text) >= sizeof(value.text))
		return refuse(row, text, -ERANGE, RATION_CAUSE_INVALID, "longer than 255 characters", "",
				reterr);
	memcpy(value.text, text, strlen(text) + 1);
	*ret_value = value;
	return 0;
}

/* ----------------------------------------------------------------- settling */

static bool in_range(const struct limit_row *row, uint64_t value)
{
	if (value == RATION_UNLIMITED)
		return row->info.lifts;
	return value >= row->info.min && value <= row->info.max;
}

/*
 * Makes a value of two numbers, or refuses them as `text`. `soft` counts where
 * `has_soft`. A value that comes back with `set` false asks for nothing.
 */
static int settle(const struct limit_row *row, const char *text, bool has_soft, uint64_t soft, uint64_t hard,
		struct limit_value *ret_value, struct ration_error *reterr)
{
	char what[96], soft_text[RATION_TEXT_MAX], hard_text[RATION_TEXT_MAX];

	if (row->flags & ZERO_LIFTS) {
		if (has_soft && soft == 0)
			has_soft = false;
		if (!has_soft && (hard == 0 || hard == RATION_UNLIMITED)) {
			*ret_value = (struct limit_value){ .set = false };
			return 0;
		}
	}
	if (has_soft && soft > hard) {
		(void)snprintf(what, sizeof(what), "soft value %s is above hard value %s",
				soft == RATION_UNLIMITED ? "max" : format_value(row, soft_text, soft),
				format_value(row, hard_text, hard));
		return refuse(row, text, -ERANGE, RATION_CAUSE_CONTRADICTION, what, "", reterr);
	}
	if (has_soft && !in_range(row, soft))
		return refuse_range(row, text, soft, reterr);
	if (!in_range(row, hard))
		return refuse_range(row, text, hard, reterr);
	*ret_value = (struct limit_value){ .set = true, .soft = has_soft ? soft : RATION_UNLIMITED, .hard = hard };
	return 0;
}

/* Reads "HARD", or "SOFT:HARD" where the row has both, and settles it. */
static int read_numbers(const struct limit_row *row, const char *text, struct limit_value *ret_value,
		struct ration_error *reterr)
{
	const char *colon = row->info.has_soft ? strchr(text, ':') : NULL;
	char first[LIMIT_TEXT_MAX] = "";
	uint64_t soft = RATION_UNLIMITED, hard;
	int r;

	if (colon) {
		/* No number that anybody means is that long. */
		if ((size_t)(colon - text) >= sizeof(first))
			return refuse_malformed(row, text, reterr);
		memcpy(first, text, (size_t)(colon - text));
		r = read_part(row, text, first, &soft, reterr);
		if (r < 0)
			return r;
	}
	r = read_part(row, text, colon ? colon + 1 : text, &hard, reterr);
	if (r < 0)
		return r;
	return settle(row, text, colon != NULL, soft, hard, ret_value, reterr);
}

static int read_value(const struct limit_row *row, const char *text, struct limit_value *ret_value,
		struct ration_error *reterr)
{
	if (limit_is_list(&row->info))
		return read_list(row, text, ret_value, reterr);
	if (row->flags & TAKES_PERCENT && strchr(text, '%'))
		return read_share(row, text, ret_value, reterr);
	return read_numbers(row, text, ret_value, reterr);
}

/* --------------------------------------------------------------- with a key */

/* Page sizes are written as elsewhere, or as the kernel writes them: 2MB, which is 2^21 there. */
static int read_page_size(const struct limit_row *row, const char *text, size_t length, uint64_t *ret_bytes,
		struct ration_error *reterr)
{
	char key[RATION_TEXT_MAX];
	uint64_t bytes = 0;
	int r = -EINVAL;

	if (length < sizeof(key)) {
		(void)snprintf(key, sizeof(key), "%.*s", (int)length, text);
		r = parse_size(key, &bytes);
	}
	if (r == -ENOTUNIQ) {
		key[length - 1] = '\0';
		r = parse_size(key, &bytes);
	}
	if (r < 0 || bytes == 0)
		return refuse(row, text, -EINVAL, RATION_CAUSE_INVALID, "no page size before the colon", "",
				reterr);
	*ret_bytes = bytes;
	return 0;
}

/* Reads KEY:VALUE. The last colon separates: keys may have some, values have none. */
static int read_pair(const struct limit_row *row, const char *text, struct limit_pair *ret_pair,
		struct ration_error *reterr)
{
	const char *colon = strrchr(text, ':');
	struct limit_pair pair = { .limit = row->info.limit };
	struct limit_value value = { .set = false };
	char what[64];
	int r = 0;

	(void)snprintf(what, sizeof(what), "expected %s", row->info.argument);
	if (!colon || colon == text)
		return refuse(row, text, -EINVAL, RATION_CAUSE_INVALID, what, "", reterr);
	if (strlen(text) >= sizeof(pair.text))
		return refuse(row, text, -ERANGE, RATION_CAUSE_INVALID, "longer than 1023 characters", "", reterr);
	pair.key_length = (size_t)(colon - text);
	memcpy(pair.text, text, strlen(text) + 1);
	if (row->info.key == RATION_KEY_PAGE_SIZE)
		r = read_page_size(row, text, pair.key_length, &pair.page_bytes, reterr);
	if (r == 0)
		r = read_part(row, text, colon + 1, &pair.value, reterr);
	if (r == 0)
		r = settle(row, text, false, RATION_UNLIMITED, pair.value, &value, reterr);
	if (r < 0)
		return r;
	*ret_pair = pair;
	return 0;
}

static bool same_key(const struct limit_pair *a, const struct limit_pair *b)
{
	if (a->limit != b->limit || a->page_bytes != b->page_bytes)
		return false;
	return a->page_bytes != 0 ||
		(a->key_length == b->key_length && memcmp(a->text, b->text, a->key_length) == 0);
}

/* Of a key that is given again, the last value counts. */
static int parse_pair(struct ration_limits *limits, const struct limit_row *row, const char *text,
		struct ration_error *reterr)
{
	struct limit_pair pair;
	size_t i = 0;
	int r = read_pair(row, text, &pair, reterr);

	if (r < 0)
		return r;
	while (i < limits->n_pairs && !same_key(&limits->pair[i], &pair))
		i++;
	if (i == LIMIT_PAIRS_MAX)
		return refuse(row, text, -ERANGE, RATION_CAUSE_INVALID, "too many values, 32 at most", "",
				reterr);
	limits->pair[i] = pair;
	if (i == limits->n_pairs)
		limits->n_pairs++;
	limits->value[limit_index(row->info.limit)] = (struct limit_value){ .set = true, .soft = RATION_UNLIMITED,
		.hard = RATION_UNLIMITED };
	return 0;
}

static void forget_pairs(struct ration_limits *limits, enum ration_limit limit)
{
	size_t kept = 0;

	for (size_t i = 0; i < limits->n_pairs; i++) {
		if (limits->pair[i].limit != limit)
			limits->pair[kept++] = limits->pair[i];
	}
	limits->n_pairs = kept;
}

/* -------------------------------------------------------------- the handle */

int ration_limits_new(struct ration_limits **ret_limits)
{
	struct ration_limits *limits = calloc(1, sizeof(*limits));

	if (!limits)
		return -ENOMEM;
	*ret_limits = limits;
	return 0;
}

struct ration_limits *ration_limits_free(struct ration_limits *limits)
{
	free(limits);
	return NULL;
}

int ration_limits_set(struct ration_limits *limits, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct ration_error *reterr)
{
	const struct limit_row *row = row_of(limit);
	bool has_soft = row && row->info.has_soft && soft != RATION_UNLIMITED;
	char text[2 * RATION_TEXT_MAX];

	if (!row)
		return refuse_limit(limit, reterr);
	if (has_soft)
		(void)snprintf(text, sizeof(text), "%" PRIu64 ":%" PRIu64, soft, hard);
	else
		(void)snprintf(text, sizeof(text), "%" PRIu64, hard);
	if (limit_is_list(&row->info) || row->info.key != RATION_KEY_NONE)
		return refuse_malformed(row, text, reterr);
	return settle(row, text, has_soft, soft, hard, &limits->value[limit_index(limit)], reterr);
}

int ration_limits_set_policy(struct ration_limits *limits, enum ration_limit limit, enum ration_policy policy,
		struct ration_error *reterr)
{
	int r = row_of(limit) ? 0 : refuse_limit(limit, reterr);

	if (r == 0)
		r = error_check_enum("policy", (int)policy, RATION_ENFORCE_ANY, reterr);
	if (r == 0)
		limits->policy[limit_index(limit)] = (struct limit_policy) { .set = true, .policy = policy };
	return r;
}

int ration_limits_parse(struct ration_limits *limits, enum ration_limit limit, const char *text,
		struct ration_error *reterr)
{
	const struct limit_row *row = row_of(limit);

	if (!row)
		return refuse_limit(limit, reterr);
	if (row->info.key != RATION_KEY_NONE)
		return parse_pair(limits, row, text ? text : "", reterr);
	return read_value(row, text ? text : "", &limits->value[limit_index(limit)], reterr);
}

void ration_limits_unset(struct ration_limits *limits, enum ration_limit limit)
{
	if (!row_of(limit))
		return;
	limits->value[limit_index(limit)] = (struct limit_value){ .set = false };
	forget_pairs(limits, limit);
}

bool ration_limits_has(const struct ration_limits *limits, enum ration_limit limit)
{
	return row_of(limit) && limits->value[limit_index(limit)].set;
}

int ration_limits_get(const struct ration_limits *limits, enum ration_limit limit, uint64_t *ret_soft,
		uint64_t *ret_hard)
{
	const struct limit_row *row = row_of(limit);
	const struct limit_value *value = row ? &limits->value[limit_index(limit)] : NULL;

	if (!row)
		return -EINVAL;
	if (!value->set)
		return -ENOENT;
	if (value->percent || row->info.unit == RATION_UNIT_CPULIST)
		return -EINVAL;
	if (ret_soft)
		*ret_soft = value->soft;
	*ret_hard = value->hard;
	return 0;
}

/* -------------------------------------------- settings that aren't limits */

int ration_parse_duration(const char *flag, const char *text, uint64_t *ret_usec, struct ration_error *reterr)
{
	const struct limit_row row = {
		.info = { .flag = flag, .unit = RATION_UNIT_USEC, .max = PARSE_USEC_MAX, .example = "1.5s" },
	};

	text = text ? text : "";
	return read_part(&row, text, text, ret_usec, reterr);
}

int ration_parse_size(const char *flag, const char *text, uint64_t *ret_bytes, struct ration_error *reterr)
{
	const struct limit_row row = {
		.info = { .flag = flag, .unit = RATION_UNIT_BYTES, .max = NUMBER_MAX, .example = "512M" },
	};
	struct limit_value value;
	int r;

	r = read_numbers(&row, text ? text : "", &value, reterr);
	if (r < 0)
		return r;
	*ret_bytes = value.hard;
	return 0;
}
