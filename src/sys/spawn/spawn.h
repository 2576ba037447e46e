/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - one command, from clone to exec
 *
 * The child shares the memory of its parent until exec, and the parent sleeps until then. A child
 * that becomes another user has a copy instead, because that user's processes can stop it. The path
 * of the program and the values of the limits are prepared before; between clone and exec there are
 * only system calls. `failed` tells the parent which of them failed.
 *
 * If the child can't start in its group, it is forked, waits until it has been moved,
 * and then execs. It moves itself into directories of cgroup v1.
 */
#ifndef RATION_SYS_SPAWN_SPAWN_H
#define RATION_SYS_SPAWN_SPAWN_H

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "ration.h"
#include "sys/cpus.h"
#include "sys/spawn/identity.h"

#define SPAWN_RLIMITS_MAX 20
#define SPAWN_JOIN_MAX 8

/* How long a child without a time limit can take to become the command: slower than any disk. */
#define SPAWN_WITHIN_USEC 60000000
/*
 * The additional time with a time limit: a late command still gets the signal of that limit; only a child
 * that isn't the command by then is killed.
 */
#define SPAWN_PATIENCE_USEC 2000000

struct spawn_rlimit {
	int resource;
	uint64_t soft, hard; /* RATION_UNLIMITED: none */
};

struct cpuset;

/* What the child fails at, so that a message can say it. */
enum spawn_step {
	SPAWN_STEP_NONE,
	SPAWN_STEP_CPUSET,         /* isn't told to anybody: then it is moved there */
	SPAWN_STEP_START,          /* before or beside what is done for the command: isn't the command's */
	SPAWN_STEP_INHERITED,
	SPAWN_STEP_JOIN,
	SPAWN_STEP_FDS,
	SPAWN_STEP_PASS,
	SPAWN_STEP_RLIMIT,
	SPAWN_STEP_AFFINITY,
	SPAWN_STEP_NICE,
	SPAWN_STEP_IDENTITY,
	SPAWN_STEP_TERMINAL,
	SPAWN_STEP_CWD,
	SPAWN_STEP_CUT,
	SPAWN_STEP_EXEC,
};

struct spawn {
	const char *path;          /* the program, as spawn_find() found it */
	char *const *argv;
	char *const *envp;
	char *const *shell_argv;   /* "/bin/sh", path, argv[1]…: for ENOEXEC */
	int fds[3];                /* become 0, 1, 2 */
	const int *pass_fds;       /* stay open under their numbers, which are above 2 */
	size_t n_pass_fds;
	int cgroup_fd;             /* to be born in, or -EBADF */
	size_t n_join;             /* cgroup.procs of cgroup v1, open for writing, which has no birth inside: */
	int join_fd[SPAWN_JOIN_MAX]; /* the child moves itself, before it becomes the command */
	bool foreground;           /* in a process group of its own, which gets the terminal `tty_fd` */
	int tty_fd;
	sigset_t mask;             /* blocked signals of the command */
	const struct identity *identity; /* as whom it runs; NULL: as we do */
	const char *cwd;           /* its working directory, which it enters as that user; NULL: ours */
	bool set_umask;            /* to `umask`, instead of ours */
	mode_t umask;
	size_t n_cut;              /* regular files that are cut to nothing at the last moment: */
	int cut_fds[3];            /* what fails before leaves them as they are */
	/* spawn-posix.c alone: */
	bool own_group;            /* in a process group of its own */
	int (*born)(void *userdata, pid_t pid); /* called before the command may run; a failure ends it. Or NULL */
	void *userdata;
	bool die_with_parent;      /* SIGKILL when the spawning *thread* ends */
	size_t n_rlimits;
	struct spawn_rlimit rlimits[SPAWN_RLIMITS_MAX];
	bool pinned;               /* to the CPUs of `cpu_mask` */
	struct cpus cpu_mask;
	int nice;                  /* added to our own */
	uint64_t within_usec;      /* killed if it isn't the command by then (group/life/watchdog.h). 0: a minute, and an error */
	/*
	 * Called when the child has execed or failed, before it is reaped: until then another thread may
	 * signal it by `child_pid` and `child_fd`. Or NULL.
	 */
	void (*settled)(void *userdata);
	void *settled_data;
	/* Called once, by that thread, if the child has been killed and doesn't die: it hangs in the kernel. Or NULL */
	void (*hangs)(void *userdata);
	void *hangs_data;
	volatile pid_t child_pid;  /* 0 until it is known, and of one that is born in its group */
	volatile int child_fd;     /* -EBADF until then, and where there are no pidfds */
	/* Filled in by the child. */
	volatile enum spawn_step failed_step;
	volatile int failed;       /* negative errno, or 0 */
	volatile int failed_index; /* which of the rlimits, of pass_fds, of inherit_table, or identity_step */
	pid_t parent;              /* internal: who starts it */
	int (*tie)(struct spawn *spawn); /* internal: ties the child to its parent, which a new uid undoes. Or NULL */
	bool no_cpusets;           /* the hierarchy of `cgroup_fd` has none: nothing confines who is born there */
	const struct cpuset *cpuset; /* internal: what it must find itself confined to, or NULL */
	int gate_fd;               /* internal: the release of a moved child */
	int report_fd;             /* internal: where a forked child reports */
	int parent_fds[2];         /* internal: the other ends of both, which a copy would keep open */
	bool forked;               /* internal: by fork(2), with the handlers of the parent */
};

/*
 * Finds the program that `argv0` means, as execvp(3) would with the PATH of this process in the directory `cwd`
 * (NULL: in ours), to which the path found is relative; by system calls alone. -ENOENT, -EACCES, -ENAMETOOLONG;
 * anything else says why it isn't known. It waits for file systems that don't answer, but with `near`: -EXDEV,
 * one would have to be asked.
 */
int spawn_find(const char *cwd, const char *argv0, bool near, char ret_path[PATH_MAX]);

/*
 * Starts it. Returns 0 when the command has been execed; then `ret_birth` tells
 * how it came into the group, and `ret_pid_fd` is -EBADF where the kernel has no
 * pidfd. On a failure of the child itself, the child has
 * been reaped and `failed_step` isn't SPAWN_STEP_NONE.
 */
int spawn_start(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd, enum ration_birth *ret_birth);

/*
 * Returns how much ru_maxrss of a child that was just started may be ours: until exec it has our
 * memory, and the kernel counts on. 0: none; UINT64_MAX: that isn't known.
 */
uint64_t spawn_inherited_maxrss(void);

/* Resets what a command mustn't inherit, in this process, before it moves. A failure as of spawn_become(). */
int spawn_prepare(struct spawn *spawn);

/*
 * Becomes the command, in this process. Returns only a failure, as spawn_start();
 * then fds above 2 are close-on-exec, and what was set before it failed is set.
 */
int spawn_become(struct spawn *spawn);

/* ------------------------------------------- between spawn_start() and the child */

/* Handlers of the host program mustn't run in its child. What is ignored stays ignored. */
void spawn_reset_handlers(void);

/* inherit_reset(); notes and reports what failed. 0, or the status to exit with. */
int spawn_child_reset(struct spawn *spawn);

/* Notes and reports what failed. Returns the status to exit with. */
int spawn_child_fail(struct spawn *spawn, enum spawn_step step, int code);

/* From a process that is where it belongs to the command. Returns only where it can't be had. */
int spawn_child(struct spawn *spawn);

/*
 * Waits until `fd` has something from the child, or its end. A child that is stopped, or
 * takes longer than `within_usec`, is killed, but not reaped: -EINTR, -ETIMEDOUT. 0: SPAWN_WITHIN_USEC.
 */
int spawn_await(pid_t pid, int fd, uint64_t within_usec);

#endif
