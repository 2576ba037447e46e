/* SPDX-License-Identifier: MIT */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/clone.h"
#include "sys/syscalls.h"

#define NSPACE "ration-bench-floor"
#define MEMORY "67108864"
#define PIDS "64"
#define PERIOD "100000"
#define QUOTA "200000"
#define TIMEOUT_SECONDS 10

extern char **environ;

void bare_must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(125);
}

void bare_read(int at, const char *name)
{
	char text[8192];
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	bare_must(pread(fd, text, sizeof(text), 0) >= 0, name);
	close(fd);
}

void bare_write(int at, const char *name, const char *value)
{
	int fd = openat(at, name, O_WRONLY | O_CLOEXEC);

	bare_must(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), name);
	close(fd);
}

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	bare_must(fd >= 0, name);
	return fd;
}

/* Nothing is started below what another uid can write. */
static int open_node(int at, const char *name)
{
	int fd = open_dir(at, name);
	struct stat st;

	bare_must(fstat(fd, &st) == 0 && st.st_uid == geteuid(), name);
	return fd;
}

/* ------------------------------------------------------------------ once */

static void make_nodes(int at, const char *nspace, const char *tenant)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", nspace, tenant);
	(void)mkdirat(at, nspace, 0755);
	/* One that was killed has left it. */
	bare_must(mkdirat(at, path, 0755) == 0 || errno == EEXIST, path);
}

static void remove_nodes(int at, const char *nspace, const char *tenant)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", nspace, tenant);
	(void)unlinkat(at, path, AT_REMOVEDIR);
	/* Another may be in use. */
	(void)unlinkat(at, nspace, AT_REMOVEDIR);
}

/* Our own group in a hierarchy of cgroup v1, where that is mounted as everywhere; or less than 0. */
static int open_v1(const char *controller)
{
	char line[4096], path[4200];
	size_t n = strlen(controller);
	FILE *file = fopen("/proc/self/cgroup", "re");
	int fd = -1;

	bare_must(file, "/proc/self/cgroup");
	while (fd < 0 && fgets(line, sizeof(line), file)) {
		char *at = strchr(line, ':') + 1;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(at, controller, n) != 0 || at[n] != ':')
			continue;
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/%s%s", controller, at + n + 1);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	(void)fclose(file);
	return fd;
}

static bool open_all_v1(struct bare *bare)
{
	static const char *const controllers[BARE_V1_MAX] = { "memory", "pids", "cpu" };

	for (; bare->n_v1 < BARE_V1_MAX; bare->n_v1++) {
		int fd = open_v1(controllers[bare->n_v1]);

		if (fd < 0)
			return false;
		bare->v1_fd[bare->n_v1] = fd;
		make_nodes(fd, bare->nspace, bare->tenant);
	}
	return true;
}

/* Lets the tenant's groups have the controllers, if there are any. */
static bool enable(struct bare *bare)
{
	static const char *const nodes[] = { ".", NSPACE };
	int fd = openat(bare->base_fd, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	char path[256], text[256] = "";

	bare_must(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0, "cgroup.controllers");
	close(fd);
	if (!strstr(text, "memory") || !strstr(text, "pids") || !strstr(text, "cpu"))
		return false;
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", nodes[i]);
		bare_write(bare->base_fd, path, "+memory +pids +cpu");
	}
	(void)snprintf(path, sizeof(path), "%s/%s/cgroup.subtree_control", bare->nspace, bare->tenant);
	bare_write(bare->base_fd, path, "+memory +pids +cpu");
	return true;
}

/* It would end what it was told of; here it listens until nobody talks any more. */
static void start_helper(struct bare *bare)
{
	char message[256];
	int pair[2];

	bare_must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	bare->helper = fork();
	bare_must(bare->helper >= 0, "fork");
	if (bare->helper == 0) {
		/* With another's end of a socket it would keep that one's helper. */
		bare_must(dup2(pair[1], 0) == 0 && syscall(SYS_close_range, 3U, ~0U, 0U) == 0, "close_range");
		while (recv(0, message, sizeof(message), 0) > 0)
			;
		_exit(0);
	}
	close(pair[1]);
	bare->helper_fd = pair[0];
}

bool bare_open(struct bare *bare, const char *base, const char *tenant, bool limited)
{
	*bare = (struct bare) { .nspace = NSPACE, .tenant = tenant, .limited = limited };
	bare->base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bare_must(bare->base_fd >= 0, base);
	bare->proc_fd = open_dir(AT_FDCWD, "/proc");
	make_nodes(bare->base_fd, bare->nspace, tenant);
	start_helper(bare);
	/* What it says (boot, pid, its start) is the same for all runs. */
	bare_read(bare->proc_fd, "sys/kernel/random/boot_id");
	bare_read(bare->proc_fd, "self/stat");
	(void)snprintf(bare->owner, sizeof(bare->owner), "%d 00000000-0000-0000-0000-000000000000 1234567 4026531836",
			(int)getpid());
	bare->controllers = limited && enable(bare);
	return !limited || bare->controllers || open_all_v1(bare);
}

void bare_close(struct bare *bare)
{
	close(bare->helper_fd);
	bare_must(waitpid(bare->helper, NULL, 0) == bare->helper, "wait");
	remove_nodes(bare->base_fd, bare->nspace, bare->tenant);
	for (int i = 0; i < bare->n_v1; i++) {
		remove_nodes(bare->v1_fd[i], bare->nspace, bare->tenant);
		close(bare->v1_fd[i]);
	}
	close(bare->base_fd);
	close(bare->proc_fd);
}

/* --------------------------------------------------------------- a run */

struct bare_run {
	char name[32], **argv;
	int tenant_fd, group_fd, v1_tenant_fd[BARE_V1_MAX], v1_group_fd[BARE_V1_MAX], join_fd[BARE_V1_MAX], n_v1;
	int epoll_fd, events_fd, memory_fd, timer_fd, oom_fd, pid_fd;
	pid_t pid;
};

/* The helper knows of a group before it is there, until after it isn't any more. */
static void tell(const struct bare *bare, char what, const char *name)
{
	char message[256];
	int n = snprintf(message, sizeof(message), "%c%s/%s %s", what, bare->tenant, name, bare->owner);

	bare_must(send(bare->helper_fd, message, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) == n, "send");
}

static void make_group(const struct bare *bare, struct bare_run *run)
{
	int nspace_fd = open_node(bare->base_fd, bare->nspace);

	run->tenant_fd = open_node(nspace_fd, bare->tenant);
	close(nspace_fd);
	/* Nobody can enter before the file that is locked for changes is the owner's alone. */
	bare_must(mkdirat(run->tenant_fd, run->name, 0700) == 0, "mkdir");
	run->group_fd = open_dir(run->tenant_fd, run->name);
	bare_must(fchmodat(run->group_fd, "cgroup.max.descendants", 0600, 0) == 0 && fchmod(run->group_fd, 0755) == 0, "chmod");
	/* What is nested in it, by whom ever, can be removed with few fds. */
	bare_write(run->group_fd, "cgroup.max.depth", "64");
	bare_write(run->group_fd, "cgroup.max.descendants", "4096");
	/* Whose it is, and what runs in it: for ls, gc and the helper. */
	bare_must(fsetxattr(run->group_fd, "trusted.bench.owner", bare->owner, strlen(bare->owner), 0) == 0 &&
			fsetxattr(run->group_fd, "trusted.bench.command", run->argv[0], strlen(run->argv[0]), 0) == 0, "fsetxattr");
}

static void limit(const struct bare_run *run)
{
	bare_write(run->group_fd, "memory.max", MEMORY);
	bare_write(run->group_fd, "memory.swap.max", "0");
	bare_write(run->group_fd, "memory.oom.group", "1");
	bare_write(run->group_fd, "pids.max", PIDS);
	bare_write(run->group_fd, "cpu.max", QUOTA " " PERIOD);
}

/* An OOM kill there ends one process: whoever wants to end the rest has to be told. */
static void watch_v1_oom(struct bare_run *run)
{
	char text[32];
	int fd = openat(run->v1_group_fd[0], "memory.oom_control", O_RDONLY | O_CLOEXEC);

	run->oom_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)snprintf(text, sizeof(text), "%d %d", run->oom_fd, fd);
	bare_write(run->v1_group_fd[0], "cgroup.event_control", text);
	close(fd);
}

static void limit_v1(const struct bare *bare, struct bare_run *run)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", bare->nspace, bare->tenant);
	for (; run->n_v1 < bare->n_v1; run->n_v1++) {
		int at = open_node(bare->v1_fd[run->n_v1], path), fd;

		bare_must(mkdirat(at, run->name, 0755) == 0, "mkdir");
		fd = open_dir(at, run->name);
		bare_must(fsetxattr(fd, "trusted.bench.owner", bare->owner, strlen(bare->owner), 0) == 0, "fsetxattr");
		run->v1_tenant_fd[run->n_v1] = at;
		run->v1_group_fd[run->n_v1] = fd;
		run->join_fd[run->n_v1] = openat(fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	}
	bare_write(run->v1_group_fd[0], "memory.limit_in_bytes", MEMORY);
	bare_write(run->v1_group_fd[1], "pids.max", PIDS);
	bare_write(run->v1_group_fd[2], "cpu.cfs_quota_us", QUOTA);
	watch_v1_oom(run);
}

static void watch(const struct bare_run *run, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data = { .fd = fd } };

	bare_must(epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
}

/* A program with a loop of its own waits for one fd. */
static void watch_all(const struct bare *bare, struct bare_run *run)
{
	struct itimerspec in = { .it_value = { .tv_sec = TIMEOUT_SECONDS } };
	char text[256];

	run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch(run, bare->helper_fd, EPOLLIN);
	run->events_fd = openat(run->group_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	/* Born in a frozen group, the command would keep us waiting for ever. */
	bare_must(pread(run->events_fd, text, sizeof(text), 0) > 0, "cgroup.events");
	watch(run, run->events_fd, EPOLLPRI);
	if (!bare->limited)
		return;
	if (bare->controllers) {
		run->memory_fd = openat(run->group_fd, "memory.events", O_RDONLY | O_CLOEXEC);
		watch(run, run->memory_fd, EPOLLPRI);
	} else {
		watch(run, run->oom_fd, EPOLLIN);
	}
	run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	bare_must(timerfd_settime(run->timer_fd, 0, &in, NULL) == 0, "timerfd");
	watch(run, run->timer_fd, EPOLLIN);
}

/* In the memory of its parent: system calls only. */
static int child(void *argument)
{
	const struct bare_run *run = argument;
	const struct rlimit core = { 0, 0 };
	sigset_t none;
	char score[16];
	int fd;

	for (int i = 0; i < run->n_v1; i++) {
		if (write(run->join_fd[i], "0", 1) != 1)
			return 126;
	}
	/* A realtime process would have no limit of CPUs, one that the OOM killer spares none of memory. */
	if (syscall(SYS_sched_getscheduler, 0) != SCHED_OTHER)
		return 126;
	fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, score, sizeof(score)) <= 0 || score[0] == '-')
		return 126;
	(void)syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
	(void)setrlimit(RLIMIT_CORE, &core);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(run->argv[0], run->argv, environ);
	return 127;
}

static void start(struct bare_run *run)
{
	static char stack[65536] __attribute__((aligned(64)));

	run->pid = sys_clone_into(run->group_fd, stack, sizeof(stack), child, run, &run->pid_fd);
	bare_must(run->pid > 0, "clone3");
	watch(run, run->pid_fd, EPOLLIN);
}

static bool populated(const struct bare_run *run)
{
	char text[256];
	ssize_t n = pread(run->events_fd, text, sizeof(text) - 1, 0);

	bare_must(n > 0, "cgroup.events");
	text[n] = '\0';
	return strstr(text, "populated 1");
}

static int finish(const struct bare_run *run, bool kill)
{
	struct epoll_event event;
	siginfo_t info;
	struct rusage usage;

	if (kill)
		bare_write(run->group_fd, "cgroup.kill", "1");
	do
		bare_must(epoll_wait(run->epoll_fd, &event, 1, 60000) == 1, "epoll_wait");
	while (event.data.fd != run->pid_fd);
	bare_must(syscall(SYS_waitid, P_PID, run->pid, &info, WEXITED, &usage) == 0, "waitid");
	if (!populated(run))
		return info.si_status;
	if (!kill)
		bare_write(run->group_fd, "cgroup.kill", "1");
	while (populated(run))
		(void)epoll_wait(run->epoll_fd, &event, 1, 1000);
	return info.si_status;
}

/* Of files that aren't there, nothing is tried where that is known. */
static void count(const struct bare *bare, const struct bare_run *run)
{
	static const char *const always[] = { "cpu.stat", "cpu.pressure", "memory.pressure", "io.pressure" };
	static const char *const limited[] = { "memory.events", "memory.events.local", "memory.peak", "memory.stat",
		"memory.swap.peak", "pids.peak", "pids.events" };

	/* The machine's OOM kills, as before. */
	bare_read(bare->proc_fd, "vmstat");
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		bare_read(run->group_fd, always[i]);
	for (size_t i = 0; bare->controllers && i < sizeof(limited) / sizeof(limited[0]); i++)
		bare_read(run->group_fd, limited[i]);
	if (run->n_v1 == 0)
		return;
	bare_read(run->v1_group_fd[0], "memory.oom_control");
	bare_read(run->v1_group_fd[0], "memory.max_usage_in_bytes");
	bare_read(run->v1_group_fd[0], "memory.stat");
	bare_read(run->v1_group_fd[1], "pids.events");
	bare_read(run->v1_group_fd[2], "cpu.stat");
}

static void remove_group(struct bare_run *run)
{
	const int fds[] = { run->tenant_fd, run->group_fd, run->epoll_fd, run->events_fd, run->memory_fd, run->timer_fd,
		run->oom_fd, run->pid_fd };

	for (int i = 0; i < run->n_v1; i++) {
		bare_must(unlinkat(run->v1_tenant_fd[i], run->name, AT_REMOVEDIR) == 0, "rmdir");
		close(run->v1_tenant_fd[i]);
		close(run->v1_group_fd[i]);
		close(run->join_fd[i]);
	}
	bare_must(unlinkat(run->tenant_fd, run->name, AT_REMOVEDIR) == 0, "rmdir");
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

struct bare_run *bare_start(struct bare *bare, char **argv)
{
	struct bare_run *run = calloc(1, sizeof(*run));

	bare_must(run, "calloc");
	*run = (struct bare_run) { .argv = argv, .memory_fd = -1, .timer_fd = -1, .oom_fd = -1 };
	(void)snprintf(run->name, sizeof(run->name), "b%d-%u", (int)getpid(), bare->runs++);
	tell(bare, '+', run->name);
	make_group(bare, run);
	if (bare->controllers)
		limit(run);
	else if (bare->limited)
		limit_v1(bare, run);
	watch_all(bare, run);
	bare_read(bare->proc_fd, "vmstat");
	start(run);
	return run;
}

int bare_finish(struct bare *bare, struct bare_run *run, bool kill)
{
	int status = finish(run, kill);

	count(bare, run);
	remove_group(run);
	tell(bare, '-', run->name);
	free(run);
	return status;
}

int bare_run(struct bare *bare, char **argv)
{
	return bare_finish(bare, bare_start(bare, argv), false);
}
