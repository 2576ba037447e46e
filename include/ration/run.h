/* SPDX-License-Identifier: MIT */
/*
 * ration/run.h - run one command under limits, from start to receipt
 *
 * A program without an event loop calls ration_run_wait(). One with a loop watches
 * ration_run_fd() and calls ration_run_dispatch() when it is readable.
 */
#ifndef RATION_RUN_H
#define RATION_RUN_H

#include <ration/budget.h>
#include <ration/host.h>
#include <ration/plan.h>
#include <ration/pool.h>
#include <ration/receipt.h>

/* What to do when the output limit is reached. */
enum ration_output_mode {
	RATION_OUTPUT_KILL = 0,     /* end the run at the first byte above the limit */
	RATION_OUTPUT_TRUNCATE = 1, /* drop what is above the limit */
};

/* What to run, and how to end it. Zeroed fields take their defaults. */
struct ration_run_options {
	size_t size;                  /* sizeof(struct ration_run_options) */
	char *const *argv;            /* NULL-terminated; argv[0] is looked up in PATH */
	char *const *envp;            /* NULL: the environment of this process */
	const char *tenant;           /* default "default" */
	const char *name;             /* default: a unique name */
	int signal;                   /* the first signal of a timeout; default SIGTERM. RATION_SIGNAL_NONE: a soft
					 limit of CPU time is only recorded as evidence in the receipt */
	uint64_t kill_after_usec;     /* time from the first signal to SIGKILL; RATION_UNLIMITED: never; 0:
					 default, RATION_KILL_AFTER_USEC. Not with a soft timeout */
	const int *fds;               /* three fds for the command's fds 0, 1, 2; NULL: 0, 1, 2 of this process,
					 and /dev/null for one that is closed */
	bool wait_all;                /* wait for daemonised processes, too */
	bool no_oom_group;            /* let an OOM kill end one process, not all */
	bool preserve_status;         /* after a timeout exit with the command's status, not 124 */
	enum ration_output_mode output_mode;
	const int *pass_fds;          /* more fds for the command, each under its own number, which is 3 or
					 more. Close-on-exec doesn't matter. Since 0.2.0 */
	size_t n_pass_fds;            /* how many */
	bool descent;                 /* end processes that have left the group as well. Since 0.2.0 */
	const char *user;             /* "USER" or "USER:GROUP", names or numbers: the user that the command runs
					 as, see ration_run_start(). NULL: the user of this process. Since 0.2.0 */
	bool new_privileges;          /* with `user`: don't set no_new_privs, so that set-user-ID programs work.
					 Since 0.2.0 */
	struct ration_pool *pool;     /* take a group from this pool if one is ready; otherwise make one as usual.
					 The plan and the tenant must be the pool's, `name` is NULL. With
					 `descent`, or without pidfds, no group is taken. Since 0.2.0 */
	const char *cwd;              /* the working directory of the command, entered with the rights of its user.
					 Relative paths in `argv` and of the files below are relative to it. NULL:
					 that of this process. Since 0.2.0 */
	bool set_umask;               /* give the command `umask`, not that of this process. Since 0.2.0 */
	unsigned umask;               /* 0 to 0777 */
	const char *stdin_file;       /* opened for reading, with the rights of the command's user, instead of one
					 of `fds`. NULL: not used. Since 0.2.0 */
	const char *stdout_file;      /* the same for writing; created or, right before the command runs, emptied */
	const char *stderr_file;
	bool append_stdout;           /* don't empty it, write at its end */
	bool append_stderr;
	bool stderr_to_stdout;        /* the command's fd 2 is its fd 1 */
	bool foreground;              /* start the command in a process group of its own and, if this process is in
					 the foreground of the controlling terminal, hand the terminal to that
					 group until the run is over: only the command gets Ctrl-C then. Ignored if
					 there is nothing to hand over. Since 0.2.0 */
	bool no_figures;              /* the caller won't read the metrics of a command that exits with 0 by
					 itself. Its receipt then has only what shows limits that were reached or
					 changed, and memory that stays behind. That saves some reads. Since 0.2.0 */
	struct ration_admission *admission; /* its turn in the queue; its place is given up once the run has
					       started or failed to. NULL: without room in a budget the start
					       fails. Since 0.2.0 */
};

/* Room for what ration_run_waiting() says, with the final NUL. Since 0.2.0. */
#define RATION_WAITING_MAX 320

/* For ration_run_options.signal: none. Not with a timeout. Since 0.2.0. */
#define RATION_SIGNAL_NONE (-1)

/* The default of ration_run_options.kill_after_usec: 300 ms. */
#define RATION_KILL_AFTER_USEC 300000

struct ration_run;

RATION_BEGIN

/*
 * Creates a group, applies `plan`, and starts the command in it. The command and all its
 * descendants end with the run: when a limit is reached, when the command ends, when
 * ration_run_free() is called, and when this process dies, by whatever signal. Root, and the owner
 * of a delegated tree, can move processes out of the group; these end with the run only with
 * `descent`. Without it, the promise applies to the group: a command that moves out itself is
 * noticed as soon as its group is empty, and ended; a child that moves out isn't.
 *
 * With `descent`, a process of its own supervises the run, as a child subreaper. Processes left
 * when the command has ended are found by descent, ended and reported, see
 * ration_receipt_escaped_to(). If this process has no children, it also becomes a child subreaper
 * until the run is freed and, without cgroups, is spared by the OOM killer if possible; otherwise
 * another process of ration's does. If somebody kills the supervisor, that process takes over and
 * ends all its children. So `descent` is for programs without other children meanwhile, and for one
 * such run at a time. On macOS, and where /proc is of another pid namespace, `descent` is ignored.
 *
 * Without cgroups, a run is always supervised by a process of its own, but only `descent` provides
 * the takeover. Without it, if somebody kills the supervisor, the command ends as well (but not a
 * set-user-ID one), and ration_run_dispatch() fails with -EIO. Processes that the command has
 * started live on as children of init, which nobody can tell from others, unless they are in a
 * directory of cgroup v1.
 *
 * `plan` and `host` must outlive the run; `options` and what it points to are needed during the
 * call only. The command gets fds 0 to 2 and those of `pass_fds`; every other fd of this process is
 * closed in it.
 *
 * With `user`, the command runs as that user. Names are looked up in /etc/passwd and /etc/group (in
 * the system's directory on systems other than Linux); NSS isn't used. The command gets the user's
 * supplementary groups, no capabilities (but uid 0 has root's), no_new_privs, a new session
 * keyring, and HOME, SHELL, USER and LOGNAME: these replace those of this process; with `envp`,
 * only missing ones are added. The rights of that user decide whether the command can be executed.
 * This needs CAP_SETUID and CAP_SETGID, unless this process already is that user.
 *
 * Files of the command are opened before anything is created. If one can't be opened (any error of
 * open(2), -EISDIR), nothing is left but files that were created before it. A FIFO whose other end
 * nobody opens within ten seconds, or the time limit of the run, is -ETIMEDOUT. No file is emptied
 * unless the command runs.
 *
 * Errors: -EPERM (it isn't allowed to become `user`), -EOPNOTSUPP (the policy forbids it), -EINVAL
 * (names, options, no size), -E2BIG, -EDQUOT with RATION_CAUSE_BUDGET (no room in a budget now:
 * ration/budget.h), -ERANGE (never any room), -EBADF (`fds` or `pass_fds` has one that isn't open),
 * -EEXIST (a group of that name), -ENOENT, -EACCES, -ENOEXEC, ... with RATION_CAUSE_COMMAND (the
 * command can't be executed: `code` is the errno of execve(2)), -ENOENT with RATION_CAUSE_VANISHED
 * (somebody removed the group before the command ran in it), -EAGAIN or -ENOMEM with
 * RATION_CAUSE_IN_USE (the tasks, memory or groups of a tenant or a level above are used up: the
 * message names it), -EBUSY, -EAGAIN, -ENOSPC, -EIO, -ENOMEM. After a failure nothing is left: no
 * group, no process, no fd.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_start(const struct ration_host *host,
		const struct ration_plan *plan, const struct ration_run_options *options,
		struct ration_run **ret_run, struct ration_error *reterr);

/*
 * Waits for the end of the run. A signal with a handler interrupts it: -EINTR, and
 * it can be called again.
 * Errors: -EINTR; -EIO, -ENOMEM: the run must be freed.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_wait(struct ration_run *run,
		struct ration_error *reterr);

/*
 * Returns the receipt of a run that is over, or NULL before. It is valid as
 * long as `run`.
 */
RATION_PUBLIC const struct ration_receipt *ration_run_receipt(const struct ration_run *run);

/*
 * Kills the run if it isn't over (SIGKILL to all its processes), removes its group, and frees the
 * handle. Accepts NULL, returns NULL. Doesn't block for ever: if a process doesn't die within about
 * two seconds (it is in an uninterruptible sleep, or frozen), the call returns all the same. The
 * keeper ends the process and removes the group when that becomes possible. If a process of
 * ration's own supervises the run (without a cgroup, or with `descent`), it takes about five
 * seconds, or a little more if somebody has stopped that process; it goes on with the work
 * afterwards.
 */
RATION_PUBLIC struct ration_run *ration_run_free(struct ration_run *run);

/*
 * Returns a file descriptor that polls readable when ration_run_dispatch() has something to do: for
 * epoll, libuv, asyncio. It belongs to the run: don't read or close it. Remove it from an epoll
 * before ration_run_free(): an epoll keeps reporting a closed file as long as another process has
 * it open, which a keeper that is just being forked can for a moment.
 */
RATION_PUBLIC int ration_run_fd(const struct ration_run *run);

/*
 * Handles what has happened, without waiting. Returns 1 when the run is over
 * and has a receipt, else 0.
 * If a debugger holds the dead command for more than a second, the run doesn't wait any
 * longer; the command stays a zombie child of this process until the debugger lets go.
 * Errors: -EIO, -ENOMEM: the run must be freed.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_dispatch(struct ration_run *run,
		struct ration_error *reterr);

/*
 * Says what keeps a run from ending: returns true, and writes it as text for people, if all its
 * processes were sent SIGKILL some seconds ago and one doesn't die. "process 4711 (dd):
 * uninterruptible sleep (state D) in folio_wait_bit_common". Otherwise returns false, and writes
 * "". Call it after each ration_run_dispatch(). Such a run ends when the process dies.
 * ration_run_free() leaves it to the keeper, and so does a second ration_run_interrupt() after
 * this: the run is then over with the verdict internal, and its receipt says what is left. Since
 * 0.2.0.
 */
RATION_PUBLIC bool ration_run_waiting(const struct ration_run *run, char buf[RATION_WAITING_MAX]);

/* Returns the pid of the command. */
RATION_PUBLIC int ration_run_pid(const struct ration_run *run);

/*
 * Returns a new pidfd of the command, close-on-exec, which belongs to the caller and outlives the
 * run. It polls readable once the command has ended; for the end of the run use ration_run_fd().
 * Don't wait for the command with it: the run does that.
 * Errors: -EOPNOTSUPP (Linux before 5.4; macOS; a run that a subreaper supervises, whose command
 * isn't a child of this process), -EMFILE. Since 0.2.0.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_pidfd(const struct ration_run *run, struct ration_error *reterr);

/* Returns the address of the run's group, "TENANT/NAME". Since 0.2.0. */
RATION_PUBLIC const char *ration_run_address(const struct ration_run *run);

/*
 * Sends `sig` to the command (not to its children). A command that has ended
 * is no error. Errors: -EINVAL, -EPERM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_signal(struct ration_run *run, int sig,
		struct ration_error *reterr);

/*
 * Ends the run on request: sends `sig` to every process of the group, and
 * SIGKILL after the run's kill_after. The verdict will be `interrupted`, unless
 * a limit came first. Returns at once.
 * `delivered`: the processes have received the signal already (from a terminal).
 * Then nothing is sent, and the run isn't ended; but if the command ends by that
 * signal, the verdict is `interrupted`.
 * Errors: -EINVAL.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_run_interrupt(struct ration_run *run, int sig,
		bool delivered, struct ration_error *reterr);

RATION_END

#endif /* RATION_RUN_H */
