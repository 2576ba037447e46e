/* SPDX-License-Identifier: MIT */
/*
 * allocations.c - let the n-th allocation of the command fail
 *
 * Linked with the command into `ration-short`, with -Wl,--wrap for each function of
 * allocations.def; in the static command those of libc come here as well. RATION_ALLOCATIONS
 * is a file of three native unsigned ints: how many allocations there were, which of them
 * is to fail (0: none), whether it did. All processes that have this variable share the
 * count: the keeper, the subreaper, the command before its exec. So a fault meets one of them, once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct shared {
	unsigned count, failing, failed;
} *shared;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("RATION_ALLOCATIONS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (path && map == MAP_FAILED)
		abort();
	if (fd >= 0)
		(void)close(fd);
	if (path)
		shared = map;
}

static bool fails(void)
{
	if (!shared || __atomic_add_fetch(&shared->count, 1, __ATOMIC_SEQ_CST) != shared->failing)
		return false;
	shared->failed = 1;
	errno = ENOMEM;
	return true;
}

#define ALLOCATION(type, name, parameters, arguments)             \
	type __real_##name parameters;                            \
	type __wrap_##name parameters;                            \
	type __wrap_##name parameters                             \
	{                                                         \
		return fails() ? NULL : __real_##name arguments;  \
	}
#include "allocations.def"
