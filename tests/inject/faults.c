/* SPDX-License-Identifier: MIT */
/*
 * faults.c - let the n-th call of the library that can fail, fail
 *
 * The count is shared with everybody who is forked: the keeper, the subreaper, the
 * command before its exec. So a fault meets one of them, once.
 */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct shared {
	volatile bool counting;
	volatile unsigned count, failing;
	const char *volatile failed; /* a literal: at the same address for all */
} *shared;

void faults_begin(unsigned n)
{
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	*shared = (struct shared) { .failing = n, .counting = true };
}

unsigned faults_end(const char **ret_failed)
{
	shared->counting = false;
	*ret_failed = shared->failed;
	return shared->count;
}

static bool fails(const char *name)
{
	if (!shared || !shared->counting || __atomic_add_fetch(&shared->count, 1, __ATOMIC_SEQ_CST) != shared->failing)
		return false;
	shared->failed = name;
	return true;
}

/* Parameters are what the caller put in registers, whatever the prototype says. */
#define FAULT(type, name, value, code, parameters, arguments)          \
	type __real_##name parameters;                                 \
	type __wrap_##name parameters;                                 \
	type __wrap_##name parameters                                  \
	{                                                              \
		if (fails(#name)) {                                    \
			errno = code;                                  \
			return value;                                  \
		}                                                      \
		return __real_##name arguments;                        \
	}
#include "faults.def"

bool faults_refuse_new_calls(int with_errno)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)with_errno),
	};
	const struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
