/* SPDX-License-Identifier: MIT */
/*
 * os-linux.c - the table of sys/os.h by Linux's own /proc and epoll
 *
 * So what runs on macOS is run here, but for the calls of os-darwin.c. It calls
 * itself macOS, for the plan to be the one that is made there. Forks aren't told:
 * the supervisor finds children when it looks.
 */
#include "sys/os.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"

#define TICK_USEC (1000000 / (uint64_t)sysconf(_SC_CLK_TCK))

/* An epoll with its timer and the pidfds that it has: they close each other by number. */
static int timer_of[4096];

static int read_stat(pid_t pid, struct os_process *ret)
{
	char path[64], text[1024], state;
	const char *at;
	unsigned long long utime, stime, cutime, cstime, threads, born, rss;
	int ppid, group;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	(void)close_fd(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	at = strrchr(text, ')');
	if (!at || sscanf(at + 1, " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu %*d %*d %llu %*d %llu %*u %llu",
			&state, &ppid, &group, &utime, &stime, &cutime, &cstime, &threads, &born, &rss) != 10)
		return -ESRCH;
	*ret = (struct os_process) {
		.pid = pid, .ppid = ppid, .group = group, .born = born, 
		/* A leader that is dead has threads that live. */
		.dead = (state == 'Z' && threads <= 1) || state == 'X',
		.threads = threads, .memory_bytes = rss * (uint64_t)sysconf(_SC_PAGESIZE),
		.rss_bytes = rss * (uint64_t)sysconf(_SC_PAGESIZE),
		.cpu_usec = (utime + stime) * TICK_USEC, .waited_usec = (cutime + cstime) * TICK_USEC,
	};
	return 0;
}

static int list(enum os_kin kin, pid_t of, pid_t *ret, size_t n)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t found = 0;

	while (dir && (entry = readdir(dir))) {
		struct os_process process;
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid <= 0 || read_stat(pid, &process) < 0 || (kin == OS_CHILDREN ? process.ppid : process.group) != of)
			continue;
		if (found < n)
			ret[found] = pid;
		found++;
	}
	if (dir)
		(void)closedir(dir);
	return (int)found;
}

static void machine(struct os_machine *ret)
{
	struct utsname uts;

	(void)uname(&uts);
	*ret = (struct os_machine) { .os = RATION_OS_MACOS, .name = "macOS in a test", .user_processes = 1000,
		.memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) };
	(void)snprintf(ret->kernel, sizeof(ret->kernel), "%.60s", uts.release);
}

static int send_signal(pid_t pid, int sig)
{
	return kill(pid, sig) < 0 ? -errno : 0;
}

static int add(int events_fd, int fd, uint32_t events, unsigned id)
{
	struct epoll_event wanted = { .events = events, .data.u64 = id | (uint64_t)(unsigned)fd << 32 };

	if (epoll_ctl(events_fd, EPOLL_CTL_ADD, fd, &wanted) < 0 && errno == EEXIST)
		(void)epoll_ctl(events_fd, EPOLL_CTL_MOD, fd, &wanted);
	return 0;
}

static int events_open(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timer < 0 || fd >= (int)ARRAY_SIZE(timer_of))
		return -EMFILE;
	timer_of[fd] = timer;
	return fd;
}

static int events_process(int events_fd, pid_t pid, unsigned id)
{
	int fd = pidfd_open(pid, 0);

	/* Never closed: a test's few. */
	return fd < 0 ? -errno : add(events_fd, fd, EPOLLIN | EPOLLONESHOT, id);
}

static int events_fd(int events_fd, int fd, bool writing, unsigned id)
{
	return add(events_fd, fd, (writing ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT, id);
}

static int events_timer(int events_fd, uint64_t at_usec, unsigned id)
{
	struct itimerspec when = { .it_value = { 0 } };

	if (at_usec != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(at_usec / 1000000);
		when.it_value.tv_nsec = (long)(at_usec % 1000000) * 1000 + 1;
	}
	(void)timerfd_settime(timer_of[events_fd], TFD_TIMER_ABSTIME, &when, NULL);
	return add(events_fd, timer_of[events_fd], EPOLLIN | EPOLLONESHOT, id);
}

static int events_next(int events_fd, unsigned *ret_ids, size_t n)
{
	struct epoll_event events[16];
	int got = epoll_wait(events_fd, events, (int)(n < ARRAY_SIZE(events) ? n : ARRAY_SIZE(events)), 0);

	for (int i = 0; i < got; i++)
		ret_ids[i] = (unsigned)events[i].data.u64;
	return got < 0 ? (errno == EINTR ? 0 : -errno) : got;
}

const struct os_ops os_ops = {
	.machine = machine,
	.list = list,
	.look = read_stat,
	.signal = send_signal,
	.events_open = events_open,
	.events_process = events_process,
	.events_fd = events_fd,
	.events_timer = events_timer,
	.events_next = events_next,
};
