/* SPDX-License-Identifier: MIT */
/*
 * failing.c - run a program and let one system call of it fail
 *
 * Usage: failing REPORT DEADLINE PROCESS CALL ERRNO PROGRAM [ARGUMENT...]
 *
 * Counts the system calls of PROGRAM, of what it forks, and of other executables in the
 * same directory (the keeper): processes from 1 in the order in which they are seen, calls
 * from 1 within each. Call CALL of process PROCESS returns ERRNO (a number) and isn't made;
 * PROCESS 0: none fails. What the program executes elsewhere runs undisturbed.
 *
 * Writes to the file REPORT a line for each counted process, its number and its calls by
 * name or number in order, then `failed PROCESS CALL NUMBER` if one failed, then `end STATUS` (as
 * waitpid gives it), or `end hangs` when DEADLINE seconds have passed: then it is killed.
 *
 * A seccomp filter hands each call to this program (user notification), so the static
 * command, raw calls and every child are held alike, without a debugger's stops.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define PROCESSES_MAX 64
#define CALLS_MAX 20000

struct process {
	unsigned pid;
	bool counted; /* it executes what we watch */
	int number;   /* from 1 */
	int calls;
	int *numbers;
};

static struct process processes[PROCESSES_MAX];
static int n_processes, n_counted;
static char directory[4096]; /* of PROGRAM, with a slash */

/* Those that can't fail, or whose failure no program can meet: these aren't even seen. */
static const int passed[] = { SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall, SYS_close, SYS_munmap,
	SYS_getpid, SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_rt_sigprocmask,
	SYS_rt_sigaction, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq, SYS_clock_gettime, SYS_umask, SYS_futex };

static int install_filter(void)
{
	enum { N = sizeof(passed) / sizeof(passed[0]) };
	struct sock_filter filter[N + 3];
	struct sock_fprog program = { .len = N + 3, .filter = filter };
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	long fd;

	filter[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < N; i++)
		filter[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)passed[i],
				(unsigned char)(N - i), 0);
	filter[N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	filter[N + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (fd < 0 && errno == EINVAL) /* before 5.19 */
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return (int)fd;
}

/* What the thread executes lies beside PROGRAM, or is a fork of it. */
static bool is_watched(unsigned pid)
{
	char link[64], exe[4096];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/%u/exe", pid);
	n = readlink(link, exe, sizeof(exe) - 1);
	if (n < 0)
		return false;
	exe[n] = '\0';
	return strncmp(exe, directory, strlen(directory)) == 0 && !strchr(exe + strlen(directory), '/');
}

static struct process *process_of(unsigned pid)
{
	for (int i = n_processes; i-- > 0;) {
		if (processes[i].pid == pid)
			return &processes[i];
	}
	if (n_processes == PROCESSES_MAX)
		return NULL;
	processes[n_processes] = (struct process) { .pid = pid };
	return &processes[n_processes++];
}

/* Returns the errno that the call must return, or 0. */
static int decide(const struct seccomp_notif *call, int process, int nth, int code)
{
	struct process *p = process_of(call->pid);

	if (!p || !is_watched(call->pid))
		return 0;
	if (!p->counted) {
		p->counted = true;
		p->number = ++n_counted;
		p->numbers = malloc(CALLS_MAX * sizeof(*p->numbers));
		if (!p->numbers)
			abort();
	}
	if (p->calls < CALLS_MAX)
		p->numbers[p->calls] = call->data.nr;
	p->calls++;
	return p->number == process && p->calls == nth ? code : 0;
}

static void write_report(const char *path, int failed[3], const char *end)
{
	FILE *f = fopen(path, "we");

	if (!f)
		abort();
	for (int i = 0; i < n_processes; i++) {
		if (!processes[i].counted)
			continue;
		(void)fprintf(f, "process %d", processes[i].number);
		for (int c = 0; c < processes[i].calls && c < CALLS_MAX; c++)
			(void)fprintf(f, " %d", processes[i].numbers[c]);
		(void)fputc('\n', f);
	}
	if (failed[0])
		(void)fprintf(f, "failed %d %d %d\n", failed[0], failed[1], failed[2]);
	(void)fprintf(f, "end %s\n", end);
	if (fclose(f) != 0)
		abort();
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One call; false where its caller is gone. */
static void answer(int listener, int process, int nth, int code, int failed[3])
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp response = { 0 };
	int result;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return;
	result = decide(&call, process, nth, code);
	response.id = call.id;
	response.error = -result;
	response.flags = result ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 && result) {
		failed[0] = process;
		failed[1] = nth;
		failed[2] = call.data.nr;
	}
}

int main(int argc, char **argv)
{
	int pair[2], listener = -1, status = 0, failed[3] = { 0 };
	double deadline, over = 0;
	bool ended = false;
	char end[32], *slash;
	pid_t pid;

	if (argc < 7 || !realpath(argv[6], directory) || !(slash = strrchr(directory, '/'))) {
		(void)fprintf(stderr, "usage: failing REPORT DEADLINE PROCESS CALL ERRNO PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	slash[1] = '\0';
	deadline = now() + atof(argv[2]);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		int fd;

		if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(2);
		/* The listener is the next fd; nothing can be told once the filter is there. */
		fd = fcntl(pair[1], F_DUPFD_CLOEXEC, 0);
		(void)close(fd);
		if (write(pair[1], &fd, sizeof(fd)) != sizeof(fd) || install_filter() != fd)
			_exit(2);
		execv(argv[6], argv + 6);
		_exit(127);
	}
	if (pid < 0 || read(pair[0], &listener, sizeof(listener)) != sizeof(listener))
		return 2;
	for (int fd = listener, pidfd = (int)syscall(SYS_pidfd_open, pid, 0);;) {
		listener = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
		if (listener >= 0) {
			(void)close(pidfd);
			break;
		}
		if (waitpid(pid, &status, WNOHANG) == pid || now() > deadline) {
			(void)fprintf(stderr, "failing: no seccomp listener\n");
			return 2;
		}
	}
	/* Until all of them are gone, its keeper too; a second after the program they may go unseen. */
	for (;;) {
		struct pollfd event = { .fd = listener, .events = POLLIN };

		(void)poll(&event, 1, 20);
		if (event.revents & POLLIN)
			answer(listener, atoi(argv[3]), atoi(argv[4]), atoi(argv[5]), failed);
		if (!ended && waitpid(pid, &status, WNOHANG) == pid) {
			ended = true;
			over = now();
		}
		if (event.revents & POLLHUP)
			break;
		if (ended && now() > over + atof(argv[2]))
			break;
		if (!ended && now() > deadline) {
			(void)kill(pid, SIGKILL);
			write_report(argv[1], failed, "hangs");
			return 1;
		}
	}
	while (!ended && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	(void)snprintf(end, sizeof(end), "%d", status);
	write_report(argv[1], failed, end);
	return 0;
}
