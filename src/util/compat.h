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
#include <stdbool.h>
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

/* Who uses these sets FD_CLOEXEC afterwards where they are 0. */
#define SOCK_CLOEXEC 0
#define MSG_CMSG_CLOEXEC 0

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

#include <sys/random.h>
#include <sys/resource.h>

#define COMPAT_MAXRSS_BYTES 1024u

#ifdef __GLIBC__

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/pidfd.h>

typedef __rlimit_resource_t rlimit_resource;

static inline void signal_set_add(sigset_t *set, int sig)
{
	(void)sigaddset(set, sig);
}

#else
/* musl, which the command is linked with where it is there. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/errno-names.h"

/* Its older versions have no statx(2). */
#ifndef STATX_TYPE
#include <linux/stat.h>
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif

/* What the kernel takes for the size of a set of signals. */
#define COMPAT_SIGNALS_BYTES 8

typedef int rlimit_resource;

static inline int pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

/* Its texts are constant. */
static inline const char *strerrordesc_np(int error)
{
	return errno_name(error) ? strerror(error) : NULL;
}

/* Its own refuse: POSIX means processes by these, and Linux threads. */
static inline int compat_getscheduler(pid_t pid)
{
	return (int)syscall(SYS_sched_getscheduler, pid);
}

static inline int compat_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	return (int)syscall(SYS_sched_setscheduler, pid, policy, param);
}

#define sched_getscheduler compat_getscheduler
#define sched_setscheduler compat_setscheduler

/*
 * It keeps three signals for itself, one more than glibc, and hides them. What a command inherits
 * and is sent can have that one as well.
 */
#undef SIGRTMIN
#define SIGRTMIN 34

static inline void signal_set_add(sigset_t *set, int sig)
{
	((unsigned long *)set)[(sig - 1) / (8 * (int)sizeof(long))] |= 1UL << (sig - 1) % (8 * (int)sizeof(long));
}

#define COMPAT_SIGNAL_IS_IGNORED

/* Of the kernel's own struct the handler comes first. */
static inline bool signal_is_ignored(int sig)
{
	uintptr_t action[16] = { 0 };

	return syscall(SYS_rt_sigaction, sig, NULL, action, COMPAT_SIGNALS_BYTES) < 0 || action[0] == (uintptr_t)SIG_IGN;
}

static inline int compat_sigprocmask(int how, const sigset_t *set, sigset_t *ret_before)
{
	return (int)syscall(SYS_rt_sigprocmask, how, set, ret_before, COMPAT_SIGNALS_BYTES);
}

static inline int compat_sigmask(int how, const sigset_t *set, sigset_t *ret_before)
{
	return compat_sigprocmask(how, set, ret_before) < 0 ? errno : 0;
}

/* All of them: that one, too, would otherwise come through in the middle of a fork. */
static inline int compat_sigfillset(sigset_t *set)
{
	(void)memset(set, 0xff, sizeof(*set));
	return 0;
}

#define sigprocmask compat_sigprocmask
#define pthread_sigmask compat_sigmask
#define sigfillset compat_sigfillset

#endif

#endif

#ifndef COMPAT_SIGNAL_IS_IGNORED

static inline bool signal_is_ignored(int sig)
{
	struct sigaction action;

	return sigaction(sig, NULL, &action) < 0 || action.sa_handler == SIG_IGN;
}

#endif

#endif
