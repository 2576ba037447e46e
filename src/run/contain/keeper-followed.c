/* SPDX-License-Identifier: MIT */
/*
 * keeper-followed.c - whoever kills the supervisor kills the run, where there is no group
 */
#include "run/contain/keeper-followed.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "run/contain/follow.h"
#include "sys/clone.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* How long it tries to end the processes that its supervisor has left. */
#define CLEAN_UP_MSEC 60000

/* With more processes than this, it forgets those that are gone. */
#define TOLD_MAX 256

struct news {
	pid_t pid;   /* 0: goodbye */
	pid_t group;
	uint64_t born;
};

/* Returns whether it was goodbye. */
static bool hear(int fd, struct follow *follow)
{
	struct news news;

	for (unsigned told = 1;; told++) {
		ssize_t n = recv(fd, &news, sizeof(news), MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(news))
			return false;
		if (news.pid == 0)
			return true;
		follow->group = news.group;
		(void)follow_add(follow, news.pid, news.born);
		if (told % TOLD_MAX == 0)
			(void)follow_update(follow);
	}
}

static void follow_keeper_main(int fd)
{
	struct follow follow = { .os = &os_ops, .cpus = 1 };

	(void)setsid();
	sys_close_others(&fd, 1);
	if (!hear(fd, &follow)) {
		for (int msec = 0; msec < CLEAN_UP_MSEC && follow_kill(&follow) > 0; msec += 10)
			(void)poll(NULL, 0, 10);
	}
	_exit(0);
}

int follow_keeper_begin(struct follow_keeper *keeper)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -errno;
	(void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	pid = sys_fork_masked();
	if (pid == 0) {
		(void)close(pair[0]);
		follow_keeper_main(pair[1]);
	}
	if (pid < 0) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		return (int)pid;
	}
	(void)close(pair[1]);
	*keeper = (struct follow_keeper) { .pid = pid, .fd = pair[0] };
	return 0;
}

void follow_keeper_tell(struct follow_keeper *keeper, const struct os_process *process, pid_t group)
{
	const struct news news = { .pid = process->pid, .group = group, .born = process->born };

	if (keeper->fd >= 0)
		(void)!send(keeper->fd, &news, sizeof(news), MSG_NOSIGNAL);
}

void follow_keeper_inherit(struct follow_keeper *keeper)
{
	keeper->fd = close_fd(keeper->fd);
	keeper->pid = 0;
}

void follow_keeper_dismiss(struct follow_keeper *keeper)
{
	const struct news goodbye = { .pid = 0 };

	if (keeper->fd >= 0)
		(void)!send(keeper->fd, &goodbye, sizeof(goodbye), MSG_NOSIGNAL);
	keeper->fd = close_fd(keeper->fd);
	while (keeper->pid > 0 && waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	keeper->pid = 0;
}
