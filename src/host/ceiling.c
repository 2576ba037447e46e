/* SPDX-License-Identifier: MIT */
/*
 * ceiling.c - what the groups at and above a place allow those below
 */
#include "host/ceiling.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/machine.h"
#include "sys/cgroup.h"
#include "util/cleanup.h"

/* The unit of a rate of CPU time is microseconds of this period. */
#define PERIOD_USEC 100000

static void lower(struct host_bound *bound, uint64_t value, const char *file, const char *where)
{
	if (bound->known && bound->value <= value)
		return;
	bound->known = true;
	bound->value = value;
	(void)snprintf(bound->source, sizeof(bound->source), "%s of %.160s", file, where);
}

static void look_at(int fd, const char *where, struct host_facts *facts)
{
	uint64_t value, quota, period;
	char text[64];
	int r = cg_read_u64(fd, "memory.max", &value);

	facts_note(facts, r, "memory.max", where);
	if (r == 0 && value != UINT64_MAX)
		lower(&facts->memory_bound, value, "memory.max", where);
	r = cg_read_u64(fd, "pids.max", &value);
	facts_note(facts, r, "pids.max", where);
	if (r == 0 && value != UINT64_MAX)
		lower(&facts->pids_bound, value, "pids.max", where);
	r = cg_read(fd, "cpu.max", text, sizeof(text));
	facts_note(facts, r, "cpu.max", where);
	/* "max 100000" is no rate. */
	if (r > 0 &&
			sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) == 2 && period > 0)
		lower(&facts->cpus_bound, (uint64_t)((double)quota / (double)period * PERIOD_USEC), "cpu.max", where);
}

/* BASE, and what is above it, as far as it is in the same mount. */
static void look_up(const struct host_snapshot *host, struct host_facts *facts)
{
	CLEANUP(closep) int fd = fcntl(host->base_fd, F_DUPFD_CLOEXEC, 3);
	size_t top = strlen(host->root) + strlen(host->mount);
	char path[PATH_MAX];

	facts_note(facts, fd < 0 ? -errno : 0, "", host->base);
	(void)strcpy(path, host->base);
	while (fd >= 0) {
		char *slash = strrchr(path, '/');
		int up;

		look_at(fd, path, facts);
		if (!slash || strlen(path) <= top)
			break;
		*slash = '\0';
		up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		facts_note(facts, up < 0 ? -errno : 0, "", path);
		(void)close_fd(fd);
		fd = up;
	}
}

static void at_most(struct host_facts *facts, uint64_t *value, int fd, const char *file, const char *where)
{
	uint64_t allowed;
	int r = cg_read_u64(fd, file, &allowed);

	facts_note(facts, r, file, where);
	if (r == 0 && allowed < *value)
		*value = allowed;
}

void ceiling_note(const struct host_snapshot *host, const char *tenant, bool room, struct host_facts *facts)
{
	CLEANUP(closep) int fd = host->base_fd < 0 ? -EBADF : fcntl(host->base_fd, F_DUPFD_CLOEXEC, 3);

	facts_note(facts, host->base_fd >= 0 && fd < 0 ? -errno : 0, "", host->base);
	if (fd >= 0)
		look_up(host, facts);
	for (size_t i = 0; fd >= 0 && i <= host->n_nodes; i++) {
		const char *name = i < host->n_nodes ? host->node[i] : tenant;
		int below = name ? cg_open_dir(fd, name) : -EBADF;

		(void)close_fd(fd);
		fd = below;
		if (name)
			facts_note(facts, fd, "", name);
		if (fd < 0)
			break;
		look_at(fd, name, facts);
		if (room) {
			at_most(facts, &facts->memory_bytes, fd, "memory.max", name);
			at_most(facts, &facts->swap_bytes, fd, "memory.swap.max", name);
		}
		machine_probe_group(facts, fd, name);
	}
}
