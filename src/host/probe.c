/* SPDX-License-Identifier: MIT */
/*
 * probe.c - looks at the machine: which cgroups, where, and what they can do
 *
 * BASE is found, never assumed. In this order:
 *
 *   - the one that the caller names;
 *   - where systemd owns the tree and hasn't delegated our own group to us, the
 *     group of a unit of ours (unit.c), which may be to be started yet. Writing
 *     elsewhere would be undone, or undo somebody's work;
 *   - the mount itself, if we live in the real root of the hierarchy: it alone
 *     has no cgroup.events;
 *   - our own group, never one above it, so that the limits of a container hold
 *     for everything below. A group with processes can't have controllers for
 *     its children, so the processes there move into a leaf, ration.self:
 *     once, when the first run starts, and only if all are our own.
 *
 * Looking changes nothing.
 */
#include "host/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/base.h"
#include "host/ceiling.h"
#include "host/cgroup1.h"
#include "host/container.h"
#include "host/facts.h"
#include "host/kinds.h"
#include "host/machine.h"
#include "host/notes.h"
#include "host/unit.h"
#include "sys/cgroup/cgroup.h"
#include "sys/proc/mounts.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* A path gets more room than a value. */
#define BASE_SHOWN_MAX 201

/*
 * 0: all processes of the group are ours and can be moved into a leaf. -EXDEV: one is of another pid
 * namespace; -EPERM: one is of another uid.
 */
static int all_ours(const struct host_snapshot *host, int fd)
{
	CLEANUP(closep) int procs = cg_open_file(fd, "cgroup.procs");
	uid_t uid = geteuid();
	FILE *file;
	int pid, r = 0;

	if (procs < 0)
		return procs;
	file = fdopen(procs, "re");
	if (!file)
		return -errno;
	(void)TAKE_FD(procs);
	while (r == 0 && fscanf(file, "%d", &pid) == 1) {
		char name[16];
		struct stat st;

		if (pid <= 0) {
			r = -EXDEV;
			break;
		}
		(void)snprintf(name, sizeof(name), "%d", pid);
		if (fstatat(host->proc_fd, name, &st, 0) < 0)
			r = errno == ENOENT || errno == ESRCH ? 0 : -errno;
		else if (st.st_uid != uid)
			r = -EPERM;
	}
	if (r == 0 && ferror(file))
		r = -EIO;
	(void)fclose(file);
	return r;
}

/* BASE is our own group, or the group from which we were moved into ration.self. */
static void find_nested(struct host_snapshot *host, const struct mounts *mounts, const char *root)
{
	struct host_facts *facts = &host->facts;
	int r, fd = base_open(host->base, root);

	facts_note(facts, fd, "", host->base);
	if (fd < 0) {
		base_note(facts, "", "can't open ration's own group %s (%s)", host->base, error_text(fd));
		host->base[0] = '\0';
		return;
	}
	r = host->evacuate ? all_ours(host, fd) : 0;
	facts_note(facts, r, "cgroup.procs", host->base);
	base_take(host, fd, RATION_BASE_NESTED, mounts->read_only);
	if (r < 0 && facts->base_kind != RATION_BASE_NONE) {
		/*
		 * Beside processes of others, groups for membership and kill can be made, but controllers
		 * can't be enabled.
		 */
		host->evacuate = false;
		facts->controllers = 0;
		base_note(facts, "start ration in a group of its own, or set --base DIR",
				r == -EXDEV ? "%s has processes of another pid namespace" :
					      "%s has processes of other users",
				host->base);
	}
}

static bool own_is_delegated(const struct host_snapshot *host, const char *root)
{
	CLEANUP(closep) int fd = base_open(host->base, root);

	return fd >= 0 && notes_delegated(fd);
}

static void find_base(struct host_snapshot *host, const struct mounts *mounts, const char *root)
{
	struct host_facts *facts = &host->facts;

	if (!mounts->v2) {
		base_note(facts, mounts->v1 ? kernel_fix_v1(host->kernel_kind) :
					      "mount -t cgroup2 none /sys/fs/cgroup",
				mounts->v1 ? "only cgroup v1 is mounted" : "no cgroup file system is mounted");
		return;
	}
	(void)snprintf(host->mount, sizeof(host->mount), "%s", mounts->point);
	if (!mounts->own_known) {
		base_note(facts, container_fix_outside(host), "%s doesn't show ration's own group", mounts->point);
		return;
	}
	host->own_known = true;
	(void)strcpy(host->own, mounts->own[0] ? mounts->own : "/");
	if ((size_t)snprintf(host->base, sizeof(host->base), "%s%s%s", root, mounts->point, mounts->own) >=
			sizeof(host->base)) {
		host->base[0] = '\0';
		base_note(facts, "set --base DIR", "the path of ration's own group is too long");
		return;
	}

	CLEANUP(closep) int fd = base_open(host->base, root);
	int events = fd < 0 ? fd : sys_access(fd, "cgroup.events", F_OK);
	bool real_root = fd >= 0 && mounts->own[0] == '\0' && events == -ENOENT;

	facts_note(facts, events, "cgroup.events", host->base);

	if (real_root && !facts->systemd) {
		base_take(host, TAKE_FD(fd), RATION_BASE_ROOT, mounts->read_only);
		return;
	}
	char *slash = strrchr(host->base, '/');

	if (slash && strcmp(slash + 1, HOST_SELF) == 0)
		*slash = '\0';
	else
		host->evacuate = true;
	if (facts->systemd && !unit_inside_run(mounts, root) && !own_is_delegated(host, root))
		unit_find(host, mounts, root);
	else
		find_nested(host, mounts, root);
}

static int given_base(struct host_snapshot *host, const char *base, const char *root, struct ration_error *reterr)
{
	char shown[BASE_SHOWN_MAX];
	int fd = base_open(base, root);
	int r;

	(void)text_show(shown, sizeof(shown), base);
	if (fd < 0) {
		r = fd;
		(void)error_set(reterr, r, r == -EINVAL ? RATION_CAUSE_INVALID : RATION_CAUSE_NO_CGROUP,
				r == -EINVAL ? "--base %s isn't on a cgroup2 file system" :
					       "--base %s can't be opened: %s",
				shown, error_text(r));
		return error_hint(reterr, r,
				"use an existing group, e.g. --base /sys/fs/cgroup/mine");
	}
	/* As the kernel writes it: it is compared with the path of the mount below, and in receipts. */
	if (!realpath(base, host->base)) {
		r = -errno;
		(void)close_fd(fd);
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "--base %s can't be resolved: %s", shown,
				error_text(r));
	}
	base_take(host, fd, RATION_BASE_GIVEN, false);
	return 0;
}

/* Only a fallback needs this count, and it costs a walk through /proc. */
static void count_user_tasks(struct host_snapshot *host)
{
	struct host_facts *facts = &host->facts;

	if (!facts->root && !((facts->controllers | facts->v1_controllers) & RATION_CONTROLLER_PIDS))
		(void)proc_uid_tasks(host->proc_fd, getuid(), &facts->user_tasks);
}

void probe_drop_base(struct host_snapshot *host, const char *reason, const char *fix)
{
	struct host_facts *facts = &host->facts;

	host->base_fd = close_fd(host->base_fd);
	host->base[0] = '\0';
	host->unit_pending = host->outside = false;
	facts->caller.apart = false;
	facts->base_kind = RATION_BASE_NONE;
	facts->controllers = 0;
	base_note(facts, fix, "%s", reason);
	count_user_tasks(host);
}

/* gVisor's groups remember limits but hardly enforce them: see container.c. */
static void refuse_gvisor(struct host_snapshot *host)
{
	bool given = host->facts.base_kind == RATION_BASE_GIVEN || host->facts.base_kind == RATION_BASE_REFUSED;

	probe_drop_base(host, "gVisor's groups accept limits on memory and CPU but don't enforce them",
			"limit the sandbox from outside: docker run --memory …, or resources.limits of its pod");
	if (given)
		host->facts.base_kind = RATION_BASE_REFUSED;
}

static void note_mounts(struct host_snapshot *host, const struct mounts *mounts)
{
	if (mounts->v2)
		host->facts.hierarchy = mounts->v1 ? RATION_HIERARCHY_HYBRID : RATION_HIERARCHY_V2;
	else
		host->facts.hierarchy = mounts->v1 ? RATION_HIERARCHY_V1 : RATION_HIERARCHY_NONE;
}

/* BASE was named: of the mounts, only the place of our own group matters. */
static int take_base(struct host_snapshot *host, const struct mounts *mounts, const char *base, const char *root,
		struct ration_error *reterr)
{
	(void)snprintf(host->mount, sizeof(host->mount), "%s", mounts->v2 ? mounts->point : "");
	if (mounts->own_known) {
		host->own_known = true;
		(void)strcpy(host->own, mounts->own[0] ? mounts->own : "/");
	}
	return given_base(host, base, root, reterr);
}

static int probe_cgroups(struct host_snapshot *host, const char *base, const char *root,
		struct ration_error *reterr)
{
	CLEANUP(freep) struct mounts_v1 *v1 = NULL;
	struct host_facts *facts = &host->facts;
	struct mounts mounts;
	char proc[PATH_MAX];
	int n_v1, r = 0;

	(void)snprintf(proc, sizeof(proc), "%s/proc/self", root);
	n_v1 = mounts_read_both(proc, &mounts, &v1);
	if (n_v1 < 0)
		return error_set(reterr, n_v1, RATION_CAUSE_UNKNOWN, "can't read %s/mountinfo and %s/cgroup: %s", proc,
				proc, error_text(n_v1));
	if (container_probe(host, &mounts, root) < 0)
		return error_oom(reterr);
	note_mounts(host, &mounts);
	if (base)
		r = take_base(host, &mounts, base, root, reterr);
	else
		find_base(host, &mounts, root);
	if (r < 0)
		return r;
	if (kernel_is(host->kernel_kind, KERNEL_GVISOR)) {
		refuse_gvisor(host);
		return 0;
	}
	if (facts->base_kind == RATION_BASE_UNIT || facts->base_kind == RATION_BASE_GIVEN)
		ceiling_note_caller(host);
	if (host->base_fd >= 0) {
		if (facts->base_kind != RATION_BASE_ROOT)
			base_capacity(host, host->base_fd, host->base, root);
		machine_probe_group(facts, host->base_fd, host->base);
	} else if (host->own_known && !host->unit_pending) {
		base_capacity_of_own(host, root);
	}
	cgroup1_probe(host, v1, n_v1, root);
	count_user_tasks(host);
	return facts_check(facts, reterr);
}

int probe_again(struct host_snapshot *host, struct ration_error *reterr)
{
	return probe_cgroups(host, NULL, host->root, reterr);
}

int probe(struct host_snapshot *host, const struct ration_host_options *options, struct ration_error *reterr)
{
	int r = machine_probe(host, host->root, reterr);

	return r < 0 ? r : probe_cgroups(host, options->base, host->root, reterr);
}
