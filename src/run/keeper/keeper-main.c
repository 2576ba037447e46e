/* SPDX-License-Identifier: MIT */
/*
 * keeper-main.c - the process that is the keeper
 *
 * Executed by ration-keeper, or in a fork of the program. In a fork, locks that other threads of
 * the program held are never released. So this code makes system calls only, and takes its memory
 * from the kernel, too.
 *
 * It learns of the program's end by a pidfd and by the end of the socket, whichever comes first.
 * The socket alone isn't enough: a copy of the program (a fork) has its other end, too. The pidfd
 * alone isn't either, if the program executes something else. Messages that were sent before the
 * end are read first.
 */
#include "run/keeper/keeper-main.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "group/cgroup1.h"
#include "group/limits/protect.h"
#include "group/nodes.h"
#include "group/owner.h"
#include "host/names.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/walk.h"
#include "sys/helper.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/text.h"

/*
 * How long each group can take in the first round, and in the last: a process in an uninterruptible sleep may
 * need it.
 */
#define FIRST_MSEC 1000
#define LAST_MSEC 60000

/* How often it looks for its parent where the kernel doesn't tell. */
#define LOOK_MSEC 1000

/* How long to wait for the lock of a group that is to be removed; see leaf_remove(). */
#define LOCK_MSEC 50

/* When to try again to read a message that couldn't be read. */
#define AGAIN_MSEC 10

struct state {
	int fd, parent_fd;
	pid_t parent;
	const struct host_snapshot *host;
	struct keeper_kept *kept;
	size_t n, room;
	struct keeper_kept few[4]; /* most programs have no more runs at a time; these take no page of their own */
};

/* ------------------------------------------------------------------ memory */

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool make_room(struct state *state)
{
	size_t size = state->room * sizeof(struct keeper_kept);
	struct keeper_kept *more;

	if (state->n < state->room)
		return true;
	more = map(2 * size);
	if (!more)
		return false;
	memcpy(more, state->kept, size);
	if (state->kept != state->few)
		(void)munmap(state->kept, size);
	state->kept = more;
	state->room *= 2;
	return true;
}

/* ------------------------------------------------------------------- ending */

/*
 * Another process's gc was faster and has removed the leaf in cgroup2. If the program was killed while it
 * made its directories in cgroup v1, it may have left one without a note. gc leaves that alone until it is
 * old enough.
 */
static bool clean_up_after_another(const struct host_snapshot *host, const struct keeper_kept *kept, bool last)
{
	(void)v1_remove_dead(host, kept->tenant, kept->name);
	if (!v1_is_there(host, kept->tenant, kept->name))
		return true;
	if (!last)
		return false;
	(void)poll(NULL, 0, (OWNER_UNRECORDED_SECONDS + 1) * 1000);
	(void)v1_remove_dead(host, kept->tenant, kept->name);
	return true;
}

/*
 * The directory was begun by us or by somebody else, and has no note yet, so no process is in it. A process
 * that holds its lock completes it; one that finds it gone begins again.
 */
static int remove_unmarked(const struct keeper_kept *kept, int tenant_fd, int fd)
{
	CLEANUP(lock_releasep) int lock_fd = lock_take(fd, 0);

	if (lock_fd == -EBUSY || owner_is(fd, kept->owner) != -ENODATA || !cg_is(fd, tenant_fd, kept->name))
		return 0;
	return cg_rmdir(tenant_fd, kept->name);
}

/* A group of that name exists. It can be another one, made after ours was removed: then it is left alone. */
static int remove_leaf(const struct host_snapshot *host, const struct keeper_kept *kept, int tenant_fd, int fd, int msec)
{
	int r = owner_is(fd, kept->owner);

	if (r == -ENODATA)
		return remove_unmarked(kept, tenant_fd, fd);
	if (r <= 0)
		return r;
	r = cg_end(fd, msec);
	if (r == 0) {
		CLEANUP(lock_releasep) int lock_fd = lock_take(fd, LOCK_MSEC);

		/* First v1: as long as the group in cgroup2 exists, nobody else has one of that name. */
		if (cg_is(fd, tenant_fd, kept->name))
			(void)v1_remove_name(host, kept->tenant, kept->name);
		(void)cg_rmdir_tree_of(fd, tenant_fd, kept->name);
	}
	return r;
}

/*
 * Goes by names from BASE on, not by fds from the start: the last run of a tenant removes the tenant's
 * directory, and the next one makes another. False: it isn't done.
 */
static bool clean_up(const struct host_snapshot *host, const struct keeper_kept *kept, bool last)
{
	CLEANUP(closep) int namespace_fd = nodes_open(host);
	CLEANUP(closep) int tenant_fd = namespace_fd < 0 ? -EBADF : cg_open_dir(namespace_fd, kept->tenant);
	CLEANUP(closep) int fd = tenant_fd < 0 ? -EBADF : cg_open_dir(tenant_fd, kept->name);
	int first = namespace_fd < 0 ? namespace_fd : tenant_fd < 0 ? tenant_fd : fd;
	int r = first >= 0 ? remove_leaf(host, kept, tenant_fd, fd, last ? LAST_MSEC : FIRST_MSEC) :
		vanished(first) ? 0 : first;

	if (r < 0 && !last)
		return false;
	if ((vanished(fd) || vanished(tenant_fd) || vanished(namespace_fd)) &&
			!clean_up_after_another(host, kept, last))
		return false;
	if (fd >= 0)
		protect_without(host, tenant_fd);
	if (tenant_fd >= 0)
		nodes_remove(host, namespace_fd, kept->tenant, tenant_fd);
	else if (vanished(tenant_fd) || vanished(namespace_fd))
		nodes_remove_above(host, namespace_fd);
	return true;
}

static void kill_now(const struct host_snapshot *host, const struct keeper_kept *kept)
{
	CLEANUP(closep) int namespace_fd = nodes_open(host);
	CLEANUP(closep) int tenant_fd = namespace_fd < 0 ? -EBADF : cg_open_dir(namespace_fd, kept->tenant);
	CLEANUP(closep) int fd = tenant_fd < 0 ? -EBADF : cg_open_dir(tenant_fd, kept->name);

	if (fd >= 0 && owner_is(fd, kept->owner) == 1)
		(void)cg_kill(fd);
}

/* All are killed before the first wait; the last round waits for those that can't die yet. */
static void end_all(const struct state *state)
{
	for (size_t i = 0; i < state->n; i++)
		kill_now(state->host, &state->kept[i]);
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < state->n; i++) {
			if (state->kept[i].name[0] && clean_up(state->host, &state->kept[i], round == 1))
				state->kept[i].name[0] = '\0';
		}
	}
}

/* A child does it, so that the keeper can read further messages meanwhile. */
static void inherit(const struct state *state, const struct keeper_kept *kept)
{
	pid_t pid = fork();

	if (pid > 0)
		return;
	if (pid == 0) {
		(void)close(state->fd);
		(void)close_fd(state->parent_fd);
	}
	if (!clean_up(state->host, kept, false))
		(void)clean_up(state->host, kept, true);
	if (pid == 0)
		_exit(0);
}

/*
 * The program doesn't need us any more but has to reap us, and we have more to do. So a child of ours takes
 * over, and is an orphan as soon as we exit.
 */
static void step_aside(const struct state *state)
{
	pid_t pid = fork();

	if (pid > 0)
		_exit(0);
	/* The program mustn't wait for us: one byte tells it that we stay. */
	if (pid < 0)
		(void)send(state->fd, "", 1, MSG_NOSIGNAL);
	(void)close(state->fd);
}

/* ---------------------------------------------------------------- listening */

/* A part of the text that ends before `end`. False: it is too long. */
static bool take_part(const char *text, const char *end, char *ret, size_t size)
{
	size_t length = (size_t)(end - text);

	if (length >= size)
		return false;
	memcpy(ret, text, length);
	ret[length] = '\0';
	return true;
}

bool keeper_parse(const char *text, struct keeper_kept *ret)
{
	const char *slash = strchr(text, '/'), *blank = strchr(text, ' ');
	struct keeper_kept kept;

	if (!slash || !blank || blank < slash || !take_part(text, slash, kept.tenant, sizeof(kept.tenant)) ||
			!take_part(slash + 1, blank, kept.name, sizeof(kept.name)) ||
			!take_part(blank + 1, blank + strlen(blank), kept.owner, sizeof(kept.owner)))
		return false;
	/* "..", or a name of several parts, would lead to somebody else's group. */
	if (names_check("tenant", kept.tenant, NULL) < 0 || names_check("group", kept.name, NULL) < 0)
		return false;
	*ret = kept;
	return true;
}

static struct keeper_kept kept_of(const struct place *place)
{
	struct keeper_kept kept;

	(void)strcpy(kept.tenant, place->tenant);
	(void)strcpy(kept.name, place->name);
	(void)strcpy(kept.owner, place->owner);
	return kept;
}

void keeper_kill_group(const struct place *place)
{
	struct keeper_kept kept = kept_of(place);

	kill_now(place->host, &kept);
}

bool keeper_end_group(const struct place *place)
{
	struct keeper_kept kept = kept_of(place);

	return clean_up(place->host, &kept, false);
}

static void forget(struct state *state, const struct keeper_kept *kept)
{
	for (size_t i = 0; i < state->n; i++) {
		if (strcmp(state->kept[i].name, kept->name) == 0 && strcmp(state->kept[i].tenant, kept->tenant) == 0 &&
				strcmp(state->kept[i].owner, kept->owner) == 0) {
			state->kept[i] = state->kept[--state->n];
			return;
		}
	}
}

static void handle_message(struct state *state, const char *message)
{
	struct keeper_kept kept;

	if (!keeper_parse(message + 1, &kept))
		return;
	switch (message[0]) {
	case KEEPER_ADD:
		/* Without memory this group can't be kept. Then the keeper ends, which tells the program. */
		if (!make_room(state))
			_exit(1);
		state->kept[state->n++] = kept;
		break;
	case KEEPER_INHERIT:
		inherit(state, &kept);
		forget(state, &kept);
		break;
	case KEEPER_REMOVE:
		forget(state, &kept);
		break;
	}
}

/* Reads all messages that are there. False: no more will come. */
static bool hear_all(struct state *state)
{
	char message[KEEPER_MESSAGE_MAX + 1];

	for (;;) {
		ssize_t n = helper_receive(state->fd, message, sizeof(message) - 1, NULL, 0, 0);

		if (n == -EAGAIN)
			return true;
		if (n == 0 || n == -ECONNRESET)
			return false;
		/* A failed read isn't the end of the program, whose runs live on: try again at the next look. */
		if (n < 0) {
			(void)poll(NULL, 0, AGAIN_MSEC);
			return true;
		}
		message[n] = '\0';
		handle_message(state, message);
	}
}

/* Returns whether the program is dead. False: it doesn't need us any more. */
static bool listen_to_end(struct state *state)
{
	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = state->fd, .events = POLLIN },
			{ .fd = state->parent_fd, .events = POLLIN },
		};

		if (poll(fds, 2, state->parent_fd >= 0 ? -1 : LOOK_MSEC) < 0)
			continue;
		/* The pidfd before the socket: once the program is dead, all its messages are there. */
		if (!hear_all(state))
			return fds[1].revents || getppid() != state->parent;
		if (fds[1].revents || getppid() != state->parent)
			return true;
	}
}

/* -------------------------------------------------------------------- start */

void keeper_hello(const struct host_snapshot *host, struct keeper_hello *ret)
{
	*ret = (struct keeper_hello) {
		.version = RATION_VERSION,
		.size = sizeof(*ret),
		.n_nodes = (uint32_t)host->n_nodes,
		.n_v1 = (uint32_t)host->n_v1,
	};
	memcpy(ret->node, host->node, sizeof(ret->node));
	for (size_t i = 0; i < host->n_v1; i++)
		ret->v1_controllers[i] = host->v1[i].controllers;
}

static void take_host(struct host_snapshot *host, const struct keeper_hello *hello, const int fds[KEEPER_FDS_MAX])
{
	host->base_fd = fds[KEEPER_FD_BASE];
	host->proc_fd = fds[KEEPER_FD_PROC];
	host->n_nodes = hello->n_nodes;
	memcpy(host->node, hello->node, sizeof(host->node));
	host->n_v1 = hello->n_v1;
	for (size_t i = 0; i < host->n_v1; i++) {
		host->v1[i].controllers = hello->v1_controllers[i];
		host->v1[i].fd = fds[KEEPER_FD_V1 + i];
	}
}

/* The nodes in use: each must be the name of a directory. */
static bool nodes_are_names(const struct keeper_hello *hello)
{
	for (size_t i = 0; i < hello->n_nodes; i++) {
		if (!text_ends(hello->node[i], sizeof(hello->node[i])) || !hello->node[i][0] ||
				strchr(hello->node[i], '/') || strcmp(hello->node[i], "..") == 0)
			return false;
	}
	return true;
}

bool keeper_understood(const struct keeper_hello *hello, ssize_t n)
{
	return n == (ssize_t)sizeof(*hello) && hello->size == sizeof(*hello) &&
		strncmp(hello->version, RATION_VERSION, sizeof(hello->version)) == 0 &&
		hello->n_nodes > 0 && hello->n_nodes <= HOST_NODES_MAX && hello->n_v1 <= HOST_V1_MAX &&
		hello->parent_fd <= 1 && nodes_are_names(hello);
}

static void leave_program(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)setsid();
	(void)prctl(PR_SET_NAME, KEEPER_PROGRAM);
	(void)!chdir("/");
	/* Nobody waits for our children. */
	(void)sigaction(SIGCHLD, &ignore, NULL);
}

static void serve(struct state *state)
{
	bool dead;

	state->kept = state->few;
	state->room = ARRAY_SIZE(state->few);
	dead = listen_to_end(state);
	if (!dead && state->n == 0)
		_exit(0);
	if (!dead)
		step_aside(state);
	end_all(state);
	_exit(0);
}

void keeper_main(int fd)
{
	struct state state = { .fd = fd, .parent = getppid() };
	struct host_snapshot *host = map(sizeof(*host));
	struct keeper_hello hello;
	int fds[KEEPER_FDS_MAX];
	ssize_t n = helper_receive(fd, &hello, sizeof(hello), fds, KEEPER_FDS_MAX, -1);

	if (!host || !keeper_understood(&hello, n))
		return;
	leave_program();
	take_host(host, &hello, fds);
	state.host = host;
	state.parent_fd = hello.parent_fd ? fds[KEEPER_FD_PARENT] : close_fd(fds[KEEPER_FD_PARENT]);
	if (helper_confirm(fd) == 0)
		serve(&state);
}

void keeper_forked_main(int fd, const struct host_snapshot *host, pid_t parent)
{
	struct state state = { .fd = fd, .parent = parent, .parent_fd = sys_pidfd_open(parent), .host = host };
	int keep[2 + SNAPSHOT_FDS_MAX] = { state.parent_fd, fd };

	snapshot_fds(host, keep + 2);
	sys_close_others(keep, ARRAY_SIZE(keep));
	leave_program();
	/* If it died before we opened the pidfd, that is of another process, or of none. */
	if (getppid() != parent)
		state.parent_fd = close_fd(state.parent_fd);
	serve(&state);
}
