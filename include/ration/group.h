/* SPDX-License-Identifier: MIT */
/*
 * ration/group.h - tenants and groups that outlive a command
 *
 * BASE/NAMESPACE/TENANT and BASE/NAMESPACE/TENANT/NAME. A tenant has limits and no
 * processes of its own; its groups share them. A group has processes. Both are
 * addressed by text: "acme" is a tenant, "acme/vm7" a group.
 *
 * Facts about a group are recorded in extended attributes of its directory: who owns it, since
 * when, what was asked for. So any process can open what another has created, and there are no
 * state files.
 *
 * A handle refers to the group's directory, not to its name: once that directory is removed, by
 * anybody, each call fails with -ENOENT and RATION_CAUSE_VANISHED, even if a new group has the
 * name.
 *
 * Errors that each call below can return: -EINVAL (a bad address; a tenant where a
 * group is required), -ENOENT (no such group, or it was removed), -EACCES, -EPERM (it
 * belongs to another user), -EOPNOTSUPP (there is no cgroup here: the message says why),
 * -EIO, -ENOMEM; of a call with a struct, -EINVAL (no size) and -E2BIG. Others are listed.
 */
#ifndef RATION_GROUP_H
#define RATION_GROUP_H

#include <ration/budget.h>
#include <ration/host.h>
#include <ration/limits.h>
#include <ration/plan.h>
#include <ration/receipt.h>

struct ration_group;

/* How to create a tenant or a group. Zeroed fields take their defaults. */
struct ration_group_options {
	size_t size;          /* sizeof(struct ration_group_options) */
	bool keep;            /* keep it after its creator is dead; by default ration_gc() removes it then */
	bool exist_ok;        /* open one that exists with the same limits asked for */
	bool without_cgroup;  /* if no group can be created, succeed with a handle without one: see
				 ration_group_reason(). Fails with -EPERM if another user has a tenant of that name */
	bool no_oom_group;    /* let an OOM kill end one process, not the whole group; an OOM kill of cgroup v1
				 always does that */
	bool has_owner;       /* delegate it to `uid` and `gid`: its directory, cgroup.procs, cgroup.threads and
				 cgroup.subtree_control, but none of its limits; in cgroup v1 its directories, with
				 cgroup.procs and tasks */
	uint32_t uid, gid;
	const char *command;  /* what it is for, shown by ration_list_new(); NULL: nothing */
	const char *budget;   /* a tenant's: see ration/budget.h; NULL: none. Since 0.2.0 */
	struct ration_admission *admission; /* for a group: as in ration_run_options. Since 0.2.0 */
};

/* How to change the limits of a live tenant or group. Zeroed fields take their defaults. */
struct ration_update_options {
	size_t size;              /* sizeof(struct ration_update_options) */
	bool force;               /* set a limit below the present use at once: the kernel reclaims, and kills if
				     that isn't enough */
	uint64_t reclaim_usec;    /* how long to reclaim memory before giving up; 0: 2 s */
	const char *budget;       /* changes a tenant's budget: see ration/budget.h; NULL: it stays. Since 0.2.0 */
};

/* What the change did. */
struct ration_update_report {
	size_t size;              /* sizeof(struct ration_update_report), set by the caller */
	bool changed;             /* the new limits are in force */
	bool has_failed;          /* the limit below couldn't be set, so none was */
	enum ration_limit failed;
	uint64_t memory_before_bytes, memory_after_bytes; /* or RATION_UNKNOWN */
	uint64_t oom_kills;       /* in the group during the change */
	uint64_t elapsed_usec;
};

/* What became of a process that was attached. */
struct ration_attach_report {
	size_t size;              /* sizeof(struct ration_attach_report), set by the caller */
	bool moved;               /* it is in the group; false: only its own limits were set */
	uint64_t elsewhere_bytes; /* resident memory that it has already: charged to its old group until it is
				     freed; or RATION_UNKNOWN */
	const char *from;         /* its old group, a path below the mount; "" if not known. Valid until
				     the next call for this handle */
};

/* A command for a group. Zeroed fields take their defaults. */
struct ration_spawn_options {
	size_t size;              /* sizeof(struct ration_spawn_options) */
	char *const *argv;        /* NULL-terminated; argv[0] is looked up in PATH */
	char *const *envp;        /* NULL: the environment of this process */
	const int *fds;           /* three fds for its fds 0, 1, 2; NULL: 0, 1, 2 of this process, and /dev/null
				     for one that is closed */
	const struct ration_plan *plan; /* of RATION_PURPOSE_PROCESS; NULL: no limits are set */
	const int *pass_fds;      /* more fds for the command, each under its own number, which is 3 or
				     more; every other fd is closed in it. Since 0.2.0 */
	size_t n_pass_fds;        /* how many */
	const char *user;         /* the user that the command runs as: see ration_run_start(). Since 0.2.0 */
	bool new_privileges;      /* with `user`: don't set no_new_privs. Since 0.2.0 */
	/* As in struct ration_run_options. Since 0.2.0. */
	const char *cwd;
	bool set_umask;
	unsigned umask;
	const char *stdin_file;
	const char *stdout_file;
	const char *stderr_file;
	bool append_stdout;
	bool append_stderr;
	bool stderr_to_stdout;
	bool foreground;          /* the same, but the caller takes the terminal back with tcsetpgrp(3) when the
				     command has ended. If it was handed over, the command's process group is its
				     pid. ration_group_spawn() only */
};

/* One limit of a live group. Its strings are valid as long as it. */
struct ration_group_limit {
	size_t size;              /* sizeof(struct ration_group_limit) */
	enum ration_limit limit;
	bool has_asked;           /* it was asked for by ration_group_create(), ration_group_update() or a run */
	uint64_t asked;
	bool has_here;            /* the group's own file could be read */
	bool has_effective;
	uint64_t here;            /* in the unit of the limit */
	uint64_t effective;       /* the lowest of `here` and the limits of all groups above */
	enum ration_level level;  /* the level of the lowest limit; the machine if nobody limits it */
	const char *where;        /* the path of the group that has the lowest limit, or "" */
	/* Limits that are text, "0-3"; "" for the others. */
	const char *asked_text, *here_text, *effective_text;
	enum ration_mechanism mechanism; /* what enforces `here`; NONE if nothing does */
	const char *file;         /* the kernel file that it was read from, or NULL */
};

/* What to do with the processes of a group that is removed. */
enum ration_remove {
	RATION_REMOVE_EMPTY = 0,   /* fail if there are any */
	RATION_REMOVE_KILL = 1,    /* kill them */
	RATION_REMOVE_RELEASE = 2, /* let them live: moved back to where they came from, or else to the caller's group */
};

/* What a removal did. */
struct ration_remove_report {
	size_t size;           /* sizeof(struct ration_remove_report), set by the caller */
	uint64_t killed;
	uint64_t released;     /* moved out alive: the group's limits don't apply to them any more */
	uint64_t released_to_caller; /* of those, moved to the caller's own group, because their origin isn't known
					or doesn't exist any more */
};

/* What a group uses now, and has used. Its calls are since 0.2.0. */
struct ration_stats;

/* What the processes of a tenant or a group do. Since 0.2.0. */
enum ration_state {
	RATION_STATE_UNKNOWN = 0, /* it wasn't asked for */
	RATION_STATE_RUNNING = 1,
	RATION_STATE_FROZEN = 2,  /* with processes or without: processes that come later freeze, too */
	RATION_STATE_STOPPED = 3, /* each of them was stopped by a signal, e.g. SIGSTOP */
	RATION_STATE_EMPTY = 4,   /* there is none */
};

RATION_BEGIN

/*
 * Creates a tenant or a group, and the nodes above it, and applies `plan` (of RATION_PURPOSE_GROUP;
 * NULL: no limits). All or nothing. If several processes create the same one at once, one wins; the
 * others get -EEXIST, or with exist_ok the same, complete group. `options` can be NULL. `host` must
 * outlive the handle. With exist_ok, an existing group is compared by the kernel's files, not by
 * what was asked for. A tenant can't have limits that cgroup v1 enforces (-EOPNOTSUPP); groups can.
 * Nothing is created below a directory that a uid other than the caller's and root's can write:
 * -EPERM. A tenant that has groups can't be given to an owner: -EBUSY.
 * Errors: -EEXIST (it exists; with exist_ok: with other limits), -EBUSY (processes where a node
 * must be), -EAGAIN (too many groups), -EDQUOT with RATION_CAUSE_BUDGET (no room in a budget now),
 * -ERANGE (never any room), -ENOMEM, -ENOSPC.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_create(const struct ration_host *host, const char *address,
		const struct ration_plan *plan, const struct ration_group_options *options,
		struct ration_group **ret_group, struct ration_error *reterr);

/*
 * Opens a tenant or a group that exists. `host` must outlive the handle.
 * Errors: those of all calls, above.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_open(const struct ration_host *host, const char *address,
		struct ration_group **ret_group, struct ration_error *reterr);

/* Frees the handle; the group stays. Accepts NULL, returns NULL. */
RATION_PUBLIC struct ration_group *ration_group_free(struct ration_group *group);

/* Returns its address, "TENANT" or "TENANT/NAME". */
RATION_PUBLIC const char *ration_group_address(const struct ration_group *group);

/* Returns the path of its directory, or NULL if it has none. */
RATION_PUBLIC const char *ration_group_path(const struct ration_group *group);

/* Returns whether it is a tenant. */
RATION_PUBLIC bool ration_group_is_tenant(const struct ration_group *group);

/* Returns why it has no cgroup, or "" if it has one. */
RATION_PUBLIC const char *ration_group_reason(const struct ration_group *group);

/*
 * Changes the limits that `plan` has (of RATION_PURPOSE_GROUP), and no others; RATION_UNLIMITED
 * lifts one. All or nothing: if one can't be set, those before it are set back. For a memory limit
 * below the present use, it first reclaims memory by memory.high and memory.reclaim (Linux 5.19)
 * for a bounded time, and sets the limit only when the use is below it. So nothing is killed,
 * unless `force` is set. `options` and `report` can be NULL; the report is filled in on failure,
 * too.
 * Errors: -EBUSY with RATION_CAUSE_IN_USE (more is in use than the limit allows, and couldn't be
 * reclaimed), -EDQUOT with RATION_CAUSE_BUDGET (a budget has no room for higher limits), -EINVAL
 * (limits that contradict those in force), -EOPNOTSUPP (a limit that cgroup v1 enforces: it is set
 * when the group is created).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_update(struct ration_group *group,
		const struct ration_plan *plan, const struct ration_update_options *options,
		struct ration_update_report *report, struct ration_error *reterr);

/*
 * Moves a running process, with all its threads, into the group; its children stay where they are.
 * `plan`, which can be NULL, is one of RATION_PURPOSE_PROCESS: its limits are also set on the
 * process, by prlimit(2) and the like; if one can't be set, the process goes back to where it was.
 * What the process uses from now on is charged to the group; memory that it already has stays
 * charged to its old group. Without a cgroup only the limits are set. `report` can be NULL.
 * Errors: -ESRCH (no such process), -EINVAL with RATION_CAUSE_NO_PROCESS (a kernel thread; 0, a
 * process of another pid namespace; 1, the machine's init, because everything that it starts would
 * be in the group, too. The init of a container can be moved), -EACCES, -EPERM (you can't move it:
 * cgroup.procs of the nearest group above both must be writable), -EBUSY (the group isn't a leaf),
 * -EOPNOTSUPP (no cgroup; or the group has limits in a place of cgroup v1 that this process isn't
 * in or can't write).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_attach(struct ration_group *group, int pid,
		const struct ration_plan *plan, struct ration_attach_report *report,
		struct ration_error *reterr);

/* The same for the process of a pidfd, which can't be mistaken for another process that got its pid. */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_attach_pidfd(struct ration_group *group, int pid_fd,
		const struct ration_plan *plan, struct ration_attach_report *report,
		struct ration_error *reterr);

/*
 * Checks whether ration_group_attach() would refuse this process right away, and changes nothing.
 * For callers that attach several processes, all or none. It can't foresee what only the kernel
 * decides (who can move it), or what happens afterwards.
 * Errors: those of ration_group_attach().
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_attach_check(const struct ration_group *group, int pid,
		const struct ration_plan *plan, struct ration_error *reterr);

/*
 * Starts a command that is born in the group (clone3 with CLONE_INTO_CGROUP, Linux 5.7; before, it
 * is moved there before its first instruction). It is a child of this process, which waits for it,
 * by the pidfd or by pid. Nobody supervises it, and it doesn't end with this process. `ret_pid_fd`,
 * which can be NULL, belongs to the caller.
 * Errors: with RATION_CAUSE_COMMAND those of execve(2); -EAGAIN or -ENOMEM with RATION_CAUSE_IN_USE
 * (tasks or memory of the group or a level above are used up: the message names it); -EAGAIN,
 * -EBUSY; -EBADF (`fds` or `pass_fds`); -EOPNOTSUPP (`ret_pid_fd` without RATION_FEATURE_PIDFD, as
 * on macOS: nothing is started).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_spawn(struct ration_group *group,
		const struct ration_spawn_options *options, int *ret_pid, int *ret_pid_fd,
		struct ration_error *reterr);

/*
 * Moves this process into the group and executes the command. Returns on failure only; then the
 * process is back where it was and unchanged, except for limits that were set. With `user`, it may
 * already be that user and in the group: then it can only exit. Not for programs with threads: exec
 * ends the others. If the group or a node above it is delegated to `user`, that delegation is no
 * obstacle.
 * Errors: those of ration_group_attach() and execve(2), -EPERM (it isn't allowed to become `user`).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_exec(struct ration_group *group,
		const struct ration_spawn_options *options, struct ration_error *reterr);

/*
 * Reads one limit: as it was asked for, as the group's kernel file has it, and what is effective
 * with all groups above, as far as this process can see them. `ret_limit` belongs to the caller.
 * Errors: -ENODATA (not a limit of groups). Since 0.2.0.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_limit_new(const struct ration_group *group,
		enum ration_limit limit, struct ration_group_limit **ret_limit, struct ration_error *reterr);
RATION_PUBLIC struct ration_group_limit *ration_group_limit_free(struct ration_group_limit *limit);

/*
 * Stops or continues all processes of the group and below it (cgroup.freeze, Linux 5.2), and waits
 * until that is done, at most `timeout_usec` (0: 5 s).
 * Errors: -ETIMEDOUT: the kernel keeps trying; the usual reason is a process in an uninterruptible
 * sleep. -EBUSY with RATION_CAUSE_IN_USE: somebody else asked for the opposite meanwhile. -EDEADLK
 * with RATION_CAUSE_HAS_PROCESSES: the caller itself would freeze; nothing is frozen.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_freeze(struct ration_group *group, uint64_t timeout_usec,
		struct ration_error *reterr);
RATION_PUBLIC RATION_MUST_CHECK int ration_group_thaw(struct ration_group *group, uint64_t timeout_usec,
		struct ration_error *reterr);

/*
 * Kills all processes of the group and below it, frozen or not (cgroup.kill,
 * Linux 5.14; before, it freezes, kills and thaws), and waits until they are gone, at
 * most `timeout_usec` (0: 10 s). `ret_killed`, which can be NULL: how many there
 * were. The group stays. Errors: -ETIMEDOUT.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_kill(struct ration_group *group, uint64_t timeout_usec,
		uint64_t *ret_killed, struct ration_error *reterr);

/*
 * Ends all processes of the group. Sends `sig` to every process (0: SIGTERM), and SIGKILL to those
 * that are left after `kill_after_usec` (0: RATION_KILL_AFTER_USEC; RATION_UNLIMITED: never). Then
 * waits until the group is empty and, if it is that of a run, removed: at most `timeout_usec` (0:
 * 10 s) from SIGKILL on. The verdict of such a run is `interrupted`, unless something else has
 * ended it before. A group without a run stays; a tenant is refused. `ret_stopped`, which can be
 * NULL: how many processes there were. Everybody who can kill a group can stop it.
 * Errors: -EINVAL, -ETIMEDOUT, those of ration_group_kill(). Since 0.2.0.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_stop(struct ration_group *group, int sig, uint64_t kill_after_usec,
		uint64_t timeout_usec, uint64_t *ret_stopped, struct ration_error *reterr);

/*
 * Asks the kernel once to reclaim `bytes` of memory from the group (memory.reclaim, Linux 5.19).
 * `ret_reclaimed_bytes`, which can be NULL: how much less memory the group has afterwards. Less
 * than asked for is success, too.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_reclaim(struct ration_group *group, uint64_t bytes,
		uint64_t *ret_reclaimed_bytes, struct ration_error *reterr);

/*
 * Removes the group, the groups that its processes created below it, and the nodes above it that
 * nobody uses; but not a tenant of ration_group_create() while its creator is alive or it is kept.
 * A tenant is removed with its groups. If it is gone already, that is no error. Released processes
 * are never moved into a node with controllers; the report counts them.
 * Errors: -EBUSY (processes: with RATION_REMOVE_EMPTY, or they don't die, or can't be moved),
 * -ETIMEDOUT (others kept creating groups in it for a minute, or changed it for 30 s), -EOPNOTSUPP
 * (directories of it are in a place of cgroup v1 that this process isn't in or can't write: nothing
 * is removed). `report` can be NULL.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_remove(struct ration_group *group, enum ration_remove mode,
		struct ration_remove_report *report, struct ration_error *reterr);

/*
 * Writes at most `n` pids of the group and of those below it (cgroup.procs). Returns how many there
 * are, which can be more than `n`.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_group_pids(const struct ration_group *group, int *ret_pids, size_t n,
		struct ration_error *reterr);

/*
 * Reads what the group uses. `ret_stats` belongs to the caller. Metrics that this kernel or these
 * controllers don't count are absent, never 0. A metric that exists but can't be read just now
 * makes the call fail, so that it isn't reported as absent.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_stats_new(const struct ration_group *group,
		struct ration_stats **ret_stats, struct ration_error *reterr);
RATION_PUBLIC struct ration_stats *ration_stats_free(struct ration_stats *stats);

/* Returns whether the group, or one below it, has processes (cgroup.events). */
RATION_PUBLIC bool ration_stats_populated(const struct ration_stats *stats);

/* Returns whether all of them are frozen. */
RATION_PUBLIC bool ration_stats_frozen(const struct ration_stats *stats);

/*
 * Returns what the processes do. A process that can't be seen in /proc counts as running. Since 0.2.0.
 */
RATION_PUBLIC enum ration_state ration_stats_state(const struct ration_stats *stats);

/* "unknown", "running", "frozen", "stopped", "empty". Since 0.2.0. */
RATION_PUBLIC const char *ration_state_name(enum ration_state state);

/* Returns the number of processes, or RATION_UNKNOWN. */
RATION_PUBLIC uint64_t ration_stats_processes(const struct ration_stats *stats);

/* Returns memory.pressure, some avg10, in hundredths of a percent, or RATION_UNKNOWN. */
RATION_PUBLIC uint64_t ration_stats_memory_pressure_pct100(const struct ration_stats *stats);

/* Reads a metric, as ration_receipt_metric(). */
RATION_PUBLIC enum ration_source ration_stats_metric(const struct ration_stats *stats,
		enum ration_metric metric, uint64_t *ret_value);

RATION_END

#endif /* RATION_GROUP_H */
