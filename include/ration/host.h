/* SPDX-License-Identifier: MIT */
/* ration/host.h - this machine, as this process sees it */
#ifndef RATION_HOST_H
#define RATION_HOST_H

#include <ration/error.h>
#include <ration/limits.h>

/* Which cgroup hierarchies are mounted. */
enum ration_hierarchy {
	RATION_HIERARCHY_NONE = 0,
	RATION_HIERARCHY_V1 = 1,     /* cgroup v1 only */
	RATION_HIERARCHY_HYBRID = 2, /* v1 with the controllers, and v2 */
	RATION_HIERARCHY_V2 = 3,     /* cgroup v2 only */
};

/* How BASE, the directory below which groups are created, was found. */
enum ration_base_kind {
	RATION_BASE_NONE = 0,    /* there is none: see base_reason */
	RATION_BASE_REFUSED = 1, /* there is none: the caller named one that isn't writable */
	RATION_BASE_GIVEN = 100, /* the caller named it */
	RATION_BASE_ROOT = 101,  /* the root of the hierarchy, without a service manager */
	RATION_BASE_NESTED = 102,/* below the group of this process */
	RATION_BASE_UNIT = 103,  /* the group of a systemd unit, ration.service */
};

/* Controllers, as bits of 32. */
#define RATION_CONTROLLER_CPU     (UINT32_C(1) << 0)
#define RATION_CONTROLLER_CPUSET  (UINT32_C(1) << 1)
#define RATION_CONTROLLER_IO      (UINT32_C(1) << 2)
#define RATION_CONTROLLER_MEMORY  (UINT32_C(1) << 3)
#define RATION_CONTROLLER_PIDS    (UINT32_C(1) << 4)
#define RATION_CONTROLLER_HUGETLB (UINT32_C(1) << 5)
/* Controllers that exist only in cgroup v1: in cgroup v2 every group has their functions. */
#define RATION_CONTROLLER_CPUACCT (UINT32_C(1) << 6)
#define RATION_CONTROLLER_FREEZER (UINT32_C(1) << 7)

/* Kernel features, as bits of 64, with the Linux version that brought each. */
#define RATION_FEATURE_CLONE_INTO_CGROUP (UINT64_C(1) << 0)  /* 5.7 */
#define RATION_FEATURE_CGROUP_KILL       (UINT64_C(1) << 1)  /* 5.14 */
#define RATION_FEATURE_OPENAT2           (UINT64_C(1) << 2)  /* 5.6 */
#define RATION_FEATURE_PIDFD             (UINT64_C(1) << 3)  /* 5.4, to signal and wait by */
#define RATION_FEATURE_PSI               (UINT64_C(1) << 4)  /* 5.2, of groups; can need psi=1 */
#define RATION_FEATURE_MEMORY_PEAK       (UINT64_C(1) << 5)  /* 5.19 */
#define RATION_FEATURE_PIDS_PEAK         (UINT64_C(1) << 6)  /* 6.1 */
#define RATION_FEATURE_SWAP_PEAK         (UINT64_C(1) << 7)  /* 6.5 */
#define RATION_FEATURE_SWAP_MAX          (UINT64_C(1) << 8)  /* memory.swap.max exists */
#define RATION_FEATURE_CPU_BURST         (UINT64_C(1) << 9)  /* 5.14 */
#define RATION_FEATURE_CPU_IDLE          (UINT64_C(1) << 10) /* 5.15 */

/* Where to look. Zeroed fields take their defaults. */
struct ration_host_options {
	size_t size;            /* sizeof(struct ration_host_options) */
	const char *base;       /* an existing directory on a cgroup2 mount */
	const char *nspace;     /* the node below BASE; default "ration" */
	const char *parent;     /* nodes between BASE and that one: "a/b/c", at most 8; default none */
	bool no_create;         /* don't create those nodes: -ENOENT if they don't exist */
	const char *helpers;    /* the folder with the programs ration-unit, ration-keeper and ration-reaper; NULL:
				   where they are installed; "": use none of them. Without ration-keeper or
				   ration-reaper this process is forked instead, which takes longer the more memory
				   it has. It is also forked for a subreaper if the command gets more fds
				   (`n_pass_fds`): without a cgroup, with `descent`, or without pidfds. Since 0.2.0 */
	bool fork_helpers;      /* this program is small: always fork it. Since 0.2.0 */
};

/* What was found. */
struct ration_host_info {
	size_t size;            /* sizeof(struct ration_host_info), set by the caller */
	enum ration_hierarchy hierarchy;
	enum ration_base_kind base_kind;
	uint32_t controllers;   /* that groups below BASE can have */
	uint64_t features;
	const char *kernel;     /* release, as uname(2) */
	const char *mount;      /* where cgroup2 is mounted, or NULL */
	const char *own;        /* the group of this process, relative to `mount`, or NULL */
	const char *base;       /* BASE, or NULL */
	const char *base_reason;/* why there is no BASE, or why it can do less; or "" */
	const char *base_fix;   /* what would make it better, or "" */
	uint64_t memory_bytes;  /* the most that a group can use: the machine's memory, or the lowest memory.max
				   above BASE */
	const char *memory_source; /* which of the two: "machine" or a group's path */
	uint64_t swap_bytes;    /* swap space of the machine */
	unsigned cpus;          /* CPUs that this process can run on */
	bool root;              /* effective uid 0 */
	bool container;         /* this looks like a container */
	bool systemd;           /* systemd is the service manager */
	bool base_pending;      /* the unit of RATION_BASE_UNIT isn't started yet: ration_host_prepare() starts it.
				   These facts are what is expected then */
	bool base_outside;      /* this uid can't move a process from here into RATION_BASE_UNIT:
				   ration_host_prepare() asks systemd to move this process there */
	bool cgroup_namespace;  /* the hierarchy is visible from a container's group downwards only */
	const char *container_kind; /* "docker", "podman", "lxc", "kubernetes", ..., or "" */
	uint32_t controllers_v1;/* of cgroup v1, that groups below our own can have */
	const char *v1_reason;  /* why those that are mounted can't be used, or "" */
	const char *kernel_kind;/* "gvisor", "wsl1", "wsl2"; "": an ordinary Linux, as far as can be seen */
};

/* A host. It must outlive everything that is made from it. */
struct ration_host;

RATION_BEGIN

/*
 * Looks at this machine once. Succeeds wherever /proc is mounted; a host without cgroups is valid,
 * too. `options` can be NULL. Changes nothing; groups are created when something runs in them. If
 * `base` exists but isn't writable (a read-only mount, another user's directory), the host has no
 * base, RATION_BASE_REFUSED: ration_plan_check() refuses it with RATION_ENFORCE_STRICT. Other
 * policies run without it, and the caller should say so. Commands started on this host get the
 * signal mask that this thread has now: a program that blocks signals for a signalfd should do so
 * afterwards.
 * Errors: -ENOMEM; -EINVAL (a bad namespace, a base that isn't on a cgroup2 mount, no size),
 * -E2BIG; -ENOENT, -ENOTDIR, -EACCES (the base can't be opened); -EIO.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_host_open(const struct ration_host_options *options,
		struct ration_host **ret_host, struct ration_error *reterr);

/*
 * Frees the handle and ends its keeper. Free everything made from the host first. Accepts NULL,
 * returns NULL. Waits at most ten seconds for the keeper; if that still has groups to remove, it
 * goes on alone.
 */
RATION_PUBLIC struct ration_host *ration_host_free(struct ration_host *host);

/*
 * Makes BASE ready for a purpose if that needs systemd; otherwise does nothing. It asks systemd
 * over D-Bus (libsystemd, loaded by this call; a static program executes ration-unit instead), at
 * most twice in the life of a host:
 *
 * First, to start the unit ration.service with Delegate=yes, if it isn't running
 * (RATION_PURPOSE_RUN and _GROUP); the unit stays for later programs. Second, for a user outside
 * their own manager's groups, as in a login session, to move this process there (_RUN and
 * _PROCESS), because the kernel doesn't let a user move a process from one into the other. After
 * that the limits of the session don't apply to this process and its children any more, but to runs
 * (`of_caller` of a plan's item).
 *
 * ration_run_start(), ration_group_create(), _spawn() and _exec() call it themselves; a plan that
 * was made before assumes that it succeeds. After a failure the host has no BASE and base_reason
 * says why; a new plan falls back, and a plan that was made before is refused with -EOPNOTSUPP.
 * Takes about 30 ms, at most 15 s. Any thread can make this call, and those named above, while
 * others use the host: one asks systemd, the others wait. Groups and runs that were opened before
 * keep the facts of that time.
 *
 * Returns 1 if something was done, else 0.
 * Errors: -ETIMEDOUT; -EOPNOTSUPP (no libsystemd, no ration-unit); -EACCES, -EPERM, -EIO, ... as
 * systemd answers.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_host_prepare(struct ration_host *host, enum ration_purpose purpose,
		struct ration_error *reterr);

/*
 * Fills in `info`, as far as its `size` goes. Strings are valid as long as `host`. Without a
 * size nothing is written.
 */
RATION_PUBLIC void ration_host_info(const struct ration_host *host, struct ration_host_info *info);

RATION_END

#endif /* RATION_HOST_H */
