/* SPDX-License-Identifier: MIT */
/*
 * keeper.c - the program's side of the keeper
 *
 * The keeper shares no memory with the program. An OOM kill takes every process that shares the
 * victim's memory, and the keeper must survive that.
 *
 * A copy of the program (a fork) has a copy of this state, too, but the keeper isn't the copy's. A
 * copy that needs a keeper starts another one, and sends nothing to the first.
 */
#include "run/keeper/keeper.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "run/keeper/keeper-main.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* How long to wait for a keeper that doesn't read its messages (somebody stopped it). */
#define SEND_MSEC 1000
/* How long an executed keeper can take to confirm its first message. */
#define ANSWER_MSEC 10000

/* -------------------------------------------------------------- the process */

static int introduce(const struct host_snapshot *host, const struct helper *helper)
{
	CLEANUP(closep) int own_fd = sys_pidfd_open(getpid());
	int fds[KEEPER_FDS_MAX] = { host->base_fd, host->proc_fd, own_fd < 0 ? host->base_fd : own_fd };
	struct keeper_hello hello;
	int r;

	keeper_hello(host, &hello);
	hello.parent_fd = own_fd >= 0;
	for (size_t i = 0; i < host->n_v1; i++)
		fds[KEEPER_FD_V1 + i] = host->v1[i].fd;
	r = helper_send(helper->fd, &hello, sizeof(hello), fds, KEEPER_FD_V1 + host->n_v1, SEND_MSEC);
	if (r < 0)
		return r;
	return helper_confirmed(helper->fd, ANSWER_MSEC);
}

static int execute(const struct host_snapshot *host, struct helper *ret)
{
	char path[PATH_MAX + sizeof("/" KEEPER_PROGRAM)], name[] = KEEPER_PROGRAM;
	/* The namespace is for those who read ps. */
	char *argv[] = { name, (char *)host->nspace, NULL };
	struct helper helper = HELPER_NONE;
	int r;

	if (host->fork_helpers || !host->helpers[0])
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "%s/" KEEPER_PROGRAM, host->helpers);
	r = helper_exec(path, argv, &helper);
	if (r == 0)
		r = introduce(host, &helper);
	if (r < 0)
		helper_kill(&helper);
	else
		*ret = helper;
	return r;
}

struct forked {
	const struct host_snapshot *host;
	pid_t parent;
};

static void forked_main(int fd, void *data)
{
	const struct forked *forked = data;

	keeper_forked_main(fd, forked->host, forked->parent);
}

/* If ration-keeper can't be executed, for whatever reason, fork. That works as well, but costs more. */
static int start(const struct host_snapshot *host, struct helper *ret)
{
	struct forked forked = { host, getpid() };
	int r = execute(host, ret);

	if (r < 0)
		r = helper_fork(forked_main, &forked, ret);
	/* A small program with one run saves files: it reaps by pid, and the socket reports the keeper's end. */
	if (r == 0 && host->fork_helpers)
		ret->pid_fd = close_fd(ret->pid_fd);
	return r;
}

/* --------------------------------------------------------------- with the lock */

static int send_message(const struct keeper_host *it, char what, const struct keeper *keeper)
{
	char message[KEEPER_MESSAGE_MAX];
	int length = snprintf(message, sizeof(message), "%c%s %s", what, keeper->address, keeper->group_owner);

	return helper_send(it->helper.fd, message, (size_t)length, NULL, 0, SEND_MSEC);
}

/* Starts one and tells it of all groups. */
static int start_and_tell(const struct host_snapshot *host, struct keeper_host *it)
{
	int r = start(host, &it->helper);

	for (struct keeper *keeper = it->first; keeper && r == 0; keeper = keeper->next)
		r = send_message(it, KEEPER_ADD, keeper);
	if (r < 0)
		helper_kill(&it->helper);
	return r;
}

/*
 * Kills the old keeper for good: one that was only stopped would continue, and take the end of its socket for
 * our death. A run that has borrowed the socket still watches it, so the socket is that run's from now on.
 */
static void kill_keeper(struct keeper_host *it)
{
	for (struct keeper *keeper = it->first; keeper; keeper = keeper->next) {
		if (keeper->borrowed) {
			keeper->borrowed = false;
			it->helper.fd = -EBADF;
		}
	}
	helper_kill(&it->helper);
}

/* Makes sure that there is a keeper. 1: it was just started, and told of all groups. */
static int ensure(const struct host_snapshot *host, struct keeper_host *it)
{
	int r;

	if (it->leaving)
		helper_end(&it->helper);
	it->leaving = false;
	if (helper_alive(&it->helper))
		return 0;
	kill_keeper(it);
	r = start_and_tell(host, it);
	return r < 0 ? r : 1;
}

/* Sends it to a live keeper, a new one if necessary. */
static int tell_keeper(const struct host_snapshot *host, struct keeper_host *it, char what, const struct keeper *keeper)
{
	int r = ensure(host, it);

	if (r < 0 || (r == 1 && what == KEEPER_ADD))
		return r;
	r = send_message(it, what, keeper);
	if (r == 0)
		return 0;
	kill_keeper(it);
	r = start_and_tell(host, it);
	return r < 0 || what == KEEPER_ADD ? r : send_message(it, what, keeper);
}

static void link_in(struct keeper_host *it, struct keeper *keeper)
{
	keeper->previous = NULL;
	keeper->next = it->first;
	if (it->first)
		it->first->previous = keeper;
	it->first = keeper;
}

static void link_out(struct keeper_host *it, struct keeper *keeper)
{
	if (keeper->previous)
		keeper->previous->next = keeper->next;
	else
		it->first = keeper->next;
	if (keeper->next)
		keeper->next->previous = keeper->previous;
}

static void free_host(void *data)
{
	struct keeper_host *it = data;

	if (it->owner == getpid())
		helper_end(&it->helper);
	else
		helper_forget(&it->helper);
	free(it);
}

/* Returns the host's keeper. In a copy of the process that started it, forgets it first. */
static struct keeper_host *of_host(const struct host_snapshot *host)
{
	struct keeper_host *it = host->keeper->data;

	if (!it) {
		it = calloc(1, sizeof(*it));
		if (!it)
			return NULL;
		it->helper = HELPER_NONE;
		it->owner = getpid();
		host->keeper->data = it;
		host->keeper->free = free_host;
	}
	if (it->owner != getpid()) {
		helper_forget(&it->helper);
		it->first = NULL;
		it->owner = getpid();
	}
	return it;
}

/*
 * A run gets an fd of its own, because the kernel lets only few epolls wait for the same file. Without a
 * pidfd it is a copy of the socket, which shows the keeper's end only when no copy of the other end is left.
 * The only run of a small program uses the host's fd.
 */
static void open_watch(const struct keeper_host *it, struct keeper *keeper)
{
	int fd;

	keeper->borrowed = keeper->host->fork_helpers && it->first == keeper && !keeper->next;
	if (keeper->borrowed) {
		keeper->fd = it->helper.fd;
		return;
	}
	fd = it->helper.pid_fd < 0 ? -EBADF : sys_pidfd_open(it->helper.pid);
	/* The pidfd is the keeper's only if the keeper is still alive now. */
	if (fd >= 0 && !helper_alive(&it->helper))
		fd = close_fd(fd);
	keeper->fd = fd >= 0 ? fd : fcntl(it->helper.fd, F_DUPFD_CLOEXEC, 3);
}

static void close_watch(struct keeper *keeper)
{
	if (!keeper->borrowed)
		(void)close_fd(keeper->fd);
	keeper->borrowed = false;
	keeper->fd = -EBADF;
}

/* ------------------------------------------------------------------ a run's */

int keeper_start(const struct place *place, struct keeper *keeper)
{
	const struct host_snapshot *host = place->host;
	struct keeper_host *it;
	int r = -ENOMEM;

	*keeper = KEEPER_NONE;
	keeper->host = host;
	keeper->owner = getpid();
	(void)place_address(place, keeper->address);
	(void)strcpy(keeper->group_owner, place->owner);
	(void)pthread_mutex_lock(&host->keeper->lock);
	it = of_host(host);
	if (it) {
		link_in(it, keeper);
		r = tell_keeper(host, it, KEEPER_ADD, keeper);
		if (r < 0)
			link_out(it, keeper);
		else
			open_watch(it, keeper);
	}
	(void)pthread_mutex_unlock(&host->keeper->lock);
	if (r < 0)
		*keeper = KEEPER_NONE;
	return r;
}

int keeper_renew(struct keeper *keeper)
{
	const struct host_snapshot *host = keeper->host;
	int r = 0;

	if (!host || keeper->owner != getpid())
		return 0;
	(void)pthread_mutex_lock(&host->keeper->lock);
	close_watch(keeper);
	r = ensure(host, host->keeper->data);
	if (r >= 0)
		open_watch(host->keeper->data, keeper);
	(void)pthread_mutex_unlock(&host->keeper->lock);
	return r < 0 ? r : 0;
}

void keeper_move(struct keeper *to, struct keeper *from)
{
	const struct host_snapshot *host = from->host;

	if (host)
		(void)pthread_mutex_lock(&host->keeper->lock);
	*to = *from;
	if (host && to->owner == getpid()) {
		struct keeper_host *it = host->keeper->data;

		if (to->previous)
			to->previous->next = to;
		else
			it->first = to;
		if (to->next)
			to->next->previous = to;
	}
	*from = KEEPER_NONE;
	if (host)
		(void)pthread_mutex_unlock(&host->keeper->lock);
}

static void leave(struct keeper *keeper, char what)
{
	const struct host_snapshot *host = keeper->host;
	struct keeper_host *it;

	keeper->host = NULL;
	/* In a copy of the program, the run is its parent's. */
	if (!host || keeper->owner != getpid())
		return close_watch(keeper);
	(void)pthread_mutex_lock(&host->keeper->lock);
	close_watch(keeper);
	it = host->keeper->data;
	link_out(it, keeper);
	/* Other runs need the keeper, or this one leaves its group to it. */
	if (it->first || what == KEEPER_INHERIT)
		(void)tell_keeper(host, it, what, keeper);
	else if (helper_alive(&it->helper))
		(void)send_message(it, what, keeper);
	/* A small program rarely has more runs, and needn't wait for the end of its keeper. */
	it->leaving = !it->first && host->fork_helpers && helper_leave(&it->helper);
	(void)pthread_mutex_unlock(&host->keeper->lock);
}

void keeper_dismiss(struct keeper *keeper)
{
	leave(keeper, KEEPER_REMOVE);
}

void keeper_inherit(struct keeper *keeper)
{
	leave(keeper, KEEPER_INHERIT);
}

void keeper_end(const struct host_snapshot *host)
{
	(void)pthread_mutex_lock(&host->keeper->lock);
	if (host->keeper->data)
		free_host(host->keeper->data);
	host->keeper->data = NULL;
	(void)pthread_mutex_unlock(&host->keeper->lock);
}
