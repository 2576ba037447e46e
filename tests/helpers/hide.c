/* SPDX-License-Identifier: MIT */
/*
 * hide.c - run a command on a kernel without some file: hide NAME[,NAME...] COMMAND...
 *
 * Whatever opens or looks for a path that ends in a NAME ("cgroup.kill",
 * "memory.peak") gets ENOENT, as on a kernel that is too old for it. A filter
 * hands those system calls to the first process, which reads the path.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASK(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

/* Installs the filter in this process; returns the fd that its questions come from. */
static int filter(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ASK(__NR_openat), ASK(__NR_openat2), ASK(__NR_faccessat), ASK(__NR_faccessat2),
		ASK(__NR_newfstatat), ASK(__NR_statx), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(rules) / sizeof(rules[0]), .filter = rules };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Does the path end in one of the names? */
static int hidden(const char *path, const char *names)
{
	size_t n = strlen(path), k;

	for (; *names; names += k + (names[k] == ',')) {
		k = strcspn(names, ",");
		if (n >= k && !strncmp(path + n - k, names, k))
			return 1;
	}
	return 0;
}

/* Answers one question: is the path that the call is about one of the hidden? */
static void answer(int listener, const char *names)
{
	struct seccomp_notif ask = { 0 };
	char path[4097] = "", mem[32];

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		return;
	snprintf(mem, sizeof(mem), "/proc/%u/mem", ask.pid);
	int fd = open(mem, O_RDONLY | O_CLOEXEC);
	(void)!pread(fd, path, sizeof(path) - 1, (off_t)ask.data.args[1]);
	close(fd);

	struct seccomp_notif_resp say = { .id = ask.id };
	if (hidden(path, names))
		say.error = -ENOENT;
	else
		say.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &say);
}

int main(int argc, char **argv)
{
	int p[2], number = -1, status = 0;

	if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0)
		return 125;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		number = filter();
		(void)!write(p[1], &number, sizeof(number));
		(void)!read(p[1], &status, sizeof(status));
		execvp(argv[2], argv + 2);
		_exit(125);
	}
	(void)!read(p[0], &number, sizeof(number));
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int listener = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	if (listener < 0) {
		perror("hide");
		return 125;
	}
	(void)!write(p[0], &status, sizeof(status));
	struct pollfd fds[] = { { listener, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
	while (poll(fds, 2, -1) < 0 || !fds[1].revents)
		if (fds[0].revents & POLLIN)
			answer(listener, argv[1]);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
