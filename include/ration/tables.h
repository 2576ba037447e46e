/* SPDX-License-Identifier: MIT */
/*
 * ration/tables.h - for tools that print tables
 *
 * The tables behind the interface: every limit with its flag, range and help text, every
 * metric, and what a host offers for each limit. The command `ration` makes its options and
 * help texts from them; most programs need none of it.
 */
#ifndef RATION_TABLES_H
#define RATION_TABLES_H

#include <ration/host.h>
#include <ration/limits.h>
#include <ration/plan.h>
#include <ration/receipt.h>

/* What the number of a limit means. */
enum ration_unit {
	RATION_UNIT_BYTES = 0,
	RATION_UNIT_USEC = 1,       /* microseconds; written as a duration */
	RATION_UNIT_CPUS = 2,       /* hundred-thousandths of a CPU; written 1.5 or 150% */
	RATION_UNIT_COUNT = 3,
	RATION_UNIT_CPULIST = 100,  /* text, no number */
	RATION_UNIT_NODELIST = 101, /* the same, of NUMA nodes */
};

/* The keys of a limit with one value for each key, written KEY:VALUE, once for each key. */
enum ration_key {
	RATION_KEY_NONE = 0,      /* one value, without a key */
	RATION_KEY_DISK = 1,      /* a path on it, its node in /dev, or its number "8:0" */
	RATION_KEY_PAGE_SIZE = 2, /* of huge pages: 2M */
};

/* One row of the table of limits. */
struct ration_limit_info {
	size_t size;             /* sizeof(struct ration_limit_info) */
	enum ration_limit limit;
	enum ration_unit unit;
	enum ration_key key;
	const char *name;        /* in plans and receipts: "memory_high" */
	const char *flag;        /* on the command line: "--memory-high" */
	const char *argument;    /* in help texts: "SIZE" */
	uint64_t min, max;       /* range of a value, both included */
	bool has_soft;           /* takes SOFT:HARD */
	bool lifts;              /* "max" is a value: no limit */
	bool protects;           /* protects the group's share: "max" is all of it */
	bool supervised;         /* needs a supervisor: only ration_run_start() can enforce it */
	const enum ration_mechanism *mechanisms; /* what can enforce it, the best first, up to NONE */
	int resource;            /* the RLIMIT_* that it is, or -1 */
	const char *kernel_file; /* "memory.high", or NULL */
	const char *since;       /* the Linux version that brought that file, or NULL */
	const char *fallback;    /* in words: what enforces it without cgroup v2 */
	const char *unset;       /* in words: what applies when it isn't asked for */
	const char *example;     /* a value that is accepted */
	const char *help;        /* one line without a final full stop */
};

RATION_BEGIN

/* Returns the row of a limit, or NULL if there is none. Never freed. */
RATION_PUBLIC const struct ration_limit_info *ration_limit_info(enum ration_limit limit);

/*
 * Returns row `i` of the table, in the order of plans and receipts, or NULL behind the last.
 * Later versions can have more rows. Never freed. Since 0.2.0.
 */
RATION_PUBLIC const struct ration_limit_info *ration_limit_at(size_t i);

/*
 * Returns metric `i` in the order of tables, or RATION_METRIC_NONE behind the last.
 * Later versions can have more. Since 0.2.0.
 */
RATION_PUBLIC enum ration_metric ration_metric_at(size_t i);

/*
 * Plans every limit, each by itself and with the example of its row or the nearest value that
 * is possible here: what this host offers. A plan to read, not to run.
 * Errors: -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_plan_survey(const struct ration_host *host,
		struct ration_plan **ret_plan, struct ration_error *reterr);

RATION_END

#endif /* RATION_TABLES_H */
