/* SPDX-License-Identifier: MIT */
/*
 * base.c - takes a group as BASE, or notes why it can't be
 */
#include "host/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/container.h"
#include "host/kinds.h"
#include "sys/cgroup/cgroup.h"
#include "sys/spawn/identity.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

void base_note(struct host_facts *facts, const char *fix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(facts->base_reason, sizeof(facts->base_reason), format, args);
	va_end(args);
	(void)snprintf(facts->base_fix, sizeof(facts->base_fix), "%s", fix);
	/* The texts contain paths, whose names others chose. */
	(void)text_clean(facts->base_reason);
	(void)text_clean(facts->base_fix);
}

/* Detects both a read-only mount and another user's directory, before anything is changed. */
static int base_writable(int fd)
{
	int r = sys_access(fd, ".", W_OK);

	return r < 0 ? r : sys_access(fd, "cgroup.procs", W_OK);
}

static int read_controllers(int fd, uint32_t *ret)
{
	char text[256];
	uint32_t bits = 0;
	int r = cg_read(fd, "cgroup.controllers", text, sizeof(text));

	if (r < 0)
		return r;
	for (size_t i = 0; i < HOST_CONTROLLERS; i++) {
		if (cg_text_has_word(text, host_controllers[i].name))
			bits |= host_controllers[i].bit;
	}
	*ret = bits;
	return 0;
}

uint32_t base_controllers(int fd)
{
	uint32_t bits = 0;

	(void)read_controllers(fd, &bits);
	return bits;
}

uint32_t base_note_controllers(struct host_facts *facts, int fd, const char *base)
{
	uint32_t bits = 0;

	facts_note(facts, read_controllers(fd, &bits), "cgroup.controllers", base);
	return bits;
}

/* Longer fixes wouldn't be shown whole where a hint follows them. */
#define FIX_MAX 200
#define WANTED (RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS)

/*
 * Returns the length of the path of the lowest group above BASE that could enable all controllers that any of
 * them could; 0: none could.
 */
static size_t lowest_with(const struct host_snapshot *host, uint32_t *ret_bits)
{
	size_t root = strlen(host->root), top = root + strlen(host->mount), length = 0;
	char path[PATH_MAX];

	*ret_bits = 0;
	(void)strcpy(path, host->base);
	if (strncmp(path, host->root, root) != 0 || strncmp(path + root, host->mount, top - root) != 0)
		return 0;
	while (strlen(path) > top) {
		CLEANUP(closep) int fd = -EBADF;
		uint32_t bits;

		*strrchr(path, '/') = '\0';
		fd = base_open(path, host->root);
		bits = fd < 0 ? 0 : base_controllers(fd) & WANTED;
		if (bits & ~*ret_bits) {
			*ret_bits = bits;
			length = strlen(path);
		}
	}
	return length;
}

/* Whether a shell reads the path as it is between single quotes, and text_clean() leaves it unchanged. */
static bool can_be_quoted(const char *path)
{
	for (; *path; path++) {
		if (*path < ' ' || *path > '~' || *path == '\'')
			return false;
	}
	return true;
}

/* Writes the command that enables them in each group from there on; false: there is none, or it is too long. */
static bool enable_above(const struct host_snapshot *host, char fix[static FIX_MAX])
{
	uint32_t bits;
	size_t at = lowest_with(host, &bits), n = 0;

	if (at == 0 || !can_be_quoted(host->base))
		return false;
	for (size_t i = 0; i < HOST_CONTROLLERS; i++) {
		if (host_controllers[i].bit & bits)
			n += (size_t)snprintf(fix + n, FIX_MAX - n, "%s+%s", n == 0 ? "echo '" : " ", host_controllers[i].name);
	}
	n += (size_t)snprintf(fix + n, FIX_MAX - n, "' | tee");
	for (; host->base[at] && n < FIX_MAX; at += 1 + strcspn(host->base + at + 1, "/"))
		n += (size_t)snprintf(fix + n, FIX_MAX - n, " '%.*s/cgroup.subtree_control'", (int)at, host->base);
	return n < FIX_MAX;
}

/* If the group above isn't visible from here, or its path doesn't fit, gives no path rather than a wrong one. */
static const char *enable_somehow(const struct host_snapshot *host)
{
	if (strlen(host->base) > strlen(host->root) + strlen(host->mount))
		return "enable cpu, memory and pids in cgroup.subtree_control of each group above";
	if (host->facts.cgroup_namespace)
		return "have whoever started the container enable cpu, memory and pids for the group it is in";
	return "boot a kernel that has the controllers cpu, memory and pids";
}

void base_note_no_controllers(struct host_snapshot *host)
{
	struct host_facts *facts = &host->facts;
	char fix[FIX_MAX];

	if (facts->hierarchy == RATION_HIERARCHY_HYBRID) {
		base_note(facts, kernel_fix_v1(host->kernel_kind),
				facts->controllers ? "cgroup v1 has all controllers except hugetlb, which %s has" :
						     "cgroup v1 has all controllers, %s has none", host->base);
		return;
	}
	base_note(facts, enable_above(host, fix) ? fix : enable_somehow(host),
			"%s has no controllers%s: the group above enables none", host->base,
			facts->controllers ? " except hugetlb" : "");
}

bool base_threaded(int fd)
{
	char text[64];

	/* "domain threaded": a group below is threaded; "domain invalid": one above or beside it is. */
	return cg_read(fd, "cgroup.type", text, sizeof(text)) > 0 &&
		(strcmp(text, "threaded") == 0 || strcmp(text, "domain invalid") == 0);
}

/* A task's group as Slurm names it, which is root's: SCOPE/job_J/step_S/user/task_N. */
static bool is_slurm_task(const char *path)
{
	const char *task = strstr(path, "/user/task_"), *step = strstr(path, "/step_"), *job = strstr(path, "/job_");

	return job && step > job && task > step;
}

/* A chown of this group may not be enough: in the root, even its owner can't write. */
static void note_not_ours(struct host_snapshot *host, int fd, int r)
{
	struct host_facts *facts = &host->facts;
	unsigned uid = (unsigned)geteuid();
	const char *fix;
	char create[160];

	(void)snprintf(create, sizeof(create), "as root: ration create user-%u/own --owner %u; ration exec --user %u user-%u/own -- sh",
			uid, uid, uid, uid);
	if (facts->hierarchy == RATION_HIERARCHY_HYBRID && !(base_controllers(fd) & ~RATION_CONTROLLER_HUGETLB))
		fix = kernel_fix_v1(host->kernel_kind);
	else if (facts->root)
		fix = "start ration in a group that belongs to this user namespace's root, or set --base DIR";
	else if (is_slurm_task(host->base))
		fix = "have the admin install ration-slurm, Slurm's plugin, on this node";
	else
		fix = create;
	base_note(facts, fix, "%s belongs to another user (%s)", host->base, error_text(r));
}

static void note_read_only(struct host_snapshot *host)
{
	const char *mount = host->mount[0] ? host->mount : host->base;
	const char *fix = "remount the file system of cgroup2 for writing";
	char remount[FIX_MAX];

	if (can_be_quoted(mount) && snprintf(remount, sizeof(remount), "mount -o remount,rw '%s'", mount) < FIX_MAX)
		fix = remount;
	base_note(&host->facts, host->facts.container ? container_fix_read_only(host) : fix, "%s is mounted read-only", host->base);
}

void base_take(struct host_snapshot *host, int fd, enum ration_base_kind kind, bool read_only)
{
	struct host_facts *facts = &host->facts;
	int r = read_only ? -EROFS : base_writable(fd);

	facts_note(facts, r, "", host->base);
	if (r == -EROFS)
		note_read_only(host);
	else if (r < 0 && identity_lacks_override())
		base_note(facts, "run ration with that capability, e.g. docker run --cap-add DAC_OVERRIDE",
				"root lacks %s here, without which it can't write to %s", identity_lacks_override(),
				host->base);
	else if (r < 0)
		note_not_ours(host, fd, r);
	if (r < 0) {
		if (kind == RATION_BASE_GIVEN)
			facts->base_kind = RATION_BASE_REFUSED;
		host->base[0] = '\0';
		(void)close_fd(fd);
		return;
	}
	host->base_fd = fd;
	facts->base_kind = kind;
	facts->controllers = base_note_controllers(facts, fd, host->base);
	/* Even if the group above enables more, memory won't be available in a threaded group. */
	if (facts->hierarchy == RATION_HIERARCHY_V2 && base_threaded(fd))
		base_note(facts, "start ration in a group that isn't threaded, or set --base DIR",
				"%s is a threaded group and can't limit memory", host->base);
	/* hugetlb alone doesn't count: it is what is left when v1 has all other controllers. */
	else if (!(facts->controllers & ~RATION_CONTROLLER_HUGETLB))
		base_note_no_controllers(host);
}

int base_open(const char *path, const char *root)
{
	int fd;

	if (!root[0])
		return cg_open_base(path);
	fd = lift_fd(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return fd < 0 ? -errno : fd;
}

void base_capacity(struct host_snapshot *host, int base_fd, const char *base, const char *root)
{
	CLEANUP(closep) int fd = fcntl(base_fd, F_DUPFD_CLOEXEC, 3);
	char path[PATH_MAX], top[PATH_MAX];
	size_t mount_length = strlen(root) + strlen(host->mount);

	facts_note(&host->facts, fd < 0 ? -errno : 0, "", base);
	(void)strcpy(path, base);
	if (!host->mount[0] || (size_t)snprintf(top, sizeof(top), "%s%s", root, host->mount) >= sizeof(top))
		return;
	while (fd >= 0 && strncmp(path, top, mount_length) == 0) {
		uint64_t max;
		char *slash;
		int r = cg_read_u64(fd, "memory.max", &max);

		facts_note(&host->facts, r, "memory.max", path);
		/* The real root has no such file, which means no limit, not a limit of 0. */
		if (r == 0 && max != UINT64_MAX &&
				(max < host->facts.memory_bytes || host->facts.memory_bytes == 0)) {
			host->facts.memory_bytes = max;
			(void)text_clean(strcpy(host->memory_source, path));
		}
		slash = strrchr(path, '/');
		if (!slash || strlen(path) <= mount_length)
			break;
		*slash = '\0';
		facts_note(&host->facts, cg_step_up(&fd), "", path);
	}
}

void base_capacity_of_own(struct host_snapshot *host, const char *root)
{
	CLEANUP(closep) int fd = -EBADF;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", root, host->mount, strcmp(host->own, "/") == 0 ? "" : host->own) >=
			sizeof(path))
		return;
	fd = base_open(path, root);
	facts_note(&host->facts, fd, "", path);
	if (fd >= 0)
		base_capacity(host, fd, path, root);
}
