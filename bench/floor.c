/* SPDX-License-Identifier: MIT */
/*
 * floor.c - the least that a supervised run can cost: floor [--nodes] BASE COMMAND [ARGUMENT...]
 *
 * What the kernel asks for one command in a cgroup of its own, and nothing
 * else: make the group, have the command born inside, wait for its end, read
 * what it used, kill what is left, wait until nobody is left, remove the group.
 * No options, no plan, no limit, no keeper, no receipt. Linked statically: the
 * search for shared libraries isn't what is to be compared.
 *
 * With --nodes it makes and removes the two nodes above the group as well, as
 * ration does for the first run of a tenant.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODE "ration-bench-floor"
#define TENANT "default"

/* Ends the program, with the name of what has failed. */
static void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(125);
}

static int make_dir(int at, const char *name)
{
	int fd;

	must(mkdirat(at, name, 0755) == 0, "mkdir");
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0, "open");
	return fd;
}

/* Reads a counter file as a receipt would; its text isn't needed. */
static void read_file(int group, const char *name)
{
	char text[4096];
	int fd = openat(group, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	must(read(fd, text, sizeof(text)) >= 0, name);
	close(fd);
}

static pid_t start(int group, char **argv, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)group,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	must(pid >= 0, "clone3");
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	return (pid_t)pid;
}

/* Until `populated 0` stands in the group's events. */
static void wait_empty(int group)
{
	int fd = openat(group, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd events = { .fd = fd, .events = POLLPRI };
	char text[256];

	must(fd >= 0, "cgroup.events");
	for (;;) {
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		must(n >= 0, "cgroup.events");
		text[n] = '\0';
		if (strstr(text, "populated 0"))
			break;
		poll(&events, 1, 1000);
	}
	close(fd);
}

static void kill_all(int group)
{
	int fd = openat(group, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	must(fd >= 0 && write(fd, "1", 1) == 1, "cgroup.kill");
	close(fd);
}

/* One run in a group below `at`. Returns the command's wait status. */
static int run(int at, char **argv)
{
	static const char *const counters[] = { "cpu.stat", "memory.peak", "memory.events", "pids.peak" };
	int group, pidfd, status;
	struct pollfd end;
	char name[32];
	pid_t pid;

	(void)snprintf(name, sizeof(name), "b%d", (int)getpid());
	group = make_dir(at, name);
	pid = start(group, argv, &pidfd);
	end = (struct pollfd) { .fd = pidfd, .events = POLLIN };
	must(poll(&end, 1, 60000) == 1, "poll");
	must(waitpid(pid, &status, 0) == pid, "wait");
	kill_all(group);
	wait_empty(group);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		read_file(group, counters[i]);
	must(unlinkat(at, name, AT_REMOVEDIR) == 0, "rmdir");
	return status;
}

int main(int argc, char **argv)
{
	int nodes = argc > 1 && strcmp(argv[1], "--nodes") == 0;
	int base, node = -1, at, status;

	argv += nodes + 1;
	if (argc - nodes < 3) {
		(void)fprintf(stderr, "usage: floor [--nodes] BASE COMMAND [ARGUMENT...]\n");
		return 125;
	}
	at = base = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(base >= 0, argv[0]);
	if (nodes) {
		node = make_dir(base, NODE);
		at = make_dir(node, TENANT);
	}
	status = run(at, argv + 1);
	if (nodes)
		must(unlinkat(node, TENANT, AT_REMOVEDIR) == 0 && unlinkat(base, NODE, AT_REMOVEDIR) == 0, "rmdir");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
