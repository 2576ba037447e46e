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
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/compat.h"

bool sys_refused(int code)
{
	return code == -ENOSYS || code == -EPERM || code == -EINVAL || code == -E2BIG;
}

static int open_component(int dir_fd, const char *name, int flags)
{
	int fd;

	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, "..") == 0)
		return -EINVAL;
	fd = lift_fd(openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC));
	return fd >= 0 ? fd : -errno;
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
 * Those that are open, one by one: there may be a billion that could be, and some
 * above the limit, if that was higher once. By system calls alone, since this is
 * for a child that shares its parent's memory, too. False: /proc can't be read.
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

#if defined(__x86_64__)
/*
 * The child must not return through the stack frame of its parent, whose memory
 * it shares: it starts on its own stack and calls `function` right here.
 */
static long clone3_call(struct clone_args *args, int (*function)(void *), void *argument)
{
	long result;
	register int (*fn)(void *) __asm__("r12") = function;
	register void *arg __asm__("r13") = argument;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t" /* the outermost frame, for debuggers */
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(fn), "r"(arg),
			 [exit] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory", "cc");
	return result;
}
#define HAVE_CLONE3_CALL 1
#elif defined(__aarch64__)
static long clone3_call(struct clone_args *args, int (*function)(void *), void *argument)
{
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register long x8 __asm__("x8") = SYS_clone3;
	register int (*fn)(void *) __asm__("x20") = function;
	register void *arg __asm__("x21") = argument;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x21\n\t"
			 "blr x20\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc #0\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x1), "r"(x8), "r"(fn), "r"(arg), [exit] "i"(SYS_exit_group)
			 : "x30", "memory", "cc");
	return x0;
}
#define HAVE_CLONE3_CALL 1
#else
#define HAVE_CLONE3_CALL 0
#endif

/*
 * The handlers of the host program are nothing to the child (5.5; refused before, as clone3(2) itself is
 * before 5.3). What is ignored stays ignored.
 */
static struct clone_args clone_args_of(int cgroup_fd, int *pid_fd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)pid_fd,
		.exit_signal = SIGCHLD,
	};

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(unsigned)cgroup_fd;
	}
	return args;
}

pid_t sys_clone_copied(int cgroup_fd, int (*function)(void *), void *argument, int *ret_pid_fd)
{
	struct clone_args args = clone_args_of(cgroup_fd, ret_pid_fd);
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(function(argument));
	if (pid > 0)
		return (pid_t)pid;
	pid = -errno;
	*ret_pid_fd = -EBADF;
	return (pid_t)pid;
}

pid_t sys_clone_into(int cgroup_fd, void *stack, size_t stack_size, int (*function)(void *),
		void *argument, int *ret_pid_fd)
{
#if HAVE_CLONE3_CALL
	struct clone_args args = clone_args_of(cgroup_fd, ret_pid_fd);
	long pid;

	args.flags |= CLONE_VM | CLONE_VFORK;
	args.stack = (uintptr_t)stack;
	args.stack_size = stack_size;
	pid = clone3_call(&args, function, argument);
	/* One that fails late has written it. */
	if (pid < 0)
		*ret_pid_fd = -EBADF;
	return (pid_t)pid;
#else
	(void)stack;
	(void)stack_size;
	return sys_clone_copied(cgroup_fd, function, argument, ret_pid_fd);
#endif
}

/* A checker of threads takes what such a process does for its parent's, and doing both at once for a miracle. */
#if HAVE_CLONE3_CALL && !defined(__SANITIZE_THREAD__)
pid_t sys_clone_beside(void *stack, size_t stack_size, int (*function)(void *), void *argument)
{
	struct clone_args args = {
		.flags = CLONE_VM,
		.stack = (uintptr_t)stack,
		.stack_size = stack_size,
	};

	return (pid_t)clone3_call(&args, function, argument);
}
#else
pid_t sys_clone_beside(void *stack, size_t stack_size, int (*function)(void *), void *argument)
{
	(void)stack;
	(void)stack_size;
	(void)function;
	(void)argument;
	return -ENOSYS;
}
#endif

pid_t sys_clone_shared(void *stack, size_t stack_size, int (*function)(void *), void *argument, int *ret_pid_fd)
{
	pid_t pid;

#if HAVE_CLONE3_CALL
	/* First, since ThreadSanitizer takes each clone(2) for a fork with a memory of its own. */
	pid = sys_clone_into(-EBADF, stack, stack_size, function, argument, ret_pid_fd);
	if (pid >= 0 || !sys_refused(pid))
		return pid;
#endif
	pid = clone(function, (char *)stack + stack_size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, argument,
			ret_pid_fd);
	return pid < 0 ? -errno : pid;
}

pid_t sys_fork(int (*function)(void *), void *argument, int *ret_pid_fd)
{
	pid_t pid = fork();
	int pid_fd;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(function(argument));
	/* Can't be the wrong process: it isn't reaped before we do it. */
	pid_fd = sys_pidfd_open(pid);
	if (pid_fd < 0 && !sys_refused(pid_fd)) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return pid_fd;
	}
	*ret_pid_fd = pid_fd < 0 ? -EBADF : pid_fd;
	return pid;
}

pid_t sys_fork_masked(void)
{
	sigset_t all, before;
	pid_t pid;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		return 0;
	if (pid < 0)
		pid = -errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

void sys_wake_with_parent(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGCONT);
}

uint64_t sys_now_usec(void)
{
	return sys_clock_usec(CLOCK_MONOTONIC);
}
