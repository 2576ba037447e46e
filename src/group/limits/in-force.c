/* SPDX-License-Identifier: MIT */
/*
 * in-force.c - which limit the kernel holds a group to, by its own file
 */
#include "group/limits/in-force.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group/cgroup1.h"
#include "host/facts.h"
#include "plan/mech/mech.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"

int in_force_read(int group_fd, const struct ration_limit_info *info, uint64_t *ret)
{
	char text[64];
	uint64_t quota, period;
	int r;

	if (info->unit != RATION_UNIT_CPUS)
		return cg_read_u64(group_fd, info->kernel_file, ret);
	r = cg_read(group_fd, info->kernel_file, text, sizeof(text));
	if (r < 0)
		return r;
	if (strncmp(text, "max ", 4) == 0)
		*ret = RATION_UNLIMITED;
	else if (sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) == 2 && period > 0)
		*ret = quota * 100000 / period;
	else
		return -EBADMSG;
	return 0;
}

/* The highest value of a page counter: it means "no limit" in v1, whose files can't say "max". */
#define V1_NO_LIMIT (UINT64_C(1) << 62)

static int v1_number(int fd, const char *file, uint64_t *ret)
{
	char text[64];
	int r = cg_read(fd, file, text, sizeof(text));

	if (r < 0)
		return r;
	*ret = text[0] == '-' || strcmp(text, "max") == 0 ? RATION_UNLIMITED : strtoull(text, NULL, 10);
	return 0;
}

static const struct {
	enum ration_limit limit;
	const char *file;
} v1_limit_files[] = {
	{ RATION_LIMIT_MEMORY, "memory.limit_in_bytes" },
	{ RATION_LIMIT_CPUS, "cpu.cfs_quota_us" },
	{ RATION_LIMIT_CPU_BURST, "cpu.cfs_burst_us" },
	{ RATION_LIMIT_CPU_IDLE, "cpu.idle" },
	{ RATION_LIMIT_PIDS, "pids.max" },
};

const char *in_force_v1_file(enum ration_limit limit)
{
	for (size_t i = 0; i < ARRAY_SIZE(v1_limit_files); i++) {
		if (v1_limit_files[i].limit == limit)
			return v1_limit_files[i].file;
	}
	return NULL;
}

int in_force_read_v1(int dir_fd, const struct ration_limit_info *info, uint64_t *ret)
{
	const char *file = in_force_v1_file(info->limit);
	uint64_t value, period = 0;
	int r;

	/* cpu.shares is a rounded weight, and swap is limited as part of a sum. */
	if (!file)
		return -EOPNOTSUPP;
	r = v1_number(dir_fd, file, &value);
	if (r == 0 && info->unit == RATION_UNIT_CPUS && value != RATION_UNLIMITED) {
		r = v1_number(dir_fd, "cpu.cfs_period_us", &period);
		value = period > 0 ? value * 100000 / period : value;
	}
	if (r == 0)
		*ret = info->unit == RATION_UNIT_BYTES && value >= V1_NO_LIMIT ? RATION_UNLIMITED : value;
	return r;
}

int in_force_read_own(const struct place *place, const struct ration_limit_info *info, uint64_t *ret,
		enum ration_mechanism *ret_mechanism)
{
	uint32_t controller = mech_v1_controller(info->limit);
	int fd = controller ? v1_fd(place, controller) : -EBADF;
	int r = fd < 0 ? fd : in_force_read_v1(fd, info, ret);

	*ret_mechanism = RATION_MECHANISM_CGROUP1;
	/* A file that may exist but can't be read just now doesn't mean that there is no limit. */
	if (r >= 0 || facts_doubt(r))
		return r;
	*ret_mechanism = RATION_MECHANISM_CGROUP2;
	return in_force_read(place->fd, info, ret);
}
