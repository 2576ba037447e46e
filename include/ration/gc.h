/* SPDX-License-Identifier: MIT */
/* ration/gc.h - remove the groups that dead processes left */
#ifndef RATION_GC_H
#define RATION_GC_H

#include <ration/host.h>

/* What becomes of a group that garbage collection finds. */
enum ration_gc_action {
	RATION_GC_LIVE = 0,    /* left alone: its owner is alive or unknown, it is kept, or it belongs to another
				  user */
	RATION_GC_REMOVED = 1, /* removed; in a dry run: would be */
	RATION_GC_FAILED = 2,  /* its processes don't die */
	RATION_GC_SHUT = 3,    /* the caller can't look into it: left alone, and not counted. Since 0.2.0 */
};

/* How to collect. Zeroed fields take their defaults. */
struct ration_gc_options {
	size_t size;       /* sizeof(struct ration_gc_options) */
	bool dry_run;      /* remove nothing */
	/* Called for each group with `userdata`, in the thread of the caller; can be NULL. */
	void (*found)(void *userdata, const char *address, enum ration_gc_action action);
	void *userdata;
};

/* What garbage collection did. */
struct ration_gc_report {
	size_t size;       /* sizeof(struct ration_gc_report), set by the caller */
	uint64_t examined; /* groups that were found */
	uint64_t removed;  /* groups whose owner is dead: killed and removed */
	uint64_t live;     /* groups whose owner is alive, and those that are kept */
	uint64_t failed;   /* groups that couldn't be removed */
};

RATION_BEGIN

/*
 * Kills and removes every group below BASE/NAMESPACE that isn't kept and whose owner is dead, then
 * removes empty tenants. The owner is identified by pid, start time and boot id, as recorded on the
 * group's directory. On a host without BASE there is nothing to do. `options` can be NULL.
 * Errors: -ENOMEM, -EIO; -EINVAL (no size), -E2BIG.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_gc(const struct ration_host *host,
		const struct ration_gc_options *options, struct ration_gc_report *report,
		struct ration_error *reterr);

RATION_END

#endif /* RATION_GC_H */
