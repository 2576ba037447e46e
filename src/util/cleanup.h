/* SPDX-License-Identifier: MIT */
/*
 * cleanup.h - ownership by attribute
 *
 * A local that owns something says so where it is declared:
 *
 *     CLEANUP(freep) char *path = NULL;
 *     CLEANUP(closep) int fd = -EBADF;
 *
 * and hands it over explicitly: `*ret_path = TAKE_PTR(path);`. Error paths need no
 * cleanup code. "No fd" is -EBADF; test an fd with `>= 0`.
 */
#ifndef RATION_UTIL_CLEANUP_H
#define RATION_UTIL_CLEANUP_H

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

#define TAKE_PTR(p)                     \
	({                              \
		__typeof__(p) _p = (p); \
		(p) = NULL;             \
		_p;                     \
	})

#define TAKE_FD(fd)             \
	({                      \
		int _f = (fd);  \
		(fd) = -EBADF;  \
		_f;             \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Closes `fd` if it is one; errno survives. Returns "no fd". */
static inline int close_fd(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		/* EINTR included: Linux has released the fd by then. */
		(void)close(fd);
		errno = saved;
	}
	return -EBADF;
}

/* Opens for reading, closed at an exec: musl's open(2) makes a second system call to see to that. */
static inline int open_readable(const char *path, int more_flags)
{
	return openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | more_flags);
}

/*
 * Moves an fd that is to stay above those that a command has, 0 to 2: a program may have closed its own. Takes
 * what open(2) and its like return; returns the same: an fd, or a negative number with errno.
 */
static inline int lift_fd(int fd)
{
	int high;

	if (fd < 0 || fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void)close_fd(fd);
	return high;
}

/* The same for the two of a pipe or a pair. Returns 0, or -errno, and then none is left. */
static inline int lift_fds(int pair[2])
{
	pair[0] = lift_fd(pair[0]);
	if (pair[0] >= 0)
		pair[1] = lift_fd(pair[1]);
	if (pair[0] >= 0 && pair[1] >= 0)
		return 0;
	(void)close_fd(pair[0]);
	(void)close_fd(pair[1]);
	return -errno;
}

static inline void closep(int *fd)
{
	*fd = close_fd(*fd);
}

static inline void freep(void *p)
{
	free(*(void **)p);
}

#endif
