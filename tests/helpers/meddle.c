/* SPDX-License-Identifier: MIT */
/*
 * meddle.c - a command that meddles with its supervisor and its group: meddle WHAT FILE [WORD...]
 *
 * Its parent is its supervisor, and that one's parent the `ration` that was called.
 * Writes `ready` to FILE when it has done what it can.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <dirent.h>
#include <unistd.h>

static const char *file;
static char **words;
static pid_t above[2];

static void ready(const char *what)
{
	FILE *out = fopen(file, "a");

	fprintf(out, "ready %s\n", what);
	fclose(out);
}

static void stay(const char *what)
{
	ready(what);
	for (;;)
		pause();
}

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512] = "";
	int parent = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	in = fopen(path, "r");
	if (in && fgets(text, sizeof(text), in))
		sscanf(strrchr(text, ')') + 1, " %*c %d", &parent);
	if (in)
		fclose(in);
	return parent;
}

static int put(const char *directory, const char *name, const char *text)
{
	char path[8192];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	r = fd < 0 ? -1 : (int)write(fd, text, strlen(text));
	close(fd);
	return r;
}

static void put_pid(const char *directory, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	put(directory, "cgroup.procs", text);
}

/* ---------------------------------------------------------------- supervisor */

static void lower_limits(void)
{
	static const int which[] = { RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_SIGPENDING, RLIMIT_MEMLOCK,
		RLIMIT_MSGQUEUE, RLIMIT_STACK, RLIMIT_DATA, RLIMIT_AS, RLIMIT_RTPRIO };
	struct rlimit none = { 0, 0 };

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		for (int k = 0; k < 2; k++)
			if (!words[3] || atoi(words[3]) == which[i])
				prlimit(above[k], which[i], &none, NULL);
	stay("limits");
}

static void stop(void)
{
	kill(above[atoi(words[3])], SIGSTOP);
	stay("stopped");
}

static void trace(void)
{
	for (int k = 0; k < 2; k++) {
		ptrace(PTRACE_SEIZE, above[k], 0, 0);
		ptrace(PTRACE_INTERRUPT, above[k], 0, 0);
		waitpid(above[k], NULL, __WALL);
	}
	stay("traced");
}

/* Last for a CPU, first for the OOM killer. */
static void demean(void)
{
	struct sched_param none = { 0 };
	cpu_set_t one;
	char path[64];

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	for (int k = 0; k < 2; k++) {
		sched_setscheduler(above[k], SCHED_IDLE, &none);
		sched_setaffinity(above[k], sizeof(one), &one);
		setpriority(PRIO_PROCESS, (id_t)above[k], 19);
		snprintf(path, sizeof(path), "/proc/%d", (int)above[k]);
		put(path, "oom_score_adj", "1000");
	}
	sched_setaffinity(0, sizeof(one), &one);
	ready("demeaned");
	for (char *p = NULL; words[3];) {
		p = malloc(1 << 20);
		memset(p, 1, 1 << 20);
	}
	for (;;)
		;
}

/* What it passes on it gets back at once. */
static void storm(void)
{
	static const int sigs[] = { SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT, SIGURG, SIGCHLD };

	for (int sig = 1; sig < 65; sig++)
		if (sig != SIGTERM)
			signal(sig, SIG_IGN);
	ready("storm");
	for (;;)
		for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
			kill(above[0], sigs[i]);
			kill(above[1], sigs[i]);
		}
}

/* The supervisor into the group that it is to end; and what the group is told then. */
static void move(void)
{
	for (int k = 0; k < 2; k++)
		put_pid(words[3], above[k]);
	ready("moved");
	if (words[4])
		put(words[3], words[4], "1");
	for (;;)
		pause();
}

/* --------------------------------------------------------------------- groups */

/* Born elsewhere. */
static void born(void)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };

	args.cgroup = (unsigned long)open(words[3], O_RDONLY | O_DIRECTORY);
	if (syscall(SYS_clone3, &args, sizeof(args)) == 0)
		stay("born");
	usleep(300000);
	_exit(4);
}

/* From one group into the other, as often as it can, with all that it has. */
static void hop(void)
{
	int fds[2];

	for (int i = 0; i < 2; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/cgroup.procs", words[3 + i]);
		fds[i] = open(path, O_WRONLY);
	}
	for (int i = 0; i < 4 && fork() == 0; i++)
		;
	ready("hops");
	for (unsigned i = 0;; i++)
		if (write(fds[i & 1], "0", 1) < 0 && errno == ENODEV)
			_exit(0);
}

static unsigned long long state;

static unsigned any(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33) % n;
}

static const char *any_text(char *buf, size_t size)
{
	static const char *const texts[] = { "0", "1", "max", "-1", "18446744073709551615", "4096", "threaded", "domain",
		"+memory +cpu +pids", "-memory -pids", "1000 100000", "max 1000000", "0-1", "", "\n", "a=b", "8:0 rbps=1",
		"default 1", "100", "50%", "root", "member", "isolated", "some 100000 1000000", "1000000", "1G" };

	if (any(3) != 0)
		return texts[any(sizeof(texts) / sizeof(texts[0]))];
	for (size_t i = 0; i + 1 < size; i++)
		buf[i] = (char)(1 + any(255));
	buf[any((unsigned)size)] = '\0';
	return buf;
}

/* Any file of a group, any text: but no process of others is moved, nothing leaves. */
static void at_random(void)
{
	char buf[64], below[4200], *names[128];
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir = opendir(words[3]);

	state = strtoull(words[4], NULL, 10);
	snprintf(below, sizeof(below), "%s/below", words[3]);
	mkdir(below, 0755);
	while (dir && n < 128 && (entry = readdir(dir)))
		if (entry->d_type == DT_REG && strcmp(entry->d_name, "cgroup.kill") != 0)
			names[n++] = strdup(entry->d_name);
	/* Who is frozen or can't get memory any more has a child that goes on, until that is, too. */
	if (fork() == 0)
		sleep(1000);
	for (long i = strtol(words[5], NULL, 10); i > 0; i--) {
		unsigned which = any(n);

		put(any(2) ? words[3] : below, names[which],
			strncmp(names[which], "cgroup.procs", 12) == 0 || strncmp(names[which], "cgroup.threads", 14) == 0 ?
			"0" : any_text(buf, sizeof(buf)));
	}
	stay("random");
}

/* Notes of ration's, of any content; and those that were there are gone. */
static void forge(void)
{
	static const char *const names[] = { "owner", "keep", "limits", "from", "v1", "created", "command", "argv", "x" };
	char list[4096], name[64], value[300];
	ssize_t n;

	mkdir(words[3], 0755);
	n = listxattr(words[3], list, sizeof(list));
	state = strtoull(words[4], NULL, 10);
	for (char *p = list; n > 0 && p < list + n; p += strlen(p) + 1)
		removexattr(words[3], p);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			size_t size = any(sizeof(value));

			snprintf(name, sizeof(name), "%s.ration.%s", k ? "trusted" : "user", names[i]);
			for (size_t at = 0; at < size; at++)
				value[at] = (char)any(256);
			setxattr(words[3], name, value, size, 0);
		}
	if (words[5])
		exit(0);
	stay("forged");
}

static const struct {
	const char *name;
	void (*how)(void);
} kinds[] = {
	{ "limits", lower_limits }, { "stop", stop }, { "trace", trace }, { "demean", demean }, { "storm", storm },
	{ "move", move }, { "born", born }, { "hop", hop }, { "random", at_random }, { "forge", forge },
};

int main(int argc, char **argv)
{
	words = argv;
	file = argc > 2 ? argv[2] : "/dev/null";
	above[0] = getppid();
	above[1] = parent_of(above[0]);
	for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			kinds[i].how();
	return 2;
}
