/* SPDX-License-Identifier: MIT */
/*
 * failing.c - run a program and let one system call of it fail, or kill it there
 *
 * Usage: failing REPORT DEADLINE PROCESS CALL ERRNO|DEEDS PROGRAM [ARGUMENT...]
 *
 * Counts the system calls of PROGRAM, of what it forks, and of other executables in the
 * same directory (the keeper): processes from 1 in the order in which they are seen, calls
 * from 1 within each. Call CALL of process PROCESS returns ERRNO (a number) and isn't made;
 * PROCESS 0: none fails. What the program executes elsewhere runs undisturbed.
 *
 * With DEEDS, that call is where something happens to the processes, before it is made:
 * kN kills process N, sN stops it, cN continues it, wN waits N milliseconds, in which the
 * calls of all others are made; e.g. `s2w50k1`. A process that hasn't been seen by then is
 * left out. The program's stdin is its own alone: nobody else keeps a pipe open. Prints
 * `done` once PROGRAM has ended and all deeds are done.
 *
 * FAILING_WATCH, executables with a colon between them, are the ones to count instead of
 * those in the directory of PROGRAM.
 *
 * Writes to the file REPORT a line for each counted process, its number and its calls by
 * number in order, and `name NUMBER COMM`, then `failed PROCESS CALL NUMBER` if one failed (or with DEEDS, was
 * reached), then `end STATUS` (as waitpid gives it), or `end hangs` when DEADLINE seconds have
 * passed: then it is killed. It is there once nobody makes calls any more, or on SIGTERM.
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
	char name[64]; /* as it was last */
};

static struct process processes[PROCESSES_MAX];
static int n_processes, n_counted;
static char directory[4096]; /* of PROGRAM, with a slash */
static const char *watched;  /* or these */

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

static bool is_listed(const char *exe)
{
	size_t length = strlen(exe);

	for (const char *at = watched; (at = strstr(at, exe)); at++) {
		if ((at == watched || at[-1] == ':') && (at[length] == ':' || !at[length]))
			return true;
	}
	return false;
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
	if (watched)
		return is_listed(exe);
	return strncmp(exe, directory, strlen(directory)) == 0 && !strchr(exe + strlen(directory), '/');
}

/* Of those that are watched, or have been before they executed something else. */
static struct process *process_of(unsigned pid)
{
	for (int i = n_processes; i-- > 0;) {
		if (processes[i].pid == pid)
			return &processes[i];
	}
	if (n_processes == PROCESSES_MAX || !is_watched(pid))
		return NULL;
	processes[n_processes] = (struct process) { .pid = pid };
	return &processes[n_processes++];
}

static void read_name(struct process *p)
{
	char path[64];
	int fd;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%u/comm", p->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, p->name, sizeof(p->name) - 1);
	if (n > 0)
		p->name[n - 1] = '\0';
	(void)close(fd);
}

/* Whether this is the call. */
static bool count(const struct seccomp_notif *call, int process, int nth)
{
	struct process *p = process_of(call->pid);

	if (!p || !is_watched(call->pid))
		return false;
	if (!p->counted) {
		p->counted = true;
		p->number = ++n_counted;
		p->numbers = malloc(CALLS_MAX * sizeof(*p->numbers));
		if (!p->numbers)
			abort();
	}
	read_name(p);
	if (p->calls < CALLS_MAX)
		p->numbers[p->calls] = call->data.nr;
	p->calls++;
	return p->number == process && p->calls == nth;
}

/* -------------------------------------------------------------------- deeds */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *deeds;  /* that are still to be done */
static double deeds_at;    /* and when */

static void signal_process(int number, int sig)
{
	for (int i = 0; i < n_processes; i++) {
		/* A thread of it has a number of its own, and is the same to kill(2). */
		if (processes[i].counted && processes[i].number == number)
			(void)kill((pid_t)processes[i].pid, sig);
	}
}

/* Does those that are due. */
static void do_deeds(void)
{
	while (deeds && *deeds && now() >= deeds_at) {
		char kind = *deeds, *rest;
		long number = strtol(deeds + 1, &rest, 10);

		deeds = rest;
		if (kind == 'w')
			deeds_at = now() + (double)number / 1e3;
		else
			signal_process((int)number, kind == 'k' ? SIGKILL : kind == 's' ? SIGSTOP : SIGCONT);
	}
}

static bool are_deeds(const char *text)
{
	return strchr("kscw", text[0]) != NULL;
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
	for (int i = 0; i < n_processes; i++) {
		if (processes[i].counted)
			(void)fprintf(f, "name %d %s\n", processes[i].number, processes[i].name);
	}
	if (failed[0])
		(void)fprintf(f, "failed %d %d %d\n", failed[0], failed[1], failed[2]);
	(void)fprintf(f, "end %s\n", end);
	if (fclose(f) != 0)
		abort();
}

static void answer(int listener, int process, int nth, const char *what, int failed[3])
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp response = { 0 };
	bool reached;

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return;
	/* What comes after the last deed isn't counted: slow as it is, it would change what happens. */
	reached = !(deeds && !*deeds) && count(&call, process, nth);
	if (reached && are_deeds(what)) {
		deeds = what;
		do_deeds();
	}
	response.id = call.id;
	response.error = reached && !are_deeds(what) ? -atoi(what) : 0;
	response.flags = response.error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	/* Whose caller is gone can't be answered. */
	if ((ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 || are_deeds(what)) && reached) {
		failed[0] = process;
		failed[1] = nth;
		failed[2] = call.data.nr;
	}
}

static volatile sig_atomic_t told_to_end;

static void on_term(int sig)
{
	told_to_end = sig;
}

/* Once. */
static void say_done(const char *what)
{
	static bool said;

	if (!said && are_deeds(what) && !(deeds && *deeds))
		said = write(STDOUT_FILENO, "done\n", 5) == 5;
}

static void leave_stdin(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)dup2(fd, STDIN_FILENO);
}

int main(int argc, char **argv)
{
	int pair[2], listener = -1, status = 0, failed[3] = { 0 };
	double deadline, over = 0;
	bool ended = false;
	char end[32], *slash;
	pid_t pid;

	if (argc < 7 || !realpath(argv[6], directory) || !(slash = strrchr(directory, '/'))) {
		(void)fprintf(stderr, "usage: failing REPORT DEADLINE PROCESS CALL ERRNO|DEEDS PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	slash[1] = '\0';
	watched = getenv("FAILING_WATCH");
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
	leave_stdin();
	(void)signal(SIGTERM, on_term);
	(void)signal(SIGPIPE, SIG_IGN);
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

		(void)poll(&event, 1, deeds && *deeds ? 1 : 20);
		do_deeds();
		if (event.revents & POLLIN)
			answer(listener, atoi(argv[3]), atoi(argv[4]), argv[5], failed);
		if (!ended && waitpid(pid, &status, WNOHANG) == pid) {
			ended = true;
			over = now();
		}
		if (ended)
			say_done(argv[5]);
		if (event.revents & POLLHUP || told_to_end)
			break;
		if (ended && now() > over + atof(argv[2]))
			break;
		if (!ended && now() > deadline) {
			(void)kill(pid, SIGKILL);
			write_report(argv[1], failed, "hangs");
			return 1;
		}
	}
	if (told_to_end)
		(void)kill(pid, SIGKILL);
	while (!ended && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	deeds = NULL;
	say_done(argv[5]);
	(void)snprintf(end, sizeof(end), "%d", status);
	write_report(argv[1], failed, end);
	return 0;
}
