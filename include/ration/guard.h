/* SPDX-License-Identifier: MIT */
/* ration/guard.h - end the group that stalls its tenant */
#ifndef RATION_GUARD_H
#define RATION_GUARD_H

#include <ration/group.h>

/* When to end a group. Zeroed fields take their defaults. */
struct ration_guard_options {
	size_t size;              /* sizeof(struct ration_guard_options) */
	unsigned share_pct;       /* required: stalled for this share of the time, 1 to 100... */
	uint64_t duration_usec;   /* ...for so long, 1 s to 1 h: required */
	bool pressure_some;       /* any process of the tenant stalls; default: all at once ("full") */
	char *const *avoid;       /* names of groups that are ended only if there is no other, up to NULL; can be
				     NULL. Must outlive the guard */
	bool dry_run;             /* report, and end nothing */
};

/* What a guard did. */
struct ration_guard_report {
	size_t size;              /* sizeof(struct ration_guard_report), set by the caller */
	bool gone;                /* the tenant was removed: the last report, with nothing else in it */
	bool killed;              /* false in a dry run, or if the group was removed in the meantime */
	bool emptied;             /* all its processes are gone; false: some didn't die within 10 s */
	bool avoided;             /* it was one to avoid, and there was no other */
	const char *group;        /* its address, valid until the next call for this guard; "" if gone */
	uint64_t candidates;      /* groups with processes, itself included */
	uint64_t processes;       /* that it had */
	uint64_t stalled_usec;    /* the tenant was stalled for so long... */
	uint64_t elapsed_usec;    /* ...in this time */
	uint64_t group_stalled_usec; /* some of the group's processes were, in that time */
	uint64_t scanned_pages;   /* pages of the group that the kernel scanned to reclaim (memory.stat
				     pgscan): the most of all groups that were stalled for half of
				     `stalled_usec` or longer. 0: none was scanned; it was the largest */
	uint64_t memory_bytes;    /* memory.current of the group, before its end */
};

struct ration_guard;

RATION_BEGIN

/*
 * Watches memory.pressure of a tenant, to end the group that causes the stall before the kernel has
 * to kill. When the tenant has been stalled for that share of the time, for that long, it ends one
 * group: of those that were stalled themselves, the one whose pages the kernel scanned most. The
 * kernel wakes the guard when a stall begins; until then it costs nothing. The verdict of a run
 * that is ended in this way is `signal`. `tenant` can be freed afterwards.
 * Errors: as ration_events_open(), and -ERANGE (share, duration), -EINVAL (a name; not a tenant).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_guard_open(const struct ration_group *tenant,
		const struct ration_guard_options *options, struct ration_guard **ret_guard,
		struct ration_error *reterr);

/* Stops watching. Accepts NULL, returns NULL. */
RATION_PUBLIC struct ration_guard *ration_guard_free(struct ration_guard *guard);

/* Returns a file descriptor that polls readable when ration_guard_next() has something to do. */
RATION_PUBLIC int ration_guard_fd(const struct ration_guard *guard);

/*
 * Measures, and ends a group if necessary. Returns 1 if `ret_report` says what was done, 0 if
 * nothing was done. Waits until the processes of the group are gone, at most 10 s.
 * Errors: -EIO, -ENOMEM; -EINVAL (no size).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_guard_next(struct ration_guard *guard,
		struct ration_guard_report *ret_report, struct ration_error *reterr);

RATION_END

#endif /* RATION_GUARD_H */
