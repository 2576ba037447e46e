/* SPDX-License-Identifier: MIT */
/*
 * receipt.h - why a run ended, and for whom that is judged
 */
#ifndef RATION_RUN_RECEIPT_H
#define RATION_RUN_RECEIPT_H

#include "group/stats/counters.h"
#include "host/names.h"
#include "ration.h"
#include "sys/syscalls.h"
#include "util/usage.h"

/* One counter that moved. */
struct evidence {
	char counter[56];
	enum ration_level level;
	size_t where; /* its path begins there in `paths` */
	uint64_t before, after;
};
#define EVIDENCE_MAX 24

/* Plain data, without pointers: a subreaper sends it over a socket. */
struct ration_receipt {
	enum ration_verdict verdict;
	int exit_code;
	int child_status;             /* -1: the command didn't exit */
	int child_signal;
	bool core;
	bool status_lost;
	bool truncated;
	int start_errno;
	bool as_user;                 /* the command ran as `uid` and `gid`, not as its caller */
	uint32_t uid, gid;
	uint64_t started_usec;        /* since the epoch; 0: the command wasn't started */
	uint64_t started_monotonic_usec;
	enum ration_birth birth;
	enum ration_containment containment;
	uint64_t leftover_killed;
	size_t n_evidence;
	struct evidence evidence[EVIDENCE_MAX];
	struct usage usage;
	struct ration_outcome outcome[LIMIT_INDEX_COUNT];
	char group[2 * RATION_NAME_MAX + 2];
	char id[NAMES_UNIQUE_MAX];
	char failure[200];            /* what ration couldn't do; or empty */
	uint64_t strays;              /* processes that had left the group when the command had ended */
	/* Last, because most receipts have none of these, and are sent without them (start/report.c). */
	size_t n_paths;
	char paths[PATH_MAX + 512];     /* of the evidence, one behind the other, each with its NUL */
	char escaped_to[PATH_MAX];
};

/* The length of a receipt without evidence and strays. */
#define RECEIPT_BRIEF offsetof(struct ration_receipt, paths)

/* Why we ended the run, if we did. */
enum run_cause {
	RUN_CAUSE_NONE,
	RUN_CAUSE_WALL_TIME,
	RUN_CAUSE_CPU_TIME_SOFT,
	RUN_CAUSE_CPU_TIME,
	RUN_CAUSE_STALL,
	RUN_CAUSE_OUTPUT,
	RUN_CAUSE_WATCH_MEMORY,
	RUN_CAUSE_WATCH_PIDS,
	RUN_CAUSE_INTERRUPT,
	RUN_CAUSE_TERMINAL, /* a signal of the terminal that the command got by itself */
	RUN_CAUSE_ESCAPED,  /* the command, or a process of it, has moved out of its group */
	RUN_CAUSE_NOT_ENDED, /* a process that we may not signal is left */
	RUN_CAUSE_INTERNAL,
};

/* How the run ended and why: all that a verdict needs besides counters. */
struct run_end {
	enum run_cause cause;
	int signal;              /* of an interruption */
	uint64_t observed;       /* what was measured when we acted */
	uint64_t noted_usec;     /* the CPU time when a soft limit without a signal was passed; 0: it wasn't passed */
	bool oom_takes_all;      /* cgroup v1 killed one process, and the supervisor kills all others */
	bool cpu_by_v1;          /* CPU time was counted by cgroup v1 */
	bool cpu_by_watch;       /* CPU time was added up by the watch, not by the kernel */
	struct sys_wait wait;    /* how the command ended */
	bool lost;               /* how the command ended isn't known: somebody else waited for it */
	bool preserve_status;
};

/*
 * Notes a cause. The first one counts, but a soft limit's warning is replaced by what ends the run for real.
 * Once the run is `closed`, nothing changes. Returns whether the cause counts.
 */
bool receipt_note(struct run_end *end, bool closed, enum run_cause cause, int sig, uint64_t observed);

/* Notes what ration couldn't do; the first call counts. */
void receipt_fail(struct ration_receipt *receipt, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a counter of the group that went from 0 to `after`. */
void receipt_tell(struct ration_receipt *receipt, const char *counter, uint64_t after);

/* Sets a metric, unless `value` is USAGE_ABSENT. */
void receipt_set(struct ration_receipt *receipt, enum ration_metric metric, uint64_t value,
		enum ration_source source);

/* Fills in verdict, exit status and evidence: a pure function. */
void receipt_judge(struct ration_receipt *receipt, const struct run_end *end, const struct counters *before,
		const struct counters *after);

/* The exit code of ration for a command that couldn't be executed: as in a shell. */
int receipt_not_started_code(int start_errno);

/* The command died of `sig`, which was sent to the supervisor as well. */
void receipt_interrupted(struct ration_receipt *receipt, int sig);

#endif
