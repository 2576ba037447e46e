/* SPDX-License-Identifier: MIT */
/*
 * nosys.c - run a command without some system calls: nosys ERRNO NAME[,NAME...] COMMAND...
 *
 * They answer as an old kernel does (ENOSYS, 38), or the filter of a container
 * (EPERM, 1). `pidfd` is all that makes or takes a pidfd, `new` is all.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct call {
	const char *name;
	unsigned number;
	int pidfd;
} calls[] = {
	{ "pidfd_send_signal", SYS_pidfd_send_signal, 1 },
	{ "clone3", SYS_clone3, 0 },
	{ "pidfd_open", SYS_pidfd_open, 1 },
	{ "openat2", SYS_openat2, 0 },
	{ "pidfd_getfd", SYS_pidfd_getfd, 1 },
	{ "faccessat2", SYS_faccessat2, 0 },
	{ "close_range", SYS_close_range, 0 },
	{ "epoll_pwait2", SYS_epoll_pwait2, 0 },
	{ "statx", SYS_statx, 0 },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static int asked(const char *names, const struct call *call)
{
	char copy[512], *at = copy;

	snprintf(copy, sizeof(copy), "%s", names);
	for (const char *name; (name = strsep(&at, ","));)
		if (!strcmp(name, call->name) || !strcmp(name, "new") || (!strcmp(name, "pidfd") && call->pidfd))
			return 1;
	return 0;
}

/* One rule to load the number, two for each call, four about waitid(P_PIDFD), one for the rest. */
static int filter(const char *names, unsigned error)
{
	struct sock_filter rules[2 * CALLS + 6] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .len = 1, .filter = rules };
	int pidfd = 0;

	for (size_t i = 0; i < CALLS; i++) {
		if (!asked(names, &calls[i]))
			continue;
		pidfd |= calls[i].pidfd;
		rules[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
		rules[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
	}
	if (program.len == 1)
		return -1;
	/* Before 5.4, waitid(2) doesn't know of them. */
	if (pidfd) {
		struct sock_filter waitid[] = {
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_waitid, 0, 3),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, P_PIDFD, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		};

		memcpy(rules + program.len, waitid, sizeof(waitid));
		program.len += sizeof(waitid) / sizeof(waitid[0]);
	}
	rules[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 :
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int main(int argc, char **argv)
{
	if (argc < 4 || filter(argv[2], (unsigned)atoi(argv[1])) < 0) {
		perror("nosys");
		return 125;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 125;
}
