/* SPDX-License-Identifier: MIT */
/*
 * compat.h - what the C library of another system lacks
 *
 * The one place that asks which system this is. Everything larger than a few
 * lines is a file of its own instead, and src/meson.build chooses.
 */
#ifndef RATION_UTIL_COMPAT_H
#define RATION_UTIL_COMPAT_H

#ifdef __APPLE__

#define COMPAT_OS RATION_OS_MACOS

#include <crt_externs.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* No file of another system can have it. */
#define ENOTUNIQ 1001

/* Resources that macOS doesn't have. */
#define RLIMIT_LOCKS (-1)
#define RLIMIT_MSGQUEUE (-1)
#define RLIMIT_NICE (-1)
#define RLIMIT_RTPRIO (-1)
#define RLIMIT_RTTIME (-1)
#define RLIMIT_SIGPENDING (-1)

/* The realtime signals begin behind the last of the others; there are none. */
#define SIGRTMAX (NSIG - 1)

#define GRND_NONBLOCK 0

/* What ru_maxrss counts in. */
#define COMPAT_MAXRSS_BYTES 1u

typedef int rlimit_resource;

/* A library can't name the variable itself. */
#define environ (*_NSGetEnviron())

/* By number: the table is constant. */
static inline const char *strerrordesc_np(int error)
{
	return error >= 0 && error < sys_nerr ? sys_errlist[error] : NULL;
}

/* Those that a command can't be executed for; other numbers have no name here. */
static inline const char *strerrorname_np(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = { { ENOENT, "ENOENT" }, { EACCES, "EACCES" }, { ENOEXEC, "ENOEXEC" }, { EPERM, "EPERM" },
		{ ENOTDIR, "ENOTDIR" }, { ELOOP, "ELOOP" }, { ENOMEM, "ENOMEM" }, { E2BIG, "E2BIG" },
		{ ENAMETOOLONG, "ENAMETOOLONG" }, { EISDIR, "EISDIR" }, { EIO, "EIO" }, { ETXTBSY, "ETXTBSY" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return NULL;
}

static inline void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

/* Another thread may fork between the two calls: macOS has no other way. */
static inline int pipe2(int fds[2], int flags)
{
	if (pipe(fds) < 0)
		return -1;
	if (flags & O_CLOEXEC) {
		(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
		(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

static inline pid_t gettid(void)
{
	uint64_t id = 0;

	(void)pthread_threadid_np(NULL, &id);
	return (pid_t)(id & INT32_MAX);
}

static inline int getrandom(void *buf, size_t size, unsigned flags)
{
	(void)flags;
	arc4random_buf(buf, size);
	return (int)size;
}

/* Takes a signal that is pending already, and waits for none. */
static inline int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	sigset_t pending;
	int sig;

	(void)info;
	(void)timeout;
	(void)sigpending(&pending);
	for (int i = 1; i < NSIG; i++) {
		if (sigismember(set, i) == 1 && sigismember(&pending, i) == 1)
			return sigwait(set, &sig) == 0 ? sig : -1;
	}
	errno = EAGAIN;
	return -1;
}

/* Without a mask, and in whole milliseconds, the last one included. */
static inline int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const void *no_mask)
{
	int64_t msec = timeout ? (int64_t)timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000 : -1;

	(void)no_mask;
	return poll(fds, n, msec > INT32_MAX ? INT32_MAX : (int)msec);
}

static inline const char *sigabbrev_np(int sig)
{
	static const char *const names[] = { [SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
		[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT", [SIGEMT] = "EMT", [SIGFPE] = "FPE", [SIGKILL] = "KILL",
		[SIGBUS] = "BUS", [SIGSEGV] = "SEGV", [SIGSYS] = "SYS", [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",
		[SIGTERM] = "TERM", [SIGURG] = "URG", [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP", [SIGCONT] = "CONT",
		[SIGCHLD] = "CHLD", [SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU", [SIGIO] = "IO", [SIGXCPU] = "XCPU",
		[SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
		[SIGINFO] = "INFO", [SIGUSR1] = "USR1", [SIGUSR2] = "USR2" };

	return sig > 0 && (size_t)sig < sizeof(names) / sizeof(names[0]) ? names[sig] : NULL;
}

/* There are no pidfds: who asks for one goes by the pid. */
static inline int pidfd_open(pid_t pid, unsigned flags)
{
	(void)pid;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

#else

#define COMPAT_OS RATION_OS_LINUX

#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/resource.h>

#define COMPAT_MAXRSS_BYTES 1024u

typedef __rlimit_resource_t rlimit_resource;

#endif

#endif
