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
					 limit of CPU time is evidence in the receipt, and no more */
	uint64_t kill_after_usec;     /* from there to SIGKILL; RATION_UNLIMITED: never;
					 0: default, RATION_KILL_AFTER_USEC. Not with a soft timeout */
	const int *fds;               /* three fds for the command's 0, 1, 2; NULL: 0, 1, 2, and
					 /dev/null for one that this process has closed */
	bool wait_all;                /* wait for daemonised processes, too */
	bool no_oom_group;            /* let an OOM kill end one process, not all */
	bool preserve_status;         /* a timeout exits with the command's status, not 124 */
	enum ration_output_mode output_mode;
	const int *pass_fds;          /* more fds for the command, each under its own number, which is 3 or
					 more. Close-on-exec doesn't matter. Since 0.2.0 */
	size_t n_pass_fds;            /* how many */
	bool descent;                 /* end processes that have left the group as well. Since 0.2.0 */
	const char *user;             /* "USER" or "USER:GROUP", names or numbers, as whom the command runs:
					 see ration_run_start(). NULL: as this process. Since 0.2.0 */
	bool new_privileges;          /* with `user`: don't set no_new_privs, so that set-user-ID programs work.
					 Since 0.2.0 */
	struct ration_pool *pool;     /* take the group from it, if one is ready; else it is made as without. The plan
					 and the tenant are the pool's, `name` is NULL. With `descent`, or where there are
					 no pidfds, none is taken. Since 0.2.0 */
	const char *cwd;              /* the working directory of the command, which enters it as the user that it
					 is: `argv` and the files below are meant from there. NULL: that of this
					 process. Since 0.2.0 */
	bool set_umask;               /* give the command `umask`, not that of this process. Since 0.2.0 */
	unsigned umask;               /* 0 to 0777 */
	const char *stdin_file;       /* opened, with the rights of the user that the command is, in the place of one of
					 `fds`: for reading. NULL: none. Since 0.2.0 */
	const char *stdout_file;      /* the same for writing; it is created or, when the command is about to run,
					 emptied */
	const char *stderr_file;
	bool append_stdout;           /* don't empty it, write at its end */
	bool append_stderr;
	bool stderr_to_stdout;        /* the command's fd 2 is its fd 1 */
	bool foreground;              /* start the command in a process group of its own, and make that the foreground
					 one of the controlling terminal until the run is over, if this process's group
					 is that: it alone gets Ctrl-C then. Ignored where there is nothing to hand over.
					 Since 0.2.0 */
	bool no_figures;              /* nobody will read what a command has used that exits with 0 by itself:
					 its receipt has what tells of limits that were reached or changed, and of
					 memory that stays behind, and not the rest. It spares some reads. Since 0.2.0 */
	struct ration_admission *admission; /* whose turn it is: its place in the queue is given up once the run has
					 started, or hasn't. NULL: without room in a budget nothing starts. Since 0.2.0 */
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
 * Creates a group, applies `plan`, and starts the command in it. The command
 * and all its descendants end with the run: when a limit is reached, when the
 * command ends, when ration_run_free() is called, and when this process dies,
 * by whatever signal.
 * Of a process that moves out of its group, which root can and the owner of a delegated tree,
 * this is true only with `descent`. Without, the promise is the group's: a command that moves
 * out by itself is noticed as soon as its group is empty, and ended; a child that does isn't.
 * With `descent` a process of its own supervises the run, as a child subreaper: whoever is left
 * when the command has ended is found by descent, ended and told, see
 * ration_receipt_escaped_to(). This process becomes a child subreaper, too, until the run is
 * freed, if it has no children, and without cgroups is spared by the OOM killer, if it may; else another
 * process of ration's does. Then it takes over if
 * somebody kills the supervisor, and ends all its children: so it is for programs that have no other
 * children meanwhile, and one such run at a time. Without cgroups, a run is always
 * supervised so, but taken over only with `descent`: without it, if somebody kills the supervisor,
 * the command ends with it (but not a set-user-ID one), and what the command has started lives on, unless
 * it is in a directory of cgroup v1: these are children of init then, which nobody can tell from others.
 * ration_run_dispatch() fails with -EIO. On macOS, and where /proc is of another pid namespace,
 * `descent` is ignored.
 * `plan` and `host` must outlive the run; `options` and what it points to are needed
 * during the call only. The command gets fds 0 to 2 and those of `pass_fds`; every other
 * fd of this process is closed in it.
 * With `user`, the command runs as that user. Names are looked up in /etc/passwd and /etc/group
 * (elsewhere than on Linux in the system's directory); NSS isn't asked. The command gets the user's
 * supplementary groups, no capabilities (but uid 0 has root's), no_new_privs, a new session
 * keyring, and HOME, SHELL, USER and LOGNAME: instead of those of this process or, where `envp` is
 * given, as far as that lacks them. Whether it can be executed is judged by that user's rights.
 * It takes CAP_SETUID and CAP_SETGID, but for the user who this process is.
 * Files of the command are opened before anything is created, so that one that can't be (any error of
 * open(2), -EISDIR) leaves nothing behind but those that were created before it; a FIFO whose other end nobody
 * opens within ten seconds, or the time limit of the run, is -ETIMEDOUT. Nothing is emptied unless the command runs.
 * Errors: -EPERM (it isn't allowed to become `user`), -EOPNOTSUPP (the policy forbids it), -EINVAL (names,
 * options, no size), -E2BIG, -EDQUOT with RATION_CAUSE_BUDGET (no room in a budget now: ration/budget.h), -ERANGE
 * (there never is), -EBADF (`fds` or `pass_fds` has one that isn't open), -EEXIST (a group of that name), -ENOENT,
 * -EACCES, -ENOEXEC, ... with RATION_CAUSE_COMMAND (the command can't be executed: `code` is the
 * errno of execve(2)), -ENOENT with RATION_CAUSE_VANISHED (somebody removed the group before the
 * command ran in it), -EAGAIN or -ENOMEM with RATION_CAUSE_IN_USE (the tasks, memory or groups of
 * a tenant or a level above are used up: the message names it), -EBUSY, -EAGAIN, -ENOSPC, -EIO,
 * -ENOMEM. After a failure nothing is left: no group, no process, no fd.
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
 * Kills the run if it isn't over (SIGKILL to all its processes), removes its group, and
 * frees the handle. Accepts NULL, returns NULL.
 * Doesn't block for ever: if a process doesn't die within about two seconds (it is in an
 * uninterruptible sleep, or frozen), the call returns all the same, and the keeper ends the
 * process and removes the group when that becomes possible. Where a process of ration's own supervises
 * the run (without a cgroup, or with `descent`) it takes about five seconds, some more if somebody has
 * stopped that process; which goes on with the work afterwards.
 */
RATION_PUBLIC struct ration_run *ration_run_free(struct ration_run *run);

/*
 * Returns a file descriptor that polls readable when ration_run_dispatch() has
 * something to do: for epoll, libuv, asyncio. It belongs to the run: don't read or close it.
 * Remove it from an epoll before ration_run_free(): an epoll keeps reporting a closed file
 * as long as another process has it open, and a keeper that is being forked can for a moment.
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
 * Says what a run waits for that doesn't end: returns true, and writes it for people, if all its
 * processes were sent SIGKILL some seconds ago and one doesn't die. "process 4711 (dd):
 * uninterruptible sleep (state D) in folio_wait_bit_common". Else false, and "".
 * Ask after each ration_run_dispatch(). Such a run ends when the process dies; ration_run_free()
 * leaves it to the keeper, and so does a second ration_run_interrupt() after this: the run is then over,
 * with the verdict internal, and its receipt says what is left. Since 0.2.0.
 */
RATION_PUBLIC bool ration_run_waiting(const struct ration_run *run, char buf[RATION_WAITING_MAX]);

/* Returns the pid of the command. */
RATION_PUBLIC int ration_run_pid(const struct ration_run *run);

/*
 * Returns a new pidfd of the command, close-on-exec, which belongs to the caller and outlives the
 * run. It polls readable once the command has ended; ration_run_fd() tells of the run.
 * Don't wait for the command by it: the run does.
 * Errors: -EOPNOTSUPP (Linux before 5.4; macOS; a run that a subreaper supervises, whose command
 * isn't a child of this process), -EMFILE.
 * Since 0.2.0.
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
