/* SPDX-License-Identifier: MIT */
/*
 * cgroup.c - cgroup directories, and the files in them
 */
#include "sys/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"

int cg_open_base(const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
 * Shorter than this, what one read brings is all. Most files are one record, which
 * the kernel makes whole, however long it is, and hands out as far as there is room
 * for it (kernfs_seq_start(): there is no second one). Only cgroup.procs and
 * cgroup.threads have a record for each line: of them a read brings the lines that
 * fit the kernel's buffer, and ends in a newline with more to come (seq_read_iter()).
 * A line has at most 11 bytes there, and the buffer is a page, 4 KiB or more.
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
		/* Asking again for an end that can be seen would cost as much as the read did. */
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

static int text_u64(const char *text, uint64_t *ret)
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
	return text_u64(text, ret);
}

int cg_text_key(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);

	while (text && *text) {
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			return text_u64(text + length + 1, ret);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return -ENODATA;
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

/* The windows of whoever hasn't CAP_SYS_RESOURCE are multiples of this. */
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

int cg_mkdir(int dir_fd, const char *name)
{
	return mkdirat(dir_fd, name, 0755) < 0 ? -errno : 0;
}

int cg_rmdir(int dir_fd, const char *name)
{
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return errno == ENOTEMPTY ? -EBUSY : -errno;
}

int cg_each_child(int dir_fd, int (*visit)(int dir_fd, const char *name, void *data), void *data)
{
	CLEANUP(closep) int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd);
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			r = visit(dirfd(dir), entry->d_name, data);
	}
	(void)closedir(dir);
	return r;
}

static int rmdir_visit(int dir_fd, const char *name, void *data)
{
	(void)data;
	return cg_rmdir_tree(dir_fd, name);
}

int cg_rmdir_tree(int dir_fd, const char *name)
{
	int r = cg_rmdir(dir_fd, name);

	if (r != -EBUSY)
		return r;

	CLEANUP(closep) int fd = cg_open_dir(dir_fd, name);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = cg_each_child(fd, rmdir_visit, NULL);
	if (r < 0)
		return r;
	return cg_rmdir(dir_fd, name);
}

int cg_attach(int dir_fd, pid_t pid)
{
	char text[16];

	if (pid <= 0)
		return -EINVAL;
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return cg_write(dir_fd, "cgroup.procs", text);
}

int cg_populated(int dir_fd)
{
	char text[256];
	uint64_t populated;
	int r = cg_read(dir_fd, "cgroup.events", text, sizeof(text));

	/* Removed by somebody else: there is nobody in it. Or of cgroup v1, where one has to count. */
	if (r == -ENOENT || r == -ENODEV)
		return cg_count(dir_fd) > 0;
	if (r < 0)
		return r;
	r = cg_text_key(text, "populated", &populated);
	return r < 0 ? r : populated != 0;
}

/* What cg_each_pid() does with each process. */
struct each_process {
	int (*visit)(void *data, pid_t pid);
	void *data;
};

static int each_process_visit(int dir_fd, const char *name, void *data);

static int each_process(int dir_fd, struct each_process *each)
{
	CLEANUP(closep) int fd = cg_open_file(dir_fd, "cgroup.procs");
	FILE *file;
	int pid, r = 0;

	if (fd < 0)
		return fd;
	file = fdopen(fd, "re");
	if (!file)
		return -errno;
	(void)TAKE_FD(fd);
	while (r == 0 && fscanf(file, "%d", &pid) == 1)
		r = each->visit(each->data, pid);
	(void)fclose(file);
	return r != 0 ? r : cg_each_child(dir_fd, each_process_visit, each);
}

static int each_process_visit(int dir_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(dir_fd, name);

	/* Gone meanwhile, and so are its processes. */
	if (fd < 0)
		return 0;
	return each_process(fd, data);
}

int cg_each_pid(int dir_fd, int (*visit)(void *data, pid_t pid), void *data)
{
	struct each_process each = { .visit = visit, .data = data };

	return each_process(dir_fd, &each);
}

struct sent {
	int sig; /* 0: count only */
	int count;
};

static int send_one(void *data, pid_t pid)
{
	struct sent *sent = data;

	/* 0 is a process of another pid namespace: kill(0) would be us. */
	if (pid > 0 && (sent->sig == 0 || kill(pid, sent->sig) == 0))
		sent->count++;
	return 0;
}

int cg_signal(int dir_fd, int sig)
{
	struct sent sent = { .sig = sig };
	int r = cg_each_pid(dir_fd, send_one, &sent);

	return r < 0 ? r : sent.count;
}

int cg_count(int dir_fd)
{
	return cg_signal(dir_fd, 0);
}
