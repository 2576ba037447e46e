/* SPDX-License-Identifier: MIT */
/*
 * cgroup.c - cgroup directories, and the files in them
 */
#include "sys/cgroup/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "sys/cgroup/lock.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

int cg_open_base(const char *path)
{
	CLEANUP(closep) int fd = lift_fd(open_readable(path, O_DIRECTORY));
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	/* On a hybrid machine /sys/fs/cgroup is a tmpfs, where mkdir succeeds and means nothing. */
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return -EINVAL;
	return TAKE_FD(fd);
}

int cg_open_dir(int dir_fd, const char *name)
{
	return sys_open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY);
}

int cg_open_file(int dir_fd, const char *file)
{
	return sys_open_beneath(dir_fd, file, O_RDONLY);
}

/*
 * If a read is shorter than this, it has everything. Most files are one record, which the kernel makes as a
 * whole and hands out as far as there is room (kernfs_seq_start(): there is no second one). Only cgroup.procs
 * and cgroup.threads have a record for each line: a read returns the lines that fit the kernel's buffer, and
 * ends in a newline although there is more (seq_read_iter()). A line has at most 11 bytes there, and the
 * buffer is a page, 4 KiB or more.
 */
#define CHUNK_MIN 4000

int cg_read_fd(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	for (;;) {
		ssize_t n = pread(fd, buffer + length, size - 1 - length, (off_t)length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		length += (size_t)n;
		/* Another read to see the end would cost as much as the first one. */
		if (n == 0 || (length < CHUNK_MIN && length < size - 1 && buffer[length - 1] == '\n'))
			break;
		if (length == size - 1) {
			buffer[length] = '\0';
			return -EFBIG;
		}
	}
	if (length > 0 && buffer[length - 1] == '\n')
		length--;
	buffer[length] = '\0';
	return (int)length;
}

int cg_read(int dir_fd, const char *file, char *buffer, size_t size)
{
	CLEANUP(closep) int fd = cg_open_file(dir_fd, file);

	return fd < 0 ? fd : cg_read_fd(fd, buffer, size);
}

int cg_text_u64(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
				__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int cg_read_u64(int dir_fd, const char *file, uint64_t *ret)
{
	char text[64];
	int r = cg_read(dir_fd, file, text, sizeof(text));

	if (r < 0)
		return r;
	if (strcmp(text, "max") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	return cg_text_u64(text, ret);
}

int cg_text_key(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);

	while (text && *text) {
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			return cg_text_u64(text + length + 1, ret);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return -ENODATA;
}

int cg_text_share(const char *text, const char *line, uint64_t *ret)
{
	char key[32];
	const char *at;
	uint64_t whole, hundredths;
	size_t n;

	(void)snprintf(key, sizeof(key), "%s avg10=", line);
	at = strstr(text, key);
	if (!at || (at != text && at[-1] != '\n'))
		return -ENODATA;
	at += strlen(key);
	n = strspn(at, "0123456789");
	/* 100.00 at most, with two decimals: "nan", "inf" and what is longer aren't measured. */
	if (n == 0 || n > 3 || at[n] != '.' || strspn(at + n + 1, "0123456789") != 2 || !strchr(" \n", at[n + 3]))
		return -ENODATA;
	if (cg_text_u64(at, &whole) < 0 || cg_text_u64(at + n + 1, &hundredths) < 0 || whole * 100 + hundredths > 10000)
		return -ENODATA;
	*ret = whole * 100 + hundredths;
	return 0;
}

bool cg_path_within(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strncmp(path, above, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

bool cg_text_has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length) {
		bool begins = at == text || at[-1] == ' ';
		bool ends = at[length] == '\0' || at[length] == ' ' || at[length] == '\n';

		if (begins && ends)
			return true;
	}
	return false;
}

int cg_write(int dir_fd, const char *file, const char *value)
{
	CLEANUP(closep) int fd = sys_open_beneath(dir_fd, file, O_WRONLY);
	size_t length = strlen(value);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, value, length);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

/* Without CAP_SYS_RESOURCE, windows are multiples of this. */
#define TRIGGER_USER_WINDOW_USEC 2000000

static int open_trigger(int dir_fd, const char *file, const char *line, uint64_t stall_usec, uint64_t window_usec)
{
	CLEANUP(closep) int fd = sys_open_beneath(dir_fd, file, O_RDWR | O_NONBLOCK);
	char text[64];
	int n;

	if (fd < 0)
		return fd;
	n = snprintf(text, sizeof(text), "%s %" PRIu64 " %" PRIu64, line, stall_usec, window_usec);
	/* With the final NUL: the kernel writes one over the last byte. */
	if (write(fd, text, (size_t)n + 1) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int cg_open_trigger(int dir_fd, const char *file, const char *line, uint64_t stall_usec, uint64_t window_usec,
		uint64_t *ret_window_usec)
{
	uint64_t rest = window_usec % TRIGGER_USER_WINDOW_USEC, longer = window_usec;
	int fd = open_trigger(dir_fd, file, line, stall_usec, window_usec);

	if (fd == -EINVAL && rest > 0) {
		longer += TRIGGER_USER_WINDOW_USEC - rest;
		fd = open_trigger(dir_fd, file, line, stall_usec * longer / window_usec, longer);
	}
	if (fd >= 0 && ret_window_usec)
		*ret_window_usec = longer;
	return fd;
}

/* Somebody who opened the file before could lock it for ever. v1 has no such file. */
static int shut_lock(int dir_fd, const char *name)
{
	static const char *const files[] = { LOCK_FILE, LOCK_FILE_V1 };
	char path[NAME_MAX + sizeof(LOCK_FILE) + 2];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", name, files[i]) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		if (fchmodat(dir_fd, path, 0600, 0) == 0)
			return 0;
		if (errno != ENOENT)
			return -errno;
	}
	return 0;
}

int cg_mkdir(int dir_fd, const char *name)
{
	int r = mkdirat(dir_fd, name, 0700) < 0 ? -errno : 0;

	if (r < 0)
		return r;
	r = shut_lock(dir_fd, name);
	if (r == 0 && fchmodat(dir_fd, name, 0755, 0) < 0 && errno != ENOENT)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir_fd, name, AT_REMOVEDIR);
	return r;
}

int cg_step_up(int *fd)
{
	int up = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = up < 0 ? -errno : 0;

	(void)close_fd(*fd);
	*fd = up < 0 ? -EBADF : up;
	return r;
}

int cg_open_above(int fd)
{
	struct stat here, above;
	int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (up >= 0 && (fstat(fd, &here) < 0 || fstat(up, &above) < 0 || here.st_dev != above.st_dev ||
			here.st_ino == above.st_ino))
		up = close_fd(up);
	return up;
}

int cg_rmdir(int dir_fd, const char *name)
{
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return errno == ENOTEMPTY ? -EBUSY : -errno;
}

bool cg_is(int fd, int dir_fd, const char *path)
{
	struct stat ours, named;

	/* While `fd` is open, the kernel doesn't give its inode to another directory. */
	if (fstat(fd, &ours) < 0)
		return true;
	if (fstatat(dir_fd, path, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno != ENOENT && errno != ENODEV;
	return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

int cg_attach(int dir_fd, pid_t pid)
{
	char text[16];

	if (pid <= 0)
		return -EINVAL;
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return cg_write(dir_fd, "cgroup.procs", text);
}
