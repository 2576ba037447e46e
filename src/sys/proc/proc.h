/* SPDX-License-Identifier: MIT */
/*
 * proc.h - what /proc tells about one process
 *
 * Everything goes through the fd of a /proc directory, so that tests can point
 * it at a tree of plain files. A process can vanish between any two calls: -ESRCH
 * is a normal result, not an error to report. tree.h has the descendants of a
 * process.
 */
#ifndef RATION_SYS_PROC_PROC_H
#define RATION_SYS_PROC_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process as its stat file shows it. */
struct proc_stat {
	pid_t pid, ppid;
	char state;            /* R S D T t Z X I …; PROC_HIDDEN: it exists, and that's all we may know */
	bool exiting;          /* its main thread is on its way out: it leaves its cgroup before it is a zombie */
	uint64_t utime_usec;   /* its own, all threads, in steps of 10 ms (USER_HZ) */
	uint64_t stime_usec;
	uint64_t cutime_usec;  /* of children that it has waited for, and theirs */
	uint64_t cstime_usec;
	uint64_t start_ticks;  /* since boot: with the pid, the name of a process for good */
	uint64_t threads;
	pid_t memory_pid;      /* whose files show its memory: its own, or a thread's that has outlived the main one */
	uint64_t rss_bytes;    /* may lag behind: see run/contain/watch.c */
};

/* proc_stat.state of a process that hidepid= or a change of uid hides from us. */
#define PROC_HIDDEN '?'

/*
 * Tells whether all of a process is dead, waited for or not. A leader that has
 * exited shows as a zombie while its other threads run on: that one isn't.
 */
bool proc_is_dead(const struct proc_stat *stat);

/*
 * Tells whether all of a process is dead or about to be: in no cgroup any more, or soon.
 * A process that lives on in another thread isn't.
 */
bool proc_is_leaving(int proc_fd, const struct proc_stat *stat);

/*
 * Opens /proc below `root` (NULL or "": the machine's own) as a directory. The machine's own must belong to
 * our pid namespace, because every pid found there may be signalled. With `ret_foreign`, one of another pid
 * namespace is opened all the same and reported there: it has the machine's files and /proc/self, but its
 * pids mean nothing here.
 * Errors: -ENOENT (nothing is mounted), -EXDEV (another pid namespace), -EACCES, -EMFILE, …
 */
int proc_open(const char *root, int *ret_fd, bool *ret_foreign);

/*
 * Reads a file of /proc (or of any directory) into `buf`, NUL-terminated, cut
 * to size - 1. Returns its length.
 * Errors: of open(2) and read(2); -ESRCH when the process went meanwhile.
 */
ssize_t proc_read(int dir_fd, const char *path, char *buf, size_t size);

/* The same of an open file. */
ssize_t proc_read_fd(int fd, char *buf, size_t size);

/* A line of /proc/meminfo, e.g. "MemTotal", in bytes. -ENODATA: there is none, and *ret stays as it is. */
int proc_meminfo(const char *text, const char *key, uint64_t *ret);

/* Reads one unsigned number and moves past it. Errors: -EBADMSG. */
int proc_take_number(const char **text, uint64_t *ret);

/* Reads one stat line. Errors: -EBADMSG. */
int proc_stat_parse(const char *line, struct proc_stat *ret_stat);

/* Reads a process's stat. Errors: -ESRCH (gone), -EACCES and -EPERM (hidden), -EBADMSG, -EMFILE. */
int proc_stat_read(int proc_fd, pid_t pid, struct proc_stat *ret_stat);

/*
 * Reads how a dead process ended that can't be reaped because a tracer holds it. The status is as from
 * waitpid(2).
 * Errors: -ESRCH (gone), -EBUSY (not dead), -EACCES (a process whose ids aren't ours: the kernel shows 0 for
 * it), -EBADMSG.
 */
int proc_exit_status(int proc_fd, pid_t pid, int *ret_status);

/* Finds the scheduling policy of a thread: SCHED_OTHER, SCHED_FIFO, … Errors: as proc_stat_read(). */
int proc_policy(int proc_fd, pid_t pid, pid_t tid, int *ret_policy);

/* Tells whether it is a thread of the kernel: those are in no group that we make. Errors: as proc_stat_read(). */
int proc_is_kernel(int proc_fd, pid_t pid);

/* Tells whether it is the first process of the machine, not only that of a container; true where that isn't known. */
bool proc_is_init(int proc_fd, pid_t pid);

/* Tells whether it is a thread, and not the first of its process. Errors: as proc_stat_read(). */
int proc_is_thread(int proc_fd, pid_t pid);

/*
 * Finds a process's cgroup v2, as a path from the root of our cgroup namespace:
 * "/", "/a/b", or "/../x" where it lies outside. -ENODATA: it has none.
 */
int proc_cgroup(int proc_fd, pid_t pid, char *ret_path, size_t size);

/* When this process started: /proc may be of another pid namespace. Errors: as proc_stat_read(). */
int proc_self_start_ticks(int proc_fd, uint64_t *ret_ticks);

/* When a process started, in ticks since boot. Errors: as proc_stat_read(). */
int proc_start_ticks(int proc_fd, pid_t pid, uint64_t *ret_ticks);

/* Room for a boot id with its final NUL. */
#define PROC_BOOT_ID_SIZE 37

/* The kernel's name for this boot, a UUID. Errors: -ENOENT, -EBADMSG, … */
int proc_boot_id(int proc_fd, char ret_id[PROC_BOOT_ID_SIZE]);

#endif
