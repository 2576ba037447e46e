/* SPDX-License-Identifier: MIT */
/*
 * textfile.c - metrics in a file of a directory that node_exporter's textfile collector reads
 *
 * The text is written to a file without a name, which gets a name when it is complete and is then renamed. So
 * nobody reads a part of it, and if this process is killed, nothing is left. The collector reads names that
 * end in .prom.
 */
#include "helpers/metrics/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helpers/metrics/common.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define NAME_ROOM 64

static int write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

/* A name that nobody else has, which the collector doesn't read. */
static int choose_name(char name[NAME_ROOM])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	(void)snprintf(name, NAME_ROOM, ".%s.%016" PRIx64, TEXTFILE_NAME, number);
	return 0;
}

/* Opens a file for the text. `*ret_named`: it has `name` already, for the file system has none without one. */
static int open_new(int dir_fd, const char *name, bool *ret_named)
{
	int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);

	*ret_named = fd < 0;
	if (fd < 0)
		fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

static int give_name(int dir_fd, int fd, const char *name)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int replace(int dir_fd, const char *text, size_t length)
{
	CLEANUP(closep) int fd = -EBADF;
	char name[NAME_ROOM];
	bool named;
	int r = choose_name(name);

	if (r < 0)
		return r;
	fd = open_new(dir_fd, name, &named);
	if (fd < 0)
		return fd;
	/* The collector is another user, whatever our umask is. */
	r = fchmod(fd, 0644) < 0 ? -errno : write_all(fd, text, length);
	if (r == 0 && !named) {
		r = give_name(dir_fd, fd, name);
		named = r == 0;
	}
	if (r == 0 && renameat(dir_fd, name, dir_fd, TEXTFILE_NAME) < 0)
		r = -errno;
	if (r < 0 && named)
		(void)unlinkat(dir_fd, name, 0);
	return r;
}

static int refuse(const char *directory, const char *what, int code, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "--textfile %s: can't %s: %s",
			text_show(shown, sizeof(shown), directory), what, error_text(code));
}

static int write_once(struct scraper *scraper, const char *directory, int dir_fd, struct ration_error *reterr)
{
	CLEANUP(freep) char *text = NULL;
	size_t length;
	int r = scrape(scraper, false, &text, &length, reterr);

	if (r < 0)
		return r;
	r = replace(dir_fd, text, length);
	return r < 0 ? refuse(directory, "write " TEXTFILE_NAME, r, reterr) : 0;
}

int textfile_keep(struct scraper *scraper, const char *directory, uint64_t interval_usec, struct ration_error *reterr)
{
	CLEANUP(closep) int dir_fd = open_readable(directory, O_DIRECTORY);
	uint64_t next_usec = sys_now_usec();
	int r;

	if (dir_fd < 0)
		return refuse(directory, "open it", -errno, reterr);
	r = write_once(scraper, directory, dir_fd, reterr);
	if (r < 0 || interval_usec == 0)
		return r;
	for (;;) {
		uint64_t now_usec = sys_now_usec();
		struct ration_error error;

		/* What took longer than the interval isn't made up for. */
		next_usec = next_usec + interval_usec > now_usec ? next_usec + interval_usec : now_usec;
		/* Once at least: nowhere else is a signal seen. */
		do {
			now_usec = sys_now_usec();
			/* Not longer: a journal could be rotated twice meanwhile. */
			if (common_wait(now_usec < next_usec ? next_usec - now_usec : 0))
				return 0;
			(void)scrape_look(scraper, next_usec);
		} while (sys_now_usec() < next_usec);
		if (write_once(scraper, directory, dir_fd, &error) < 0)
			common_complain(&error);
	}
}
