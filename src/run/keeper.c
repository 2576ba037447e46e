/* SPDX-License-Identifier: MIT */
/*
 * keeper.c - whoever kills the supervisor kills the run
 *
 * It is forked, not cloned into shared memory: an OOM kill of the supervisor
 * takes everybody who shares its memory along, and that is one of the deaths to
 * survive. Between fork and its end it calls the kernel only.
 */
#include "run/keeper.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "group/nodes.h"
#include "group/owner.h"
#include "group/protect.h"
#include "group/cgroup1.h"
#include "sys/cgroup.h"
#include "sys/kill.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* How long it tries to end what its supervisor has left. */
#define CLEAN_UP_MSEC 60000

/* How often it looks for its supervisor where the kernel doesn't tell. */
#define LOOK_MSEC 1000

/* True when the supervisor is gone, false when it has sent us home. */
static bool wait_for_end(pid_t parent, int parent_fd, int socket_fd)
{
	/* Without a pidfd (before 5.3, or refused) the socket's end tells, unless a fork of the program has it, too. */
	int wait_msec = parent_fd >= 0 ? -1 : LOOK_MSEC;

	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = socket_fd, .events = POLLIN },
			{ .fd = parent_fd, .events = POLLIN },
		};
		char byte;

		if (poll(fds, 2, wait_msec) < 0)
			continue;
		/* The byte first: a supervisor may say goodbye and exit at once. */
		if (fds[0].revents)
			return read(socket_fd, &byte, 1) != 1;
		if (fds[1].revents || getppid() != parent)
			return true;
	}
}

/*
 * Somebody's gc was faster, and has removed the leaf in cgroup2. Killed while it
 * made its directories in cgroup v1, our supervisor may have left one that it
 * had written nothing on yet: gc has to leave that alone until it is old enough.
 */
static void clean_up_after_another(const struct place *place)
{
	(void)v1_remove_dead(place->host, place->tenant, place->name);
	if (!v1_is_there(place->host, place->tenant, place->name))
		return;
	(void)poll(NULL, 0, (OWNER_UNRECORDED_SECONDS + 1) * 1000);
	(void)v1_remove_dead(place->host, place->tenant, place->name);
}

/*
 * By names from BASE on, not by the fds of the start: the last run of a tenant
 * takes the tenant's directory with it, and the next one makes another.
 */
static void clean_up(const struct place *place)
{
	const struct host_snapshot *host = place->host;
	CLEANUP(closep) int namespace_fd = nodes_open(host);
	CLEANUP(closep) int tenant_fd = namespace_fd < 0 ? -EBADF : cg_open_dir(namespace_fd, place->tenant);
	CLEANUP(closep) int fd = tenant_fd < 0 ? -EBADF : cg_open_dir(tenant_fd, place->name);

	/* A process in an uninterruptible sleep can take its time; nobody waits for us. */
	if (fd >= 0 && cg_end(fd, CLEAN_UP_MSEC) == 0) {
		/* First: as long as the other is there, nobody else has a group of that name. */
		(void)v1_remove_name(host, place->tenant, place->name);
		(void)cg_rmdir_tree(tenant_fd, place->name);
	}
	if (vanished(fd) || vanished(tenant_fd) || vanished(namespace_fd))
		clean_up_after_another(place);
	if (fd >= 0)
		protect_without(host, tenant_fd);
	if (tenant_fd >= 0)
		nodes_remove(host, namespace_fd, place->tenant, tenant_fd);
}

/*
 * Our supervisor goes on without us, and we are in its way: a child that it has
 * to reap, when we are through. So a child of ours takes over, and has no parent
 * at once. Only now, since most runs don't need it and each would pay for it.
 */
static void step_aside(int socket_fd)
{
	pid_t pid = fork();

	if (pid > 0)
		_exit(0);
	/* Then it won't wait: a byte says that we stay. */
	if (pid < 0)
		(void)send(socket_fd, "", 1, MSG_NOSIGNAL);
	(void)close(socket_fd);
}

static void keeper_main(const struct place *place, pid_t parent, int socket_fd)
{
	int parent_fd = sys_pidfd_open(parent);
	int keep[3 + HOST_V1_MAX] = { place->host->base_fd, socket_fd, parent_fd };

	(void)setsid();
	(void)prctl(PR_SET_NAME, "ration-keeper");
	for (size_t i = 0; i < HOST_V1_MAX; i++)
		keep[3 + i] = i < place->host->n_v1 ? place->host->v1[i].fd : -EBADF;
	sys_close_others(keep, ARRAY_SIZE(keep));
	/* Died before the pidfd was there: then it is of somebody else, or none. */
	if (getppid() == parent && !wait_for_end(parent, parent_fd, socket_fd))
		_exit(0);
	if (getppid() == parent)
		step_aside(socket_fd);
	clean_up(place);
	_exit(0);
}

int keeper_start(const struct place *place, struct keeper *ret_keeper)
{
	CLEANUP(closep) int read_fd = -EBADF;
	CLEANUP(closep) int write_fd = -EBADF;
	pid_t parent = getpid(), pid;
	int pair[2];

	/* A socket: to write to a pipe whose reader somebody has killed raises SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	read_fd = pair[0];
	write_fd = pair[1];
	/* It doesn't end even by a signal to the whole terminal or process group: only by SIGKILL, by pid. */
	pid = sys_fork_masked();
	if (pid < 0)
		return pid;
	if (pid == 0)
		keeper_main(place, parent, read_fd);
	ret_keeper->pid = pid;
	ret_keeper->fd = TAKE_FD(write_fd);
	return 0;
}

void keeper_dismiss(struct keeper *keeper)
{
	if (keeper->fd >= 0)
		(void)send(keeper->fd, "", 1, MSG_NOSIGNAL);
	keeper->fd = close_fd(keeper->fd);
}

static void reap(struct keeper *keeper)
{
	while (keeper->pid > 0 && waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	keeper->pid = 0;
}

void keeper_inherit(struct keeper *keeper)
{
	char byte;
	ssize_t n = 0;

	if (keeper->fd >= 0) {
		(void)shutdown(keeper->fd, SHUT_WR);
		do
			n = read(keeper->fd, &byte, 1);
		while (n < 0 && errno == EINTR);
	}
	keeper->fd = close_fd(keeper->fd);
	/* One that couldn't fork works on, for a minute perhaps: nobody can wait for it here. */
	if (n == 0)
		reap(keeper);
	keeper->pid = 0;
}

void keeper_reap(struct keeper *keeper)
{
	keeper_dismiss(keeper);
	reap(keeper);
}
