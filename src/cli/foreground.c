/* SPDX-License-Identifier: MIT */
/*
 * foreground.c - a command that has the terminal, and this process, which waits to take it back
 *
 * The command is in a process group of its own. So what is typed reaches it alone, and nobody
 * but this process can give the terminal back to whoever has started ration: as a shell does it, whatever
 * way the command ends. All signals that matter are blocked, and taken one by one.
 */
#include "cli/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"

struct foreground {
	pid_t pid;
	int tty_fd;   /* -EBADF: it wasn't handed over */
	bool given;   /* the command has it, or one of the command's own children */
	sigset_t set; /* what is waited for */
};

/* In the background, tcsetpgrp(3) stops the caller unless SIGTTOU is blocked. */
static void give(const struct foreground *it, pid_t group)
{
	sigset_t ttou, before;

	(void)sigemptyset(&ttou);
	(void)sigaddset(&ttou, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &ttou, &before);
	(void)tcsetpgrp(it->tty_fd, group);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static void take_back(struct foreground *it)
{
	if (it->given)
		give(it, getpgrp());
	it->given = false;
}

static void resume(struct foreground *it)
{
	/* After `bg` the shell has it. */
	if (!it->given && it->tty_fd >= 0 && tcgetpgrp(it->tty_fd) == getpgrp()) {
		give(it, it->pid);
		it->given = true;
	}
	(void)kill(it->tty_fd >= 0 ? -it->pid : it->pid, SIGCONT);
}

/* The job of a shell stops as a whole. Returns when it goes on, by `fg` or `bg`. */
static void stop_too(struct foreground *it, int sig)
{
	sigset_t pending;

	/* SIGSTOP was meant for the command alone. Without the terminal, what was typed has reached us as well. */
	if (it->tty_fd < 0 || (sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU))
		return;
	take_back(it);
	(void)kill(0, sig);
	(void)sigpending(&pending);
	/* The kernel stops no group that nobody could continue: then Ctrl-Z doesn't stop the command. */
	if (sig == SIGTSTP && !sigismember(&pending, SIGCONT))
		resume(it);
}

static int wait_for(struct foreground *it)
{
	for (;;) {
		int status, sig;
		pid_t pid = waitpid(it->pid, &status, WNOHANG | WUNTRACED);

		if (pid == it->pid && !WIFSTOPPED(status))
			return status;
		if (pid == it->pid)
			stop_too(it, WSTOPSIG(status));
		else if (pid < 0 && errno != EINTR)
			return -errno;
		else if (sigwait(&it->set, &sig) != 0 || sig == SIGCHLD)
			continue;
		else if (sig == SIGCONT)
			resume(it);
		else
			(void)kill(it->pid, sig);
	}
}

/* Before the command is started: nothing is missed then. It gets the mask that ration was started with. */
static void block(sigset_t *ret_set)
{
	static const int signals[] = { SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };

	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(ret_set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)sigaddset(ret_set, signals[i]);
	(void)sigprocmask(SIG_BLOCK, ret_set, NULL);
}

int foreground_run(struct ration_group *group, struct ration_spawn_options *how, struct ration_error *reterr)
{
	struct foreground it = { .tty_fd = -EBADF };
	CLEANUP(closep) int tty_fd = -EBADF;
	int r;

	how->foreground = true;
	block(&it.set);
	r = ration_group_spawn(group, how, &it.pid, NULL, reterr);
	if (r < 0)
		return r;
	if (getpgid(it.pid) == it.pid)
		it.tty_fd = tty_fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	it.given = tty_fd >= 0;
	r = wait_for(&it);
	take_back(&it);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for the command: %s", error_text(r));
	return WIFSIGNALED(r) ? 128 + WTERMSIG(r) : WEXITSTATUS(r);
}
