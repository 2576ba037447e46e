/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.c - the hierarchies of cgroup v1 that are mounted
 */
#include "host/cgroup1.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/kinds.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cgroup1.h"
#include "sys/spawn/identity.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/text.h"

static const struct host_controller controllers[] = {
	{ "cpu", RATION_CONTROLLER_CPU },
	{ "cpuacct", RATION_CONTROLLER_CPUACCT },
	{ "freezer", RATION_CONTROLLER_FREEZER },
	{ "memory", RATION_CONTROLLER_MEMORY },
	{ "pids", RATION_CONTROLLER_PIDS },
};

static uint32_t bits_of(const char *names)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (mounts_has_controller(names, controllers[i].name))
			bits |= controllers[i].bit;
	}
	return bits;
}

/* Keeps the first reason: for the others it is usually the same. */
static void note_reason(struct host_facts *facts, const char *path, const char *why)
{
	if (!facts->v1_reason[0])
		(void)snprintf(facts->v1_reason, sizeof(facts->v1_reason), "%.200s %s", path, why);
	(void)text_clean(facts->v1_reason);
}

/* Opens our own group; a tree of captured files isn't on a cgroup file system. */
static int open_own(const char *path, const char *root)
{
	int fd;

	if (!root[0])
		return cg1_open_base(path);
	fd = lift_fd(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return fd < 0 ? -errno : fd;
}

/* Until 5.11 a group could be exempt from the limits of those above it; the root is so by default. */
static bool is_exempt(struct host_facts *facts, int fd, const char *path)
{
	uint64_t hierarchical;
	int r = cg_read_u64(fd, "memory.use_hierarchy", &hierarchical);

	facts_note(facts, r, "memory.use_hierarchy", path);
	return r == 0 && hierarchical == 0;
}

/* No group below ours can have more than ours and those above it allow. */
static void find_capacity(struct host_snapshot *host, int fd, const char *path)
{
	char text[CG_FILE_MAX];
	uint64_t max;
	int r = cg_read(fd, "memory.stat", text, sizeof(text));

	facts_note(&host->facts, r, "memory.stat", path);
	if (r < 0 || cg_text_key(text, "hierarchical_memory_limit", &max) < 0 || max >= host->facts.memory_bytes)
		return;
	host->facts.memory_bytes = max;
	(void)snprintf(host->memory_source, sizeof(host->memory_source), "%s", path);
	(void)text_clean(host->memory_source);
}

static void add_hierarchy(struct host_snapshot *host, const struct mounts_v1 *mount, const char *root)
{
	struct host_facts *facts = &host->facts;
	struct host_v1 *at = &host->v1[host->n_v1];
	CLEANUP(closep) int fd = -EBADF;
	int r;

	at->controllers = bits_of(mount->controllers);
	if (at->controllers == 0 || host->n_v1 == ARRAY_SIZE(host->v1) ||
			(size_t)snprintf(at->path, sizeof(at->path), "%s%s%s", root, mount->point, mount->own) >=
					sizeof(at->path))
		return;
	fd = open_own(at->path, root);
	facts_note(facts, fd, "", at->path);
	if (fd < 0)
		return note_reason(facts, at->path, "can't be opened");
	if (at->controllers & RATION_CONTROLLER_MEMORY)
		find_capacity(host, fd, at->path);
	if (facts->systemd && facts->base_kind != RATION_BASE_NESTED)
		return note_reason(facts, at->path, "isn't delegated by systemd");
	if (mount->read_only)
		return note_reason(facts, at->path, "is mounted read-only");
	r = sys_access(fd, ".", W_OK);
	facts_note(facts, r, "", at->path);
	if (r < 0)
		return note_reason(facts, at->path, r == -EROFS ? "is mounted read-only" : identity_lacks_override() ?
				"can't be written by root without CAP_DAC_OVERRIDE" : "belongs to another user");
	if (at->controllers & RATION_CONTROLLER_MEMORY && mount->own[0] && is_exempt(facts, fd, at->path))
		return note_reason(facts, at->path, "isn't hierarchical: memory.use_hierarchy is 0");
	if (at->controllers & RATION_CONTROLLER_MEMORY) {
		r = sys_access(fd, "memory.memsw.limit_in_bytes", F_OK);
		facts_note(facts, r, "memory.memsw.limit_in_bytes", at->path);
		facts->v1_swap = r == 0;
	}
	facts->v1_controllers |= at->controllers;
	at->fd = TAKE_FD(fd);
	host->n_v1++;
}

void cgroup1_probe(struct host_snapshot *host, const struct mounts_v1 *mounts, int n, const char *root)
{
	for (int i = 0; i < n; i++)
		add_hierarchy(host, &mounts[i], root);
}

const char *cgroup1_name(uint32_t bits)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (bits & controllers[i].bit)
			return controllers[i].name;
	}
	return "";
}

bool cgroup1_is_name(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (strncmp(name, controllers[i].name, length) == 0 && !controllers[i].name[length])
			return true;
	}
	return false;
}
