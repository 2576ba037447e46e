/* SPDX-License-Identifier: MIT */
/*
 * protect.c - what is protected in a group is protected above it as well
 *
 * The kernel grants a group no more protection than the group above it has, from the one whose
 * limit is reached downwards. So memory.low of a leaf doesn't help when the machine runs out of
 * memory, unless its tenant has it, too. Each node gets the sum of its children's values and no
 * more, because what no child claims protects all of them (memory_recursiveprot).
 *
 * Others do the same at the same time, without a lock. After writing a sum, each process checks
 * whether it is still right, so the last writer has seen all values.
 */
#include "group/limits/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "group/record.h"
#include "group/whose.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/walk.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/overflow.h"

/* Rounds against others who change what we add up; far more than ever seen. */
#define ROUNDS_MAX 100

struct sum {
	const char *file;
	uint64_t bytes;
};

static int add_child(int dir_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(dir_fd, name);
	struct sum *sum = data;
	uint64_t bytes;

	/* A child that is gone, or has no memory controller, has no share; nor do values that another uid set. */
	if (fd >= 0 && whose_file_is_own(fd, sum->file) && cg_read_u64(fd, sum->file, &bytes) == 0 && add_u64(sum->bytes, bytes, &sum->bytes) < 0)
		sum->bytes = UINT64_MAX;
	return 0;
}

static int write_sum(int node_fd, const char *file)
{
	/* Without the controller, don't look at the children: there can be thousands. */
	if (sys_access(node_fd, file, F_OK) == -ENOENT)
		return 0;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct sum sum = { .file = file };
		char text[RATION_TEXT_MAX] = "max";
		uint64_t now;
		int r = cg_each_child(node_fd, add_child, &sum);

		if (r == 0)
			r = cg_read_u64(node_fd, file, &now);
		if (r == -ENOENT || r == -ENODEV || (r == 0 && now == sum.bytes))
			return 0;
		if (sum.bytes != UINT64_MAX)
			(void)snprintf(text, sizeof(text), "%" PRIu64, sum.bytes);
		if (r == 0)
			r = cg_write(node_fd, file, text);
		if (r < 0)
			return r;
	}
	return -EAGAIN;
}

/* A parent of the namespace that we have made: others have their own say. */
static bool made(int fd)
{
	return notes_has(fd, NOTE_MADE);
}

/*
 * A sum of zero, or none: the end of a child can't lower it, so don't look at its siblings, which can be
 * thousands.
 */
static bool has_none(int node_fd, const char *file)
{
	uint64_t bytes = 0;
	int r = cg_read_u64(node_fd, file, &bytes);

	return r == -ENOENT || (r == 0 && bytes == 0);
}

/* Adds up in the tenant, in the namespace, and in parents of ours, which are at most the other nodes. */
static int share_upwards(const struct place *place, enum ration_limit limit, const char *file, bool less)
{
	CLEANUP(closep) int at = place->tenant_fd < 0 ? -EBADF : fcntl(place->tenant_fd, F_DUPFD_CLOEXEC, 3);

	for (size_t i = 0; i <= place->host->n_nodes && at >= 0 && (i < 2 || made(at)); i++) {
		int r = (less && has_none(at, file)) || record_has_limit(at, limit) || whose_is(at, NULL) == WHOSE_OTHER ? 0 :
			write_sum(at, file);

		if (r < 0)
			return r;
		(void)cg_step_up(&at);
	}
	return 0;
}

int protect_nodes(const struct ration_plan *plan, const struct place *place, struct ration_error *reterr)
{
	static const struct {
		enum ration_limit limit;
		const char *file;
	} files[] = {
		{ RATION_LIMIT_MEMORY_LOW, "memory.low" },
		{ RATION_LIMIT_MEMORY_MIN, "memory.min" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r = !plan || plan_enforced(plan, files[i].limit) ?
			share_upwards(place, files[i].limit, files[i].file, !plan) : 0;

		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN,
					"can't write %s of the groups above %s/%s: %s", files[i].file, place->tenant,
					place->name, error_text(r));
	}
	return 0;
}

void protect_without(const struct host_snapshot *host, int tenant_fd)
{
	struct place place = PLACE_NONE;

	place.host = host;
	place.tenant_fd = tenant_fd;
	(void)protect_nodes(NULL, &place, NULL);
}
