/* SPDX-License-Identifier: MIT */
/*
 * exhaust.c - use up something of the kernel: exhaust WHAT [FILE]
 *
 * Memory of many kinds, tasks of many kinds, or what a user or a process has so many of.
 * What stops by itself writes how many it had to FILE. The bombs of tasks have no end but
 * a limit: they are for kernels that may break.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
/* Should no limit hold: so much, and no more. */
#define MOST_MIB 192

static FILE *out; /* opened before there are no more files */
static char block[MIB];

static void say(const char *what, long n)
{
	fprintf(out, "ready %s %ld\n", what, n);
	fflush(out);
}

static void stay(const char *what, long n)
{
	say(what, n);
	for (;;)
		pause();
}

/* As many fds as there may be. */
static void many_fds(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max > 4096 ? 4096 : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* ------------------------------------------------------------------- memory */

static void fill(int fd)
{
	for (size_t i = 0; i < MOST_MIB; i++)
		if (write(fd, block, MIB) != (ssize_t)MIB)
			stay("full", errno);
	stay("held", MOST_MIB);
}

static void use_tmpfs(void)
{
	char path[] = "/dev/shm/exhaust.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	fill(fd);
}

static void use_memfd(void)
{
	fill((int)syscall(SYS_memfd_create, "exhaust", 0));
}

static void touch(char *p)
{
	for (size_t i = 0; i < MOST_MIB * MIB; i += 4096)
		p[i] = 1;
	stay("held", MOST_MIB);
}

static void use_shared(void)
{
	touch(mmap(NULL, MOST_MIB * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static void use_thp(void)
{
	char *p = mmap(NULL, MOST_MIB * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, MOST_MIB * MIB, MADV_HUGEPAGE);
	touch(p);
}

static void use_locked(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &all);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	touch(mmap(NULL, MOST_MIB * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void fill_fd(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, block, 65536) > 0)
		;
}

static void use_pipes(void)
{
	int p[2];

	many_fds();
	for (long n = 0;; n++) {
		if (pipe(p) < 0)
			stay("pipes", n);
		fcntl(p[1], F_SETPIPE_SZ, MIB);
		fill_fd(p[1]);
	}
}

static void use_sockets(void)
{
	int p[2], size = 8 << 20;

	many_fds();
	for (long n = 0;; n++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0)
			stay("sockets", n);
		setsockopt(p[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
		fill_fd(p[1]);
	}
}

/* fds in flight: sent, received by nobody, and closed here. */
static void use_flight(void)
{
	char control[CMSG_SPACE(sizeof(int) * 200)] = { 0 };
	struct iovec one = { block, 1 };
	struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int p[2], *fds = (int *)CMSG_DATA(head);

	many_fds();
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int) * 200);
	for (long n = 0; n < 40; n++) {
		if (socketpair(AF_UNIX, SOCK_DGRAM, 0, p) < 0)
			stay("fds in flight", n);
		for (int i = 0; i < 200; i++)
			fds[i] = p[i & 1];
		if (sendmsg(p[0], &message, MSG_DONTWAIT) < 0)
			stay("fds in flight", n);
	}
	stay("fds in flight", 40);
}

static void use_messages(void)
{
	struct {
		long type;
		char text[8192];
	} message = { .type = 1 };

	for (long n = 0; n < 16384; n++) {
		int id = msgget(IPC_PRIVATE, 0600);

		if (id < 0)
			stay("queues", n);
		while (msgsnd(id, &message, sizeof(message.text), IPC_NOWAIT) == 0)
			;
	}
	stay("queues", 16384);
}

static void use_semaphores(void)
{
	long n = 0;

	while (n < 1000 && semget(IPC_PRIVATE, 250, 0600) >= 0)
		n++;
	say("semaphores", n);
	exit(0);
}

/* -------------------------------------------------------------- kernel objects */

static void use_files(void)
{
	long n = 0;

	many_fds();
	while (open("/dev/null", O_RDONLY) >= 0)
		n++;
	while (fork() == 0)
		;
	stay("files", n);
}

/* Names that aren't there: the kernel remembers each. */
static void use_dentries(void)
{
	char name[256];
	struct stat st;
	long n = 0;

	for (; n < 20000; n++) {
		snprintf(name, sizeof(name), "/dev/shm/exhaust-%0200ld", n);
		(void)stat(name, &st);
	}
	say("dentries", n);
	exit(0);
}

static void use_keys(void)
{
	char name[32];
	long n = 0;

	for (; n < 100000; n++) {
		snprintf(name, sizeof(name), "exhaust-%ld", n);
		if (syscall(SYS_add_key, "user", name, block, 1000, KEY_SPEC_PROCESS_KEYRING) < 0)
			break;
	}
	say("keys", n);
	exit(0);
}

static void use_timers(void)
{
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	struct itimerspec soon = { { 0, 1000000 }, { 0, 1000000 } };
	timer_t id;
	long n = 0;

	for (; n < 20000 && timer_create(CLOCK_MONOTONIC, &none, &id) == 0; n++)
		timer_settime(id, 0, &soon, NULL);
	stay("timers", n);
}

/* Of the user: signals that wait. */
static void use_signals(void)
{
	union sigval value = { .sival_int = 0 };
	sigset_t all;
	long n = 0;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	while (n < 300000 && sigqueue(getpid(), SIGRTMIN + 5, value) == 0)
		n++;
	stay("signals", n);
}

static void use_inotify(void)
{
	long n = 0;

	many_fds();
	while (inotify_init1(IN_NONBLOCK) >= 0)
		n++;
	stay("inotify", n);
}

static void use_fanotify(void)
{
	long n = 0;

	many_fds();
	while (fanotify_init(FAN_CLASS_NOTIF, O_RDONLY) >= 0)
		n++;
	stay("fanotify", n);
}

/* Of the user: what all its epolls wait for. */
static void use_epoll(void)
{
	struct epoll_event want = { .events = EPOLLIN };
	int fds[64];
	long n = 0;

	many_fds();
	for (int i = 0; i < 64; i++)
		fds[i] = eventfd(0, 0);
	for (;;) {
		int ep = epoll_create1(0);

		if (ep < 0)
			stay("epoll", n);
		for (int i = 0; i < 64; i++, n++)
			if (epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &want) < 0)
				stay("epoll", n);
	}
}

/* -------------------------------------------------------------------- tasks */

static void bomb_vfork(void)
{
	for (;;)
		if (vfork() < 0)
			sched_yield();
}

static void *more_threads(void *arg)
{
	pthread_attr_t small;
	pthread_t id;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	for (;;)
		if (pthread_create(&id, &small, more_threads, NULL) != 0)
			sched_yield();
	return arg;
}

static void bomb_threads(void)
{
	more_threads(NULL);
}

/* Children of our own parent, the supervisor: it didn't start them. */
static void bomb_siblings(void)
{
	for (;;) {
		long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

		if (pid < 0)
			sched_yield();
		else if (pid == 0)
			_exit(77);
	}
}

/* Everybody dies at once and has two more first. */
static void bomb_short(void)
{
	for (;;) {
		if (fork() > 0 && fork() != 0)
			_exit(0);
		setsid();
	}
}

static const struct {
	const char *name;
	void (*use)(void);
} kinds[] = {
	{ "tmpfs", use_tmpfs }, { "memfd", use_memfd }, { "shared", use_shared }, { "thp", use_thp },
	{ "locked", use_locked }, { "pipes", use_pipes }, { "sockets", use_sockets }, { "flight", use_flight },
	{ "messages", use_messages }, { "semaphores", use_semaphores }, { "files", use_files },
	{ "dentries", use_dentries }, { "keys", use_keys }, { "timers", use_timers }, { "signals", use_signals },
	{ "inotify", use_inotify }, { "fanotify", use_fanotify }, { "epoll", use_epoll },
	{ "vfork", bomb_vfork }, { "threads", bomb_threads }, { "siblings", bomb_siblings }, { "short", bomb_short },
};

int main(int argc, char **argv)
{
	out = argc > 2 ? fopen(argv[2], "w") : stdout;
	memset(block, 'x', sizeof(block));
	alarm(300);
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			kinds[i].use();
	return 2;
}
