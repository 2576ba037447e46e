/* SPDX-License-Identifier: MIT */
/*
 * ration.h - give a process its ration, and get a receipt
 *
 * The whole public interface of libration. One direction, five steps:
 *
 *     probe ──> plan ──> apply ──> supervise ──> receipt
 *
 *   ration_host_open()     looks at the machine once and remembers
 *   ration_limits_set()    says what is asked for
 *   ration_plan_new()      decides, without touching anything, which mechanism
 *                          will enforce each limit here, or why none can
 *   ration_run_start()     makes the group, applies the plan and starts the
 *                          command inside
 *   ration_run_wait()      supervises it to its end and fills in the receipt
 *
 * Between plan and supervise there is a second way, for groups that outlive a
 * command or are supervised by somebody else: ration_group_create() and what
 * follows it below.
 *
 * Return values. Every fallible call returns 0 or more on success and a
 * negative errno on failure; each call lists the ones it can return. The last
 * parameter of a fallible call, `reterr`, may be NULL; otherwise it is filled
 * in on failure only, and says what was tried, on what, why it failed and what
 * to do about it. `ret_` parameters are written on success only.
 *
 * Ownership. Handles are opaque; what a call puts into a `ret_` handle is the
 * caller's and goes back through the matching _free(), which takes NULL and
 * returns NULL. A `const char *` that a call returns lives as long as the
 * handle that it was asked of.
 *
 * Threads and signals. There are no globals: different handles may be used
 * from different threads at the same time, one handle from one thread at a
 * time. A host, a plan and a set of limits may be read from several at once:
 * runs and groups do no more. The library prints nothing, never exits and
 * installs no signal handler.
 *
 * SIGCHLD is the program's. A run has children of this process, which send it:
 * in a cgroup the command, when it ends, and a keeper, which ends the run should
 * this process die, and ends itself after the run; without a cgroup one subreaper,
 * which supervises the command in a process of its own, and ends with the run.
 * A command of ration_group_spawn() is the caller's to wait for; of a run's
 * children ration_run_dispatch() and ration_run_free() wait for each by itself,
 * and need no handler. So a handler may be there, as long as it waits for the
 * program's own children one by one. waitpid(-1), or SIGCHLD ignored, takes a
 * command's status away: then limits hold, and the run ends as it does otherwise,
 * but nobody knows how the command ended, and the receipt has `status_lost`.
 *
 * Units are in the names: _bytes, _usec (microseconds), _pct. Sizes are powers
 * of 1024.
 */
#ifndef RATION_H
#define RATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; ration_version() is that of the library. */
#define RATION_VERSION "0.1.0"

/* The value of a limit that is lifted, in every unit. */
#define RATION_UNLIMITED UINT64_MAX

/* Longest tenant or group name, in bytes, without the final NUL. */
#define RATION_NAME_MAX 128

#if defined(__GNUC__)
#define RATION_PUBLIC __attribute__((visibility("default")))
#define RATION_MUST_CHECK __attribute__((warn_unused_result))
#else
#define RATION_PUBLIC
#define RATION_MUST_CHECK
#endif

/* Returns the version of the library that is linked, "MAJOR.MINOR.PATCH". */
RATION_PUBLIC const char *ration_version(void);

/* ------------------------------------------------------------------ errors */

/* Why a call failed: the one cause behind an errno that the kernel uses for ten. */
enum ration_cause {
	RATION_CAUSE_UNKNOWN = 0,        /* only the errno is known */
	RATION_CAUSE_INVALID = 100,        /* a value that is malformed or out of range */
	RATION_CAUSE_CONTRADICTION = 101,  /* two values that can't hold together */
	RATION_CAUSE_BAD_NAME = 102,       /* a tenant's or a group's name */
	RATION_CAUSE_NO_CGROUP = 200,      /* no cgroup v2 hierarchy that we may write */
	RATION_CAUSE_NO_CONTROLLER = 201,  /* the controller isn't available at that place */
	RATION_CAUSE_NOT_DELEGATED = 202,  /* the place belongs to somebody else */
	RATION_CAUSE_HAS_PROCESSES = 303,  /* processes in a group that needs to be a node */
	RATION_CAUSE_KERNEL_TOO_OLD = 203, /* the kernel has no such file or call */
	RATION_CAUSE_NOT_ENFORCEABLE = 204,/* the policy forbids what this host can offer */
	RATION_CAUSE_EXISTS = 300,         /* a group of that name is there already */
	RATION_CAUSE_VANISHED = 301,       /* the group was removed meanwhile */
	RATION_CAUSE_COMMAND = 400,        /* the command itself couldn't be executed */
	RATION_CAUSE_NO_MEMORY = 500,      /* this process ran out of memory */
	RATION_CAUSE_NO_GROUP = 302,       /* there is no group of that name */
	RATION_CAUSE_NO_PROCESS = 401,     /* no such process, or none that can be in a group */
	RATION_CAUSE_IN_USE = 304,         /* more is in use than the new limit allows */
	RATION_CAUSE_TIMEOUT = 501,        /* it didn't happen in time */
};

/*
 * What went wrong. The caller's own, fixed size, never allocated.
 * `message` is one sentence without a final full stop that names what was
 * tried and on what; `hint` says what to do about it, or is empty.
 */
struct ration_error {
	int code;                /* negative errno: what the call returned */
	enum ration_cause cause;
	char message[384];
	char hint[256];
};

/* ------------------------------------------------------------------ limits */

enum ration_limit {
	RATION_LIMIT_MEMORY = 100,        /* bytes */
	RATION_LIMIT_SWAP = 101,          /* bytes */
	RATION_LIMIT_MEMORY_HIGH = 102,   /* bytes */
	RATION_LIMIT_MEMORY_LOW = 103,    /* bytes */
	RATION_LIMIT_MEMORY_MIN = 104,    /* bytes */
	RATION_LIMIT_HUGETLB = 105,       /* bytes, of each page size */
	RATION_LIMIT_CPUS = 200,          /* microseconds of CPU in each 100 ms */
	RATION_LIMIT_CPU_BURST = 201,     /* microseconds */
	RATION_LIMIT_CPU_IDLE = 202,      /* 0 or 1 */
	RATION_LIMIT_CPU_WEIGHT = 203,    /* 1 to 10000, 100 is everybody's */
	RATION_LIMIT_CPU_TIME = 204,      /* microseconds, soft and hard */
	RATION_LIMIT_TIMEOUT = 500,       /* microseconds */
	RATION_LIMIT_PIDS = 300,          /* tasks: processes and threads */
	RATION_LIMIT_CPUSET_CPUS = 205,   /* a list: "0-3,8" */
	RATION_LIMIT_CPUSET_MEMS = 206,   /* a list of NUMA nodes: "0-1" */
	RATION_LIMIT_IO_READ_BPS = 400,   /* bytes a second, of each disk */
	RATION_LIMIT_IO_WRITE_BPS = 401,
	RATION_LIMIT_IO_READ_IOPS = 402,  /* operations a second, of each disk */
	RATION_LIMIT_IO_WRITE_IOPS = 403,
	RATION_LIMIT_STALL_TIMEOUT = 501, /* microseconds */
	RATION_LIMIT_OUTPUT = 600,        /* bytes on each of stdout and stderr */
	/* setrlimit(2), each soft and hard, in the resource's own unit. */
	RATION_LIMIT_RLIMIT_AS = 1000,
	RATION_LIMIT_RLIMIT_CORE = 1001,
	RATION_LIMIT_RLIMIT_CPU = 1002,
	RATION_LIMIT_RLIMIT_DATA = 1003,
	RATION_LIMIT_RLIMIT_FSIZE = 1004,
	RATION_LIMIT_RLIMIT_LOCKS = 1005,
	RATION_LIMIT_RLIMIT_MEMLOCK = 1006,
	RATION_LIMIT_RLIMIT_MSGQUEUE = 1007,
	RATION_LIMIT_RLIMIT_NICE = 1008,
	RATION_LIMIT_RLIMIT_NOFILE = 1009,
	RATION_LIMIT_RLIMIT_NPROC = 1010,
	RATION_LIMIT_RLIMIT_RSS = 1011,
	RATION_LIMIT_RLIMIT_RTPRIO = 1012,
	RATION_LIMIT_RLIMIT_RTTIME = 1013,
	RATION_LIMIT_RLIMIT_SIGPENDING = 1014,
	RATION_LIMIT_RLIMIT_STACK = 1015,
};

/* What a limit's number means. */
enum ration_unit {
	RATION_UNIT_BYTES = 0,
	RATION_UNIT_USEC = 1,    /* microseconds; written as a duration */
	RATION_UNIT_CPUS = 2,    /* hundred-thousandths of a CPU; written 1.5 or 150% */
	RATION_UNIT_COUNT = 3,
	RATION_UNIT_CPULIST = 100, /* text, no number */
	RATION_UNIT_NODELIST = 101,/* the same, of NUMA nodes */
};

/* What a limit has a value for each of. It is written KEY:VALUE, once for each key. */
enum ration_key {
	RATION_KEY_NONE = 0,      /* one value, and no key */
	RATION_KEY_DISK = 1,      /* a path on it, its node in /dev, or its number "8:0" */
	RATION_KEY_PAGE_SIZE = 2, /* of huge pages: 2M */
};

/* What enforces a limit. */
enum ration_mechanism {
	RATION_MECHANISM_NONE = 0,
	RATION_MECHANISM_CGROUP2 = 100,
	RATION_MECHANISM_CGROUP1 = 101,  /* a hierarchy of cgroup v1: of runs; of groups by hand beside a cgroup2 */
	RATION_MECHANISM_RLIMIT = 200,
	RATION_MECHANISM_AFFINITY = 201,
	RATION_MECHANISM_NICE = 202,
	RATION_MECHANISM_WATCH = 300,  /* the supervisor measures and acts */
};

/* One row of the table of limits. Everything else about limits follows from it. */
struct ration_limit_info {
	size_t size;             /* sizeof(struct ration_limit_info) */
	enum ration_limit limit;
	enum ration_unit unit;
	enum ration_key key;
	const char *name;        /* in plans and receipts: "memory_high" */
	const char *flag;        /* on the command line: "--memory-high" */
	const char *argument;    /* in help texts: "SIZE" */
	uint64_t min, max;       /* range of a value, both included */
	bool has_soft;           /* takes SOFT:HARD */
	bool lifts;              /* "max" is a value: no limit */
	bool protects;           /* a share that is kept for the group: "max" is all */
	bool supervised;         /* takes a supervisor: only ration_run_start() can hold it */
	const enum ration_mechanism *mechanisms; /* what can hold it, the best first, up to NONE */
	int resource;            /* the RLIMIT_* that it is, or -1 */
	const char *kernel_file; /* "memory.high", or NULL */
	const char *since;       /* the kernel that brought that file, or NULL */
	const char *fallback;    /* in words: what holds where cgroup v2 can't */
	const char *unset;       /* in words: what holds when it isn't asked for */
	const char *example;     /* a value that is accepted */
	const char *help;        /* one line, no final full stop */
};

/* Returns the row of `limit`, or NULL where there is none. Never freed. */
RATION_PUBLIC const struct ration_limit_info *ration_limit_info(enum ration_limit limit);

/*
 * Returns row `i` of the table of limits, in the order of plans and receipts, or NULL
 * behind the last. Later versions can have more rows. Never freed. Since 0.2.0.
 */
RATION_PUBLIC const struct ration_limit_info *ration_limit_at(size_t i);

/* Who will be there to hold the limits of a plan. */
enum ration_purpose {
	RATION_PURPOSE_RUN = 0,     /* the supervisor of ration_run_start() */
	RATION_PURPOSE_GROUP = 1,   /* a tenant or a group, and nobody beside it: the kernel alone */
	RATION_PURPOSE_PROCESS = 2, /* each process for itself, as it is started, attached or becomes a command */
};

/* Tells whether a limit can be asked for at all for this purpose, on any host. */
RATION_PUBLIC bool ration_limit_fits(enum ration_limit limit, enum ration_purpose purpose);

struct ration_limits;

/*
 * Makes an empty set of limits: nothing is asked for.
 * Errors: -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_new(struct ration_limits **ret_limits);
RATION_PUBLIC struct ration_limits *ration_limits_free(struct ration_limits *limits);

/*
 * Asks for `hard`, in the unit of the limit's row, RATION_UNLIMITED for none.
 * `soft` counts for rows with has_soft only: RATION_UNLIMITED means that it
 * isn't set (cpu_time) or is the same as `hard` (setrlimit resources).
 * Errors: -EINVAL (no such limit, or one that is text or has a key), -ERANGE (out of
 * the row's range; soft above hard). On failure the set is as it was.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_set(struct ration_limits *limits,
		enum ration_limit limit, uint64_t soft, uint64_t hard, struct ration_error *reterr);

/*
 * Asks for what `text` says, in the grammar of the command line:
 * sizes `64M`, `1.5GiB`, `50%` (of what the parent may use), `max`; durations
 * `500ms`, `1.5s`, `2m`, `1h`, bare seconds, 0 for none; CPUs `1.5`, `150%`;
 * counts; lists `0-3,8`; `SOFT:HARD` where the row has a soft value; `KEY:VALUE`,
 * split at the last colon, where it has a key. That sets the value of one key, and
 * other keys stay.
 * Errors: -EINVAL (malformed, or a unit that is ambiguous), -ERANGE. The message
 * names the flag, the value, the range and an example.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_parse(struct ration_limits *limits,
		enum ration_limit limit, const char *text, struct ration_error *reterr);

/* Forgets a limit. One that isn't set is no error. */
RATION_PUBLIC void ration_limits_unset(struct ration_limits *limits, enum ration_limit limit);

/* Tells whether a limit is asked for. */
RATION_PUBLIC bool ration_limits_has(const struct ration_limits *limits, enum ration_limit limit);

/*
 * Returns what is asked for, as ration_limits_set() takes it. `ret_soft` may be NULL.
 * Errors: -ENOENT (it isn't asked for), -EINVAL (no such limit; one that is
 * text, or a share of what the parent may use: that has no number yet).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_get(const struct ration_limits *limits,
		enum ration_limit limit, uint64_t *ret_soft, uint64_t *ret_hard);

/*
 * Reads a duration as the command line does, in microseconds: for settings
 * that aren't limits, such as the time between the first signal and SIGKILL.
 * Above 2^63 it stays at 2^63; above zero it never becomes 0.
 * Errors: -EINVAL. The message names `flag`.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_parse_duration(const char *flag, const char *text,
		uint64_t *ret_usec, struct ration_error *reterr);

/* Reads a size in bytes as the command line does. Errors: -EINVAL, -ERANGE. */
RATION_PUBLIC RATION_MUST_CHECK int ration_parse_size(const char *flag, const char *text,
		uint64_t *ret_bytes, struct ration_error *reterr);

/* Longest text that the calls below write, with its final NUL. */
#define RATION_TEXT_MAX 32

/* Writes `bytes` for a person: "64 MiB", "1.5 GiB", "no limit". Returns buf. */
RATION_PUBLIC const char *ration_format_size(char buf[RATION_TEXT_MAX], uint64_t bytes);

/* Writes `usec` for a person: "250 ms", "1.5 s", "2 min", "no limit". Returns buf. */
RATION_PUBLIC const char *ration_format_duration(char buf[RATION_TEXT_MAX], uint64_t usec);

/* -------------------------------------------------- virtual machine profile */

enum ration_accel {
	RATION_ACCEL_NONE = 0, /* not a virtual machine */
	RATION_ACCEL_KVM = 1,
	RATION_ACCEL_HVF = 2,
	RATION_ACCEL_TCG = 3,
};

/* The sizes of a virtual machine's process. 0 in a field takes its default. */
struct ration_vm {
	size_t size;               /* sizeof(struct ration_vm) */
	enum ration_accel accel;
	uint64_t guest_bytes;      /* what the guest sees; required */
	uint64_t overhead_bytes;   /* QEMU's own; default 200 MiB */
	uint64_t tb_bytes;         /* TCG's translation cache; default 256 MiB; must
				      be what `-accel tcg,tb-size=` says */
	uint64_t vcpus;            /* default 1 */
	uint64_t pids;             /* processes and threads; default 100 */
};

/*
 * Works out the limits of a VM's process, and sets those that `limits` doesn't
 * have yet: memory = guest + overhead (+ tb under TCG), cpus = vcpus, pids.
 * `vm` comes back with the defaults filled in. `ret_as_bytes`, may be NULL, is
 * the address space such a process needs (guest + tb + 400 MiB + 72 MiB for
 * each of its `pids` threads, at most 8 of them): RLIMIT_AS in a fallback.
 * Errors: -EINVAL (no accelerator, no guest memory), -ERANGE (overflow).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_vm_limits(struct ration_vm *vm,
		struct ration_limits *limits, uint64_t *ret_as_bytes, struct ration_error *reterr);

/* ----------------------------------------------------------- shell wrapper */

/* Whose ulimit a wrapper is for. */
enum ration_os {
	RATION_OS_THIS = 0,  /* the one that this was compiled for */
	RATION_OS_LINUX = 1,
	RATION_OS_MACOS = 2,
};

/* What to wrap. Zeroed fields take their defaults. */
struct ration_wrap_options {
	size_t size;          /* sizeof(struct ration_wrap_options) */
	char *const *argv;    /* NULL-terminated; any bytes */
	enum ration_os os;
	bool no_cpu_time;     /* no default for `ulimit -t` */
};

/*
 * Writes one line of shell that runs a command under ulimit, for tools that
 * want a string: `bash -c 'ulimit -v … && ulimit -t … && ulimit -u … && exec …'`.
 * Any POSIX shell may read the line; bash and the command are looked up in PATH
 * when it runs. Each limit is that of each process (-u: of the user), so
 * ration_run_start() holds more.
 *
 * `limits` may be NULL, and have three limits at most: memory, which is what the
 * guest of a virtual machine sees (-v is 14 times that; not asked for: no -v);
 * cpu_time (-t; not asked for: 3600 s); pids (-u; not asked for: 100). A limit
 * that is lifted has no ulimit. RATION_OS_MACOS has pids alone, whatever is
 * asked for: its kernel has no limit of the address space, and its -t breaks the
 * pipe that is the command's standard output.
 *
 * `ret_line` has no newline in it nor at its end, and is the caller's: free(3).
 * Errors: -EINVAL (no command, a share of memory, no such system), -EOPNOTSUPP
 * (a limit that ulimit doesn't know), -ERANGE (14 times memory), -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_wrap(const struct ration_limits *limits,
		const struct ration_wrap_options *options, char **ret_line, struct ration_error *reterr);

/* -------------------------------------------------------------------- host */

/* Which cgroup hierarchies this machine shows to this process. */
enum ration_hierarchy {
	RATION_HIERARCHY_NONE = 0,   /* nothing is mounted */
	RATION_HIERARCHY_V1 = 1,     /* cgroup v1 only */
	RATION_HIERARCHY_HYBRID = 2, /* v1 with the controllers, v2 beside it */
	RATION_HIERARCHY_V2 = 3,     /* cgroup v2 only */
};

/* How BASE, the directory below which groups are made, was found. */
enum ration_base_kind {
	RATION_BASE_NONE = 0,   /* there is none: base_reason says why */
	RATION_BASE_GIVEN = 100,  /* the caller named it */
	RATION_BASE_ROOT = 101,   /* the root of the hierarchy, and no service manager */
	RATION_BASE_NESTED = 102, /* below the group that this process lives in */
	RATION_BASE_REFUSED = 1,/* none: the caller named one that may not be written */
	RATION_BASE_UNIT = 103,   /* the group of a unit that systemd keeps for us, ration.service */
};

/* Controllers, as bits. */
#define RATION_CONTROLLER_CPU    (1u << 0)
#define RATION_CONTROLLER_CPUSET (1u << 1)
#define RATION_CONTROLLER_IO     (1u << 2)
#define RATION_CONTROLLER_MEMORY (1u << 3)
#define RATION_CONTROLLER_PIDS   (1u << 4)
#define RATION_CONTROLLER_HUGETLB (1u << 5)
/* Of cgroup v1 alone: cgroup v2 has them in every group. */
#define RATION_CONTROLLER_CPUACCT (1u << 6)
#define RATION_CONTROLLER_FREEZER (1u << 7)

/* Kernel features, as bits. */
#define RATION_FEATURE_CLONE_INTO_CGROUP (1u << 0) /* 5.7 */
#define RATION_FEATURE_CGROUP_KILL       (1u << 1) /* 5.14 */
#define RATION_FEATURE_OPENAT2           (1u << 2) /* 5.6 */
#define RATION_FEATURE_PIDFD             (1u << 3) /* 5.4, to signal and wait by */
#define RATION_FEATURE_PSI               (1u << 4) /* 4.20, may need psi=1 */
#define RATION_FEATURE_MEMORY_PEAK       (1u << 5) /* 5.19 */
#define RATION_FEATURE_PIDS_PEAK         (1u << 6) /* 6.1 */
#define RATION_FEATURE_SWAP_PEAK         (1u << 7) /* 6.5 */
#define RATION_FEATURE_SWAP_MAX          (1u << 8) /* memory.swap.max is there */
#define RATION_FEATURE_CPU_BURST         (1u << 9) /* 5.14 */
#define RATION_FEATURE_CPU_IDLE          (1u << 10) /* 5.15 */

struct ration_host;

/* Where to look. NULL fields take their defaults. */
struct ration_host_options {
	size_t size;            /* sizeof(struct ration_host_options) */
	const char *base;       /* an existing directory on a cgroup2 mount */
	const char *nspace;     /* the node below BASE; default "ration" */
	const char *parent;     /* nodes between BASE and that one: "a/b/c", at most 8; default none */
	bool no_create;         /* those nodes are there already: -ENOENT where they aren't */
	const char *helpers;    /* the folder with the programs ration-unit and ration-keeper;
				   NULL: where they are installed; "": use none of them */
	bool fork_helpers;      /* this program is small: fork it for a keeper, instead of
				   executing ration-keeper */
};

/* What was found. */
struct ration_host_info {
	size_t size;            /* sizeof(struct ration_host_info), set by the caller */
	enum ration_hierarchy hierarchy;
	enum ration_base_kind base_kind;
	uint32_t controllers;   /* that groups below BASE can have */
	uint32_t features;
	const char *kernel;     /* release, as uname(2) */
	const char *mount;      /* where cgroup2 is mounted, or NULL */
	const char *own;        /* this process's group, relative to `mount`, or NULL */
	const char *base;       /* BASE, or NULL */
	const char *base_reason;/* why there is no BASE, or why it can do less */
	const char *base_fix;   /* the one thing that would make it better, or "" */
	uint64_t memory_bytes;  /* the most a group may use here: the machine's
				   memory, or the lowest memory.max above BASE */
	const char *memory_source; /* which of the two: "machine" or a group's path */
	uint64_t swap_bytes;    /* swap space of the machine */
	unsigned cpus;          /* CPUs that this process may run on */
	bool root;              /* effective uid 0 */
	bool container;         /* signs of a container were seen */
	bool systemd;           /* systemd is the service manager */
	bool base_pending;      /* RATION_BASE_UNIT that isn't there yet: ration_host_prepare()
				   starts it. What is said of it is what is expected */
	bool base_outside;      /* RATION_BASE_UNIT into which our uid can bring no process from where
				   we are: ration_host_prepare() has systemd move this process there */
	bool cgroup_namespace;  /* the hierarchy is seen from a container's group downwards */
	const char *container_kind; /* "docker", "podman", "lxc", "kubernetes", …, or "" */
	uint32_t controllers_v1;/* of cgroup v1, that groups below our own place can have */
	const char *v1_reason;  /* why not those that are mounted; "" */
	const char *kernel_kind;/* "gvisor", "wsl1", "wsl2"; "": no sign that it isn't as any Linux */
};

/*
 * Looks at this machine once. Succeeds wherever /proc is there: a host without
 * cgroups is a host. `options` may be NULL.
 * Changes nothing; groups are made when something is to run in them.
 * A base that is there but may not be written (a read-only mount, somebody else's
 * directory) is a host without one, RATION_BASE_REFUSED: ration_plan_check() refuses
 * it to RATION_ENFORCE_STRICT. Other policies run without it, which is for the caller
 * to tell.
 * Commands that are started on this host have the signal mask that this thread has now:
 * who blocks signals for a signalfd does so afterwards.
 * Errors: -ENOMEM; -EINVAL (a bad namespace, a base that isn't on a cgroup2 mount, options
 * whose size is that of another version);
 * -ENOENT, -ENOTDIR, -EACCES (that base can't be opened); -EIO.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_host_open(const struct ration_host_options *options,
		struct ration_host **ret_host, struct ration_error *reterr);
RATION_PUBLIC struct ration_host *ration_host_free(struct ration_host *host);

/*
 * Makes BASE ready for a purpose, where that takes systemd: else it does nothing.
 * Asks over D-Bus (libsystemd, loaded now; a static program has the program
 * ration-unit do it), at most twice in the life of a host: for the unit ration.service with
 * Delegate=yes, if there is none yet (RATION_PURPOSE_RUN and _GROUP; it stays for
 * all who come later); and, for a user who isn't below their own manager, as in
 * a login session, to move this process into it (_RUN and _PROCESS): the kernel
 * lets no user bring a process from one into the other. Then the limits of the
 * session hold no more for this process, nor for what it starts.
 * ration_run_start(), ration_group_create(), _spawn() and _exec() do the same by
 * themselves; but a plan that was made before counts on its success. After a
 * failure here the host has no BASE, base_reason says why, and a plan that is made then
 * falls back, while a plan that was made before is refused with -EOPNOTSUPP. Takes some
 * 30 ms, 15 s at most. Any thread may call it, and the calls named above, while others
 * use the host: one asks systemd, the others wait for it. Groups and runs that were
 * opened before keep to what was found then.
 * Returns 1 where something was done, 0 where there was nothing to do.
 * Errors: -ETIMEDOUT; -EOPNOTSUPP (no libsystemd, no ration-unit); -EACCES, -EPERM,
 * -EIO, … as systemd answers.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_host_prepare(struct ration_host *host, enum ration_purpose purpose,
		struct ration_error *reterr);

/*
 * Fills in `info`, whose `size` the caller has set. Strings live as long as `host`.
 */
RATION_PUBLIC void ration_host_info(const struct ration_host *host, struct ration_host_info *info);

/* -------------------------------------------------------------------- plan */

enum ration_policy {
	RATION_ENFORCE_FALLBACK = 0, /* a weaker mechanism is taken, and named */
	RATION_ENFORCE_STRICT = 1,   /* all must hold for the whole group, by the kernel */
	RATION_ENFORCE_ANY = 2,      /* run even where a limit can't be enforced at all */
};

enum ration_scope {
	RATION_SCOPE_NONE = 0,
	RATION_SCOPE_GROUP = 1,   /* the sum over all processes of the group */
	RATION_SCOPE_PROCESS = 2, /* each process for itself */
	RATION_SCOPE_USER = 3,    /* all processes of one uid */
};

/* "cgroup2", "rlimit", …; never NULL for a value of the enum. */
RATION_PUBLIC const char *ration_mechanism_name(enum ration_mechanism mechanism);
RATION_PUBLIC const char *ration_scope_name(enum ration_scope scope);

/*
 * One limit of a plan: what was asked, what will hold, and by what. A limit with
 * a key has an item for each.
 */
struct ration_plan_item {
	size_t size;              /* sizeof(struct ration_plan_item) */
	enum ration_limit limit;
	bool implied;             /* not asked for: it follows from another limit */
	bool weaker;              /* not what `strict` would take */
	uint64_t asked;           /* in the unit of the limit's row */
	uint64_t asked_soft;      /* RATION_UNLIMITED: not set */
	uint64_t in_force;        /* what the mechanism will hold, if it is one */
	const char *text;         /* a list, or KEY:VALUE, as it was asked for; or NULL */
	const char *held_key;     /* what `in_force` counts for: the disk's number "8:0",
				     the page size as the kernel writes it, "2MB"; or NULL */
	enum ration_mechanism mechanism;
	enum ration_scope scope;
	enum ration_mechanism backstop; /* a second one behind it, or NONE */
	enum ration_scope backstop_scope;
	const char *reason;       /* why it is weaker or none; "" where it is neither */
	const char *fix;          /* the one thing that would make it better, or "" */
};

struct ration_plan;

/* For what a limit is planned. Zeroed fields take their defaults. */
struct ration_plan_options {
	size_t size;                 /* sizeof(struct ration_plan_options) */
	enum ration_policy policy;   /* default: RATION_ENFORCE_FALLBACK */
	enum ration_purpose purpose; /* default: RATION_PURPOSE_RUN */
	const char *tenant;          /* of the run or group, which need not exist: a value in percent is of
					what this tenant can use now. NULL: of what BASE can use */
	bool for_tenant;             /* the plan is for a tenant itself, of RATION_PURPOSE_GROUP: cgroup v1
					enforces nothing for it. `tenant` is NULL */
};

/*
 * Decides how each limit would be enforced on `host`. Changes nothing, but looks
 * for the disks of paths. `options` may be NULL. A limit that doesn't fit the purpose is
 * planned with RATION_MECHANISM_NONE.
 * Errors: -ENOMEM; -EINVAL (contradicting limits: memory_high above memory, ...; CPUs,
 * nodes or page sizes that aren't here; no size); -E2BIG (options of a newer version);
 * -ERANGE (a percentage that comes to less than the limit can be); -ENOTBLK (a path that isn't
 * on a disk), -ENOENT, -EACCES, ... (a path that can't be looked at).
 * A plan that the policy forbids is still a plan: see ration_plan_check().
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_plan_new(const struct ration_host *host,
		const struct ration_limits *limits, const struct ration_plan_options *options,
		struct ration_plan **ret_plan, struct ration_error *reterr);

/*
 * Plans every limit that there is, each for itself and with the example of its row, or
 * what comes next to it here: what this host offers. A plan to read, not to run.
 * Errors: -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_plan_survey(const struct ration_host *host,
		struct ration_plan **ret_plan, struct ration_error *reterr);
RATION_PUBLIC struct ration_plan *ration_plan_free(struct ration_plan *plan);

/*
 * Tells whether the policy of the plan lets it run.
 * Errors: -EOPNOTSUPP; the message names the first limit that can't be held, or the
 * base that can't be used, why, and the hint what would help.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_plan_check(const struct ration_plan *plan,
		struct ration_error *reterr);

RATION_PUBLIC size_t ration_plan_count(const struct ration_plan *plan);
/* Returns item `i` of the plan, in the order of the table of limits, or NULL. */
RATION_PUBLIC const struct ration_plan_item *ration_plan_item(const struct ration_plan *plan, size_t i);

/* ---------------------------------------------------------------- findings */

/* How much a finding matters. */
enum ration_severity {
	RATION_SEVERITY_OK = 0,   /* how it is here, and as it should be */
	RATION_SEVERITY_NOTE = 100, /* something to know; no limit is weaker for it, or hardly one */
	RATION_SEVERITY_WARN = 200, /* a limit is held by less than it could be, or by nothing */
	RATION_SEVERITY_BAD = 300,  /* memory, cpus or pids isn't held as RATION_ENFORCE_STRICT has it */
};

/* "ok", "note", "warn", "bad" */
RATION_PUBLIC const char *ration_severity_name(enum ration_severity severity);

/* One thing that was found out about a host. */
struct ration_finding {
	size_t size;              /* sizeof(struct ration_finding) */
	const char *id;           /* "no-psi": for programs, and a paragraph of ration-doctor(1) */
	enum ration_severity severity;
	const char *text;         /* what it is and what it does, a sentence without its full stop */
	const char *fix;          /* the one thing that would make it better, mostly a command, or "" */
};

struct ration_findings;

/*
 * Tells what about this host makes limits weaker or runs dearer, and what would make it
 * better. Each limit that ration_plan_survey() has as weaker is in a finding. Beside what
 * the host has looked at it reads mount options, the kernel's command line, and where
 * the cpu controller isn't enabled yet, the scheduling policy of each thread below BASE: some 30
 * microseconds for each process. Changes nothing. Whatever can't be read isn't found.
 * Errors: -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_findings_new(const struct ration_host *host,
		struct ration_findings **ret_findings, struct ration_error *reterr);
RATION_PUBLIC struct ration_findings *ration_findings_free(struct ration_findings *findings);

/* Tells whether RATION_ENFORCE_STRICT would hold memory, cpus and pids here: nothing found is bad. */
RATION_PUBLIC bool ration_findings_strict(const struct ration_findings *findings);

RATION_PUBLIC size_t ration_findings_count(const struct ration_findings *findings);
/* Returns finding `i`, the worst first, or NULL. */
RATION_PUBLIC const struct ration_finding *ration_findings_item(const struct ration_findings *findings, size_t i);

/* Tells whether finding `i` weakens a limit. False where there is no such finding. Since 0.2.0. */
RATION_PUBLIC bool ration_findings_weakens(const struct ration_findings *findings, size_t i,
		enum ration_limit limit);

/* --------------------------------------------------------- virtual machines */

/* What RLIMIT_CPU gives a VM's process in a fallback, in seconds: a safety net. */
#define RATION_VM_CPU_SECONDS 3600

/*
 * Asks for what stands behind the limits of a VM's process where the kernel
 * doesn't hold them for its group, by `plan`: RLIMIT_AS, where memory isn't held,
 * of what ration_vm_limits() says of `vm`; RLIMIT_CPU, where cpus isn't, of
 * RATION_VM_CPU_SECONDS. Neither where it is asked for already (cpu_time counts
 * as well), nor where this process may have no more than that anyway.
 * Returns 1 where `limits` has changed and needs a new plan, 0 where it hasn't.
 * Errors: as ration_vm_limits().
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_vm_fallback(const struct ration_vm *vm,
		const struct ration_plan *plan, struct ration_limits *limits, struct ration_error *reterr);

/* ----------------------------------------------------------------- receipt */

/* Why a run ended. */
enum ration_verdict {
	RATION_VERDICT_OK = 0,              /* exit 0 */
	RATION_VERDICT_EXIT = 1,            /* exit other than 0 */
	RATION_VERDICT_SIGNAL = 2,          /* a signal that wasn't ours */
	RATION_VERDICT_CPU_TIME = 200,
	RATION_VERDICT_CPU_TIME_SOFT = 201,
	RATION_VERDICT_WALL_TIME = 500,
	RATION_VERDICT_MEMORY = 100,          /* its own memory limit */
	RATION_VERDICT_MEMORY_EXTERNAL = 101, /* the tenant's, an ancestor's, the machine's */
	RATION_VERDICT_MEMORY_STALL = 102,
	RATION_VERDICT_PIDS = 300,            /* the watch only: a kernel refuses the fork */
	RATION_VERDICT_OUTPUT = 600,
	RATION_VERDICT_INTERRUPTED = 700,     /* a signal to the supervisor */
	RATION_VERDICT_NOT_STARTED = 800,     /* the command couldn't be executed */
	RATION_VERDICT_INTERNAL = 801,        /* the supervisor failed */
};

/* "ok", "wall-time", "memory-external", … */
RATION_PUBLIC const char *ration_verdict_name(enum ration_verdict verdict);

/* At which level of the tree a counter moved. */
enum ration_level {
	RATION_LEVEL_GROUP = 0,
	RATION_LEVEL_TENANT = 100,
	RATION_LEVEL_ANCESTOR = 200,
	RATION_LEVEL_MACHINE = 400,
	RATION_LEVEL_OUTSIDE = 300,      /* a group above all that can be seen from here, or the machine */
};

RATION_PUBLIC const char *ration_level_name(enum ration_level level);

/* One counter that moved: what a verdict rests on. */
struct ration_evidence {
	size_t size;               /* sizeof(struct ration_evidence), set by the caller */
	const char *counter;       /* "memory.events.local oom_kill" */
	enum ration_level level;
	const char *where;         /* the group whose counter it is, or "" */
	uint64_t before, after;
};

/* What a run used. */
enum ration_metric {
	RATION_METRIC_NONE = 0, /* no metric: what ration_metric_at() returns behind the last */
	RATION_METRIC_WALL_USEC = 500,
	RATION_METRIC_CPU_USEC = 200,
	RATION_METRIC_CPU_USER_USEC = 201,
	RATION_METRIC_CPU_SYSTEM_USEC = 202,
	RATION_METRIC_THROTTLED_COUNT = 203,
	RATION_METRIC_THROTTLED_USEC = 204,
	RATION_METRIC_MEMORY_PEAK_BYTES = 100,
	RATION_METRIC_MEMORY_ANON_BYTES = 102,
	RATION_METRIC_MEMORY_FILE_BYTES = 103,
	RATION_METRIC_MEMORY_SHMEM_BYTES = 104,
	RATION_METRIC_MEMORY_KERNEL_BYTES = 105,
	RATION_METRIC_SWAP_PEAK_BYTES = 150,
	RATION_METRIC_MAXRSS_BYTES = 106,       /* of the largest single process */
	RATION_METRIC_PIDS_PEAK = 300,
	RATION_METRIC_PIDS_REFUSED = 302,
	RATION_METRIC_OOM_KILLS = 107,          /* in the group, by any OOM kill, as the kernel counts:
					     the first victim of a group kill mostly twice */
	RATION_METRIC_MEMORY_HIGH_COUNT = 108,
	RATION_METRIC_IO_READ_BYTES = 400,
	RATION_METRIC_IO_WRITE_BYTES = 401,
	RATION_METRIC_IO_READ_OPS = 402,
	RATION_METRIC_IO_WRITE_OPS = 403,
	RATION_METRIC_CPU_PRESSURE_SOME_USEC = 205,
	RATION_METRIC_MEMORY_PRESSURE_SOME_USEC = 109,
	RATION_METRIC_MEMORY_PRESSURE_FULL_USEC = 110,
	RATION_METRIC_IO_PRESSURE_FULL_USEC = 404,
	RATION_METRIC_STDOUT_BYTES = 600,       /* passed on, where output is limited */
	RATION_METRIC_STDERR_BYTES = 601,
	/* Of groups that live: never in a receipt. */
	RATION_METRIC_MEMORY_CURRENT_BYTES = 101,
	RATION_METRIC_SWAP_CURRENT_BYTES = 151,
	RATION_METRIC_PIDS_CURRENT = 301,
	RATION_METRIC_FROZEN_USEC = 501,        /* since 6.18 */
};

/* Where a metric comes from. */
enum ration_source {
	RATION_SOURCE_ABSENT = 0,  /* not known: the value means nothing */
	RATION_SOURCE_CGROUP2 = 100,
	RATION_SOURCE_RUSAGE = 200,  /* wait4(2): waited-for processes only */
	RATION_SOURCE_SAMPLED = 300, /* seen by the watch: peaks between two looks are missed */
	RATION_SOURCE_CLOCK = 301,   /* the supervisor's own clock or count: exact */
	RATION_SOURCE_CGROUP1 = 101,
};

/* "wall_usec", "memory_peak_bytes", … */
RATION_PUBLIC const char *ration_metric_name(enum ration_metric metric);
/*
 * Returns metric `i` in the order in which tables show them, or RATION_METRIC_NONE behind
 * the last. Later versions can have more. Since 0.2.0.
 */
RATION_PUBLIC enum ration_metric ration_metric_at(size_t i);
/* "cgroup2", "rusage", "sampled", "clock", "cgroup1"; "absent" for the first. */
RATION_PUBLIC const char *ration_source_name(enum ration_source source);

/* How the command came into its group. */
enum ration_birth {
	RATION_BIRTH_NONE = 0,     /* there is no group, or nothing was started */
	RATION_BIRTH_CLONED = 1,   /* born inside: clone3(CLONE_INTO_CGROUP) */
	RATION_BIRTH_MIGRATED = 2, /* stopped, moved in, released before exec */
	RATION_BIRTH_JOINED = 3,   /* born inside where there is cgroup2, and moved itself into the directories
				  of cgroup v1 before exec */
};

/* What held the processes together. */
enum ration_containment {
	RATION_CONTAINMENT_CGROUP = 0,    /* a cgroup: nothing escapes */
	RATION_CONTAINMENT_SUBREAPER = 100, /* descendants of a child subreaper, by /proc */
	RATION_CONTAINMENT_FOLLOWED = 101,  /* macOS: descendants as they are seen. What has left its process
					 group and lost its parent between two looks escapes */
};

/* What one limit came to. */
struct ration_outcome {
	size_t size;         /* sizeof(struct ration_outcome), set by the caller */
	bool acted;          /* this limit ended the run */
	uint64_t observed;   /* what was measured then; 0 where it didn't */
	bool changed;        /* somebody has changed its kernel file while the run lasted */
	uint64_t at_end;     /* and this was in force at the end; 0 where it wasn't changed */
};

/* The record of a run that is over. */
struct ration_receipt;

RATION_PUBLIC enum ration_verdict ration_receipt_verdict(const struct ration_receipt *receipt);

/* Returns what `ration run` exits with: 0 to 255. */
RATION_PUBLIC int ration_receipt_exit_code(const struct ration_receipt *receipt);

/* Returns the exit code of the command, or -1 where it didn't exit. */
RATION_PUBLIC int ration_receipt_child_status(const struct ration_receipt *receipt);

/* Returns the signal that ended the command, or 0. */
RATION_PUBLIC int ration_receipt_child_signal(const struct ration_receipt *receipt);

/* Tells whether the command dumped core. */
RATION_PUBLIC bool ration_receipt_core(const struct ration_receipt *receipt);

/*
 * Tells whether this process waited for the command by itself, or ignores SIGCHLD: how it
 * ended isn't known then. The verdict is that of the limit that ended it, or internal.
 */
RATION_PUBLIC bool ration_receipt_status_lost(const struct ration_receipt *receipt);

/* Tells whether output was cut. */
RATION_PUBLIC bool ration_receipt_truncated(const struct ration_receipt *receipt);

/* Returns the errno of the failed exec, positive, or 0. */
RATION_PUBLIC int ration_receipt_start_errno(const struct ration_receipt *receipt);

RATION_PUBLIC enum ration_birth ration_receipt_birth(const struct ration_receipt *receipt);
RATION_PUBLIC enum ration_containment ration_receipt_containment(const struct ration_receipt *receipt);

/* Returns how many processes outlived the command and were killed. */
RATION_PUBLIC uint64_t ration_receipt_leftover_killed(const struct ration_receipt *receipt);

/* Returns the address of the run, "TENANT/NAME"; "" where nothing was started. */
RATION_PUBLIC const char *ration_receipt_address(const struct ration_receipt *receipt);

/*
 * Returns the group that the command has moved to, out of its own: it was ended for
 * that, with verdict internal. "": it hasn't.
 */
RATION_PUBLIC const char *ration_receipt_escaped_to(const struct ration_receipt *receipt);

/*
 * Reads what the run used. `ret_value` may be NULL; it is 0 where the source is
 * RATION_SOURCE_ABSENT: the metric isn't known, or this version has no such metric.
 */
RATION_PUBLIC enum ration_source ration_receipt_metric(const struct ration_receipt *receipt,
		enum ration_metric metric, uint64_t *ret_value);

/*
 * Fills in what came of a limit, in the unit of its row. Returns whether there is something to tell:
 * the limit has ended the run, or was changed meanwhile.
 */
RATION_PUBLIC bool ration_receipt_outcome(const struct ration_receipt *receipt, enum ration_limit limit,
		struct ration_outcome *ret_outcome);

/*
 * Fills in evidence `i`. Its texts live as long as the receipt. Returns false, and leaves
 * `ret_evidence` as it is, where there isn't so much: go on from 0 until then.
 */
RATION_PUBLIC bool ration_receipt_evidence(const struct ration_receipt *receipt, size_t i,
		struct ration_evidence *ret_evidence);

/* --------------------------------------------------------------------- run */

enum ration_output_mode {
	RATION_OUTPUT_KILL = 0,     /* end the run at the byte after the limit */
	RATION_OUTPUT_TRUNCATE = 1, /* drop what is too much, let it run */
};

/* What to run, and how to end it. Zeroed fields take their defaults. */
struct ration_run_options {
	size_t size;                  /* sizeof(struct ration_run_options) */
	char *const *argv;            /* NULL-terminated; argv[0] is looked up in PATH */
	char *const *envp;            /* NULL: this process's environment */
	const char *tenant;           /* default "default" */
	const char *name;             /* default: a unique name */
	int signal;                   /* the first signal of a timeout; default SIGTERM */
	uint64_t kill_after_usec;     /* from there to SIGKILL; RATION_UNLIMITED: never;
					 0: default, 300 ms */
	const int *fds;               /* three fds for the command's 0, 1, 2; NULL: ours */
	bool wait_all;                /* wait for daemonised processes, too */
	bool no_oom_group;            /* let an OOM kill take one process, not all */
	bool preserve_status;         /* a timeout exits with the command's status, not 124 */
	enum ration_output_mode output_mode;
};

/* The default of ration_run_options.kill_after_usec. */
#define RATION_KILL_AFTER_USEC 300000

struct ration_run;

/*
 * Makes a group, applies `plan` and starts the command inside it. The command
 * and all its descendants die with the run: when its limit is reached, when the
 * command ends, when ration_run_free() is called, and when this process dies,
 * by whatever signal.
 * `plan` and `host` must outlive the run. fds 0 to 2 are passed on; no other is.
 * Errors: -EOPNOTSUPP (the policy forbids it), -EINVAL (names, options),
 * -EEXIST (a group of that name), -ENOENT, -EACCES, -ENOEXEC, … with cause
 * RATION_CAUSE_COMMAND (the command can't be executed: `code` is the errno of
 * execve), -EBUSY, -EAGAIN, -ENOSPC, -EIO, -ENOMEM. After a failure nothing is
 * left: no group, no process, no fd.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_start(const struct ration_host *host,
		const struct ration_plan *plan, const struct ration_run_options *options,
		struct ration_run **ret_run, struct ration_error *reterr);

/*
 * Ends the run if it hasn't ended (SIGKILL to all), removes its group, and
 * forgets it. Takes NULL, returns NULL.
 */
RATION_PUBLIC struct ration_run *ration_run_free(struct ration_run *run);

/*
 * Returns a file descriptor that polls readable when ration_run_dispatch() has
 * something to do: for epoll, libuv, asyncio. The run's own: don't close it. Before
 * ration_run_free() take it out of the epoll: an epoll goes on telling of a file that
 * was closed here as long as another process has it, and for a moment a keeper does
 * that is forked for another run.
 */
RATION_PUBLIC int ration_run_fd(const struct ration_run *run);

/* Returns the pid of the command. */
RATION_PUBLIC int ration_run_pid(const struct ration_run *run);

/* Returns the group's address, "TENANT/NAME". */
RATION_PUBLIC const char *ration_run_address(const struct ration_run *run);

/*
 * Handles what has happened, without waiting. Returns 1 when the run is over
 * and its receipt can be read, 0 while it isn't.
 * A debugger that holds the dead command for more than a second isn't waited for
 * any longer; the command stays a zombie child of this process until it lets go.
 * Errors: -EIO, -ENOMEM; the run is to be freed then.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_dispatch(struct ration_run *run,
		struct ration_error *reterr);

/*
 * Sends `sig` to the command (not to its children). A command that has ended
 * is no error. Errors: -EINVAL, -EPERM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_signal(struct ration_run *run, int sig,
		struct ration_error *reterr);

/*
 * Ends the run, as somebody's wish: `sig` to every process of the group, and
 * SIGKILL after the run's kill_after. The verdict will be `interrupted`, unless
 * a limit came first. Returns at once.
 * With `delivered` the processes have had the signal already (from a terminal):
 * nothing is sent and nothing is hurried, but if the command ends by that
 * signal, the verdict is `interrupted`.
 * Errors: -EINVAL.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_interrupt(struct ration_run *run, int sig,
		bool delivered, struct ration_error *reterr);

/*
 * Waits for the end of the run. Signals with handlers interrupt it: -EINTR, and
 * it may be called again.
 * Errors: -EINTR; -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_wait(struct ration_run *run,
		struct ration_error *reterr);

/*
 * Returns the receipt of a run that is over, or NULL while it isn't. Lives as
 * long as `run`.
 */
RATION_PUBLIC const struct ration_receipt *ration_run_receipt(const struct ration_run *run);

/*
 * Makes the receipt of a run that failed, for those who keep one of each: from the error that
 * ration_run_start() returned (`run` is NULL then), or ration_run_dispatch() or _wait(). The verdict is
 * not-started for RATION_CAUSE_COMMAND, else internal; nothing else is known.
 * The receipt is the caller's.
 * Errors: -ENOMEM. Since 0.2.0.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_receipt_new_failed(const struct ration_run *run,
		const struct ration_error *error, struct ration_receipt **ret_receipt);

/* Frees a receipt of ration_receipt_new_failed(); those of runs go with the run. Takes NULL, returns NULL. */
RATION_PUBLIC struct ration_receipt *ration_receipt_free(struct ration_receipt *receipt);

/* ------------------------------------------------------------------ groups */

/*
 * A tenant, or a group of one, made and kept by hand: BASE/NAMESPACE/TENANT and
 * BASE/NAMESPACE/TENANT/NAME. A tenant has limits and no processes of its own;
 * its groups share them. A group has processes. Both are addressed by text:
 * "acme" is a tenant, "acme/vm7" a group.
 *
 * What is to be remembered of a group stands in user.ration.* attributes of its
 * directory: whose it is, since when, what was asked for. So any process may
 * open what another has made, and nothing can go stale.
 *
 * A handle names the group's directory, not its name: once that is removed, by
 * whomever, each call fails with -ENOENT and RATION_CAUSE_VANISHED, though a new
 * group may have the name.
 *
 * Errors that each call below can return, and what they mean: -EINVAL (a bad
 * address; a tenant where a group is needed), -ENOENT (no such group, or it
 * vanished), -EACCES, -EPERM (it belongs to another user), -EOPNOTSUPP (there is
 * no cgroup here: the message says why), -EIO, -ENOMEM. Others are listed.
 */
struct ration_group;

/* How to make one. Zeroed fields take their defaults. */
struct ration_group_options {
	size_t size;          /* sizeof(struct ration_group_options) */
	bool keep;            /* it stays when its maker is dead; without, ration_gc() removes it then */
	bool exist_ok;        /* one that is there with the same limits asked for is opened */
	bool without_cgroup;  /* where no group can be made, succeed with a handle that has none: see
				 ration_group_reason() */
	bool no_oom_group;    /* let an OOM kill take one process, not all of the group; one by a limit of
				 cgroup v1 does so in any case */
	bool has_owner;       /* delegate it to `uid` and `gid`: its directory, cgroup.procs,
				 cgroup.threads and cgroup.subtree_control, but no limit; of cgroup v1
				 its directories, their cgroup.procs and tasks */
	uint32_t uid, gid;
	const char *command;  /* what it is for, shown by ration_list_new(); NULL: nothing */
};

/*
 * Makes a tenant or a group, and the nodes above it, and applies `plan` (one for
 * RATION_PURPOSE_GROUP; NULL: no limits). All or nothing. Of several that make
 * the same one at once, one wins; the others get -EEXIST, or with exist_ok the
 * same group, made whole. Limits that cgroup v1 holds are those of a group: a tenant
 * can have none (-EOPNOTSUPP).
 * Errors: -EEXIST (it is there; with exist_ok: with other limits), -EBUSY
 * (processes where a node must be), -EAGAIN (too many groups), -ENOSPC.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_create(const struct ration_host *host, const char *address,
		const struct ration_plan *plan, const struct ration_group_options *options,
		struct ration_group **ret_group, struct ration_error *reterr);

/* Opens one that is there. `host` must outlive it. */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_open(const struct ration_host *host, const char *address,
		struct ration_group **ret_group, struct ration_error *reterr);

/* Forgets the handle; the group stays. Takes NULL, returns NULL. */
RATION_PUBLIC struct ration_group *ration_group_free(struct ration_group *group);

/* Returns its address. */
RATION_PUBLIC const char *ration_group_address(const struct ration_group *group);

/* Returns its directory, or NULL where it has none. */
RATION_PUBLIC const char *ration_group_path(const struct ration_group *group);

/* Tells whether it is a tenant. */
RATION_PUBLIC bool ration_group_is_tenant(const struct ration_group *group);

/* Returns why it has no cgroup, or "" where it has one. */
RATION_PUBLIC const char *ration_group_reason(const struct ration_group *group);

/* How to change the limits of one that lives. */
struct ration_update_options {
	size_t size;              /* sizeof(struct ration_update_options) */
	bool force;               /* set a limit below the present use at once: the kernel reclaims,
				     and kills where that isn't enough */
	uint64_t reclaim_usec;    /* how long to reclaim memory before giving up; 0: 2 s */
};

/* What the change came to. */
struct ration_update_report {
	size_t size;              /* sizeof(struct ration_update_report), set by the caller */
	bool changed;             /* the new limits are in force */
	bool has_failed;          /* this one couldn't be set, and so none was */
	enum ration_limit failed;
	uint64_t memory_before_bytes, memory_after_bytes; /* RATION_UNLIMITED: not known */
	uint64_t oom_kills;       /* in the group during the change */
	uint64_t elapsed_usec;
};

/*
 * Changes the limits that `plan` has (one for RATION_PURPOSE_GROUP), and no
 * other; RATION_UNLIMITED lifts one. All or nothing: if one can't be set, those
 * before it are set back. A memory limit below the present use is reached by
 * memory.high and memory.reclaim first (since 5.19), for a bounded time, and set
 * only then; so nothing is killed unless `force` says so. `options` and `report`
 * may be NULL; the report is filled in on failure, too.
 * Errors: -EBUSY with RATION_CAUSE_IN_USE (more is in use than the limit allows,
 * and couldn't be reclaimed), -EINVAL (limits that contradict those in force), -EOPNOTSUPP
 * (a limit that cgroup v1 holds: it is given when the group is made).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_update(struct ration_group *group,
		const struct ration_plan *plan, const struct ration_update_options *options,
		struct ration_update_report *report, struct ration_error *reterr);

/* What became of a process that was put into a group. */
struct ration_attach_report {
	size_t size;              /* sizeof(struct ration_attach_report), set by the caller */
	bool moved;               /* it is in the group; false: only its own limits were set */
	uint64_t elsewhere_bytes; /* resident memory it brought along: charged to where it was until
				     it is freed. RATION_UNLIMITED: not known */
	const char *from;         /* the group it was in, a path below the mount; "" if not known.
				     Lives until the next call for this group's handle */
};

/*
 * Moves a running process, with all its threads, into the group; its children
 * stay where they are. `plan`, may be NULL, is one for RATION_PURPOSE_PROCESS:
 * its limits are set on the process, too, by prlimit(2) and the like; if one
 * can't be, the process goes back to where it was.
 * What it uses from now on counts in the group; memory that it has already
 * stays charged to where it was. A group without a cgroup sets the limits only.
 * Errors: -ESRCH (no such process), -EINVAL with RATION_CAUSE_NO_PROCESS (a
 * kernel thread; 0, a process of another pid namespace), -EACCES, -EPERM (not
 * yours to move: cgroup.procs of the nearest group above both must be writable),
 * -EBUSY (the group isn't a leaf), -EOPNOTSUPP (no cgroup; or the group has limits in a place of
 * cgroup v1 that this process isn't in or can't write).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_attach(struct ration_group *group, int pid,
		const struct ration_plan *plan, struct ration_attach_report *report,
		struct ration_error *reterr);

/* The same for the process behind a pidfd: it can't be mistaken for another that got its pid. */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_attach_pidfd(struct ration_group *group, int pid_fd,
		const struct ration_plan *plan, struct ration_attach_report *report,
		struct ration_error *reterr);

/*
 * Tells, and changes nothing, whether ration_group_attach() would refuse this
 * process from the start: for those who attach several, all or none. What the
 * kernel alone decides (whose it is), and what comes between, isn't foreseen.
 * Errors: those of ration_group_attach().
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_attach_check(const struct ration_group *group, int pid,
		const struct ration_plan *plan, struct ration_error *reterr);

/* A command for a group. Zeroed fields take their defaults. */
struct ration_spawn_options {
	size_t size;              /* sizeof(struct ration_spawn_options) */
	char *const *argv;        /* NULL-terminated; argv[0] is looked up in PATH */
	char *const *envp;        /* NULL: this process's environment */
	const int *fds;           /* three fds for its 0, 1, 2; NULL: ours. No other is passed on */
	const struct ration_plan *plan; /* for RATION_PURPOSE_PROCESS; NULL: nothing is set */
};

/*
 * Starts a command that is born in the group (clone3 with CLONE_INTO_CGROUP, 5.7;
 * else moved in before its first instruction). It is this process's child, to be
 * waited for by the caller, by the pidfd or by pid; nobody supervises it, and it
 * isn't ended with this process. `ret_pid_fd`, may be NULL, is the caller's.
 * Errors: with RATION_CAUSE_COMMAND those of execve(2); -EAGAIN, -EBUSY;
 * -EOPNOTSUPP (`ret_pid_fd` without RATION_FEATURE_PIDFD, as on macOS: nothing is
 * started).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_spawn(struct ration_group *group,
		const struct ration_spawn_options *options, int *ret_pid, int *ret_pid_fd,
		struct ration_error *reterr);

/*
 * Moves this process into the group and becomes the command. Returns on failure
 * only; then the process is where it was, and as it was but for limits that were
 * set. Not for programs with threads: exec ends the others.
 * Errors: those of ration_group_attach() and execve(2).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_exec(struct ration_group *group,
		const struct ration_spawn_options *options, struct ration_error *reterr);

/* What a group uses now, and has used. */
struct ration_stats;

/*
 * Reads it. What this kernel or these controllers don't count is absent, never 0.
 * `ret_stats` is the caller's.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_stats_new(const struct ration_group *group,
		struct ration_stats **ret_stats, struct ration_error *reterr);
RATION_PUBLIC struct ration_stats *ration_stats_free(struct ration_stats *stats);

/* Tells whether the group, or one below it, has processes. */
RATION_PUBLIC bool ration_stats_populated(const struct ration_stats *stats);

/* Tells whether all of them are stopped. */
RATION_PUBLIC bool ration_stats_frozen(const struct ration_stats *stats);

/* Returns how many processes there are. RATION_UNLIMITED: not known. */
RATION_PUBLIC uint64_t ration_stats_processes(const struct ration_stats *stats);

/* Returns memory.pressure, some avg10, in hundredths of a percent. RATION_UNLIMITED: not known. */
RATION_PUBLIC uint64_t ration_stats_memory_pressure_pct100(const struct ration_stats *stats);

/* As ration_receipt_metric(). */
RATION_PUBLIC enum ration_source ration_stats_metric(const struct ration_stats *stats,
		enum ration_metric metric, uint64_t *ret_value);

/* One limit of a group that lives. */
struct ration_group_limit {
	size_t size;              /* sizeof(struct ration_group_limit) */
	enum ration_limit limit;
	bool has_asked;           /* it was asked for, by ration_group_create() or _update() or a run */
	uint64_t asked;
	bool has_here;            /* the group's own file could be read */
	bool has_effective;
	uint64_t here;            /* in the unit of the limit's row */
	uint64_t effective;       /* the lowest of it and of all above it */
	enum ration_level level;  /* at which that is; the machine's own for what nobody limits */
	const char *where;        /* the path of the group that binds, or "" */
	/* Limits that are text, "0-3"; "" for the others. */
	const char *asked_text, *here_text, *effective_text;
	enum ration_mechanism mechanism; /* whose `here` is; NONE where there is none */
	const char *file;         /* the kernel file that it was read from, or NULL */
};

/*
 * Reads one limit: as asked for, as its kernel file has it, and as it comes to
 * through all groups above, up to what this process can see.
 * `ret_limit` is the caller's, and its texts with it.
 * Errors: -ENODATA (the limit isn't one of groups).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_limit_new(const struct ration_group *group,
		enum ration_limit limit, struct ration_group_limit **ret_limit, struct ration_error *reterr);
RATION_PUBLIC struct ration_group_limit *ration_group_limit_free(struct ration_group_limit *limit);

/*
 * Stops or continues all processes of the group and below it (cgroup.freeze,
 * 5.2), and waits for it to be so, at most for `timeout_usec` (0: 5 s).
 * Errors: -ETIMEDOUT: the kernel goes on trying; a process in an uninterruptible
 * sleep is the usual reason.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_freeze(struct ration_group *group, uint64_t timeout_usec,
		struct ration_error *reterr);
RATION_PUBLIC RATION_MUST_CHECK int ration_group_thaw(struct ration_group *group, uint64_t timeout_usec,
		struct ration_error *reterr);

/*
 * Kills all processes of the group and below it, frozen or not (cgroup.kill,
 * 5.14; before, frozen, killed and thawed), and waits for them to be gone, at
 * most for `timeout_usec` (0: 10 s). `ret_killed`, may be NULL: how many there
 * were. The group stays. Errors: -ETIMEDOUT.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_kill(struct ration_group *group, uint64_t timeout_usec,
		uint64_t *ret_killed, struct ration_error *reterr);

/*
 * Asks the kernel to take `bytes` of memory back from the group, once
 * (memory.reclaim, 5.19). `ret_reclaimed_bytes`, may be NULL: by how much less
 * it has then. Less than asked for is success, too: it is what could be had.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_reclaim(struct ration_group *group, uint64_t bytes,
		uint64_t *ret_reclaimed_bytes, struct ration_error *reterr);

/* What becomes of the processes of a group that is removed. */
enum ration_remove {
	RATION_REMOVE_EMPTY = 0,   /* there must be none */
	RATION_REMOVE_KILL = 1,    /* they are killed */
	RATION_REMOVE_RELEASE = 2, /* they live on: where they came from, or else where the caller is */
};

/* What a removal did. */
struct ration_remove_report {
	size_t size;           /* sizeof(struct ration_remove_report), set by the caller */
	uint64_t killed;
	uint64_t released;     /* moved out alive: none of the group's limits hold for them any more */
	uint64_t released_to_caller; /* of those, moved to the caller's own group: where they came from
					isn't known or isn't there any more */
};

/*
 * Removes the group, what its processes made below it, and the nodes above it
 * that nobody uses; but not a tenant that ration_group_create() made, as long as its
 * maker lives or it is kept. A tenant goes with its groups. One that is
 * gone already is no error. Released processes are never moved into a node with
 * controllers, and never left without a word: the report counts them.
 * Errors: -EBUSY (processes: with RATION_REMOVE_EMPTY, or they don't die, or
 * can't be moved), -EOPNOTSUPP (directories of it are in a place of cgroup v1 that this process isn't
 * in or can't write: nothing is removed). `report` may be NULL.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_remove(struct ration_group *group, enum ration_remove mode,
		struct ration_remove_report *report, struct ration_error *reterr);

/* Writes at most `n` pids of the group and of those below it. Returns how many there are. */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_pids(const struct ration_group *group, int *ret_pids, size_t n,
		struct ration_error *reterr);

/* ----------------------------------------------------------------- listing */

/* Whether the process that a group belongs to lives. */
enum ration_owner {
	RATION_OWNER_UNKNOWN = 0, /* no record, or one of another pid namespace */
	RATION_OWNER_ALIVE = 1,
	RATION_OWNER_DEAD = 2,
	RATION_OWNER_KEPT = 3,    /* it belongs to nobody: it stays until it is removed */
};

/* "unknown", "alive", "dead", "kept". */
RATION_PUBLIC const char *ration_owner_name(enum ration_owner owner);

/* A tenant or a group, as it was when the list was made. */
struct ration_list_item {
	size_t size;           /* sizeof(struct ration_list_item) */
	const char *address;
	bool is_tenant;
	enum ration_owner owner;
	int owner_pid;         /* 0: not known */
	uint32_t uid;          /* whose its directory is */
	uint64_t created_usec; /* since the epoch; 0: not known */
	const char *command;   /* what runs in it, or what it is for; "": not known */
	const struct ration_stats *stats; /* lives as long as the list */
};

struct ration_list;

/*
 * Lists the tenants and groups below BASE/NAMESPACE, sorted, each tenant before
 * its groups; of one tenant only, if `tenant` isn't NULL. No BASE: an empty
 * list. Groups that come or go meanwhile may be missing or there.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_list_new(const struct ration_host *host, const char *tenant,
		struct ration_list **ret_list, struct ration_error *reterr);
RATION_PUBLIC struct ration_list *ration_list_free(struct ration_list *list);
RATION_PUBLIC size_t ration_list_count(const struct ration_list *list);
/* Returns item `i`, or NULL. Lives as long as the list. */
RATION_PUBLIC const struct ration_list_item *ration_list_item(const struct ration_list *list, size_t i);

/* ------------------------------------------------------------------ events */

/* What can happen to a tenant or a group. */
enum ration_event_kind {
	RATION_EVENT_OOM = 0,           /* its own memory limit was hit, and reclaim didn't help (5.2) */
	RATION_EVENT_OOM_KILL = 1,      /* processes in it or below it were killed for want of memory,
				       whoever's limit that was */
	RATION_EVENT_MEMORY_HIGH = 2,   /* it went above its memory.high, and was throttled (5.2) */
	RATION_EVENT_TASKS_REFUSED = 16, /* forks were refused: told where the fork was tried, and since
				       6.11 where the limit was, and above it */
	RATION_EVENT_POPULATED = 24,     /* it has processes, or one below it has */
	RATION_EVENT_EMPTY = 25,         /* the last of them has gone */
	RATION_EVENT_FROZEN = 26,        /* all are stopped (5.2) */
	RATION_EVENT_THAWED = 27,
	RATION_EVENT_PRESSURE = 40,      /* it was stalled for want of memory: see the options (4.20) */
	RATION_EVENT_GONE = 28,          /* it was removed: the last event */
};

/* A kind as a bit, for sets of them: kinds are 0 to 63. */
#define RATION_EVENT_BIT(kind) (UINT64_C(1) << (kind))

/* "oom", "oom-kill", "memory-high", … */
RATION_PUBLIC const char *ration_event_name(enum ration_event_kind kind);

/* What to wait for. Zeroed fields take their defaults. */
struct ration_events_options {
	size_t size;                   /* sizeof(struct ration_events_options) */
	uint64_t kinds;                /* bits; default: all that can be told here */
	bool pressure_some;            /* stalls of any process; default: of all at once ("full") */
	uint64_t pressure_stall_usec;  /* stalled for as long as this, default a tenth of the window… */
	uint64_t pressure_window_usec; /* …in this: 500 ms to 10 s, default 2 s. A multiple of 2 s
					  for who hasn't CAP_SYS_RESOURCE: others are made longer,
					  and the stall with them */
};

/* Something that has happened. */
struct ration_event {
	size_t size;           /* sizeof(struct ration_event), set by the caller */
	enum ration_event_kind kind;
	uint64_t count;        /* how often since it was last told; 1 for what has no counter. Of OOM
				  kills: how many, as in RATION_METRIC_OOM_KILLS */
	uint64_t stalled_usec; /* of RATION_EVENT_PRESSURE: as long as this… */
	uint64_t elapsed_usec; /* …in this time, the last window or more */
};

struct ration_events;

/*
 * Watches a tenant or a group from now on. `options` may be NULL; `group` may be
 * freed meanwhile. Sleeps in the kernel and costs nothing while nothing happens:
 * poll on memory.events, memory.events.local, pids.events and cgroup.events, and
 * a trigger on memory.pressure. (For root, that is a kernel thread "psimon" for
 * each group.)
 * Kinds that can't be told here are an error if they are asked for, and left out
 * by default: without the memory or pids controller, PSI, or a new enough kernel.
 * Errors: -EOPNOTSUPP (the message says of which kind, and why), -ERANGE (stall
 * or window), -EINVAL (another version, no such kind), -ENOENT with
 * RATION_CAUSE_VANISHED, -EACCES, -EPERM, -EMFILE, -ENFILE, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_events_open(const struct ration_group *group,
		const struct ration_events_options *options, struct ration_events **ret_events,
		struct ration_error *reterr);

/* Stops watching. Takes NULL, returns NULL. */
RATION_PUBLIC struct ration_events *ration_events_free(struct ration_events *events);

/*
 * Returns a file descriptor that polls readable as long as ration_events_next()
 * has something to tell: for epoll, libuv, asyncio. Don't read it, don't close it, and
 * take it out of the epoll before ration_events_free(): see ration_run_fd().
 */
RATION_PUBLIC int ration_events_fd(const struct ration_events *events);

/* Returns the kinds that can be told here, as bits. */
RATION_PUBLIC uint64_t ration_events_kinds(const struct ration_events *events);

/*
 * Tells one thing that has happened, without waiting: 1, and 0 where there is
 * nothing. Counters that moved several times make one event with the count, and
 * none is lost but with the group: what it counted last goes with its directory.
 * What is a state (populated, frozen) is told when it isn't what it was; a change
 * and back between two calls shows nothing.
 * An event of pressure is consumed by the poll that sees it, also by the one of
 * a loop around this fd. So a call that follows a wake-up and finds nothing else
 * measures, and tells of pressure if there was enough since a window ago: it can
 * be spread over more than a window, and elapsed_usec says so.
 * Errors: -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_events_next(struct ration_events *events,
		struct ration_event *ret_event, struct ration_error *reterr);

/* ------------------------------------------------------------------- guard */

/* When a group is to be ended. */
struct ration_guard_options {
	size_t size;              /* sizeof(struct ration_guard_options) */
	unsigned share_pct;       /* stalled for this share of the time, 1 to 100… */
	uint64_t duration_usec;   /* …for so long, 1 s to 1 h: */
	bool pressure_some;       /* any process of the tenant; default: all at once ("full") */
	char *const *avoid;       /* names of groups that are ended only when there is no other, up to
				     NULL; may be NULL. Outlives the guard */
	bool dry_run;             /* tell, and end nothing */
};

/* What a guard did. */
struct ration_guard_report {
	size_t size;              /* sizeof(struct ration_guard_report), set by the caller */
	bool gone;                /* the tenant was removed: the last report, and nothing more in it */
	bool killed;              /* false in a dry run, or when the group was removed meanwhile */
	bool emptied;             /* no process of it is left; false: some didn't die in 10 s */
	bool avoided;             /* it was one to be avoided, and there was no other */
	const char *group;        /* its address; lives until the next call for this guard */
	uint64_t candidates;      /* groups with processes, of which it was one */
	uint64_t processes;       /* that it had */
	uint64_t stalled_usec;    /* the tenant was stalled for so long… */
	uint64_t elapsed_usec;    /* …in this time */
	uint64_t group_stalled_usec; /* some of the group's processes were, in that time */
	uint64_t scanned_pages;   /* of the group's that the kernel scanned to reclaim meanwhile (memory.stat
				     pgscan): the most of all groups that were stalled for half of
				     `stalled_usec` or longer. 0: none of any; it was the largest of them */
	uint64_t memory_bytes;    /* memory.current of the group, before its end */
};

struct ration_guard;

/*
 * Watches memory.pressure of a tenant, to end the group that causes it before the
 * kernel has to: when the tenant has been stalled for that share of the time, so
 * long, of the groups that were stalled themselves the one is ended whose pages
 * were scanned most meanwhile. The kernel wakes the guard where a stall begins; until then it costs nothing.
 * A run that is ended so has the verdict `signal`. `tenant` may be freed meanwhile.
 * Errors: as ration_events_open(), and -ERANGE (share, duration), -EINVAL (a name).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_guard_open(const struct ration_group *tenant,
		const struct ration_guard_options *options, struct ration_guard **ret_guard,
		struct ration_error *reterr);

/* Stops watching. Takes NULL, returns NULL. */
RATION_PUBLIC struct ration_guard *ration_guard_free(struct ration_guard *guard);

/* Returns a file descriptor that polls readable when ration_guard_next() has something to do. */
RATION_PUBLIC int ration_guard_fd(const struct ration_guard *guard);

/*
 * Measures, and ends a group if it is time to. 1: `ret_report` says what was
 * done; 0: nothing. Waits for the processes of an ended group to be gone, at most
 * for 10 s. Errors: -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_guard_next(struct ration_guard *guard,
		struct ration_guard_report *ret_report, struct ration_error *reterr);

/* --------------------------------------------------------------------- gc */

/* What becomes of a group that garbage collection looks at. */
enum ration_gc_action {
	RATION_GC_LIVE = 0,    /* its owner lives, or isn't known, or it is kept, or another user's: left
			      alone */
	RATION_GC_REMOVED = 1, /* or would be, in a dry run */
	RATION_GC_FAILED = 2,  /* its processes don't die */
};

/* How to collect. Zeroed fields take their defaults. */
struct ration_gc_options {
	size_t size;       /* sizeof(struct ration_gc_options) */
	bool dry_run;      /* look and tell; remove nothing */
	/* Called for each group, may be NULL. */
	void (*found)(void *userdata, const char *address, enum ration_gc_action action);
	void *userdata;
};

/* What garbage collection did. */
struct ration_gc_report {
	size_t size;       /* sizeof(struct ration_gc_report), set by the caller */
	uint64_t examined; /* groups looked at */
	uint64_t removed;  /* groups whose owner is dead: killed and removed */
	uint64_t live;     /* groups whose owner lives, and those that are kept */
	uint64_t failed;   /* groups that couldn't be removed */
};

/*
 * Kills and removes every group below BASE/NAMESPACE whose owner is dead (by
 * pid, start time and boot id, as written on the group's own directory) and that
 * isn't kept, and the tenants that are empty then. A host without BASE has none.
 * `options` may be NULL.
 * Errors: -ENOMEM, -EIO.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_gc(const struct ration_host *host,
		const struct ration_gc_options *options, struct ration_gc_report *report,
		struct ration_error *reterr);

#ifdef __cplusplus
}
#endif

#endif /* RATION_H */
