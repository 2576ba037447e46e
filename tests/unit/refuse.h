/* SPDX-License-Identifier: MIT */
/*
 * refuse.h - a child in which a system call is refused for good
 */
#ifndef RATION_TESTS_REFUSE_H
#define RATION_TESTS_REFUSE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"

/* Runs `test` in a child: 0, or the line that failed. */
static inline int in_child(int (*test)(void *data), void *data)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		_exit(test(data));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Lines beyond 255 don't fit an exit status: their number goes to stderr. */
#define CHECK(condition)                                            \
	do {                                                        \
		if (!(condition)) {                                 \
			print_error("line %d: %s\n", __LINE__, #condition); \
			return 1;                                   \
		}                                                   \
	} while (0)

/* Answers a system call with an error, as container filters do. */
static inline bool refuse(unsigned call, int with_errno)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)with_errno),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };

	return with_errno == 0 || (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0);
}

#endif
