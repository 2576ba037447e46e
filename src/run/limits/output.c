/* SPDX-License-Identifier: MIT */
/*
 * output.c - the command's stdout or stderr, passed on up to a limit
 */
#include "run/limits/output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/compat.h"

/* Buffers that one call moves at most. */
#define ROUNDS_MAX 64

/* A pipe whose reads fail this often in a row can't be limited any more. */
#define FAILURES_MAX 20

/*
 * A stopped terminal takes a few bytes and then blocks; so does a pipe that others write to, whatever poll(2)
 * said before. We can't change the flags of the caller's fd, so we open one of our own.
 */
static int open_target(int fd, mode_t mode)
{
	char path[32];
	int own;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (S_ISFIFO(mode) || isatty(fd)) {
		own = lift_fd(open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
		if (own >= 0)
			return own;
	}
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int output_open(struct output *output, int target_fd, uint64_t limit)
{
	struct stat st;
	int pair[2];

	*output = OUTPUT_NONE;
	output->limit = limit;
	output->buffer = malloc(OUTPUT_BUFFER);
	if (!output->buffer)
		return -ENOMEM;
	if (pipe2(pair, O_CLOEXEC) < 0 || lift_fds(pair) < 0)
		goto fail;
	output->source_fd = pair[0];
	output->child_fd = pair[1];
	/* Only our side is non-blocking: the command gets an ordinary pipe. */
	if (fcntl(output->source_fd, F_SETFL, O_NONBLOCK) < 0)
		goto fail;
	/* The program may have closed its own. */
	output->target_fd = target_fd < 0 ? lift_fd(open("/dev/null", O_WRONLY | O_CLOEXEC)) : -EBADF;
	if (fstat(target_fd < 0 ? output->target_fd : target_fd, &st) < 0)
		goto fail;
	output->target_polls = !S_ISREG(st.st_mode);
	output->target_socket = S_ISSOCK(st.st_mode);
	if (target_fd >= 0)
		output->target_fd = open_target(target_fd, st.st_mode);
	if (output->target_fd < 0)
		goto fail;
	return 0;
fail:
	pair[0] = -errno;
	output_close(output);
	return pair[0];
}

void output_close(struct output *output)
{
	output->source_fd = close_fd(output->source_fd);
	output->child_fd = close_fd(output->child_fd);
	output->target_fd = close_fd(output->target_fd);
	free(TAKE_PTR(output->buffer));
}

/* The signal that a write(2) which failed has raised, or 0. */
static int raised_by(ssize_t n)
{
	if (n >= 0)
		return 0;
	return errno == EPIPE ? SIGPIPE : errno == EFBIG ? SIGXFSZ : 0;
}

/*
 * write(2) to a pipe without a reader raises SIGPIPE; write(2) to a file at the size of RLIMIT_FSIZE raises
 * SIGXFSZ. This program isn't ours, so both are blocked meanwhile, and taken back if this write raised them.
 */
static ssize_t write_quietly(int fd, const char *buffer, size_t size)
{
	const struct timespec now = { .tv_sec = 0 };
	sigset_t set, before, pending;
	int error, sig;
	ssize_t n;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigaddset(&set, SIGXFSZ);
	(void)sigpending(&pending);
	(void)pthread_sigmask(SIG_BLOCK, &set, &before);
	n = write(fd, buffer, size);
	error = errno;
	sig = raised_by(n);
	if (sig != 0 && !sigismember(&pending, sig)) {
		(void)sigemptyset(&set);
		(void)sigaddset(&set, sig);
		while (sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR)
			;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

static ssize_t write_target(const struct output *output, size_t size)
{
	if (output->target_socket)
		return send(output->target_fd, output->buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write_quietly(output->target_fd, output->buffer, size);
}

static bool target_ready(const struct output *output)
{
	struct pollfd poll_fd = { .fd = output->target_fd, .events = POLLOUT };

	return !output->target_polls || (poll(&poll_fd, 1, 0) == 1 && poll_fd.revents);
}

/* 0: all is written, or the target is full. Negative: it will never take the rest. */
static int flush(struct output *output)
{
	while (output->pending > 0 && target_ready(output)) {
		/* A pipe that polls writable takes PIPE_BUF bytes without blocking. */
		size_t size = output->pending < PIPE_BUF ? output->pending : PIPE_BUF;
		ssize_t n = write_target(output, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return -errno;
		output->passed += (uint64_t)n;
		output->pending -= (size_t)n;
		memmove(output->buffer, output->buffer + n, output->pending);
	}
	return 0;
}

/* Returns 1 at the end of the pipe, -EAGAIN if it is empty, -EINTR if it must be read again. */
static int fill(struct output *output)
{
	ssize_t n = read(output->source_fd, output->buffer, OUTPUT_BUFFER);
	uint64_t room = output->limit - output->passed;

	if (n == 0)
		return 1;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return output->failures++ < FAILURES_MAX ? -EINTR : -errno;
	if (n < 0)
		return -errno;
	output->failures = 0;
	if ((uint64_t)n > room)
		output->over = true;
	output->pending = (uint64_t)n > room ? (size_t)room : (size_t)n;
	return 0;
}

int output_move(struct output *output)
{
	int r = 0;

	for (int round = 0; output->source_fd >= 0 && r == 0; round++) {
		if (flush(output) < 0) {
			/* The reader is gone. So close the command's pipe; the command learns of it as usual. */
			output->pending = 0;
			output->source_fd = close_fd(output->source_fd);
			return 1;
		}
		/*
		 * Not for ever: a busy writer mustn't stop our clocks. But never leave bytes pending for a
		 * regular file: an epoll reports nothing for it.
		 */
		if (output->pending > 0 || round == ROUNDS_MAX)
			return 0;
		r = fill(output);
		output->drained = r == -EAGAIN;
	}
	if (r == -EAGAIN || r == -EINTR)
		return 0;
	output->source_fd = close_fd(output->source_fd);
	return r < 0 ? r : 1;
}

bool output_waits_for_target(const struct output *output)
{
	return output->pending > 0;
}

bool output_is_drained(const struct output *output)
{
	bool enough = output->over && output->passed == output->limit;

	return output->source_fd < 0 || (output->pending == 0 && (output->drained || enough));
}
