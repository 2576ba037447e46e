/* SPDX-License-Identifier: MIT */
/*
 * bus-program.c - has the program ration-unit ask systemd over D-Bus
 *
 * It answers with one line on a pipe, "0" or "ERRNO MESSAGE". Its exit status is
 * ignored, because it is lost in a program that ignores SIGCHLD.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/bus.h"
#include "sys/clone.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"

struct child {
	const char *const *argv;
	int out_fd;
};

static int child_main(void *argument)
{
	const struct child *child = argument;
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(child->out_fd, STDOUT_FILENO) >= 0)
		(void)execve(child->argv[0], (char *const *)child->argv, environ);
	_exit(127);
}

/* Reads until the other end is closed. -ETIMEDOUT, -E2BIG: there is more than any answer has. */
static int read_answer(int fd, uint64_t until_usec, char *text, size_t size)
{
	size_t used = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		uint64_t now = sys_now_usec();
		ssize_t n;

		if (now >= until_usec)
			return -ETIMEDOUT;
		if (used == size - 1)
			return -E2BIG;
		n = poll(&poll_fd, 1, (int)((until_usec - now) / 1000) + 1);
		if (n > 0)
			n = read(fd, text + used, size - 1 - used);
		else if (n == 0)
			continue;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		if (n > 0)
			used += (size_t)n;
	}
	text[used] = '\0';
	return 0;
}

int bus_take_answer(char *text, char ret_message[BUS_MESSAGE_MAX])
{
	char *rest;
	long code;

	if (strcmp(text, "0\n") == 0)
		return 0;
	/* First: a number may have lines before it, for strtol(). */
	text[strcspn(text, "\n")] = '\0';
	code = strtol(text, &rest, 10);
	if (rest == text) {
		(void)snprintf(ret_message, BUS_MESSAGE_MAX, "ration-unit ended without an answer");
		return -EIO;
	}
	/* Only the whole word means that it is done. */
	if (code <= 0 || code >= 4096 || *rest != ' ') {
		(void)snprintf(ret_message, BUS_MESSAGE_MAX, "ration-unit gave an answer that isn't one: %.200s", text);
		return -EIO;
	}
	(void)snprintf(ret_message, BUS_MESSAGE_MAX, "%s", rest + 1);
	return -(int)code;
}

static int run_program(const char *const *argv, uint64_t until_usec, char *text, size_t size)
{
	CLEANUP(closep) int read_fd = -EBADF;
	CLEANUP(closep) int write_fd = -EBADF;
	CLEANUP(closep) int pid_fd = -EBADF;
	struct child child = { .argv = argv };
	struct sys_wait ignored;
	struct pollfd ended;
	int fds[2];
	pid_t pid;
	int r;

	if (pipe2(fds, O_CLOEXEC) < 0 || lift_fds(fds) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = child.out_fd = fds[1];
	pid = sys_fork(child_main, &child, &pid_fd);
	if (pid < 0)
		return (int)pid;
	write_fd = close_fd(write_fd);
	r = read_answer(read_fd, until_usec, text, size);
	if (r < 0)
		(void)sys_child_signal(pid, pid_fd, SIGKILL);
	/* It has closed its end, or is being killed: it ends at once. One that doesn't isn't waited for. */
	ended = (struct pollfd) { .fd = pid_fd, .events = POLLIN };
	for (int msec = 0; msec < 2000 && sys_reap(pid, pid_fd, &ignored) == 0; msec++) {
		if (msec == 1000)
			(void)sys_child_signal(pid, pid_fd, SIGKILL);
		(void)poll(&ended, 1, 1);
	}
	return r;
}

bool bus_takes_program(void)
{
	return true;
}

int bus_ask(const struct bus_request *request, char ret_message[BUS_MESSAGE_MAX])
{
	char pid[16], usec[24], text[BUS_MESSAGE_MAX + 16];
	uint64_t now = sys_now_usec();
	const char *const argv[] = { request->program, "ask", request->user ? "user" : "system",
		request->start ? "start" : "-", pid, usec, request->program, NULL };
	int r;

	(void)snprintf(pid, sizeof(pid), "%d", (int)request->move);
	(void)snprintf(usec, sizeof(usec), "%llu",
			(unsigned long long)(now < request->until_usec ? request->until_usec - now : 0));
	if (access(request->program, X_OK) < 0) {
		(void)snprintf(ret_message, BUS_MESSAGE_MAX, "can't execute %.200s to reach systemd: %s",
				request->program, error_text(-errno));
		return -EOPNOTSUPP;
	}
	r = run_program(argv, request->until_usec, text, sizeof(text));
	if (r < 0) {
		(void)snprintf(ret_message, BUS_MESSAGE_MAX, "can't reach systemd with %.200s: %s", request->program,
				error_text(r));
		return r;
	}
	return bus_take_answer(text, ret_message);
}
