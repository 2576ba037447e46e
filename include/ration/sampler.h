/* SPDX-License-Identifier: MIT */
/*
 * ration/sampler.h - chosen figures of many groups, again and again
 *
 * For who looks at all groups of a tenant or a host every second: files are opened once
 * and kept, a reading takes one pread(2) for each of them, and allocates nothing. All of this
 * is since 0.2.0.
 */
#ifndef RATION_SAMPLER_H
#define RATION_SAMPLER_H

#include <ration/host.h>
#include <ration/receipt.h>

struct ration_sampler_options {
	size_t size;                       /* sizeof(struct ration_sampler_options) */
	const char *tenant;                /* only this one and its groups; NULL: all */
	const enum ration_metric *metrics; /* the figures, in the order of the results */
	size_t n_metrics;                  /* at least 1 */
	size_t max_fds;                    /* files kept open at most. 0: half of RLIMIT_NOFILE's soft limit */
	const char *address;               /* "acme" or "acme/vm7": this one alone; NULL: all. Not with `tenant` */
};

/* A tenant or a group, as it was found. */
struct ration_sampler_group {
	size_t size;         /* sizeof(struct ration_sampler_group) */
	const char *address; /* if others have made it, its name can be any: then escaped, \xNN, and only to be shown */
	bool is_tenant;      /* its figures include those of its groups */
	bool gone;           /* it was no longer there when it was last read */
	uint32_t uid;        /* the owner of its directory */
	uint64_t id;         /* inode: no other group of this machine has it. One that is made anew has another,
				but before Linux 5.5, which uses them again */
};

struct ration_sampler;

RATION_BEGIN

/*
 * Creates a sampler and finds the groups, as ration_sampler_scan(). `options` and what it points to aren't
 * needed afterwards; `host` is, until the sampler is freed. Where `max_fds` files are open, the rest
 * is opened for each reading, and closed again: that takes several times as long.
 * Metrics that cgroup v1 counts are read there, as ration_stats_new() does. Those of no live group (RATION_METRIC_WALL_USEC)
 * are allowed, and RATION_UNKNOWN in each reading.
 * Errors: -EINVAL (a bad name, both `tenant` and `address`, no metrics, one that isn't known here), -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_sampler_new(const struct ration_host *host,
		const struct ration_sampler_options *options, struct ration_sampler **ret_sampler,
		struct ration_error *reterr);
RATION_PUBLIC struct ration_sampler *ration_sampler_free(struct ration_sampler *sampler);

/*
 * Finds the groups that have come, and forgets those that have gone; then the numbers of groups are others. Of a group that
 * was there before, a new owner, and figures of a controller that it has got since, are found within 16 scans.
 * Sorted by address, each tenant before its groups. Returns how many there are. Without a BASE there are none.
 * Errors: -EIO, -ENOMEM; then the sampler is as it was before.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_sampler_scan(struct ration_sampler *sampler, struct ration_error *reterr);

/* Returns how many groups there are, as of the last scan. */
RATION_PUBLIC size_t ration_sampler_count(const struct ration_sampler *sampler);

/* Returns group `i`, or NULL. It is valid until the next scan. */
RATION_PUBLIC const struct ration_sampler_group *ration_sampler_group(const struct ration_sampler *sampler, size_t i);

/* Returns how many files are kept open: at most `max_fds`. A scan or a reading has up to ten more for a moment. */
RATION_PUBLIC size_t ration_sampler_fds(const struct ration_sampler *sampler);

/*
 * Reads the figures of all groups into the caller's memory: of group `i` metric `m` into
 * `ret_values[i * n_metrics + m]`. RATION_UNKNOWN: this kernel, or these controllers, don't count it, or the group has
 * gone. `n` is the room, in values. `ret_usec` can be NULL; else it has room for the time of each group's
 * reading (CLOCK_MONOTONIC), for rates. Returns how many groups have gone since the scan.
 * Errors: -EINVAL (too little room); those of openat(2) and read(2) (a figure that may be there can't be read just
 * now, e.g. -EMFILE, -ENOMEM: nothing is told as unknown because of it; what was read before is written).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_sampler_read(struct ration_sampler *sampler, uint64_t *ret_values, size_t n,
		uint64_t *ret_usec, struct ration_error *reterr);

RATION_END

#endif /* RATION_SAMPLER_H */
