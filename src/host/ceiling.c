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

#include "host/base.h"
#include "host/machine.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cpus.h"
#include "util/cleanup.h"
#include "util/text.h"

/* The unit of a rate of CPU time is microseconds of this period. */
#define PERIOD_USEC 100000

static void lower(struct host_bound *bound, uint64_t value, const char *file, const char *where)
{
	if (bound->known && bound->value <= value)
		return;
	bound->known = true;
	bound->value = value;
	(void)snprintf(bound->source, sizeof(bound->source), "%s of %.160s", file, where);
	(void)text_clean(bound->source);
}

static void read_limits(int fd, const char *where, struct host_facts *facts, struct host_bounds *bounds)
{
	const struct {
		const char *name;
		struct host_bound *bound;
	} files[] = {
		{ "memory.max", &bounds->memory },
		{ "memory.high", &bounds->memory_high },
		{ "memory.swap.max", &bounds->swap },
		{ "pids.max", &bounds->pids },
	};
	uint64_t value, quota, period;
	char text[64];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		r = cg_read_u64(fd, files[i].name, &value);
		facts_note(facts, r, files[i].name, where);
		if (r == 0 && value != UINT64_MAX)
			lower(files[i].bound, value, files[i].name, where);
	}
	r = cg_read(fd, "cpu.max", text, sizeof(text));
	facts_note(facts, r, "cpu.max", where);
	/* "max 100000" is no rate. */
	if (r > 0 &&
			sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) == 2 && period > 0)
		lower(&bounds->cpus, (uint64_t)((double)quota / (double)period * PERIOD_USEC), "cpu.max", where);
}

/* Goes one level up: changes `path` and the directory. False: nothing above can be looked at. */
static bool go_up(int *fd, char *path, struct host_facts *facts)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	facts_note(facts, cg_step_up(fd), "", path);
	return *fd >= 0;
}

/* Looks at BASE and the groups above it, as far as they are in the same mount. */
static void look_up(const struct host_snapshot *host, struct host_facts *facts)
{
	CLEANUP(closep) int fd = -EBADF;
	size_t top = strlen(host->root) + strlen(host->mount);
	char path[PATH_MAX];

	/* The real root has no limits, and nothing above it. */
	if (facts->base_kind == RATION_BASE_ROOT)
		return;
	fd = fcntl(host->base_fd, F_DUPFD_CLOEXEC, 3);
	facts_note(facts, fd < 0 ? -errno : 0, "", host->base);
	(void)strcpy(path, host->base);
	while (fd >= 0) {
		read_limits(fd, path, facts, &facts->bounds);
		if (strlen(path) <= top || !go_up(&fd, path, facts))
			break;
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
	CLEANUP(closep) int fd = -EBADF;

	if (host->base_fd < 0)
		return;
	look_up(host, facts);
	for (size_t i = 0; i <= host->n_nodes; i++) {
		const char *name = i < host->n_nodes ? host->node[i] : tenant;
		int below = name ? cg_open_dir(i == 0 ? host->base_fd : fd, name) : -EBADF;

		(void)close_fd(fd);
		fd = below;
		if (name)
			facts_note(facts, fd, "", name);
		if (fd < 0)
			break;
		read_limits(fd, name, facts, &facts->bounds);
		if (room) {
			at_most(facts, &facts->memory_bytes, fd, "memory.max", name);
			at_most(facts, &facts->swap_bytes, fd, "memory.swap.max", name);
		}
		machine_probe_group(facts, fd, name);
	}
}

/* -------------------------------------------------------------- the caller's */

/* Finds the sets of the lowest level that has a cpuset, on the way up. */
static void look_for_sets(int fd, const char *path, struct host_facts *facts, struct host_set *cpus, struct host_set *mems)
{
	if (!cpus->known)
		machine_probe_set(facts, fd, path, "cpuset.cpus.effective", cpus);
	if (!mems->known)
		machine_probe_set(facts, fd, path, "cpuset.mems.effective", mems);
}

/* Drops a set that isn't smaller than what everybody has. */
static void keep_narrower(struct host_set *set, const struct host_set *all)
{
	if (set->known && all->known && cpus_within(&all->mask, &set->mask))
		set->known = false;
}

void ceiling_note_caller(struct host_snapshot *host)
{
	struct host_facts *facts = &host->facts;
	struct host_caller *caller = &facts->caller;
	size_t top = strlen(host->root) + strlen(host->mount);
	struct host_set cpus = { .known = false }, mems = { .known = false };
	CLEANUP(closep) int fd = -EBADF;
	char path[PATH_MAX];

	/* If we have moved this process into BASE meanwhile, its old limits are still the caller's. */
	if (caller->apart || !host->own_known ||
			(size_t)snprintf(path, sizeof(path), "%s%s%s", host->root, host->mount,
					strcmp(host->own, "/") == 0 ? "" : host->own) >= sizeof(path))
		return;
	fd = base_open(path, host->root);
	facts_note(facts, fd, "", path);
	while (fd >= 0 && !cg_path_within(host->base, path)) {
		caller->apart = true;
		read_limits(fd, path, facts, &caller->bounds);
		look_for_sets(fd, path, facts, &caller->cpus, &caller->mems);
		if (strlen(path) <= top || !go_up(&fd, path, facts))
			break;
	}
	while (fd >= 0 && strlen(path) >= top) {
		look_for_sets(fd, path, facts, &cpus, &mems);
		if ((cpus.known && mems.known) || !go_up(&fd, path, facts))
			break;
	}
	keep_narrower(&caller->cpus, &cpus);
	keep_narrower(&caller->mems, &mems);
}
