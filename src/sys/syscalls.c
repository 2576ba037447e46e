/* SPDX-License-Identifier: MIT */
/*
 * syscalls.c - system calls that the C library doesn't wrap, or not everywhere
 */
#include "sys/syscalls.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/compat.h"

bool sys_refused(int code)
{
	return code == -ENOSYS || code == -EPERM || code == -EINVAL || code == -E2BIG;
}

/* Which mount it is on; -1: that can't be asked. There is no room for a handle, and the number comes all the same. */
static int mount_of(int fd)
{
	struct file_handle none = { .handle_bytes = 0 };
	int id = -1;

	return name_to_handle_at(fd, "", &none, &id, AT_EMPTY_PATH) == 0 || errno == EOVERFLOW ? id : -1;
}

/* RESOLVE_NO_XDEV: what somebody has mounted there is none of ours, be it of the same file system. */
static bool is_across(int dir_fd, int fd)
{
	struct stat here, there;

	return fstat(dir_fd, &here) < 0 || fstat(fd, &there) < 0 || here.st_dev != there.st_dev ||
		mount_of(dir_fd) != mount_of(fd);
}

static int open_component(int dir_fd, const char *name, int flags)
{
	CLEANUP(closep) int fd = -EBADF;

	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, "..") == 0)
		return -EINVAL;
	fd = lift_fd(openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC));
	if (fd < 0)
		return -errno;
	return is_across(dir_fd, fd) ? -EXDEV : TAKE_FD(fd);
}

int sys_open_beneath(int dir_fd, const char *name, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
	while (fd < 0 && errno == EINTR);
	if (fd >= 0) {
		fd = lift_fd((int)fd);
		return fd >= 0 ? (int)fd : -errno;
	}
	/*
	 * ENOSYS before 5.6. EPERM is what container filters that don't know
	 * the call answer; a cgroup file that we may not open says EACCES, and
	 * if it was EPERM for real, the second way says so again.
	 */
	if (errno == ENOSYS || errno == EPERM)
		return open_component(dir_fd, name, flags);
	return -errno;
}

int sys_access(int dir_fd, const char *path, int mode)
{
	if (faccessat(dir_fd, path, mode, AT_EACCESS) == 0)
		return 0;
	/*
	 * The C library asks faccessat2(2), since 5.8, and has a second way only where
	 * that is missing, not where a filter says EPERM. This one has the real ids,
	 * which are the same but in a setuid program.
	 */
	if (errno == EPERM && syscall(SYS_faccessat, dir_fd, path, mode) == 0)
		return 0;
	return -errno;
}

int sys_pidfd_open(pid_t pid)
{
	int fd = lift_fd((int)syscall(SYS_pidfd_open, pid, 0));

	return fd >= 0 ? fd : -errno;
}

/* A call there says what is wrong with these arguments; one that is refused says so first. */
bool sys_has_openat2(void)
{
	return syscall(SYS_openat2, AT_FDCWD, "", NULL, 0) < 0 && errno == EINVAL;
}

bool sys_has_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0) < 0 && errno == EINVAL;
}

bool sys_takes_pidfds(void)
{
	siginfo_t info;

	/* waitid(2) that doesn't know of them says EINVAL. */
	return syscall(SYS_pidfd_send_signal, INT_MAX, 0, NULL, 0) < 0 && errno == EBADF &&
		waitid(P_PIDFD, INT_MAX, &info, WEXITED | WNOHANG) < 0 && errno == EBADF;
}

int sys_pidfd_pid(int pid_fd)
{
	char path[64], text[1024];
	CLEANUP(closep) int fd = -EBADF;
	const char *at;
	ssize_t n;
	int pid;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pid_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EBADF : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	at = strstr(text, "\nPid:");
	if (!at || sscanf(at, "\nPid: %d", &pid) != 1)
		return -EINVAL;
	return pid < 0 ? -ESRCH : pid;
}

int sys_pidfd_signal(int pid_fd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pid_fd, sig, NULL, 0) < 0 ? -errno : 0;
}

int sys_child_signal(pid_t pid, int pid_fd, int sig)
{
	if (pid_fd >= 0)
		return sys_pidfd_signal(pid_fd, sig);
	/* One that was never started: kill(0) would be the caller's own process group. */
	if (pid <= 0)
		return -ESRCH;
	return kill(pid, sig) < 0 ? -errno : 0;
}

int sys_child_stop(pid_t pid, int pid_fd, uint64_t timeout_usec)
{
	uint64_t start = sys_now_usec();
	siginfo_t info;
	int r = sys_child_signal(pid, pid_fd, SIGSTOP);

	while (r == 0) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) < 0)
			return -errno;
		if (info.si_pid != 0)
			return 0;
		if (sys_now_usec() - start >= timeout_usec)
			return -ETIMEDOUT;
		(void)nanosleep(&(struct timespec) { .tv_nsec = 200000 }, NULL);
	}
	return r;
}

/* What to do with each open fd. */
typedef void fd_action(int fd);

static void close_it(int fd)
{
	(void)close(fd);
}

static void close_it_at_exec(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Reads a number; -1: the name is none. */
static int fd_of(const char *name)
{
	int fd = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		fd = fd * 10 + (*name - '0');
	return *name == '\0' ? fd : -1;
}

/*
 * Lists the open fds one by one: a billion numbers can be possible, and some can be above the limit, if that
 * was higher before. Only by system calls, because a child that shares its parent's memory uses this, too.
 * False: /proc can't be read.
 */
static bool each_listed_fd(unsigned first, unsigned last, fd_action *act)
{
	_Alignas(struct dirent64) char buf[2048];
	int dir_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n = -1;

	while (dir_fd >= 0 && (n = syscall(SYS_getdents64, dir_fd, buf, sizeof(buf))) > 0) {
		const struct dirent64 *entry;

		for (long at = 0; at < n; at += entry->d_reclen) {
			int fd;

			entry = (const struct dirent64 *)(const void *)(buf + at);
			fd = fd_of(entry->d_name);
			if (fd >= 0 && fd != dir_fd && (unsigned)fd >= first && (unsigned)fd <= last)
				act(fd);
		}
	}
	(void)close_fd(dir_fd);
	return n == 0;
}

/* Remove when the oldest kernel is >= 5.11: close_range(2) is since 5.9, its flag since 5.11. */
static void each_fd(unsigned first, unsigned last, fd_action *act)
{
	long highest;

	if (each_listed_fd(first, last, act))
		return;
	highest = sysconf(_SC_OPEN_MAX);
	if (highest > 0 && last >= (unsigned long)highest)
		last = (unsigned)highest - 1;
	for (unsigned fd = first; fd <= last; fd++)
		act((int)fd);
}

static void close_range_of(unsigned first, unsigned last)
{
	if (first <= last && syscall(SYS_close_range, first, last, 0) < 0)
		each_fd(first, last, close_it);
}

void sys_close_others(const int *keep, size_t n)
{
	unsigned from = 0;

	for (;;) {
		unsigned next = ~0u;

		for (size_t i = 0; i < n; i++) {
			if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		}
		if (next == ~0u)
			break;
		if (next > from)
			close_range_of(from, next - 1);
		from = next + 1;
	}
	close_range_of(from, ~0u);
}

void sys_close_at_exec(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		each_fd(first, ~0u, close_it_at_exec);
}

int sys_pin(const unsigned char *bits, size_t size)
{
	return syscall(SYS_sched_setaffinity, 0, size, bits) < 0 ? -errno : 0;
}

int sys_reap(pid_t pid, int pid_fd, struct sys_wait *ret)
{
	siginfo_t info = { .si_pid = 0 };
	struct sys_wait result = { .exit_code = -1 };
	long r;

	/* The wrapper of the C library has no rusage; the call has. */
	do
		r = syscall(SYS_waitid, pid_fd >= 0 ? P_PIDFD : P_PID, pid_fd >= 0 ? pid_fd : pid, &info,
				WEXITED | WNOHANG, &result.rusage);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (info.si_pid == 0)
		return 0;
	if (info.si_code == CLD_EXITED) {
		result.exit_code = info.si_status;
	} else {
		result.signal = info.si_status;
		result.core = info.si_code == CLD_DUMPED;
	}
	*ret = result;
	return 1;
}

void sys_wake_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGCONT);
}
