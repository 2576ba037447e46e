/* SPDX-License-Identifier: MIT */
/*
 * clone.c - processes as the C library doesn't make them: in a group, in our memory, beside us
 */
#include "sys/clone.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"

#if defined(__x86_64__)
/*
 * The child must not return through the stack frame of its parent, whose memory
 * it shares: it starts on its own stack and calls `function` right here.
 */
static long clone3_call(struct clone_args *args, int (*function)(void *), void *argument)
{
	long result;
	register int (*fn)(void *) __asm__("r12") = function;
	register void *arg __asm__("r13") = argument;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t" /* the outermost frame, for debuggers */
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(fn), "r"(arg),
			 [exit] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory", "cc");
	return result;
}
#define HAVE_CLONE3_CALL 1

long sys_quiet(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = 0;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory", "cc");
	return result;
}
#elif defined(__aarch64__)
static long clone3_call(struct clone_args *args, int (*function)(void *), void *argument)
{
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register long x8 __asm__("x8") = SYS_clone3;
	register int (*fn)(void *) __asm__("x20") = function;
	register void *arg __asm__("x21") = argument;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "mov x0, x21\n\t"
			 "blr x20\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc #0\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x1), "r"(x8), "r"(fn), "r"(arg), [exit] "i"(SYS_exit_group)
			 : "x30", "memory", "cc");
	return x0;
}
#define HAVE_CLONE3_CALL 1

long sys_quiet(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = 0;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory", "cc");
	return x0;
}
#else
#define HAVE_CLONE3_CALL 0

long sys_quiet(long number, long a, long b, long c, long d)
{
	long r = syscall(number, a, b, c, d, 0L);

	return r < 0 ? -errno : r;
}
#endif

/*
 * The handlers of the host program must not run in the child (5.5; refused before, and clone3(2) itself is
 * missing before 5.3). Ignored signals stay ignored.
 */
static struct clone_args clone_args_of(int cgroup_fd, int *pid_fd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uintptr_t)pid_fd,
		.exit_signal = SIGCHLD,
	};

	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(unsigned)cgroup_fd;
	}
	return args;
}

pid_t sys_clone_copied(int cgroup_fd, int (*function)(void *), void *argument, int *ret_pid_fd)
{
	struct clone_args args = clone_args_of(cgroup_fd, ret_pid_fd);
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(function(argument));
	if (pid > 0)
		return (pid_t)pid;
	pid = -errno;
	*ret_pid_fd = -EBADF;
	return (pid_t)pid;
}

pid_t sys_clone_into(int cgroup_fd, void *stack, size_t stack_size, int (*function)(void *),
		void *argument, int *ret_pid_fd)
{
#if HAVE_CLONE3_CALL
	struct clone_args args = clone_args_of(cgroup_fd, ret_pid_fd);
	long pid;

	args.flags |= CLONE_VM | CLONE_VFORK;
	args.stack = (uintptr_t)stack;
	args.stack_size = stack_size;
	pid = clone3_call(&args, function, argument);
	/* A call that fails late has already written it. */
	if (pid < 0)
		*ret_pid_fd = -EBADF;
	return (pid_t)pid;
#else
	(void)stack;
	(void)stack_size;
	return sys_clone_copied(cgroup_fd, function, argument, ret_pid_fd);
#endif
}

/* A thread checker takes accesses of such a process for its parent's, and can't explain that both run at once. */
#if HAVE_CLONE3_CALL && !defined(__SANITIZE_THREAD__)
pid_t sys_clone_beside(void *stack, size_t stack_size, int (*function)(void *), void *argument)
{
	struct clone_args args = {
		.flags = CLONE_VM,
		.stack = (uintptr_t)stack,
		.stack_size = stack_size,
	};

	return (pid_t)clone3_call(&args, function, argument);
}
#else
pid_t sys_clone_beside(void *stack, size_t stack_size, int (*function)(void *), void *argument)
{
	(void)stack;
	(void)stack_size;
	(void)function;
	(void)argument;
	return -ENOSYS;
}
#endif

pid_t sys_clone_shared(void *stack, size_t stack_size, int (*function)(void *), void *argument, int *ret_pid_fd)
{
	pid_t pid;

#if HAVE_CLONE3_CALL
	/* First, since ThreadSanitizer takes each clone(2) for a fork with a memory of its own. */
	pid = sys_clone_into(-EBADF, stack, stack_size, function, argument, ret_pid_fd);
	if (pid >= 0 || !sys_refused(pid))
		return pid;
#endif
	pid = clone(function, (char *)stack + stack_size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, argument,
			ret_pid_fd);
	return pid < 0 ? -errno : pid;
}

pid_t sys_fork(int (*function)(void *), void *argument, int *ret_pid_fd)
{
	pid_t pid = fork();
	int pid_fd;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(function(argument));
	/* Can't be the wrong process: it isn't reaped before we do it. */
	pid_fd = sys_pidfd_open(pid);
	if (pid_fd < 0 && !sys_refused(pid_fd)) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return pid_fd;
	}
	*ret_pid_fd = pid_fd < 0 ? -EBADF : pid_fd;
	return pid;
}
