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

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "host/container.h"
#include "host/kinds.h"
#include "host/machine.h"
#include "host/unit.h"
#include "host/cgroup1.h"
#include "sys/cgroup.h"
#include "sys/mounts.h"
#include "sys/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* A path is worth more room than a value. */
#define BASE_SHOWN_MAX 201

/* ---------------------------------------------------------- the machine */

static uint64_t meminfo_bytes(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	uint64_t kib;

	if (!at || sscanf(at + strlen(key), ": %" SCNu64, &kib) != 1)
		return 0;
	return kib * 1024;
}

static bool kernel_at_least(const char *release, unsigned major, unsigned minor)
{
	unsigned a = 0, b = 0;

	(void)sscanf(release, "%u.%u", &a, &b);
	return a > major || (a == major && b >= minor);
}

/*
 * Whether a run gets a pidfd, and can make use of it: clone3(2) gives one, too, but
 * only a child that is born in its group is made by it.
 */
static bool probe_pidfd(bool born_inside)
{
	CLEANUP(closep) int fd = sys_pidfd_open(getpid());

	return sys_takes_pidfds() && (!sys_refused(fd) || (born_inside && sys_has_clone3()));
}

/* Files of groups can't be looked for before there is a group: their kernel's version tells. */
static uint32_t probe_features(const struct host_snapshot *host)
{
	static const struct {
		unsigned major, minor;
		uint32_t bit;
	} since[] = {
		{ 5, 7, RATION_FEATURE_CLONE_INTO_CGROUP },
		{ 5, 14, RATION_FEATURE_CGROUP_KILL },
		{ 5, 14, RATION_FEATURE_CPU_BURST },
		{ 5, 15, RATION_FEATURE_CPU_IDLE },
		{ 5, 19, RATION_FEATURE_MEMORY_PEAK },
		{ 6, 1, RATION_FEATURE_PIDS_PEAK },
		{ 6, 5, RATION_FEATURE_SWAP_PEAK },
	};
	char text[4096];
	uint32_t features = 0;

	for (size_t i = 0; i < ARRAY_SIZE(since); i++) {
		if (kernel_at_least(host->kernel, since[i].major, since[i].minor))
			features |= since[i].bit;
	}
	if (probe_pidfd(features & RATION_FEATURE_CLONE_INTO_CGROUP))
		features |= RATION_FEATURE_PIDFD;
	/* A filter may refuse what the kernel has. Of a captured tree its version tells. */
	if (!host->root[0] && !sys_has_clone3())
		features &= ~RATION_FEATURE_CLONE_INTO_CGROUP;
	if (host->root[0] ? kernel_at_least(host->kernel, 5, 6) : sys_has_openat2())
		features |= RATION_FEATURE_OPENAT2;
	/* The file is there but answers EOPNOTSUPP where psi=1 is missing. */
	if (proc_read(host->proc_fd, "pressure/memory", text, sizeof(text)) > 0)
		features |= RATION_FEATURE_PSI;
	if (sys_access(host->proc_fd, "swaps", F_OK) == 0 &&
			!(proc_read(host->proc_fd, "cmdline", text, sizeof(text)) > 0 &&
					strstr(text, "swapaccount=0")))
		features |= RATION_FEATURE_SWAP_MAX;
	return features;
}

static void probe_cpus(struct host_facts *facts)
{
	memset(&facts->cpu_mask, 0, sizeof(facts->cpu_mask));
	facts->cpus = 0;
	if (sched_getaffinity(0, sizeof(facts->cpu_mask.bits), (cpu_set_t *)(void *)facts->cpu_mask.bits) < 0)
		facts->cpu_mask.bits[0] = 1;
	for (size_t i = 0; i < sizeof(facts->cpu_mask.bits); i++)
		facts->cpus += (unsigned)__builtin_popcount(facts->cpu_mask.bits[i]);
}

static bool below_root(const char *root, const char *path)
{
	char full[PATH_MAX];

	return (size_t)snprintf(full, sizeof(full), "%s%s", root, path) < sizeof(full) &&
		access(full, F_OK) == 0;
}

static int probe_machine(struct host_snapshot *host, const char *root, struct ration_error *reterr)
{
	struct host_facts *facts = &host->facts;
	char meminfo[4096] = "";
	int r = proc_open(root, &host->proc_fd, &facts->proc_foreign);

	if (r < 0) {
		(void)error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't use %s/proc: %s", root, error_text(r));
		return error_hint(reterr, r, "mount it: mount -t proc proc /proc");
	}
	kernel_probe(host);
	facts->root = geteuid() == 0;
	facts->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (proc_read(host->proc_fd, "meminfo", meminfo, sizeof(meminfo)) > 0) {
		facts->memory_bytes = meminfo_bytes(meminfo, "MemTotal");
		facts->swap_bytes = meminfo_bytes(meminfo, "SwapTotal");
	}
	(void)strcpy(host->memory_source, "machine");
	facts->systemd = below_root(root, "/run/systemd/system");
	facts->features = probe_features(host);
	probe_cpus(facts);
	machine_probe(facts, root);
	return 0;
}

/* ---------------------------------------------------------------- BASE */

/* There is no BASE, or it can do less than it should. */
static void base_note(struct host_facts *facts, const char *fix, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

static void base_note(struct host_facts *facts, const char *fix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(facts->base_reason, sizeof(facts->base_reason), format, args);
	va_end(args);
	(void)snprintf(facts->base_fix, sizeof(facts->base_fix), "%s", fix);
}

/* Both a read-only mount and a stranger's directory show here, before anything is tried. */
static int base_writable(int fd)
{
	int r = sys_access(fd, ".", W_OK);

	return r < 0 ? r : sys_access(fd, "cgroup.procs", W_OK);
}

/*
 * 0: every process of the group is one of ours, and can be moved into a leaf.
 * -EXDEV: one is of another pid namespace; -EPERM: one is of another uid.
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
		if (fstatat(host->proc_fd, name, &st, 0) == 0 && st.st_uid != uid)
			r = -EPERM;
	}
	(void)fclose(file);
	return r;
}

static bool delegated(int fd)
{
	char value[8];
	static const char *const names[] = { "user.delegate", "trusted.delegate" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (fgetxattr(fd, names[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	}
	return false;
}

uint32_t host_read_controllers(int fd)
{
	char text[256];
	uint32_t bits = 0;

	if (cg_read(fd, "cgroup.controllers", text, sizeof(text)) < 0)
		return 0;
	for (size_t i = 0; i < HOST_CONTROLLERS; i++) {
		if (cg_text_has_word(text, host_controllers[i].name))
			bits |= host_controllers[i].bit;
	}
	return bits;
}

static void note_no_controllers(struct host_snapshot *host)
{
	struct host_facts *facts = &host->facts;
	const char *slash = strrchr(host->base, '/');
	char fix[256];

	if (facts->hierarchy == RATION_HIERARCHY_HYBRID) {
		base_note(facts, kernel_fix_v1(host->kernel_kind),
				facts->controllers ? "cgroup v1 holds all controllers but hugetlb, which %s has" :
						     "cgroup v1 holds all controllers, %s has none", host->base);
		return;
	}
	(void)snprintf(fix, sizeof(fix), "echo '+cpu +memory +pids' > %.*s/cgroup.subtree_control",
			(int)(slash - host->base), host->base);
	base_note(facts, fix, "%s has no controllers%s: the group above doesn't enable any for it", host->base,
			facts->controllers ? " but hugetlb" : "");
}

/* Takes the directory as BASE, if it can be written; says why not otherwise. */
static void take_base(struct host_snapshot *host, int fd, enum ration_base_kind kind, bool read_only)
{
	struct host_facts *facts = &host->facts;
	int r = read_only ? -EROFS : base_writable(fd);

	if (r == -EROFS)
		base_note(facts,
				facts->container ? container_fix_read_only(host) : "mount -o remount,rw /sys/fs/cgroup",
				"%s is mounted read-only", host->base);
	else if (r < 0)
		base_note(facts, "have root delegate it: chown its directory, cgroup.procs, "
				 "cgroup.subtree_control and cgroup.threads to this user",
				"%s belongs to somebody else (%s)", host->base, error_text(r));
	if (r < 0) {
		if (kind == RATION_BASE_GIVEN)
			facts->base_kind = RATION_BASE_REFUSED;
		host->base[0] = '\0';
		(void)close_fd(fd);
		return;
	}
	host->base_fd = fd;
	facts->base_kind = kind;
	facts->controllers = host_read_controllers(fd);
	/* Few machines have hugetlb in v1 as well: it is what the others leave behind. */
	if (!(facts->controllers & ~RATION_CONTROLLER_HUGETLB))
		note_no_controllers(host);
}

/* A tree of captured files is on no cgroup2. */
static int open_group(const char *path, const char *root)
{
	int fd;

	if (!root[0])
		return cg_open_base(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The lowest memory.max from BASE upwards to the mount: what no group below can get past. */
static void find_capacity(struct host_snapshot *host, int base_fd, const char *base, const char *root)
{
	CLEANUP(closep) int fd = fcntl(base_fd, F_DUPFD_CLOEXEC, 3);
	char path[PATH_MAX], top[PATH_MAX];
	size_t mount_length = strlen(root) + strlen(host->mount);

	(void)strcpy(path, base);
	if (!host->mount[0] || (size_t)snprintf(top, sizeof(top), "%s%s", root, host->mount) >= sizeof(top))
		return;
	while (fd >= 0 && strncmp(path, top, mount_length) == 0) {
		uint64_t max;
		char *slash;
		int up;

		/* The real root has no such file: no limit, not a limit of 0. */
		if (cg_read_u64(fd, "memory.max", &max) == 0 && max != UINT64_MAX &&
				(max < host->facts.memory_bytes || host->facts.memory_bytes == 0)) {
			host->facts.memory_bytes = max;
			(void)strcpy(host->memory_source, path);
		}
		slash = strrchr(path, '/');
		if (!slash || strlen(path) <= mount_length)
			break;
		*slash = '\0';
		up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)close_fd(fd);
		fd = up;
	}
}

/* Without a BASE runs stay in our own group, which may have limits all the same. */
static void own_capacity(struct host_snapshot *host, const char *root)
{
	CLEANUP(closep) int fd = -EBADF;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", root, host->mount, strcmp(host->own, "/") == 0 ? "" : host->own) >=
			sizeof(path))
		return;
	fd = open_group(path, root);
	if (fd >= 0)
		find_capacity(host, fd, path, root);
}

/* BASE is our own group, or the one that we came from into ration.self. */
static void find_nested(struct host_snapshot *host, const struct mounts *mounts, const char *root)
{
	struct host_facts *facts = &host->facts;
	int r, fd = open_group(host->base, root);

	if (fd < 0) {
		base_note(facts, "", "our own group %s can't be opened (%s)", host->base, error_text(fd));
		host->base[0] = '\0';
		return;
	}
	r = host->evacuate ? all_ours(host, fd) : 0;
	take_base(host, fd, RATION_BASE_NESTED, mounts->read_only);
	if (r < 0 && facts->base_kind != RATION_BASE_NONE) {
		/* Groups for membership and kill can be made beside strangers; controllers can't be had. */
		host->evacuate = false;
		facts->controllers = 0;
		base_note(facts, "start ration in a group of its own, or name one: --base DIR",
				r == -EXDEV ? "processes of another pid namespace live in %s" :
					      "processes of other users live in %s",
				host->base);
	}
}

/* -------------------------------------------------------- BASE under systemd */

/* In a unit of ours we may be in a run: what is nested in that must stay there. */
static bool inside_a_run(const struct mounts *mounts, const char *root)
{
	CLEANUP(closep) int fd = -EBADF;
	size_t length = unit_prefix(mounts->own);
	char path[PATH_MAX], value[1];

	if (length == 0 || mounts->own[length] == '\0' || strcmp(mounts->own + length, "/" HOST_SELF) == 0)
		return false;
	if ((size_t)snprintf(path, sizeof(path), "%s%s%.*s", root, mounts->point, (int)length, mounts->own) >=
			sizeof(path))
		return false;
	fd = open_group(path, root);
	/* Whoever's unit it is. */
	return fd >= 0 && fgetxattr(fd, CG_XATTR_BASE, value, sizeof(value)) >= 0;
}

static bool own_is_delegated(const struct host_snapshot *host, const char *root)
{
	CLEANUP(closep) int fd = open_group(host->base, root);

	return fd >= 0 && delegated(fd);
}

static void no_unit(struct host_snapshot *host, const char *fix, const char *reason)
{
	base_note(&host->facts, fix, "systemd owns %s and hasn't delegated it%s%s", host->base, *reason ? "; " : "",
			reason);
	host->base[0] = '\0';
}

/* What a user's manager hasn't been given, its units can't have. */
static void note_kept_back(struct host_snapshot *host, const struct unit_place *place)
{
	const uint32_t all = RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO |
		RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS;
	struct host_facts *facts = &host->facts;
	char have[64] = "none";
	size_t used = 0;

	if (facts->root || (facts->controllers & all) == all)
		return;
	for (size_t i = 0; i < HOST_CONTROLLERS; i++) {
		if (facts->controllers & host_controllers[i].bit)
			used += (size_t)snprintf(have + used, sizeof(have) - used, "%s%s", used ? " " : "",
					host_controllers[i].name);
	}
	base_note(facts, "as root: d=/etc/systemd/system/user@.service.d; mkdir -p $d; printf "
			 "'[Service]\\nDelegate=cpu cpuset io memory pids\\n' >$d/ration.conf; "
			 "systemctl daemon-reload; then log in anew",
			"systemd has delegated to %s these controllers only: %s", strrchr(place->manager, '/') + 1, have);
}

static bool lacks_program(struct host_snapshot *host)
{
	if (!host->unit_program[0])
		no_unit(host, "let it be asked: leave out --helpers none", "it isn't to be asked for anything");
	else if (access(host->unit_program, X_OK) < 0)
		no_unit(host, "install all of ration, or run it with: systemd-run --scope -p Delegate=yes ration run …",
				"the program ration-unit isn't where it should be");
	else
		return false;
	return true;
}

/* The unit isn't there yet: tells of what it will be. */
static void expect_unit(struct host_snapshot *host, const char *unit, int manager_fd, const char *manager,
		const char *root)
{
	struct host_facts *facts = &host->facts;

	if (lacks_program(host))
		return;
	(void)strcpy(host->base, unit);
	host->unit_pending = true;
	facts->base_kind = RATION_BASE_UNIT;
	/* systemd knows nothing of hugetlb. */
	facts->controllers = host_read_controllers(manager_fd) & ~RATION_CONTROLLER_HUGETLB;
	if (facts->controllers == 0)
		note_no_controllers(host);
	find_capacity(host, manager_fd, manager, root);
	machine_probe_group(facts, manager_fd, manager);
}

static void find_unit(struct host_snapshot *host, const struct mounts *mounts, const char *root)
{
	CLEANUP(closep) int manager_fd = -EBADF;
	CLEANUP(closep) int fd = -EBADF;
	bool user = !host->facts.root;
	struct unit_place place;
	char manager[PATH_MAX], unit[PATH_MAX + sizeof(place.unit)];
	bool outside;

	host->evacuate = false;
	unit_place(&place, user);
	if ((size_t)snprintf(manager, sizeof(manager), "%s%s%s", root, mounts->point, place.manager) <
			sizeof(manager) - sizeof(place.unit))
		manager_fd = open_group(manager, root);
	if (manager_fd < 0 || !unit_managed(manager_fd, user) || mounts->read_only) {
		no_unit(host, user ? "have a manager run for this user: loginctl enable-linger; or set Delegate=yes "
				     "in the unit that ration runs in" :
				     "run it with: systemd-run --scope -p Delegate=yes ration run …",
				!user || mounts->read_only ? "" : "no manager of this user's runs");
		return;
	}
	(void)snprintf(unit, sizeof(unit), "%s%s", manager, place.unit + strlen(place.manager));
	fd = open_group(unit, root);
	outside = user && !cg_path_within(mounts->own, place.manager);
	if (fd < 0 || !unit_marked(fd)) {
		expect_unit(host, unit, manager_fd, manager, root);
	} else if (!outside || !bus_takes_program() || !lacks_program(host)) {
		(void)strcpy(host->base, unit);
		take_base(host, TAKE_FD(fd), RATION_BASE_UNIT, false);
	}
	if (host->facts.base_kind != RATION_BASE_UNIT)
		return;
	host->outside = outside;
	note_kept_back(host, &place);
}

/* ------------------------------------------------------------------- finding */

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
		base_note(facts, container_fix_outside(host), "%s doesn't show the group that we live in", mounts->point);
		return;
	}
	host->own_known = true;
	(void)strcpy(host->own, mounts->own[0] ? mounts->own : "/");
	if ((size_t)snprintf(host->base, sizeof(host->base), "%s%s%s", root, mounts->point, mounts->own) >=
			sizeof(host->base)) {
		host->base[0] = '\0';
		base_note(facts, "name a group: --base DIR", "the path of our own group is too long");
		return;
	}

	CLEANUP(closep) int fd = open_group(host->base, root);
	bool real_root = fd >= 0 && mounts->own[0] == '\0' && sys_access(fd, "cgroup.events", F_OK) < 0;

	if (real_root && !facts->systemd) {
		take_base(host, TAKE_FD(fd), RATION_BASE_ROOT, mounts->read_only);
		return;
	}
	char *slash = strrchr(host->base, '/');

	if (slash && strcmp(slash + 1, HOST_SELF) == 0)
		*slash = '\0';
	else
		host->evacuate = true;
	if (facts->systemd && !inside_a_run(mounts, root) && !own_is_delegated(host, root))
		find_unit(host, mounts, root);
	else
		find_nested(host, mounts, root);
}

static int given_base(struct host_snapshot *host, const char *base, const char *root, struct ration_error *reterr)
{
	char shown[BASE_SHOWN_MAX];
	int fd = open_group(base, root);
	int r;

	(void)text_escape(shown, sizeof(shown), base);
	if (fd < 0) {
		r = fd;
		(void)error_set(reterr, r, r == -EINVAL ? RATION_CAUSE_INVALID : RATION_CAUSE_NO_CGROUP,
				r == -EINVAL ? "--base %s isn't on a cgroup2 file system" :
					       "--base %s can't be opened: %s",
				shown, error_text(r));
		return error_hint(reterr, r,
				"name an existing group, e.g. --base /sys/fs/cgroup/mine, or leave it out");
	}
	/* As the kernel writes it: below, and in receipts, it is compared with the path of the mount. */
	if (!realpath(base, host->base)) {
		r = -errno;
		(void)close_fd(fd);
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "--base %s can't be resolved: %s", shown,
				error_text(r));
	}
	take_base(host, fd, RATION_BASE_GIVEN, false);
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
	facts->base_kind = RATION_BASE_NONE;
	facts->controllers = 0;
	base_note(facts, fix, "%s", reason);
	count_user_tasks(host);
}

/* What its groups are told they remember, and they hold hardly anybody to it: see container.c. */
static void refuse_gvisor(struct host_snapshot *host)
{
	bool given = host->facts.base_kind == RATION_BASE_GIVEN || host->facts.base_kind == RATION_BASE_REFUSED;

	probe_drop_base(host, "gVisor's groups can't be relied on: they take limits of memory and CPU, and hold nobody to them",
			"limit the sandbox from outside: docker run --memory …, or resources.limits of its pod");
	if (given)
		host->facts.base_kind = RATION_BASE_REFUSED;
}

static int probe_cgroups(struct host_snapshot *host, const char *base, const char *root,
		struct ration_error *reterr)
{
	struct host_facts *facts = &host->facts;
	struct mounts mounts;
	char proc[PATH_MAX];
	int r;

	(void)snprintf(proc, sizeof(proc), "%s/proc/self", root);
	r = mounts_read(proc, &mounts);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't read %s/mountinfo: %s", proc,
				error_text(r));
	container_probe(host, &mounts, root);
	if (mounts.v2)
		facts->hierarchy = mounts.v1 ? RATION_HIERARCHY_HYBRID : RATION_HIERARCHY_V2;
	else
		facts->hierarchy = mounts.v1 ? RATION_HIERARCHY_V1 : RATION_HIERARCHY_NONE;
	if (base) {
		(void)snprintf(host->mount, sizeof(host->mount), "%s", mounts.v2 ? mounts.point : "");
		if (mounts.own_known) {
			host->own_known = true;
			(void)strcpy(host->own, mounts.own[0] ? mounts.own : "/");
		}
		r = given_base(host, base, root, reterr);
		if (r < 0)
			return r;
	} else {
		find_base(host, &mounts, root);
	}
	if (kernel_is(host->kernel_kind, KERNEL_GVISOR)) {
		refuse_gvisor(host);
		return 0;
	}
	if (host->base_fd >= 0) {
		find_capacity(host, host->base_fd, host->base, root);
		machine_probe_group(facts, host->base_fd, host->base);
	} else if (host->own_known && !host->unit_pending) {
		own_capacity(host, root);
	}
	r = mounts.v1 ? cgroup1_probe(host, root) : 0;
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't read %s/cgroup: %s", proc, error_text(r));
	count_user_tasks(host);
	return 0;
}

int probe_again(struct host_snapshot *host, struct ration_error *reterr)
{
	return probe_cgroups(host, NULL, host->root, reterr);
}

int probe(struct host_snapshot *host, const struct ration_host_options *options, struct ration_error *reterr)
{
	int r = probe_machine(host, host->root, reterr);

	return r < 0 ? r : probe_cgroups(host, options->base, host->root, reterr);
}
