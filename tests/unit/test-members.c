/* SPDX-License-Identifier: MIT */
/*
 * test-members.c - the processes of a group, listed and signalled
 */
#include "unit.h"

#include "files.h"
#include "sleeper.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/cgroup/members.h"
#include "util/cleanup.h"

/* A list that names a process when it is read first, and nobody the next time. */
struct list {
	char path[PATH_MAX + 16];
	pid_t pid;
	int closed; /* an inotify fd: somebody has closed it */
};

static void *serve(void *data)
{
	struct list *list = data;
	char event[1024];
	int fd = open(list->path, O_WRONLY);

	(void)dprintf(fd, "%d\n", (int)list->pid);
	(void)close(fd);
	if (read(list->closed, event, sizeof(event)) < 0)
		return NULL;
	/* Waits for who reads it next. */
	(void)close(open(list->path, O_WRONLY));
	return NULL;
}

/* Between a look at the list and the signal, the process has gone, and its pid to another. */
static void test_FB13_a_recycled_pid(void **state)
{
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	for (int all = 0; all < 2; all++) {
		struct list list = { .pid = sleeper(), .closed = inotify_init1(IN_CLOEXEC) };
		int status, fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		pthread_t thread;

		(void)snprintf(list.path, sizeof(list.path), "%s/cgroup.procs", dir);
		assert_int_equal(mkfifo(list.path, 0644), 0);
		assert_true(inotify_add_watch(list.closed, list.path, IN_CLOSE_NOWRITE) >= 0);
		assert_int_equal(pthread_create(&thread, NULL, serve, &list), 0);
		assert_int_equal(all ? cg_signal_all(fd) : cg_signal(fd, SIGKILL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(waitpid(list.pid, &status, WNOHANG), 0);
		assert_int_equal(kill(list.pid, SIGKILL), 0);
		assert_int_equal(waitpid(list.pid, &status, 0), list.pid);
		(void)unlink(list.path);
		(void)close(list.closed);
		(void)close(fd);
	}
	files_end(dir);
}

/* More than are held at a time, and a pid of 0 among them, which would be us. */
static void test_many(void **state)
{
	char dir[PATH_MAX], text[2000] = "0\n";
	pid_t pids[70];
	int fd, status;

	(void)state;
	files_begin(dir);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = sleeper();
		(void)sprintf(text + strlen(text), "%d\n", (int)pids[i]);
	}
	files_put(dir, "a/cgroup.procs", text);
	files_put(dir, "cgroup.procs", "0\n");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(cg_count(fd), 70);
	assert_int_equal(cg_signal(fd, SIGKILL), 70);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
	assert_int_equal(cg_signal(fd, SIGKILL), 0);
	files_put(dir, "a/cgroup.procs", "99999999999\n");
	assert_int_equal(cg_count(fd), -EBADMSG);
	(void)close(fd);
	files_end(dir);
}

static void *tell_and_wait(void *data)
{
	pid_t thread = gettid();

	if (write(*(int *)data, &thread, sizeof(thread)) == sizeof(thread)) {
		for (;;)
			(void)pause();
	}
	_exit(1);
}

/* A child of two threads. */
static pid_t threaded_child(pid_t *ret_thread)
{
	int pair[2];
	pid_t pid;

	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		pthread_t thread;

		(void)alarm(DEADLINE_SECONDS);
		if (pthread_create(&thread, NULL, tell_and_wait, &pair[1]) == 0)
			(void)pthread_join(thread, NULL);
		_exit(1);
	}
	(void)close(pair[1]);
	assert_int_equal(read(pair[0], ret_thread, sizeof(*ret_thread)), sizeof(*ret_thread));
	(void)close(pair[0]);
	return pid;
}

/* FB2: what only cgroup.threads tells of. */
static void test_FB2_known_by_a_thread(void **state)
{
	char dir[PATH_MAX], text[64];
	pid_t thread, pid = threaded_child(&thread);
	int fd, status;

	(void)state;
	files_begin(dir);
	files_put(dir, "cgroup.procs", "");
	(void)snprintf(text, sizeof(text), "%d\n", (int)thread);
	files_put(dir, "cgroup.threads", text);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(cg_count(fd), 1);
	assert_int_equal(cg_signal_all(fd), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(cg_count(fd), 0);
	(void)close(fd);
	files_end(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_FB13_a_recycled_pid),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_FB2_known_by_a_thread),
	};

	return cmocka_run_group_tests_name("members", tests, NULL, NULL);
}
