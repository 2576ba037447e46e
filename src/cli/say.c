/* SPDX-License-Identifier: MIT */
/*
 * say.c - messages that don't wait for their reader
 *
 * Whether a write may block is a property of the open file, which the command shares
 * with us: O_NONBLOCK there would be its business, too. So a pipe or a terminal is
 * opened once more, by its fd's name in /proc, and a socket has a flag for each call.
 * Where neither works, poll(2) has to do: a pipe that it calls writable takes
 * PIPE_BUF bytes, unless somebody else was faster.
 */
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/compat.h"
#include "util/text.h"

enum way {
	WAY_PLAIN,       /* a file: nobody reads it */
	WAY_NONBLOCKING, /* `fd` is another open file of it */
	WAY_SOCKET,
	WAY_POLLED,
};

/* The other end of a terminal can't be opened again: that would make a new pair. */
static bool is_reopened(int fd, const struct stat *st)
{
#ifdef TIOCGPTN
	unsigned number;

	return S_ISFIFO(st->st_mode) || (isatty(fd) && ioctl(fd, TIOCGPTN, &number) < 0);
#else
	(void)fd;
	(void)st;
	return false;
#endif
}

/* Chooses how to write to `fd`. `ret_fd` is a new one for WAY_NONBLOCKING. */
static enum way choose(int fd, int *ret_fd)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st) < 0 || S_ISREG(st.st_mode))
		return WAY_PLAIN;
	if (S_ISSOCK(st.st_mode))
		return WAY_SOCKET;
	if (!is_reopened(fd, &st))
		return WAY_POLLED;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*ret_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return *ret_fd >= 0 ? WAY_NONBLOCKING : WAY_POLLED;
}

/* Writes what it takes now. -EAGAIN: nothing. */
static ssize_t write_now(int fd, enum way way, const char *text, size_t length)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	if (way == WAY_POLLED && poll(&ready, 1, 0) == 0)
		return -EAGAIN;
	if (way == WAY_POLLED && length > PIPE_BUF)
		length = PIPE_BUF;
	if (way == WAY_SOCKET)
		n = send(fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(fd, text, length);
	return n < 0 ? -errno : n;
}

/* Waits until it takes more, and subtracts that time. False: no time is left. */
static bool wait_for_reader(int fd, uint64_t *wait_usec)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	uint64_t begun = clock_usec(CLOCK_MONOTONIC), waited;

	if (*wait_usec == 0)
		return false;
	/* A pipe that others fill as fast as it is read is writable, and then it isn't. */
	if (poll(&ready, 1, (int)((*wait_usec + 999) / 1000)) > 0)
		(void)poll(NULL, 0, 1);
	waited = clock_usec(CLOCK_MONOTONIC) - begun;
	*wait_usec = waited < *wait_usec ? *wait_usec - waited : 0;
	return true;
}

int say_to(int fd, const char *text, size_t length, uint64_t *wait_usec)
{
	CLEANUP(closep) int own_fd = -EBADF;
	enum way way = choose(fd, &own_fd);

	if (way == WAY_NONBLOCKING)
		fd = own_fd;
	while (length > 0) {
		ssize_t n = write_now(fd, way, text, length);

		if (n >= 0) {
			text += n;
			length -= (size_t)n;
		} else if (n == -EAGAIN || n == -ENOBUFS) {
			if (!wait_for_reader(fd, wait_usec))
				return -ETIMEDOUT;
		} else if (n != -EINTR) {
			return (int)n;
		}
	}
	return 0;
}

static void say_text(const char *text, size_t length)
{
	static uint64_t wait_usec = SAY_WAIT_USEC;

	(void)say_to(STDERR_FILENO, text, length, &wait_usec);
}

/* Paths of others can be in it. */
static void clean_lines(char *text)
{
	while (*text) {
		char *end = text + strcspn(text, "\n"), ended_by = *end;

		*end = '\0';
		(void)text_clean(text);
		*end = ended_by;
		text = end + (ended_by == '\n');
	}
}

void say(const char *format, ...)
{
	char text[SAY_MAX];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		return;
	clean_lines(text);
	say_text(text, strlen(text));
}

void say_printed(void (*print)(FILE *file, const void *data), const void *data)
{
	CLEANUP(freep) char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	if (file)
		print(file, data);
	if (file && fclose(file) == 0)
		say_text(text, length);
	else
		say("ration: out of memory\n");
}
