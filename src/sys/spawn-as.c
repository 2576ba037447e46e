/* SPDX-License-Identifier: MIT */
/*
 * spawn-as.c - what takes place as another user before there is a command
 */
#include "sys/spawn-as.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/spawn.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* What the child has found. */
struct answer {
	int code, step;
	char path[PATH_MAX];
};

/* In the child. */
static void answer(const struct identity *identity, const char *argv0, int fd)
{
	struct answer answer = { .step = -1 };
	CLEANUP(freep) char *path = NULL;

	answer.code = identity_become(identity, &answer.step);
	if (answer.code == 0) {
		answer.step = -1;
		answer.code = spawn_resolve(argv0, &path);
	}
	if (answer.code == 0 && strlen(path) >= sizeof(answer.path))
		answer.code = -ENAMETOOLONG;
	else if (answer.code == 0)
		(void)strcpy(answer.path, path);
	(void)!write(fd, &answer, sizeof(answer));
}

/* A pipe has room for all of it. Not up to its end: a child that is stopped meanwhile has that. */
static ssize_t read_answer(int fd, struct answer *ret)
{
	ssize_t n, used = 0;

	do {
		n = read(fd, (char *)ret + used, sizeof(*ret) - (size_t)used);
		used += n > 0 ? n : 0;
	} while ((n > 0 && used < (ssize_t)sizeof(*ret)) || (n < 0 && errno == EINTR));
	return used;
}

static int ask(const struct identity *identity, const char *argv0, struct answer *ret)
{
	CLEANUP(closep) int from = -EBADF;
	CLEANUP(closep) int to = -EBADF;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0 || lift_fds(fds) < 0)
		return -errno;
	from = fds[0];
	to = fds[1];
	pid = sys_fork_masked();
	if (pid < 0)
		return pid;
	if (pid == 0) {
		answer(identity, argv0, to);
		_exit(0);
	}
	to = close_fd(to);
	r = spawn_await(pid, from);
	if (r == 0 && read_answer(from, ret) != (ssize_t)sizeof(*ret))
		r = -EINTR;
	/* It has said all, and may be stopped. One that hangs in the kernel is left, to die some time. */
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, r == -ETIMEDOUT ? WNOHANG : 0);
	return r;
}

int spawn_resolve_as(const struct identity *identity, const char *argv0, char **ret_path, int *ret_step)
{
	CLEANUP(freep) struct answer *found = calloc(1, sizeof(*found));
	int r;

	*ret_step = -1;
	if (!found)
		return -ENOMEM;
	r = ask(identity, argv0, found);
	if (r < 0) {
		*ret_step = IDENTITY_STEP_WAIT;
		return r;
	}
	*ret_step = found->step;
	if (found->code < 0)
		return found->code;
	*ret_path = strdup(found->path);
	return *ret_path ? 0 : -ENOMEM;
}
