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

static inline void closep(int *fd)
{
	*fd = close_fd(*fd);
}

static inline void freep(void *p)
{
	free(*(void **)p);
}

#endif
