/* SPDX-License-Identifier: MIT */
/*
 * test-syscalls.c - what takes the place of system calls that are refused
 */
#include "unit.h"

#include "files.h"
#include "refuse.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/clone.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

static int open_by_components(void *data)
{
	CLEANUP(closep) int dir_fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *const rows[] = { "", "..", "task/1", "/etc" };
	int fd;

	CHECK(refuse(SYS_openat2, *(const int *)data));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(sys_open_beneath(dir_fd, rows[i], O_RDONLY) == -EINVAL);
	CHECK(sys_open_beneath(dir_fd, "exe", O_RDONLY) == -ELOOP);
	CHECK(sys_open_beneath(dir_fd, "nothing", O_RDONLY) == -ENOENT);
	fd = sys_open_beneath(dir_fd, "stat", O_RDONLY);
	CHECK(fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	(void)close(fd);
	CHECK(!sys_has_openat2());
	return 0;
}

/* Without openat2(2) no path leads out of a directory, either. */
static void test_one_component(void **state)
{
	const int refused[] = { ENOSYS, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(open_by_components, (void *)(uintptr_t)&refused[i]), 0);
}

static int access_by_old_call(void *data)
{
	CHECK(refuse(SYS_faccessat2, *(const int *)data));
	CHECK(sys_access(AT_FDCWD, "/proc/self/stat", R_OK) == 0);
	CHECK(sys_access(AT_FDCWD, "/nowhere/at/all", R_OK) < 0);
	return 0;
}

static void test_access(void **state)
{
	const int refused[] = { 0, ENOSYS, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(access_by_old_call, (void *)(uintptr_t)&refused[i]), 0);
}

static void test_pid_of_a_pidfd(void **state)
{
	CLEANUP(closep) int fd = -EBADF;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	fd = sys_pidfd_open(pid);
	if (fd < 0)
		skip_because("no pidfds");
	assert_int_equal(sys_pidfd_pid(fd), pid);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(sys_pidfd_pid(fd), -ESRCH);
	assert_int_equal(sys_pidfd_pid(STDERR_FILENO), -EINVAL);
	assert_int_equal(sys_pidfd_pid(987654), -EBADF);
}

static void test_stop_a_child(void **state)
{
	CLEANUP(closep) int gate = -EBADF;
	int status, pair[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	gate = pair[1];
	pid = fork();
	if (pid == 0) {
		(void)close(pair[1]);
		(void)!read(pair[0], &status, 1);
		_exit(0);
	}
	(void)close(pair[0]);
	assert_int_equal(sys_child_stop(pid, -EBADF, DEADLINE_SECONDS * UINT64_C(1000000)), 0);
	assert_true(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	/* Stopped, and told to whom waited: there is nothing new, and that isn't waited for. */
	assert_int_equal(sys_child_stop(pid, -EBADF, 1), -ETIMEDOUT);
	assert_int_equal(kill(pid, SIGCONT), 0);
	gate = close_fd(gate);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(sys_child_stop(pid, -EBADF, 1), -ESRCH);
}

/* No /proc to list them, no close_range(2): each number up to the limit. */
static int close_blindly(void *data)
{
	struct rlimit few = { 64, 64 };
	const int keep[] = { 2, 7 };

	(void)data;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	for (int fd = 5; fd < 12; fd++)
		CHECK(dup2(2, fd) == fd);
	CHECK(refuse(SYS_close_range, ENOSYS) && refuse(SYS_openat, EACCES));
	CHECK(open("/proc/self/fd", O_RDONLY) < 0);
	sys_close_at_exec(10);
	CHECK(fcntl(9, F_GETFD) == 0 && fcntl(10, F_GETFD) == FD_CLOEXEC && fcntl(11, F_GETFD) == FD_CLOEXEC);
	sys_close_others(keep, ARRAY_SIZE(keep));
	for (int fd = 0; fd < 64; fd++)
		CHECK((fcntl(fd, F_GETFD) >= 0) == (fd == 2 || fd == 7));
	return 0;
}

static void test_close_without_a_list(void **state)
{
	(void)state;
	assert_int_equal(in_child(close_blindly, NULL), 0);
}

static int exit_with(void *data)
{
	return *(const int *)data;
}

static void handle(int sig)
{
	(void)sig;
}

static int look_at_handlers(void *data)
{
	struct sigaction handled, ignored;

	(void)data;
	CHECK(sigaction(SIGUSR1, NULL, &handled) == 0 && sigaction(SIGUSR2, NULL, &ignored) == 0);
	return handled.sa_handler == SIG_DFL && ignored.sa_handler == SIG_IGN ? 0 : 99;
}

/* No handler of the host program may run in memory that is the program's. What is ignored stays ignored. */
static void test_a_clone_has_no_handlers(void **state)
{
	static char stack[65536] __attribute__((aligned(16)));
	int pid_fd = -EBADF, status;
	pid_t pid;

	(void)state;
	assert_true(signal(SIGUSR1, handle) != SIG_ERR && signal(SIGUSR2, SIG_IGN) != SIG_ERR);
	pid = sys_clone_into(-EBADF, stack, sizeof(stack), look_at_handlers, NULL, &pid_fd);
	assert_true(pid > 0 || sys_refused(pid));
	if (pid > 0) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		(void)close(pid_fd);
	}
	assert_true(signal(SIGUSR1, SIG_DFL) == handle && signal(SIGUSR2, SIG_DFL) == SIG_IGN);
}

static int clone_without_clone3(void *data)
{
	static char stack[65536] __attribute__((aligned(16)));
	int pid_fd = -EBADF, status, code = 7;
	pid_t pid;

	CHECK(refuse(SYS_clone3, *(const int *)data));
	pid = sys_clone_shared(stack, sizeof(stack), exit_with, &code, &pid_fd);
	CHECK(pid > 0 && pid_fd >= 0 && waitpid(pid, &status, 0) == pid && status == code << 8);
	(void)close(pid_fd);
	pid = sys_clone_copied(-EBADF, exit_with, &code, &pid_fd);
	if (*(const int *)data != 0) {
		CHECK(pid == -*(const int *)data && pid_fd == -EBADF);
		return 0;
	}
	CHECK(pid > 0 && pid_fd >= 0 && waitpid(pid, &status, 0) == pid && status == code << 8);
	return 0;
}

static void test_clone(void **state)
{
	const int refused[] = { 0, ENOSYS, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(clone_without_clone3, (void *)(uintptr_t)&refused[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_component),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_pid_of_a_pidfd),
		cmocka_unit_test(test_stop_a_child),
		cmocka_unit_test(test_close_without_a_list),
		cmocka_unit_test(test_a_clone_has_no_handlers),
		cmocka_unit_test(test_clone),
	};

	return cmocka_run_group_tests_name("syscalls", tests, NULL, NULL);
}
