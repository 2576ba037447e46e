/* SPDX-License-Identifier: MIT */
/*
 * reaper.c - the children of a process that has no others than those of a run
 */
#include "run/contain/reaper.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "util/cleanup.h"

int reaper_sweep(const struct leader *leader)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
			return -errno;
		if (info.si_pid == 0 || (info.si_pid == leader->pid && !leader->ended))
			return 0;
		(void)waitpid(info.si_pid, NULL, WNOHANG);
	}
}

static void on_child(void *userdata, bool failed)
{
	struct reaper *reaper = userdata;
	struct signalfd_siginfo info;

	(void)failed;
	while (read(reaper->fd, &info, sizeof(info)) > 0)
		;
	if (reaper->leader->pid_fd < 0)
		leader_check(reaper->leader);
	(void)reaper_sweep(reaper->leader);
}

static void reaper_end(struct reaper *reaper)
{
	if (reaper->loop)
		loop_drop(reaper->loop, &reaper->source);
	reaper->fd = close_fd(reaper->fd);
}

int reaper_begin(struct reaper *reaper, struct loop *loop, struct leader *leader)
{
	sigset_t set;
	int r;

	*reaper = (struct reaper) {
		.loop = loop,
		.leader = leader,
		.source = LOOP_SOURCE(on_child, reaper),
		.fd = -EBADF,
	};
	reaper->source.first = true;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	reaper->fd = lift_fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
	r = reaper->fd < 0 ? -errno : loop_add(loop, &reaper->source, reaper->fd, LOOP_READABLE);
	if (r < 0)
		reaper_end(reaper);
	return r;
}
