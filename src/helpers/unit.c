/* SPDX-License-Identifier: MIT */
/*
 * unit.c - what the unit ration.service runs, and who asks for it
 *
 * Usage: ration-unit hold                                    by systemd alone
 *        ration-unit ask system|user start|- PID USEC PROGRAM  by the static library alone
 *
 * systemd removes the cgroup of a unit without processes (252 even with RemainAfterExit=yes). So
 * one process stays: it moves into a leaf, where it is in nobody's way, marks the unit's group as
 * ours, and sleeps until it is told to end.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/notes.h"
#include "sys/bus.h"
#include "sys/cgroup/cgroup.h"
#include "sys/proc/mounts.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"

static int complain(const char *what, int code)
{
	(void)fprintf(stderr, "ration-unit: %s: %s\n", what, error_text(code));
	return 1;
}

/* ---------------------------------------------------------------------- hold */

/* Opens the group that we are in, if it is that of the unit: no other is ours to mark. */
static int open_unit(void)
{
	CLEANUP(freep) struct mounts *mounts = calloc(1, sizeof(*mounts));
	char path[2 * PATH_MAX];
	const char *name;
	int r = mounts ? mounts_read("/proc/self", mounts) : -ENOMEM;

	if (r < 0)
		return r;
	if (!mounts->v2 || !mounts->own_known)
		return -ENODATA;
	name = strrchr(mounts->own, '/');
	if (!name || strcmp(name + 1, BUS_UNIT) != 0)
		return -EXDEV;
	(void)snprintf(path, sizeof(path), "%s%s", mounts->point, mounts->own);
	return cg_open_base(path);
}

static int enter_leaf(int unit_fd)
{
	CLEANUP(closep) int leaf_fd = -EBADF;
	int r = cg_mkdir(unit_fd, BUS_LEAF);

	if (r < 0 && r != -EEXIST)
		return r;
	leaf_fd = cg_open_dir(unit_fd, BUS_LEAF);
	return leaf_fd < 0 ? leaf_fd : cg_attach(leaf_fd, getpid());
}

/* Tells systemd that the unit is ready: see sd_notify(3). */
static int notify_ready(void)
{
	CLEANUP(closep) int fd = -EBADF;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || length >= sizeof(address.sun_path))
		return -ENOENT;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (const struct sockaddr *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return -errno;
	return 0;
}

static int hold(void)
{
	CLEANUP(closep) int unit_fd = open_unit();
	sigset_t end;
	int r;

	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	(void)sigaddset(&end, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &end, NULL);
	if (unit_fd < 0)
		return complain("not in the group of " BUS_UNIT, unit_fd);
	r = enter_leaf(unit_fd);
	if (r < 0)
		return complain("can't move into the leaf " BUS_LEAF, r);
	/* Last, because programs that see the mark use the group. */
	r = notes_mark(unit_fd, NOTE_BASE);
	if (r < 0)
		return complain("can't mark the group", r);
	r = notify_ready();
	if (r < 0)
		return complain("can't tell systemd", r);
	while (sigwaitinfo(&end, NULL) < 0 && errno == EINTR)
		;
	(void)notes_write(unit_fd, NOTE_BASE, "");
	return 0;
}

/* ----------------------------------------------------------------------- ask */

static int ask(char **words)
{
	char message[BUS_MESSAGE_MAX] = "";
	const struct bus_request request = {
		.user = strcmp(words[0], "user") == 0,
		.start = strcmp(words[1], "start") == 0,
		.move = (pid_t)strtol(words[2], NULL, 10),
		.program = words[4],
		.until_usec = sys_now_usec() + strtoull(words[3], NULL, 10),
	};
	int r = bus_ask(&request, message);

	if (r < 0)
		(void)printf("%d %s\n", -r, message);
	else
		(void)puts("0");
	return fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "hold") == 0)
		return hold();
	if (argc == 7 && strcmp(argv[1], "ask") == 0)
		return ask(argv + 2);
	(void)fprintf(stderr, "ration-unit: internal program of ration, see ration(1)\n");
	return 2;
}
