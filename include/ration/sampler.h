/* SPDX-License-Identifier: MIT */
/*
 * ration/sampler.h - chosen figures of many groups, again and again
 *
 * For programs that read all groups of a tenant or a host every second. Files are opened once and
 * kept open, and a reading takes one pread(2) for each of them and allocates nothing. All of this
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
	const char *address; /* names that others have made can have any bytes: these are escaped, \xNN, and only
				for display */
	bool is_tenant;      /* its figures include those of its groups */
	bool gone;           /* it was no longer there when it was last read */
	uint32_t uid;        /* the owner of its directory */
	uint64_t id;         /* inode of its directory: no other group of this machine has it, and one created
				later gets another. Before Linux 5.5 the kernel reuses them */
};

struct ration_sampler;

RATION_BEGIN

/*
 * Creates a sampler and finds the groups, as ration_sampler_scan(). `options` and what it points to
 * aren't needed afterwards; `host` is, until the sampler is freed. If more than `max_fds` files are
 * needed, the rest is opened for each reading and closed again, which takes several times as long.
 * Metrics that cgroup v1 counts are read there, as by ration_stats_new(). Metrics that live groups
 * don't have (RATION_METRIC_WALL_USEC) are allowed, and are RATION_UNKNOWN in each reading.
 * Errors: -EINVAL (a bad name, both `tenant` and `address`, no metrics, one that isn't known here),
 * -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_sampler_new(const struct ration_host *host,
		const struct ration_sampler_options *options, struct ration_sampler **ret_sampler,
		struct ration_error *reterr);
RATION_PUBLIC struct ration_sampler *ration_sampler_free(struct ration_sampler *sampler);

/*
 * Finds new groups and forgets those that are gone; this changes the numbers of groups. For groups
 * that were there before, a new owner, and metrics of a controller that was enabled since, are
 * found within 16 scans. Sorted by address, each tenant before its groups. Returns how many there
 * are. Without a BASE there are none.
 * Errors: -EIO, -ENOMEM; then the sampler is unchanged.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_sampler_scan(struct ration_sampler *sampler, struct ration_error *reterr);

/* Returns how many groups there are, as of the last scan. */
RATION_PUBLIC size_t ration_sampler_count(const struct ration_sampler *sampler);

/* Returns group `i`, or NULL. It is valid until the next scan. */
RATION_PUBLIC const struct ration_sampler_group *ration_sampler_group(const struct ration_sampler *sampler, size_t i);

/*
 * Returns how many files are kept open: at most `max_fds`. A scan or a reading opens up to ten more
 * for a moment.
 */
RATION_PUBLIC size_t ration_sampler_fds(const struct ration_sampler *sampler);

/*
 * Reads the metrics of all groups into the caller's memory: metric `m` of group `i` into
 * `ret_values[i * n_metrics + m]`. RATION_UNKNOWN: this kernel, or these controllers, don't count
 * it, or the group is gone. `n` is the room, in values. `ret_usec` can be NULL; otherwise it has
 * room for the time of each group's reading (CLOCK_MONOTONIC), for rates. Returns how many groups
 * have gone since the scan.
 * Errors: -EINVAL (too little room); those of openat(2) and read(2), e.g. -EMFILE, -ENOMEM (a
 * metric that exists can't be read just now, and isn't reported as unknown; values that were read
 * before are written).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_sampler_read(struct ration_sampler *sampler, uint64_t *ret_values, size_t n,
		uint64_t *ret_usec, struct ration_error *reterr);

RATION_END

#endif /* RATION_SAMPLER_H */
