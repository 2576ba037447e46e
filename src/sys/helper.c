/* SPDX-License-Identifier: MIT */
/*
 * helper.c - a process of ours beside the program, at the other end of a socket
 */
#include "sys/helper.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/clone.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* For the few system calls of exec_main(). */
#define STACK_SIZE 65536

/*
 * How long to wait for the end of a helper that has nothing to do any more. It takes a millisecond; on a
 * machine with hundreds of processes for each CPU, seconds.
 */
#define END_MSEC 10000

/* ------------------------------------------------------------------- start */

struct exec {
	const char *path;
	char *const *argv;
	int fd[HELPER_FD + 1]; /* become 0, 1, …; all of them are above those */
	volatile int failed;
};

/* A direct system call: a thread checker would take the child's fds for ours. */
static int place_fds(const int fd[HELPER_FD + 1])
{
	for (int i = 0; i <= HELPER_FD; i++) {
		if (syscall(SYS_dup3, fd[i], i, 0) < 0)
			return -errno;
	}
	sys_close_at_exec(HELPER_FD + 1);
	return 0;
}

/* In the memory of the program, which sleeps: nothing but system calls. */
static int exec_main(void *argument)
{
	static char *const none[] = { NULL };
	struct exec *exec = argument;

	/* Before all else: nobody would wake one that is stopped before this. */
	sys_wake_with_parent();
	exec->failed = place_fds(exec->fd);
	if (exec->failed == 0) {
		(void)execve(exec->path, exec->argv, none);
		exec->failed = -errno;
	}
	return 127;
}

static int open_sockets(int *ret_ours, int *ret_theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || lift_fds(pair) < 0)
		return -errno;
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

static pid_t clone_exec(struct exec *exec, int *ret_pid_fd)
{
	void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		return -errno;
	pid = sys_clone_shared(stack, STACK_SIZE, exec_main, exec, ret_pid_fd);
	(void)munmap(stack, STACK_SIZE);
	return pid;
}

/* Moves it above the numbers that the helper uses. */
static int move_up(int *fd)
{
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, HELPER_FD + 1);

	if (high < 0)
		return -errno;
	(void)close_fd(*fd);
	*fd = high;
	return 0;
}

bool helper_is_executed(void)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(HELPER_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int helper_exec(const char *path, char *const *argv, struct helper *ret_helper)
{
	CLEANUP(closep) int ours = -EBADF;
	CLEANUP(closep) int theirs = -EBADF;
	/* A harmless fd for 0 to 2: it can't be written to, whatever a library prints there. */
	CLEANUP(closep) int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct helper helper = HELPER_NONE;
	struct exec exec = { .path = path, .argv = argv };
	sigset_t all, before;
	int r = root < 0 ? -errno : move_up(&root);

	if (r == 0)
		r = open_sockets(&ours, &theirs);
	if (r == 0)
		r = move_up(&theirs);
	if (r < 0)
		return r;
	for (int i = 0; i <= HELPER_FD; i++)
		exec.fd[i] = i == HELPER_FD ? theirs : root;
	/* No handler of the program may run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	helper.pid = clone_exec(&exec, &helper.pid_fd);
	helper.pid_fd = lift_fd(helper.pid_fd);
	if (helper.pid > 0 && helper.pid_fd < 0)
		helper.pid_fd = sys_pidfd_open(helper.pid);
	if (helper.pid > 0 && exec.failed < 0)
		helper_kill(&helper);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (helper.pid < 0)
		return helper.pid;
	if (exec.failed < 0)
		return exec.failed;
	helper.fd = TAKE_FD(ours);
	*ret_helper = helper;
	return 0;
}

int helper_fork(void (*function)(int fd, void *data), void *data, struct helper *ret_helper)
{
	CLEANUP(closep) int ours = -EBADF;
	CLEANUP(closep) int theirs = -EBADF;
	struct helper helper = HELPER_NONE;
	int r = open_sockets(&ours, &theirs);

	if (r < 0)
		return r;
	helper.pid = sys_fork_masked();
	if (helper.pid < 0)
		return helper.pid;
	if (helper.pid == 0) {
		sys_wake_with_parent();
		function(theirs, data);
		_exit(127);
	}
	helper.pid_fd = sys_pidfd_open(helper.pid);
	helper.fd = TAKE_FD(ours);
	*ret_helper = helper;
	return 0;
}

/* ---------------------------------------------------------------- messages */

/* poll(2) that goes on after a signal, or if the kernel has no memory just now. */
static int wait_for(struct pollfd *fds, nfds_t n, int timeout_msec)
{
	uint64_t end = sys_now_usec() + (uint64_t)timeout_msec * 1000;

	for (;;) {
		int r = poll(fds, n, timeout_msec);

		if (r >= 0)
			return r;
		if (errno != EINTR && errno != ENOMEM && errno != EAGAIN)
			return -errno;
		if (timeout_msec >= 0 && sys_now_usec() >= end)
			return 0;
	}
}

int helper_send(int fd, const void *data, size_t size, const int *fds, size_t n_fds, int timeout_msec)
{
	union passing_room room = { .bytes = { 0 } };
	struct iovec vector = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

	if (n_fds > HELPER_FDS_MAX)
		return -E2BIG;
	passing_put(&message, &room, fds, n_fds);
	while (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		int r = errno == ECONNRESET ? -EPIPE : -errno;

		if (r == -EAGAIN && wait_for(&poll_fd, 1, timeout_msec) > 0)
			continue;
		if (r != -EINTR)
			return r;
	}
	return 0;
}

ssize_t helper_receive(int fd, void *data, size_t size, int *ret_fds, size_t n_fds, int timeout_msec)
{
	union passing_room room;
	struct iovec vector = { .iov_base = data, .iov_len = size };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &room,
		.msg_controllen = sizeof(room) };
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	for (size_t i = 0; i < n_fds; i++)
		ret_fds[i] = -EBADF;
	while ((n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)) < 0) {
		int r = -errno;

		if (r == -EAGAIN && timeout_msec != 0 && wait_for(&poll_fd, 1, timeout_msec) > 0)
			continue;
		/* ECONNRESET comes once, before the messages, if the other end was closed with something unread. */
		if (r != -EINTR && r != -ECONNRESET)
			return r;
	}
	(void)passing_take(&message, ret_fds, n_fds);
	return n;
}

/* No empty, truncated or zeroed message looks like this. */
static const char understood[] = "understood";

int helper_confirm(int fd)
{
	return helper_send(fd, understood, sizeof(understood), NULL, 0, -1);
}

int helper_confirmed(int fd, int timeout_msec)
{
	char said[sizeof(understood) + 1];
	ssize_t n = helper_receive(fd, said, sizeof(said), NULL, 0, timeout_msec);

	if (n <= 0)
		return n == 0 ? -EPIPE : (int)n;
	return n == (ssize_t)sizeof(understood) && memcmp(said, understood, sizeof(understood)) == 0 ? 0 : -EPROTO;
}

/* --------------------------------------------------------------------- end */

bool helper_alive(const struct helper *helper)
{
	struct pollfd fds[2] = {
		{ .fd = helper->pid_fd, .events = POLLIN },
		{ .fd = helper->fd, .events = POLLRDHUP },
	};

	if (helper->pid <= 0)
		return false;
	return wait_for(fds, 2, 0) <= 0 || !(fds[0].revents || fds[1].revents & (POLLHUP | POLLRDHUP | POLLERR));
}

/* It has ended or is about to: the pidfd can't mean another process. */
static void reap(const struct helper *helper)
{
	struct pollfd poll_fd = { .fd = helper->pid_fd, .events = POLLIN };
	struct sys_wait ignored;

	if (helper->pid_fd >= 0) {
		(void)wait_for(&poll_fd, 1, END_MSEC);
		(void)sys_reap(helper->pid, helper->pid_fd, &ignored);
		return;
	}
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* True: it has closed its end of the socket, or has ended. False: it has more to do, or doesn't answer at all. */
static bool wait_for_end(const struct helper *helper)
{
	struct pollfd fds[2] = {
		{ .fd = helper->fd, .events = POLLIN },
		{ .fd = helper->pid_fd, .events = POLLIN },
	};
	ssize_t n;
	char byte;

	if (wait_for(fds, 2, END_MSEC) <= 0)
		return false;
	do
		n = helper_receive(helper->fd, &byte, 1, NULL, 0, 0);
	while (n == -ENOMEM || n == -ENOBUFS);
	return fds[1].revents || n == 0;
}

bool helper_leave(const struct helper *helper)
{
	return helper->pid > 0 && shutdown(helper->fd, SHUT_WR) == 0;
}

void helper_end(struct helper *helper)
{
	if (helper->pid > 0) {
		(void)helper_leave(helper);
		if (wait_for_end(helper))
			reap(helper);
	}
	helper_forget(helper);
}

void helper_kill(struct helper *helper)
{
	if (helper->pid > 0) {
		(void)sys_child_signal(helper->pid, helper->pid_fd, SIGKILL);
		reap(helper);
	}
	helper_forget(helper);
}

void helper_forget(struct helper *helper)
{
	(void)close_fd(helper->fd);
	(void)close_fd(helper->pid_fd);
	*helper = HELPER_NONE;
}
