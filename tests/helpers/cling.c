/* SPDX-License-Identifier: MIT */
/*
 * cling.c - processes that are hard to end: cling HOW FILE
 *
 * Writes `ready` to FILE when it is as it wants to be. All signals that can be are ignored.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *file;
static char **words;

static void ready(const char *what)
{
	FILE *out = fopen(file, "a");

	fprintf(out, "ready %s %d\n", what, errno);
	fclose(out);
}

static void stay(const char *what)
{
	ready(what);
	for (;;)
		pause();
}

/* A parent that waits for its child of vfork() in state D. */
static void parent_of_vfork(void)
{
	if (vfork() == 0)
		stay("vfork");
}

/* Twenty of them, one in the other. */
static void parents_of_vfork(void)
{
	static int n;

	while (n++ < 20)
		if (vfork() != 0)
			_exit(1);
	stay("vforks");
}

/* A page that nobody will ever give. */
static void page_fault(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	area.range.start = (unsigned long)page;
	area.range.len = 4096;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &area) < 0)
		stay("no userfaultfd");
	ready("page");
	*page = 1;
}

/* A system call that a filter has a question about, which nobody answers. */
static void unanswered(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(rules) / sizeof(rules[0]), .filter = rules };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	ready("question");
	syscall(SYS_getppid);
}

/* Each of them holds the other's child. */
static void traced_ring(void)
{
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			pid_t child = fork();

			if (child == 0)
				for (;;)
					pause();
			ptrace(PTRACE_ATTACH, child, 0, 0);
			waitpid(child, NULL, __WALL);
			ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXIT);
			for (;;)
				pause();
		}
	}
	usleep(100000);
	stay("ring");
}

/* A tracer that wants to know of the exit of whom it traces, and keeps it there. */
static void traced_exit(void)
{
	pid_t child = fork();

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, __WALL);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXIT);
	ptrace(PTRACE_CONT, child, 0, 0);
	waitpid(child, NULL, __WALL);
	stay("exit");
}

static void *execute(void *arg)
{
	execl("/bin/sh", "sh", "-c", "exit 5", NULL);
	return arg;
}

/* Another thread than the main one becomes another program, and has its pid then. */
static void thread_executes(void)
{
	pthread_t id;

	pthread_create(&id, NULL, execute, NULL);
	for (;;)
		pause();
}

static void *end_later(void *arg)
{
	usleep(200000);
	syscall(SYS_exit_group, 6);
	return arg;
}

static void leader_is_dead(void)
{
	pthread_t id;

	pthread_create(&id, NULL, end_later, NULL);
	syscall(SYS_exit, 9);
}

/* Three children of the supervisor: one that exits, one that stays, one that a signal ends. */
static void siblings(void)
{
	for (int i = 0; i < 3; i++) {
		if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) != 0)
			continue;
		if (i == 1)
			for (;;)
				pause();
		if (i == 2)
			raise(SIGSEGV);
		_exit(77);
	}
	usleep(200000);
	_exit(3);
}

/* It inherits what its own orphans leave, and nobody else hears of them. */
static void own_subreaper(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int i = 0; i < 10; i++)
		if (fork() == 0) {
			setsid();
			if (fork() == 0)
				for (;;)
					pause();
			_exit(0);
		}
	if (words[3])
		_exit(4);
	stay("subreaper");
}

/* Process 1 of a world of its own, where no signal reaches it but from outside. */
static void namespaces(void)
{
	int flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | 0x02000000 /* CLONE_NEWCGROUP */;

	if (geteuid() != 0)
		flags |= CLONE_NEWUSER;
	if (unshare(flags) < 0)
		stay("no namespaces");
	(void)!unshare(0x80 /* CLONE_NEWTIME */);
	if (fork() == 0) {
		for (int i = 0; i < 5; i++)
			if (fork() == 0)
				break;
		if (getpid() != 1)
			for (;;)
				pause();
		stay("namespaces");
	}
	for (;;)
		pause();
}

/* A thread of the kernel works for it, and eight more wait for what never comes. */
static void uring(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 100000 };
	int fd = (int)syscall(SYS_io_uring_setup, 32, &params), p[2];
	char *sq, byte;
	struct io_uring_sqe *sqe;

	if (fd < 0 || pipe(p) < 0)
		stay("no io_uring");
	sq = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, params.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	for (unsigned i = 0; i < 8; i++) {
		sqe[i] = (struct io_uring_sqe) { .opcode = IORING_OP_READ, .flags = IOSQE_ASYNC, .fd = p[0],
			.addr = (unsigned long)&byte, .len = 1 };
		((unsigned *)(sq + params.sq_off.array))[i] = i;
	}
	__atomic_store_n((unsigned *)(sq + params.sq_off.tail), 8, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, fd, 8, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
	usleep(100000);
	stay("io_uring");
}

/* Each waits for something else that never happens. */
static void waiting(void)
{
	char fifo[4096];
	int lock = open(file, O_RDWR | O_CREAT, 0600), p[2];

	snprintf(fifo, sizeof(fifo), "%s.fifo", file);
	mkfifo(fifo, 0600);
	(void)!pipe(p);
	flock(lock, LOCK_EX);
	if (fork() == 0)
		(void)!open(fifo, O_RDONLY);
	if (fork() == 0)
		(void)!flock(open(file, O_RDWR), LOCK_EX);
	if (fork() == 0)
		(void)!read(p[0], fifo, 1);
	if (fork() == 0)
		raise(SIGSTOP);
	if (fork() == 0)
		for (;;)
			sched_yield();
	stay("waiting");
}

static void *another(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Children that exit and exec all the time, each with threads. */
static void churn(void)
{
	pthread_t id;

	ready("churn");
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			setsid();
			pthread_create(&id, NULL, another, NULL);
			if (fork() == 0)
				execv("/proc/self/exe", words);
			syscall(SYS_exit, 0);
		}
		waitpid(-1, NULL, WNOHANG);
		usleep(1000);
	}
}

/* Realtime, on every CPU, above everybody. */
static void realtime(void)
{
	struct sched_param most = { .sched_priority = 99 };

	for (long i = sysconf(_SC_NPROCESSORS_ONLN); i > 1; i--)
		if (fork() == 0)
			break;
	if (sched_setscheduler(0, SCHED_FIFO, &most) < 0)
		stay("not realtime");
	ready("realtime");
	for (;;)
		;
}

static const struct {
	const char *name;
	void (*how)(void);
} kinds[] = {
	{ "vfork", parent_of_vfork }, { "vforks", parents_of_vfork }, { "page", page_fault }, { "question", unanswered },
	{ "ring", traced_ring }, { "exit", traced_exit }, { "thread-exec", thread_executes },
	{ "dead-leader", leader_is_dead }, { "siblings", siblings }, { "subreaper", own_subreaper },
	{ "namespaces", namespaces }, { "uring", uring }, { "waiting", waiting }, { "churn", churn },
	{ "realtime", realtime },
};

int main(int argc, char **argv)
{
	words = argv;
	file = argc > 2 ? argv[2] : "/dev/null";
	for (int sig = 1; sig < 65; sig++)
		if (sig != SIGCHLD && sig != SIGSEGV)
			signal(sig, SIG_IGN);
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			kinds[i].how();
	return 2;
}
