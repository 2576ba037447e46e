/* SPDX-License-Identifier: MIT */
/*
 * spawn-as.c - finds the command's program and files with the rights of its user
 */
#include "sys/spawn/spawn-as.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clone.h"
#include "sys/passing.h"
#include "sys/spawn/spawn.h"
#include "sys/syscalls.h"
#include "sys/within.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* The alarm is repeated, because one signal can come just before the call that it is to interrupt. */
#define ALARM_AGAIN_USEC 50000

/* What the child has found. */
struct answer {
	int code, part, index;
	unsigned files; /* which of them come along, as bits */
	char path[PATH_MAX];
};

/* A path through our own fds is on a kernel file system, which always answers. */
static bool is_by_fd(const char *path)
{
	return path && (strncmp(path, "/proc/", strlen("/proc/")) == 0 || strncmp(path, "/dev/", strlen("/dev/")) == 0);
}

static bool needs_fds(const struct scout *scout)
{
	bool needs = is_by_fd(scout->argv0) || is_by_fd(scout->cwd);

	for (size_t i = 0; i < ARRAY_SIZE(scout->files); i++)
		needs |= is_by_fd(scout->files[i]);
	return needs;
}

/* As long as the command has to start. */
static uint64_t patience_usec(const struct scout *scout)
{
	return scout->within_usec && scout->within_usec < SPAWN_WITHIN_USEC ? scout->within_usec + SPAWN_PATIENCE_USEC :
		SPAWN_WITHIN_USEC;
}

/* ------------------------------------------------------------- in the child */

static void on_alarm(int sig)
{
	(void)sig;
}

/* Until the deadline, whatever open(2) waits for is interrupted again and again. */
static void set_alarm(uint64_t within_usec)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval timer = {
		.it_value = { (time_t)(within_usec / 1000000), (suseconds_t)(within_usec % 1000000) },
		.it_interval = { 0, ALARM_AGAIN_USEC },
	};
	sigset_t set;

	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int open_file(const struct scout *scout, int i, uint64_t deadline_usec)
{
	int flags = i == 0 ? O_RDONLY : O_WRONLY | O_CREAT | (scout->append[i] ? O_APPEND : 0);
	struct stat st;
	int fd;

	do
		fd = open(scout->files[i], flags | O_NOCTTY | O_CLOEXEC, 0666);
	while (fd < 0 && errno == EINTR && sys_now_usec() < deadline_usec);
	if (fd < 0)
		return errno == EINTR ? -ETIMEDOUT : -errno;
	/* For reading, a directory can be opened, and nothing but that. */
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return -EISDIR;
	}
	/* Not in the place of one of those that this process has, or had. */
	fd = lift_fd(fd);
	return fd < 0 ? -errno : fd;
}

/* Last, because a missing file is created. */
static int open_files(const struct scout *scout, struct answer *answer, int fds[3])
{
	uint64_t within_usec = scout->within_usec && scout->within_usec < SCOUT_OPEN_USEC ? scout->within_usec :
		SCOUT_OPEN_USEC;
	uint64_t deadline_usec = sys_now_usec() + within_usec;
	size_t n = 0;

	set_alarm(within_usec);
	answer->part = SCOUT_PART_FILE;
	for (int i = 0; i < 3; i++) {
		if (!scout->files[i])
			continue;
		answer->index = i;
		fds[n] = open_file(scout, i, deadline_usec);
		if (fds[n] < 0)
			return fds[n];
		n++;
		answer->files |= 1u << i;
	}
	return 0;
}

static int find_program(const struct scout *scout, struct answer *answer)
{
	answer->part = SCOUT_PART_PROGRAM;
	return spawn_find(NULL, scout->argv0, false, answer->path);
}

static int scout_steps(const struct scout *scout, struct answer *answer, int fds[3])
{
	int r = scout->identity ? identity_become(scout->identity, &answer->index) : 0;

	if (r == 0 && scout->cwd) {
		answer->part = SCOUT_PART_CWD;
		r = chdir(scout->cwd) < 0 ? -errno : 0;
	}
	if (r == 0)
		r = find_program(scout, answer);
	if (r < 0)
		return r;
	if (scout->set_umask)
		(void)umask(scout->umask);
	return scout->files[0] || scout->files[1] || scout->files[2] ? open_files(scout, answer, fds) : 0;
}

/* A socket has room for all of it. */
static void send_answer(int fd, const struct answer *answer, const int *fds)
{
	union passing_room room = { .bytes = { 0 } };
	struct iovec vector = { .iov_base = (void *)answer, .iov_len = sizeof(*answer) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	passing_put(&message, &room, fds, (size_t)__builtin_popcount(answer->files));
	while (sendmsg(fd, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* ------------------------------------------------------------ in the parent */

/* Puts what came along where it belongs. */
static int take_fds(struct msghdr *message, unsigned files, int ret_fds[3])
{
	int came[3];
	size_t n = passing_take(message, came, ARRAY_SIZE(came)), at = 0;

	for (size_t i = 0; i < 3; i++) {
		ret_fds[i] = -EBADF;
		if (!(files & 1u << i) || at == n)
			continue;
		ret_fds[i] = came[at++];
		if (!MSG_CMSG_CLOEXEC)
			(void)fcntl(ret_fds[i], F_SETFD, FD_CLOEXEC);
		ret_fds[i] = lift_fd(ret_fds[i]);
	}
	/* No room for them in this process: those that it has none for don't come. */
	return at < (size_t)__builtin_popcount(files) || message->msg_flags & MSG_CTRUNC ? -EMFILE : 0;
}

static void close_fds(int fds[3])
{
	for (size_t i = 0; i < 3; i++)
		fds[i] = close_fd(fds[i]);
}

/* What a child has said before it was ended, if it was, is cut: nothing has come. */
static int take_answer(int fd, struct answer *ret, int ret_fds[3])
{
	union passing_room room;
	struct iovec vector = { .iov_base = ret, .iov_len = sizeof(*ret) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof(room) };
	ssize_t n;
	int r;

	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof(*ret))
		return -EINTR;
	r = take_fds(&message, ret->files, ret_fds);
	if (r < 0 || ret->code < 0)
		close_fds(ret_fds);
	return r;
}

static int open_pair(int *ret_ours, int *ret_childs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	for (size_t i = 0; !SOCK_CLOEXEC && i < 2; i++)
		(void)fcntl(pair[i], F_SETFD, FD_CLOEXEC);
	if (lift_fds(pair) < 0)
		return -errno;
	*ret_ours = pair[0];
	*ret_childs = pair[1];
	return 0;
}

static int scout_in_child(const struct scout *scout, struct answer *answer, int ret_fds[3])
{
	CLEANUP(closep) int ours = -EBADF;
	CLEANUP(closep) int childs = -EBADF;
	int fds[3], r = open_pair(&ours, &childs);
	pid_t pid;

	if (r < 0)
		return r;
	pid = sys_fork_masked();
	if (pid < 0)
		return pid;
	if (pid == 0) {
		/* Nobody waits for a child that is left because it hangs. */
		if (!needs_fds(scout))
			sys_close_others(&childs, 1);
		answer->code = scout_steps(scout, answer, fds);
		if (answer->code < 0)
			answer->files = 0;
		send_answer(childs, answer, fds);
		_exit(0);
	}
	childs = close_fd(childs);
	r = spawn_await(pid, ours, patience_usec(scout));
	if (r == 0)
		r = take_answer(ours, answer, ret_fds);
	/*
	 * It has reported everything, and may be stopped. If it hangs in the kernel it is left, and dies some
	 * time.
	 */
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, r == -ETIMEDOUT ? WNOHANG : 0);
	return r;
}

static int scout_apart(const struct scout *scout, struct scouted *ret)
{
	CLEANUP(freep) struct answer *answer = calloc(1, sizeof(*answer));
	int r;

	if (!answer)
		return -ENOMEM;
	r = scout_in_child(scout, answer, ret->fds);
	/* Nobody has stopped it, so a file system doesn't answer. */
	if (r == -ETIMEDOUT)
		return r;
	if (r < 0) {
		ret->part = SCOUT_PART_IDENTITY;
		ret->index = IDENTITY_STEP_WAIT;
		return r;
	}
	ret->part = (enum scout_part)answer->part;
	ret->index = answer->index;
	if (answer->code < 0)
		return answer->code;
	ret->path = strdup(answer->path);
	if (ret->path)
		return 0;
	close_fds(ret->fds);
	return -ENOMEM;
}

struct search {
	const struct scout *scout;
	bool near; /* as of spawn_find() */
	int code;
	enum scout_part part;
	char path[PATH_MAX];
};

static int check_cwd(const char *cwd, bool near)
{
	struct stat st;
	int r = near ? sys_near(cwd) : 0;

	if (r < 0)
		return r;
	if (stat(cwd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? sys_access(AT_FDCWD, cwd, X_OK) : -ENOTDIR;
}

static void search(void *data)
{
	struct search *it = data;
	const struct scout *scout = it->scout;

	it->part = SCOUT_PART_CWD;
	it->code = scout->cwd ? check_cwd(scout->cwd, it->near) : 0;
	if (it->code < 0)
		return;
	it->part = SCOUT_PART_PROGRAM;
	it->code = spawn_find(scout->cwd, scout->argv0, it->near, it->path);
}

/* Most of it is where everything is. What isn't, a process beside us looks for; *ret_left: it goes on writing. */
static int search_within(struct search *it, bool *ret_left)
{
	int r;

	*ret_left = false;
	it->near = !needs_fds(it->scout);
	search(it);
	if (it->code != -EXDEV)
		return 0;
	it->near = false;
	r = sys_within(patience_usec(it->scout), search, it, ret_left);
	if (r == -ETIMEDOUT || r == -EINTR)
		return r;
	if (r < 0)
		search(it);
	return 0;
}

/* As this process, which can't change its directory: it has one for all its threads. */
static int scout_here(const struct scout *scout, struct scouted *ret)
{
	CLEANUP(freep) struct search *it = calloc(1, sizeof(*it));
	bool left;
	int r;

	if (!it)
		return -ENOMEM;
	it->scout = scout;
	r = search_within(it, &left);
	if (left)
		it = NULL;
	if (r < 0)
		return r;
	ret->part = it->part;
	if (it->code < 0)
		return it->code;
	ret->path = strdup(it->path);
	return ret->path ? 0 : -ENOMEM;
}

int spawn_scout(const struct scout *scout, struct scouted *ret)
{
	bool files = scout->files[0] || scout->files[1] || scout->files[2];

	*ret = (struct scouted) { .fds = { -EBADF, -EBADF, -EBADF }, .part = SCOUT_PART_PROGRAM };
	return scout->identity || files ? scout_apart(scout, ret) : scout_here(scout, ret);
}
