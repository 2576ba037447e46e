/* SPDX-License-Identifier: MIT */
/*
 * fuzz-notes.c - a group with notes of any bytes
 *
 * Who owns a directory writes user.ration.* there, and another version of ration wrote
 * something else. The one call that reads attributes is taken over: every note is the input.
 */
#include "fuzz.h"

#include <sys/stat.h>
#include <sys/types.h>

#include "group/cgroup1.h"
#include "group/life/origin.h"
#include "group/owner.h"
#include "group/record.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/proc/proc.h"

static const uint8_t *note;
static size_t note_size;

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);

ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	(void)fd;
	/* Kept groups have no other notes that count. */
	if (strstr(name, ".keep")) {
		errno = ENODATA;
		return -1;
	}
	if (size > 0 && note_size > size) {
		errno = ERANGE;
		return -1;
	}
	if (size > 0 && note_size > 0)
		memcpy(value, note, note_size);
	return (ssize_t)note_size;
}

static void check_limits(int fd, const char *text)
{
	struct record_limit limit;
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (record_find_limit(text, info->limit, &limit) == 0)
			MUST(memchr(limit.text, '\0', sizeof(limit.text)));
		(void)record_has_limit(fd, info->limit);
	}
	(void)record_limits_match(fd, NULL);
}

/* A line is found by its own pid and start, and its path is in it. */
static void check_origins(const char *text)
{
	static const struct {
		pid_t pid;
		uint64_t start;
	} processes[] = { { 1, 1 }, { 5, 100 }, { 77, 12345 }, { INT_MAX, UINT64_MAX } };

	for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++) {
		char path[64];

		if (origin_find(text, processes[i].pid, processes[i].start, path, sizeof(path)))
			MUST(path[0] == '/' && !strchr(path, '\n') && strstr(text, path));
	}
}

static void check_owner(int proc_fd, int fd)
{
	enum ration_owner owner;
	int pid;

	owner = owner_state(proc_fd, fd, &pid);
	MUST(ration_owner_name(owner)[0]);
	MUST(pid >= 0);
	(void)owner_recorded(fd);
}

static void check_places(int fd)
{
	static struct host_snapshot host = { .n_v1 = 1, .v1 = { { .controllers = RATION_CONTROLLER_MEMORY, .fd = -EBADF,
		.path = "/sys/fs/cgroup/memory" } } };
	struct place place = PLACE_NONE;
	char line[64];

	place.host = &host;
	place.fd = fd;
	(void)v1_check(&place, line, sizeof(line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const dirs[] = { "group", "proc/self", "proc/sys/kernel/random", NULL };
	static const char boot[] = "01234567-89ab-cdef-0123-456789abcdef\n";
	static struct fuzz_tree tree;
	char *text = fuzz_text(data, size);
	struct notes_reader reader = { .many = true };
	uint64_t created, share;
	struct stat st;
	int fd, proc_fd;

	fuzz_tree_begin(&tree, dirs);
	fd = openat(tree.fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_tree_put(&tree, "proc/sys/kernel/random/boot_id", boot, strlen(boot));
	MUST(fd >= 0 && proc_open(tree.root, &proc_fd, NULL) == 0);
	note = data;
	note_size = size;
	check_limits(fd, text);
	check_origins(text);
	(void)cg_text_share(text, "some", &share);
	check_owner(proc_fd, fd);
	check_places(fd);
	MUST(fstat(fd, &st) == 0);
	(void)record_created_usec(&reader, fd, &st, &created);
	(void)notes_delegated(fd);
	(void)close(proc_fd);
	(void)close(fd);
	fuzz_tree_clear(&tree);
	free(text);
	return 0;
}
