/* SPDX-License-Identifier: MIT */
/*
 * test-watch.c - what is measured of real processes, by tree and by cgroup
 */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "box.h"
#include "run/contain/watch.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/tree-kill.h"
#include "sys/proc/tree.h"
#include "util/cleanup.h"

#define MIB (1024u * 1024u)

static const struct sample_limits unlimited = {RATION_UNLIMITED, RATION_UNLIMITED, RATION_UNLIMITED};

static inline void watchp(struct watch **watch)
{
	watch_free(*watch);
}

static char *touch(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		memset(memory, 1, bytes);
	return memory;
}

static void spin_seconds(double seconds)
{
	struct timespec time = {0};

	while ((double)time.tv_sec + (double)time.tv_nsec / 1e9 < seconds)
		(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
}

static int end_all(int proc_fd)
{
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), BOX_USEC, NULL) == 0);
	CHECK(reap_all());
	return 0;
}

static bool is_soon(const struct sample *look)
{
	return look->next_usec >= 1000 && look->next_usec < 100000;
}

/* Nobody there: nothing used, nothing over, and no hurry. */
static int look_at_nobody(int proc_fd)
{
	struct sample_limits limits = {64 * MIB, RATION_UNLIMITED, 10000000};
	CLEANUP(watchp) struct watch *watch = NULL;
	struct sample look;

	CHECK(watch_new(proc_fd, -EBADF, getpid(), &unlimited, &watch) == 0);
	CHECK(watch_sample(watch, &look) == 0);
	CHECK(look.processes == 0 && look.tasks == 0 && look.memory_bytes == 0 && look.over == SAMPLE_OVER_NONE);
	CHECK(look.next_usec == 100000);
	/* The nearer a limit, the sooner the next look: 1 ms, or more where a look itself took long. */
	limits.cpu_usec = 0;
	watch_set_limits(watch, &limits);
	CHECK_SOON(watch_sample(watch, &look) == 0 && is_soon(&look));
	CHECK(look.over == SAMPLE_OVER_CPU);
	limits = unlimited;
	limits.memory_bytes = 1;
	watch_set_limits(watch, &limits);
	CHECK_SOON(watch_sample(watch, &look) == 0 && is_soon(&look));
	CHECK(look.over == SAMPLE_OVER_NONE);
	return 0;
}

/* 40 MiB that five processes share are 40 MiB, though each of them has them. */
static int look_at_shared(int proc_fd)
{
	struct sample_limits limits = {RATION_UNLIMITED, RATION_UNLIMITED, RATION_UNLIMITED};
	CLEANUP(watchp) struct watch *watch = NULL;
	struct sample look = {0};

	if (fork() == 0) {
		if (touch(40 * MIB) == MAP_FAILED)
			_exit(1);
		for (int i = 0; i < 4; i++)
			if (fork() == 0)
				live_a_while();
		live_a_while();
	}
	CHECK(watch_new(proc_fd, -EBADF, getpid(), &limits, &watch) == 0);
	CHECK_SOON(watch_sample(watch, &look) == 0 && look.processes == 5);
	CHECK(!look.exact && look.memory_bytes > 200 * MIB);
	CHECK(look.maxrss_bytes >= 40 * MIB && look.maxrss_bytes < 60 * MIB);
	limits.memory_bytes = 64 * MIB;
	watch_set_limits(watch, &limits);
	CHECK(watch_sample(watch, &look) == 0);
	CHECK(look.exact && look.memory_bytes > 40 * MIB && look.memory_bytes < 50 * MIB);
	CHECK(look.over == SAMPLE_OVER_NONE);
	limits.memory_bytes = 39 * MIB;
	watch_set_limits(watch, &limits);
	CHECK(watch_sample(watch, &look) == 0);
	CHECK(look.over == SAMPLE_OVER_MEMORY && look.exact && look.memory_bytes < 50 * MIB);
	CHECK(look.memory_peak_bytes >= 200 * MIB);
	return end_all(proc_fd);
}

static int stay(void *argument)
{
	(void)argument;
	live_a_while();
}

/* A big process that spawns isn't twice as big meanwhile. */
static int look_at_vfork(int proc_fd)
{
	struct sample_limits limits = {60 * MIB, RATION_UNLIMITED, RATION_UNLIMITED};
	CLEANUP(watchp) struct watch *watch = NULL;
	struct sample look = {0};
	pid_t pid = fork();

	if (pid == 0) {
		char *memory = touch(40 * MIB);

		(void)clone(stay, memory + 40 * MIB, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		_exit(0);
	}
	CHECK(watch_new(proc_fd, -EBADF, getpid(), &limits, &watch) == 0);
	CHECK_SOON(watch_sample(watch, &look) == 0 && look.processes == 2);
	CHECK(look.over == SAMPLE_OVER_NONE);
	if (proc_same_memory(getpid(), getpid())) {
		CHECK(look.exact && look.memory_bytes > 40 * MIB && look.memory_bytes < 50 * MIB);
	}
	return end_all(proc_fd);
}

static void *sleep_thread(void *argument)
{
	(void)argument;
	live_a_while();
}

/* A child that is dead by now, and never waited for: one that still lived would count in the peak. */
static void leave_dead(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
}

/* Three threads, a child, and two dead that it never waits for; our own dead don't count. */
static int look_at_tasks(int proc_fd)
{
	struct sample_limits limits = {RATION_UNLIMITED, 6, RATION_UNLIMITED};
	CLEANUP(watchp) struct watch *watch = NULL;
	struct sample look = {0};

	leave_dead();
	if (fork() == 0) {
		for (int i = 0; i < 2; i++)
			leave_dead();
		if (fork() == 0)
			live_a_while();
		for (int i = 0; i < 2; i++)
			(void)pthread_create(&(pthread_t){0}, NULL, sleep_thread, NULL);
		live_a_while();
	}
	CHECK(watch_new(proc_fd, -EBADF, getpid(), &limits, &watch) == 0);
	CHECK_SOON(watch_sample(watch, &look) == 0 && look.tasks == 6 && look.processes == 2 && is_soon(&look));
	CHECK(look.over == SAMPLE_OVER_NONE);
	limits.tasks = 5;
	watch_set_limits(watch, &limits);
	CHECK(watch_sample(watch, &look) == 0);
	CHECK(look.over == SAMPLE_OVER_TASKS && look.tasks == 6 && look.tasks_peak == 6);
	return end_all(proc_fd);
}

/* Spins in a child, leaves that dead until it is told to wait for it, and ends when told again. */
static void __attribute__((noreturn)) spin_below(int told_fd, int tell_fd)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		spin_seconds(0.3);
		_exit(0);
	}
	(void)waitid(P_PID, (id_t)pid, &(siginfo_t){.si_pid = 0}, WEXITED | WNOWAIT);
	(void)!write(tell_fd, "", 1);
	(void)!read(told_fd, &byte, 1);
	(void)waitpid(pid, NULL, 0);
	(void)!write(tell_fd, "", 1);
	(void)!read(told_fd, &byte, 1);
	_exit(0);
}

/* Alive, dead, waited for by the parent, waited for by us: always the same time. */
static int look_at_cpu(int proc_fd)
{
	struct sample_limits limits = {RATION_UNLIMITED, RATION_UNLIMITED, 250000};
	CLEANUP(watchp) struct watch *watch = NULL;
	struct sample look = {0};
	uint64_t last = 0;
	int to[2], from[2];
	char byte;
	pid_t pid;

	CHECK(pipe(to) == 0 && pipe2(from, O_NONBLOCK) == 0);
	CHECK(watch_new(proc_fd, -EBADF, getpid(), &limits, &watch) == 0);
	CHECK(watch_sample(watch, &look) == 0);
	CHECK(look.over == SAMPLE_OVER_NONE && look.next_usec <= 100000);
	pid = fork();
	if (pid == 0)
		spin_below(to[0], from[1]);
	for (int step = 0; step < 2; step++) {
		int looks = 0;

		/* Until it has come to its next step, and some more in that. */
		for (bool there = false; looks < 5; looks += there, nap_msec(5)) {
			there = there || read(from[0], &byte, 1) == 1;
			CHECK(watch_sample(watch, &look) == 0);
			CHECK(look.cpu_usec >= last);
			last = look.cpu_usec;
		}
		CHECK(look.processes == 1 && look.cpu_usec >= 290000);
		CHECK(write(to[1], "", 1) == 1);
	}
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(watch_sample(watch, &look) == 0);
	CHECK(look.processes == 0 && look.over == SAMPLE_OVER_CPU);
	/* None of it twice. */
	CHECK(look.cpu_usec >= last && look.cpu_usec >= 290000 && look.cpu_usec < 580000);
	return 0;
}

/* Somebody else's descendants; and nobody's, when that one is gone. */
static int look_from_outside(int proc_fd)
{
	CLEANUP(watchp) struct watch *watch = NULL;
	struct sample look = {0};
	pid_t root = fork();

	if (root == 0) {
		for (int i = 0; i < 3; i++)
			if (fork() == 0)
				live_a_while();
		live_a_while();
	}
	CHECK(watch_new(proc_fd, -EBADF, root, &unlimited, &watch) == 0);
	CHECK_SOON(watch_sample(watch, &look) == 0 && look.processes == 3);
	CHECK(kill(root, SIGKILL) == 0 && waitpid(root, NULL, 0) == root);
	look.processes = 77;
	CHECK(watch_sample(watch, &look) == -ESRCH && look.processes == 77);
	return end_all(proc_fd);
}

/* Thousands that come and go: every look succeeds, and none sees too much. */
static int look_at_storm(int proc_fd)
{
	struct sample_limits limits = {RATION_UNLIMITED, 100, RATION_UNLIMITED};
	CLEANUP(watchp) struct watch *watch = NULL;
	struct sample look = {0};
	double until = now_seconds() + 1;

	if (fork() == 0) {
		while (now_seconds() < until + 1) {
			if (fork() == 0)
				_exit(0);
			(void)waitpid(-1, NULL, 0);
		}
		_exit(0);
	}
	CHECK(watch_new(proc_fd, -EBADF, getpid(), &limits, &watch) == 0);
	while (now_seconds() < until) {
		CHECK(watch_sample(watch, &look) == 0);
		CHECK(look.tasks <= 2 && look.over == SAMPLE_OVER_NONE);
		(void)usleep((useconds_t)look.next_usec);
	}
	return end_all(proc_fd);
}

/* --------------------------------------------------------------- by cgroup */

static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

/* Makes two groups, one in the other, where this machine lets us. */
static int make_groups(int *ret_base, int *ret_fd, char name[static 32])
{
	(void)snprintf(name, 32, "ration-test-%d", (int)getpid());
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		int base = cg_open_base(mounts[i]), fd;

		if (base < 0)
			continue;
		if (cg_mkdir(base, name) >= 0) {
			fd = cg_open_dir(base, name);
			if (fd >= 0 && cg_mkdir(fd, "below") >= 0) {
				*ret_base = base;
				*ret_fd = fd;
				return 0;
			}
			close_fd(fd);
			(void)cg_rmdir(base, name);
		}
		close_fd(base);
	}
	return -ENOENT;
}

static void start_in(int dir_fd, int n)
{
	if (fork() > 0)
		return;
	for (int i = 1; i < n; i++)
		if (fork() == 0)
			break;
	if (cg_attach(dir_fd, getpid()) < 0)
		_exit(1);
	/* One that is dead and not waited for: cgroup.procs doesn't show it. */
	if (fork() == 0)
		_exit(0);
	spin_seconds(0.02);
	(void)touch(10 * MIB);
	live_a_while();
}

/* What test_group() would wait for, long and in vain. */
static bool sees_groups_below;

/* Processes that stand in a group below the run's only. */
static void test_groups_below(void **state)
{
	CLEANUP(watchp) struct watch *watch = NULL;
	CLEANUP(closep) int base = -EBADF;
	CLEANUP(closep) int group = -EBADF;
	CLEANUP(closep) int below = -EBADF;
	CLEANUP(closep) int proc_fd = -EBADF;
	struct sample look = {0};
	char name[32];
	int sampled;

	(void)state;
	if (make_groups(&base, &group, name) < 0)
		skip_because("no writable cgroup2 here");
	assert_int_equal(proc_open(NULL, &proc_fd, NULL), 0);
	below = cg_open_dir(group, "below");
	assert_int_equal(watch_new(proc_fd, group, getpid(), &unlimited, &watch), 0);
	start_in(below, 1);
	(void)soon(cg_populated(below) > 0);
	sampled = watch_sample(watch, &look);
	(void)cg_kill(group);
	(void)soon(reap_all() && cg_populated(group) <= 0);
	assert_int_equal(cg_rmdir_tree(base, name), 0);
	assert_int_equal(sampled, 0);
	/* Its child that is about to die may be there, too. */
	assert_in_range(look.processes, 1, 2);
	sees_groups_below = true;
}

static void test_group(void **state)
{
	struct sample_limits limits = {25 * MIB, 100, 1000000};
	CLEANUP(watchp) struct watch *watch = NULL;
	CLEANUP(closep) int base = -EBADF;
	CLEANUP(closep) int group = -EBADF;
	CLEANUP(closep) int below = -EBADF;
	CLEANUP(closep) int proc_fd = -EBADF;
	struct sample look = {0};
	char name[32];

	(void)state;
	uncounted_by_tsan();
	if (make_groups(&base, &group, name) < 0)
		skip_because("no writable cgroup2 here");
	if (!sees_groups_below)
		(void)cg_rmdir_tree(base, name);
	assert_true(sees_groups_below);
	assert_int_equal(proc_open(NULL, &proc_fd, NULL), 0);
	below = cg_open_dir(group, "below");
	assert_int_equal(watch_new(proc_fd, group, getpid(), &limits, &watch), 0);
	assert_int_equal(watch_sample(watch, &look), 0);
	assert_int_equal(look.processes, 0);
	start_in(group, 2);
	start_in(below, 1);
	/* Their children that are about to die are processes until then. */
	(void)soon(watch_sample(watch, &look) != 0 || (look.processes == 3 && look.tasks >= 6 && look.memory_bytes >= 30 * MIB));
	(void)cg_kill(group);
	(void)soon(reap_all() && cg_populated(group) <= 0);
	assert_int_equal(cg_rmdir_tree(base, name), 0);
	assert_int_equal(look.processes, 3);
	assert_int_equal(look.tasks, 6);
	assert_int_equal(look.over, SAMPLE_OVER_MEMORY);
	assert_true(look.exact);
	assert_in_range(look.memory_bytes, 30 * MIB, 40 * MIB);
	assert_in_range(look.cpu_usec, 60000, 20000000);
	assert_int_equal(watch_sample(watch, &look), -ENODEV);
}

#define BOXED(name)                           \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		check_boxed(name);            \
	}

#define COUNTED(name)                         \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		uncounted_by_tsan();          \
		check_boxed(name);            \
	}

BOXED(look_at_nobody)
COUNTED(look_at_shared)
COUNTED(look_at_vfork)
COUNTED(look_at_tasks)
BOXED(look_at_cpu)
BOXED(look_from_outside)
COUNTED(look_at_storm)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look_at_nobody),
		cmocka_unit_test(test_look_at_shared),
		cmocka_unit_test(test_look_at_vfork),
		cmocka_unit_test(test_look_at_tasks),
		cmocka_unit_test(test_look_at_cpu),
		cmocka_unit_test(test_look_from_outside),
		cmocka_unit_test(test_look_at_storm),
		cmocka_unit_test(test_groups_below),
		cmocka_unit_test(test_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
