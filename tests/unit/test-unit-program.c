/* SPDX-License-Identifier: MIT */
/*
 * test-unit-program.c - ration-unit, as systemd and the static library start it
 *
 * We are systemd here: the unit's group is one of ours on this machine's cgroup2 mount.
 */
#include "unit.h"

#include "base.h"
#include "files.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "host/notes.h"
#include "sys/bus.h"
#include "sys/cgroup/members.h"
#include "util/cleanup.h"

#define PROGRAM BUILT "/ration-unit"

/* Starts it in a group, or in ours; its stdout and stderr are `out`. */
static pid_t start(int group_fd, int out, const char *const *argv, const char *notify)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		if (group_fd >= 0 && cg_attach(group_fd, getpid()) < 0)
			_exit(98);
		if (notify)
			(void)setenv("NOTIFY_SOCKET", notify, 1);
		else
			(void)unsetenv("NOTIFY_SOCKET");
		(void)dup2(out, 1);
		(void)dup2(out, 2);
		(void)execv(PROGRAM, (char *const *)argv);
		_exit(99);
	}
	assert_true(pid > 0);
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs it to its end; what it said is in `text`. */
static int run(int group_fd, const char *const *argv, const char *notify, char *text, size_t size)
{
	int pair[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	pid = start(group_fd, pair[1], argv, notify);
	(void)close(pair[1]);
	status = status_of(pid);
	n = read(pair[0], text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	(void)close(pair[0]);
	return status;
}

static const char *const hold[] = { "ration-unit", "hold", NULL };

static int unit_group(const struct base *base, int base_fd)
{
	int fd;

	(void)base;
	assert_int_equal(cg_mkdir(base_fd, BUS_UNIT), 0);
	fd = cg_open_dir(base_fd, BUS_UNIT);
	assert_true(fd >= 0);
	return fd;
}

/* It is out of the way, the group is marked, and only then systemd is told. */
static void test_holds_the_group(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char dir[PATH_MAX], text[64] = "";
	struct pollfd ready;
	struct base base;
	int base_fd, unit_fd, leaf_fd;
	pid_t pid;

	(void)state;
	base_begin(&base);
	base_fd = base_make(&base);
	unit_fd = unit_group(&base, base_fd);
	files_begin(dir);
	assert_true(snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", dir) < (int)sizeof(address.sun_path));
	ready = (struct pollfd) { .fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), .events = POLLIN };
	assert_int_equal(bind(ready.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	pid = start(unit_fd, STDERR_FILENO, hold, address.sun_path);
	assert_int_equal(poll(&ready, 1, DEADLINE_SECONDS * 1000), 1);
	assert_int_equal(read(ready.fd, text, sizeof(text) - 1), 7);
	assert_string_equal(text, "READY=1");
	leaf_fd = cg_open_dir(unit_fd, BUS_LEAF);
	assert_int_equal(cg_count(leaf_fd), 1);
	assert_true(cg_read(unit_fd, "cgroup.procs", text, sizeof(text)) >= 0);
	assert_string_equal(text, "");
	assert_true(notes_read(unit_fd, NOTE_BASE, text, sizeof(text)) > 0);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(status_of(pid), 0);
	assert_true(notes_read(unit_fd, NOTE_BASE, text, sizeof(text)) <= 0);
	(void)close(leaf_fd);
	(void)close(unit_fd);
	(void)close(ready.fd);
	files_end(dir);
	base_remove(&base, base_fd);
}

/* A group of another name isn't its own to mark. */
static void test_in_another_group(void **state)
{
	struct base base;
	char text[512];
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(run(fd, hold, NULL, text, sizeof(text)), 1);
	assert_non_null(strstr(text, "ration-unit: not in the group of ration.service: "));
	assert_int_equal(cg_open_dir(fd, BUS_LEAF), -ENOENT);
	base_remove(&base, fd);
}

static void test_nobody_to_tell(void **state)
{
	static const char *const sockets[] = { NULL, "/", "/nowhere/at/all", "@ration-unit-test-of-nobody" };
	struct base base;
	char text[512];
	int fd, unit_fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	unit_fd = unit_group(&base, fd);
	/* First of all it needs its leaf. */
	assert_int_equal(cg_write(unit_fd, "cgroup.max.depth", "0"), 0);
	assert_int_equal(run(unit_fd, hold, NULL, text, sizeof(text)), 1);
	assert_non_null(strstr(text, "ration-unit: can't move into the leaf ration.self: "));
	assert_int_equal(cg_write(unit_fd, "cgroup.max.depth", "max"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		assert_int_equal(run(unit_fd, hold, sockets[i], text, sizeof(text)), 1);
		assert_non_null(strstr(text, "ration-unit: can't tell systemd: "));
	}
	(void)close(unit_fd);
	base_remove(&base, fd);
}

/* In a mount namespace with a /proc that is made of these two files, or empty. */
static int hold_with_proc(const char *mountinfo)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
				mount("none", "/proc", "tmpfs", 0, NULL) < 0)
			_exit(77);
		if (mountinfo) {
			files_put("/proc", "self/mountinfo", mountinfo);
			files_put("/proc", "self/cgroup", "0::/ration.service\n");
		}
		(void)close(STDERR_FILENO);
		(void)execv(PROGRAM, (char *const *)hold);
		_exit(99);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_where_cgroup2_is_not_known(void **state)
{
	static const char *const mountinfo[] = { NULL, "", "30 1 0:5 / /elsewhere rw - tmpfs none rw\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mountinfo); i++) {
		int status = hold_with_proc(mountinfo[i]);

		if (status == 77)
			skip_because("no mount namespace");
		assert_int_equal(status, 1);
	}
}

/* Who may move itself, but not write on the group, isn't the holder. */
static void test_a_group_that_cannot_be_marked(void **state)
{
	static const char *const files[] = { "cgroup.procs", BUS_LEAF "/cgroup.procs" };
	struct base base;
	int fd, unit_fd, status, leaf_fd, program_fd;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can give a part of a group away");
	base_begin(&base);
	fd = base_make(&base);
	unit_fd = unit_group(&base, fd);
	assert_int_equal(cg_mkdir(unit_fd, BUS_LEAF), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(fchownat(unit_fd, files[i], 54711, 54711, 0), 0);
	/* That user needn't get there by its path: a build may be in a private folder. */
	program_fd = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	assert_true(program_fd >= 0);
	pid = fork();
	if (pid == 0) {
		(void)close(STDERR_FILENO);
		if (cg_attach(unit_fd, getpid()) < 0 || setresgid(54711, 54711, 54711) < 0 ||
				setresuid(54711, 54711, 54711) < 0)
			_exit(98);
		(void)fexecve(program_fd, (char *const *)hold, environ);
		_exit(99);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 1 << 8);
	leaf_fd = cg_open_dir(unit_fd, BUS_LEAF);
	assert_true(leaf_fd >= 0);
	(void)close(leaf_fd);
	(void)close(program_fd);
	(void)close(unit_fd);
	base_remove(&base, fd);
}

/* One line of an error and why, with a deadline that is over; and only its own words. */
static void test_asks(void **state)
{
	static const char *const ask[] = { "ration-unit", "ask", "user", "start", "0", "0", "/bin/true", NULL };
	static const char *const wrong[][5] = { { "ration-unit", NULL }, { "ration-unit", "hold", "more", NULL },
		{ "ration-unit", "ask", "user", NULL } };
	char text[512], *rest;

	(void)state;
	assert_int_equal(run(-EBADF, ask, NULL, text, sizeof(text)), 0);
	assert_in_range(strtol(text, &rest, 10), 1, 4095);
	assert_true(*rest == ' ' && strchr(rest, '\n') && strchr(rest, '\n')[1] == '\0');
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(run(-EBADF, wrong[i], NULL, text, sizeof(text)), 2);
		assert_string_equal(text, "ration-unit: internal program of ration, see ration(1)\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds_the_group),
		cmocka_unit_test(test_in_another_group),
		cmocka_unit_test(test_nobody_to_tell),
		cmocka_unit_test(test_where_cgroup2_is_not_known),
		cmocka_unit_test(test_a_group_that_cannot_be_marked),
		cmocka_unit_test(test_asks),
	};

	return cmocka_run_group_tests_name("unit-program", tests, NULL, NULL);
}
