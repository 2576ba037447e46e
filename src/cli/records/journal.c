/* SPDX-License-Identifier: MIT */
/*
 * journal.c - the file to which each run adds one line
 *
 * A line is written by one call, to a file that is open for appending: the kernel lets writers of a file
 * in one after another, so lines of any number of runs stand one behind the other. No lock is taken: who
 * can read the file could hold it for ever. Where a line found no room, what is there of it gets an end, now
 * or by the next writer, and is a line that no reader takes for a receipt.
 */
#include "cli/records/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cli/records/named-file.h"
#include "util/cleanup.h"
#include "util/error.h"

static int refuse(const struct journal *journal, int code, const char *why, struct ration_error *reterr)
{
	return named_file_refuse("--journal", journal->target, code, why, reterr);
}

static int refuse_write(const struct journal *journal, int code, struct ration_error *reterr)
{
	return named_file_refuse_write("--journal", journal->target, code, reterr);
}

/* Others could have put it there, so that we write to what they choose. */
static int check(const struct journal *journal, struct ration_error *reterr)
{
	char why[96];
	struct stat st;

	if (fstat(journal->fd, &st) < 0)
		return refuse_write(journal, -errno, reterr);
	if (!S_ISREG(st.st_mode))
		return refuse(journal, -EINVAL, "isn't a regular file", reterr);
	if (!named_file_is_ours(&st)) {
		(void)snprintf(why, sizeof(why), "is a file of uid %u", (unsigned)st.st_uid);
		return refuse(journal, -EPERM, why, reterr);
	}
	/* None: it was removed just now. */
	return st.st_nlink > 1 ? refuse(journal, -EPERM, "has another name as well", reterr) : 0;
}

static int open_named(struct journal *journal, struct ration_error *reterr)
{
	const int flags = O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;

	/* Readable, to see its last byte. A user who can only write does without. */
	journal->fd = openat(journal->dir_fd, journal->name, O_RDWR | flags, 0666);
	if (journal->fd < 0 && errno == EACCES)
		journal->fd = openat(journal->dir_fd, journal->name, O_WRONLY | flags, 0666);
	if (journal->fd < 0 && errno == ELOOP)
		return refuse(journal, -ELOOP, "is a link", reterr);
	return journal->fd < 0 ? refuse_write(journal, -errno, reterr) : check(journal, reterr);
}

int journal_open(struct journal *journal, const char *target, struct ration_error *reterr)
{
	int r;

	journal->target = target;
	/* A file of that name couldn't be read: to `ration receipt` it is standard input. */
	if (strcmp(target, "-") == 0) {
		(void)refuse(journal, -EINVAL, "would mix with the output of the command", reterr);
		return error_hint(reterr, -EINVAL, "name a file, e.g. --journal runs.jsonl");
	}
	r = named_file_split(target, &journal->dir_fd, &journal->name);
	r = r < 0 ? refuse_write(journal, r, reterr) : open_named(journal, reterr);
	return r < 0 ? error_hint(reterr, r, "nothing was started; choose a file in a directory that only you can write") : 0;
}

/* How often to look whether a line that has no end was cut off, or is just being written. */
#define LOOKS 5

static bool ends_within_a_line(int fd)
{
	struct stat st;
	char last;

	return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* A mistake is harmless: an empty line. */
static bool is_cut_off(int fd)
{
	for (int i = 0; i < LOOKS; i++) {
		if (!ends_within_a_line(fd))
			return false;
		(void)poll(NULL, 0, 1);
	}
	return true;
}

static int append(int fd, const char *line)
{
	struct iovec parts[] = {
		{ .iov_base = (char *)"\n", .iov_len = is_cut_off(fd) },
		{ .iov_base = (char *)(uintptr_t)line, .iov_len = strlen(line) },
	};
	ssize_t written;

	do
		written = writev(fd, parts, ARRAY_SIZE(parts));
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	if ((size_t)written == parts[0].iov_len + parts[1].iov_len)
		return 0;
	return write(fd, "\n", 1) < 0 ? -errno : -ENOSPC;
}

int journal_add(struct journal *journal, const char *line, struct ration_error *reterr)
{
	int r = 0;

	if (!named_file_is_there(journal->dir_fd, journal->name, journal->fd)) {
		journal->fd = close_fd(journal->fd);
		r = open_named(journal, reterr);
	}
	if (r < 0)
		return r;
	r = append(journal->fd, line);
	return r < 0 ? refuse_write(journal, r, reterr) : 0;
}

void journal_done(struct journal *journal)
{
	free(TAKE_PTR(journal->name));
	journal->dir_fd = close_fd(journal->dir_fd);
	journal->fd = close_fd(journal->fd);
}
