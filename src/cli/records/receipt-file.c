/* SPDX-License-Identifier: MIT */
/*
 * receipt-file.c - where a receipt, or a recording, is written to
 *
 * Who waits for a receipt must never read half of one. So a regular file is
 * written without a name, where the file system can do that, and gets its name when it
 * is whole: if ration is killed, nothing is left. Elsewhere, and if somebody has made a
 * file of that name meanwhile, it has one beside the final one, and is renamed. What can't
 * be replaced by renaming (a device, a fifo, a link such as /dev/stdout, a file
 * in a directory that we may not write) is written to as it is.
 *
 * Other users may write to the directory. A link, a device or a fifo is used only if it
 * is ours or root's and nobody else can have put it there; and a receipt that was
 * exchanged while it got its name isn't called written. What an earlier run has left is
 * removed before the command starts, so that a receipt that is there is this run's.
 */
#include "cli/records/receipt-file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/records/named-file.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/parse.h"

static int refuse(const struct receipt_file *file, int code, const char *why, struct ration_error *reterr)
{
	return named_file_refuse(file->flag, file->target, code, why, reterr);
}

static int refuse_write(const struct receipt_file *file, int code, struct ration_error *reterr)
{
	return named_file_refuse_write(file->flag, file->target, code, reterr);
}

static int refuse_open(const struct receipt_file *file, int code, struct ration_error *reterr)
{
	(void)refuse_write(file, code, reterr);
	return error_hint(reterr, code, "nothing was started; choose a file in a writable directory");
}

/* How long a pipe's reader may take, to come and to read: there is nothing else to wait for. */
#define READER_USEC 5000000
#define READER_LOOK_MSEC 10

static bool is_fifo(const struct receipt_file *file)
{
	struct stat st;

	return fstatat(file->dir_fd, file->name, &st, 0) == 0 && S_ISFIFO(st.st_mode);
}

/*
 * Opens what is there, without waiting for it: a pipe's reader may never come, and others may
 * have put one there just now.
 */
static int open_there(struct receipt_file *file, int flags, struct ration_error *reterr)
{
	flags |= O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	file->in_place = true;
	file->fd = openat(file->dir_fd, file->name, flags, 0666);
	for (int msec = 0; file->fd < 0 && errno == ENXIO && is_fifo(file); msec += READER_LOOK_MSEC) {
		if (msec >= READER_USEC / 1000) {
			(void)refuse(file, -ENXIO, "isn't read by anybody", reterr);
			return error_hint(reterr, -ENXIO, "nothing was started; start its reader first");
		}
		(void)poll(NULL, 0, READER_LOOK_MSEC);
		file->fd = openat(file->dir_fd, file->name, flags, 0666);
	}
	return file->fd < 0 ? refuse_open(file, -errno, reterr) : 0;
}

/* fd:N, a file descriptor of ours. */
static int open_fd(struct receipt_file *file, const char *target, struct ration_error *reterr)
{
	uint64_t number;
	int flags, fd;

	if (parse_count(target + strlen("fd:"), &number) < 0 || number > INT32_MAX) {
		(void)refuse(file, -EINVAL, "expected fd:N", reterr);
		return error_hint(reterr, -EINVAL, "e.g. %s fd:3 3>file.json", file->flag);
	}
	flags = fcntl((int)number, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
		(void)refuse(file, -EBADF, "isn't open for writing", reterr);
		return error_hint(reterr, -EBADF, "open it in the shell, e.g. %s fd:3 3>file.json",
				file->flag);
	}
	fd = fcntl((int)number, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return refuse_open(file, -errno, reterr);
	/* It was opened for us, not for the command. */
	if (number > STDERR_FILENO)
		(void)fcntl((int)number, F_SETFD, FD_CLOEXEC);
	file->fd = fd;
	return 0;
}

static int refuse_stranger(const struct receipt_file *file, const char *what, const struct stat *st, struct ration_error *reterr)
{
	char why[96];

	(void)snprintf(why, sizeof(why), "%s of uid %u, who could lead it elsewhere", what, (unsigned)st->st_uid);
	(void)refuse(file, -EPERM, why, reterr);
	return error_hint(reterr, -EPERM, "nothing was started; choose a file in a directory that only you can write");
}

/* Whether somebody else can exchange what is ours in a directory of ours. */
static bool others_can_write(const struct stat *dir)
{
	return (dir->st_mode & (S_IWGRP | S_IWOTH)) && !(dir->st_mode & S_ISVTX);
}

/* Opens a file that isn't regular: a device, a fifo, or a link to anything. */
static int open_special(struct receipt_file *file, const struct stat *st, struct ration_error *reterr)
{
	bool link = S_ISLNK(st->st_mode);
	struct stat dir;

	if (!named_file_is_ours(st))
		return refuse_stranger(file, link ? "is a link" : "is a file", st, reterr);
	if (link && fstat(file->dir_fd, &dir) < 0)
		return refuse_open(file, -errno, reterr);
	if (link && !named_file_is_ours(&dir))
		return refuse_stranger(file, "is a link in a directory", &dir, reterr);
	if (link && others_can_write(&dir)) {
		(void)refuse(file, -EPERM, "is a link in a directory where others could replace it", reterr);
		return error_hint(reterr, -EPERM, "nothing was started; name the file itself");
	}
	return open_there(file, link ? O_CREAT : O_NOFOLLOW, reterr);
}

/* Cuts off what a longer file had before; pipes and devices have no length. */
static int empty(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	return ftruncate(fd, 0) < 0 ? -errno : 0;
}

/* Negative: this file system (or kernel) has no files without a name, or it couldn't be given one later. */
static int open_unnamed(struct receipt_file *file)
{
#ifdef O_TMPFILE
	file->fds_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->fds_fd >= 0)
		file->fd = openat(file->dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
	file->unnamed = file->fd >= 0;
#endif
	return file->fd < 0 ? -EOPNOTSUPP : 0;
}

static int open_temporary(struct receipt_file *file)
{
	uint64_t number = 0;
	int r;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint64_t)getpid();
	/* A long name is cut, as its temporary one must fit as well. */
	if (asprintf(&file->temporary, ".%.200s.%016" PRIx64, file->name, number) < 0) {
		file->temporary = NULL;
		return -ENOMEM;
	}
	if (open_unnamed(file) == 0)
		return 0;
	file->fd = openat(file->dir_fd, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (file->fd >= 0)
		return 0;
	r = -errno;
	free(TAKE_PTR(file->temporary));
	return r;
}

int receipt_file_open(struct receipt_file *file, const char *target, struct ration_error *reterr)
{
	struct stat st;
	bool there;
	int r;

	file->target = target;
	if (strcmp(target, "-") == 0) {
		(void)refuse(file, -EINVAL, "would mix with the output of the command", reterr);
		return error_hint(reterr, -EINVAL, "name a file or an fd, e.g. %s fd:2", file->flag);
	}
	if (strncmp(target, "fd:", strlen("fd:")) == 0)
		return open_fd(file, target, reterr);
	r = named_file_split(target, &file->dir_fd, &file->name);
	if (r < 0)
		return refuse_open(file, r, reterr);
	there = fstatat(file->dir_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (there && S_ISDIR(st.st_mode))
		return refuse_open(file, -EISDIR, reterr);
	if (there && !S_ISREG(st.st_mode))
		return open_special(file, &st, reterr);
	r = open_temporary(file);
	/* In a directory where we can't make another. */
	if (r < 0 && there)
		return open_there(file, O_NOFOLLOW, reterr);
	return r < 0 ? refuse_open(file, r, reterr) : 0;
}

int receipt_file_begin(struct receipt_file *file, struct ration_error *reterr)
{
	int r = 0;

	if (file->in_place)
		r = empty(file->fd);
	else if (file->name && unlinkat(file->dir_fd, file->name, 0) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? refuse_open(file, r, reterr) : 0;
}

static int write_all(int fd, const char *text)
{
	uint64_t wait_usec = READER_USEC;

	return say_to(fd, text, strlen(text), &wait_usec);
}

/* Gives it a name. Without a capability only this way leads to an fd's file. */
static int name_it(struct receipt_file *file, const char *name)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%d", file->fd);
	if (linkat(file->fds_fd, number, file->dir_fd, name, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	file->unnamed = false;
	return 0;
}

static int publish(struct receipt_file *file)
{
	bool named = file->unnamed && name_it(file, file->name) == 0;
	int r = file->unnamed ? name_it(file, file->temporary) : 0;

	if (r < 0)
		return r;
	if (!named && renameat(file->dir_fd, file->temporary, file->dir_fd, file->name) < 0)
		return -errno;
	free(TAKE_PTR(file->temporary));
	/* A user who can write the directory could have exchanged it. */
	return named_file_is_there(file->dir_fd, file->name, file->fd) ? 0 : -ESTALE;
}

static int refuse_replaced(const struct receipt_file *file, struct ration_error *reterr)
{
	return refuse(file, -ESTALE, "was replaced by somebody else while it was written", reterr);
}

int receipt_file_name(struct receipt_file *file, struct ration_error *reterr)
{
	int r = file->temporary ? publish(file) : 0;

	if (r == -ESTALE)
		return refuse_replaced(file, reterr);
	return r < 0 ? refuse_open(file, r, reterr) : 0;
}

int receipt_file_write(struct receipt_file *file, const char *text, struct ration_error *reterr)
{
	int r = 0;

	if (file->fd < 0)
		return 0;
	if (file->in_place)
		r = empty(file->fd);
	if (r == 0)
		r = write_all(file->fd, text);
	if (r == 0 && file->temporary)
		r = publish(file);
	if (r == -ETIMEDOUT)
		return refuse(file, r, "isn't read by anybody", reterr);
	if (r == -ESTALE)
		return refuse_replaced(file, reterr);
	if (r < 0)
		return refuse_write(file, r, reterr);
	return 0;
}

void receipt_file_done(struct receipt_file *file)
{
	if (file->temporary && !file->unnamed)
		(void)unlinkat(file->dir_fd, file->temporary, 0);
	free(TAKE_PTR(file->temporary));
	free(TAKE_PTR(file->name));
	file->dir_fd = close_fd(file->dir_fd);
	file->fds_fd = close_fd(file->fds_fd);
	file->fd = close_fd(file->fd);
}
