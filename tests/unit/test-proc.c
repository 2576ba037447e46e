/* SPDX-License-Identifier: MIT */
/*
 * test-proc.c - stat lines, friendly and not; this process; a tree of plain files
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "box.h"
#include "files.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"

#define TAIL " 0 -1 4194560 89 0 0 0 7 3 11 5 20 0 1 0 12345 3133440 100 18446744073709551615\n"

static const struct {
	const char *line;
	int r;
	pid_t pid, ppid;
	char state;
} lines[] = {
	{"100 (cat) R 99 100 99" TAIL, 0, 100, 99, 'R'},
	{"100 (a b c) S 99 100 99" TAIL, 0, 100, 99, 'S'},
	{"100 () S 99 100 99" TAIL, 0, 100, 99, 'S'},
	/* prctl(PR_SET_NAME) takes all of these. */
	{"100 (x) R 1 1 (y) D 99 100 99" TAIL, 0, 100, 99, 'D'},
	{"100 ()))) Z 99 100 99" TAIL, 0, 100, 99, 'Z'},
	{"100 (\\n1 (init) S 0) T 99 100 99" TAIL, 0, 100, 99, 'T'},
	{"100 ((sd-pam)) t 99 100 99" TAIL, 0, 100, 99, 't'},
	{"100 (\377\376) I 2 0 0" TAIL, 0, 100, 2, 'I'},
	{"", -EBADMSG, 0, 0, 0},
	{"100", -EBADMSG, 0, 0, 0},
	{"100 (cat", -EBADMSG, 0, 0, 0},
	{"100 (cat)", -EBADMSG, 0, 0, 0},
	{"100 (cat) R", -EBADMSG, 0, 0, 0},
	{"100 (cat) R 99 100 99 0 -1 4194560 89 0 0 0 7 3 11 5 20 0 1 0 12345 3133440", -EBADMSG, 0, 0, 0},
	{"100 (cat) R 99\n", -EBADMSG, 0, 0, 0},
	{"x (cat) R 99 100 99" TAIL, -EBADMSG, 0, 0, 0},
	{"-1 (cat) R 99 100 99" TAIL, -EBADMSG, 0, 0, 0},
	{"100 (cat) R -1 100 99" TAIL, -EBADMSG, 0, 0, 0},
	{"4294967297 (cat) R 99 100 99" TAIL, -EBADMSG, 0, 0, 0},
	{"100 (cat) R 4294967297 100 99" TAIL, -EBADMSG, 0, 0, 0},
	{"100 (cat) R 99 100 99 0 -1 4194560 89 0 0 0 -7 3 11 5 20 0 1 0 12345 3133440 100 0\n", -EBADMSG, 0, 0, 0},
	{"100 (cat) 7 99 100 99" TAIL, -EBADMSG, 0, 0, 0},
	{"100 (cat) RR 99 100 99" TAIL, -EBADMSG, 0, 0, 0},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct proc_stat stat = {.pid = -7};

		if (proc_stat_parse(lines[i].line, &stat) != lines[i].r)
			fail_msg("line %zu: \"%s\"", i, lines[i].line);
		if (lines[i].r < 0) {
			assert_int_equal(stat.pid, -7);
			continue;
		}
		assert_int_equal(stat.pid, lines[i].pid);
		assert_int_equal(stat.ppid, lines[i].ppid);
		assert_int_equal(stat.state, lines[i].state);
		assert_int_equal(stat.utime_usec, 70000);
		assert_int_equal(stat.stime_usec, 30000);
		assert_int_equal(stat.cutime_usec, 110000);
		assert_int_equal(stat.cstime_usec, 50000);
		assert_int_equal(stat.threads, 1);
		assert_int_equal(stat.start_ticks, 12345);
		assert_int_equal(stat.rss_bytes, 100 * (uint64_t)sysconf(_SC_PAGESIZE));
	}
}

/* Numbers that no kernel shows neither wrap nor stop the parser. */
static void test_huge(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(proc_stat_parse("1 (x) R 0 1 1 0 -1 0 0 0 0 0 18446744073709551615 0 0 0 20 0 1 0 "
					 "5 0 18446744073709551615\n", &stat), 0);
	assert_true(stat.utime_usec == UINT64_MAX);
	assert_true(stat.rss_bytes == UINT64_MAX);
	assert_int_equal(proc_stat_parse("1 (x) R 0 1 1 0 -1 0 0 0 0 0 18446744073709551616 0 0 0 20 0 1 0 "
					 "5 0 1\n", &stat), -EBADMSG);
}

static void test_dead(void **state)
{
	(void)state;
	assert_true(proc_is_dead(&(struct proc_stat){.state = 'Z', .threads = 1}));
	assert_true(proc_is_dead(&(struct proc_stat){.state = 'X', .threads = 0}));
	assert_false(proc_is_dead(&(struct proc_stat){.state = 'Z', .threads = 2}));
	assert_false(proc_is_dead(&(struct proc_stat){.state = 'T', .threads = 1}));
	assert_false(proc_is_dead(&(struct proc_stat){.state = PROC_HIDDEN, .threads = 1}));
}

static void test_self(void **state)
{
	CLEANUP(closep) int fd = -EBADF;
	struct proc_stat stat;
	char id[PROC_BOOT_ID_SIZE];
	uint64_t ticks, tasks, pss;

	(void)state;
	assert_int_equal(proc_open(NULL, &fd, NULL), 0);
	assert_int_equal(proc_stat_read(fd, getpid(), &stat), 0);
	assert_int_equal(stat.pid, getpid());
	assert_int_equal(stat.ppid, getppid());
	assert_int_equal(stat.threads, 1);
	assert_true(stat.rss_bytes > 0);
	assert_int_equal(proc_start_ticks(fd, getpid(), &ticks), 0);
	assert_int_equal(ticks, stat.start_ticks);
	assert_int_equal(proc_pss_read(fd, getpid(), &pss), 0);
	assert_in_range(pss, 1, 1u << 30);
	assert_int_equal(proc_uid_tasks(fd, getuid(), &tasks), 0);
	assert_true(tasks >= 1);
	assert_int_equal(proc_boot_id(fd, id), 0);
	assert_int_equal(strlen(id), PROC_BOOT_ID_SIZE - 1);
	assert_true(proc_same_memory(getpid(), getpid()));
	assert_false(proc_same_memory(getpid(), 1));
}

static void test_gone(void **state)
{
	CLEANUP(closep) int fd = -EBADF;
	struct proc_stat stat;
	uint64_t pss;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(proc_open(NULL, &fd, NULL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_stat_read(fd, pid, &stat), 0);
	assert_true(proc_is_dead(&stat));
	assert_int_equal(proc_pss_read(fd, pid, &pss), -ESRCH);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(proc_stat_read(fd, pid, &stat), -ESRCH);
	assert_int_equal(proc_pss_read(fd, pid, &pss), -ESRCH);
}

/* 16 MiB, written, are seen. Our share in libraries moves with those who come and go. */
static void test_pss(void **state)
{
	CLEANUP(closep) int fd = -EBADF;
	const size_t size = 16u << 20;
	uint64_t before, after;
	char *memory;

	(void)state;
	uncounted_by_tsan();
	assert_int_equal(proc_open(NULL, &fd, NULL), 0);
	assert_int_equal(proc_pss_read(fd, getpid(), &before), 0);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	memset(memory, 1, size);
	assert_int_equal(proc_pss_read(fd, getpid(), &after), 0);
	assert_in_range(after - before, size - (1u << 20), size + (1u << 20));
	assert_int_equal(munmap(memory, size), 0);
}

static void *sleep_thread(void *argument)
{
	(void)argument;
	live_a_while();
}

/* A uid that nobody else has: one process of three threads, one with one, one zombie. */
static int count_uid(int proc_fd)
{
	uint64_t before, tasks = 0;
	pid_t pid;

	if (getuid() != 0)
		return BOX_CANT;
	CHECK(proc_uid_tasks(proc_fd, box_uid, &before) == 0);
	for (int i = 0; i < 3; i++) {
		pid = fork();
		if (pid > 0)
			continue;
		if (setuid(box_uid) < 0 || i == 0)
			_exit(0);
		for (int t = 1; t < 2 * i - 1; t++)
			(void)pthread_create(&(pthread_t){0}, NULL, sleep_thread, NULL);
		live_a_while();
	}
	CHECK_SOON(proc_uid_tasks(proc_fd, box_uid, &tasks) == 0 && tasks >= before + 5);
	CHECK(tasks == before + 5);
	return 0;
}

static void test_uid(void **state)
{
	(void)state;
	uncounted_by_tsan();
	check_boxed(count_uid);
}

/* Another pid namespace's /proc would have us signal strangers. */
static int open_foreign(int proc_fd)
{
	int fd, r;
	pid_t pid;

	(void)proc_fd;
	if (unshare(CLONE_NEWPID) < 0)
		return BOX_CANT;
	pid = fork();
	if (pid == 0) {
		r = proc_open(NULL, &fd, NULL);
		_exit(r == -EXDEV ? 0 : 1);
	}
	CHECK(wait_exit(pid) == 0);
	return 0;
}

static void test_foreign(void **state)
{
	(void)state;
	check_boxed(open_foreign);
}

static void test_nothing_mounted(void **state)
{
	char root[] = "/tmp/ration-proc-XXXXXX", path[64];
	CLEANUP(closep) int fd = -EBADF;
	struct proc_stat stat;
	char id[PROC_BOOT_ID_SIZE];

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(proc_open(root, &fd, NULL), -ENOENT);
	(void)snprintf(path, sizeof(path), "%s/proc", root);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(proc_open(root, &fd, NULL), 0);
	assert_int_equal(proc_stat_read(fd, 100, &stat), -ESRCH);
	assert_int_equal(proc_boot_id(fd, id), -ENOENT);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(root), 0);
}

#define LINE(pid, state, flags, threads) #pid " (x) " #state " 1 1 1 0 -1 " #flags " 0 0 0 0 0 0 0 0 20 0 " #threads " 0 5 0 1\n"

/* A process leaves when none of its threads runs on: 4194564 has PF_EXITING. */
static void test_leaving(void **state)
{
	static const struct {
		const char *leader, *thread;
		bool leaving;
	} rows[] = {
		{ LINE(100, S, 4194560, 2), LINE(101, S, 4194564, 2), false },
		{ LINE(100, S, 4194564, 1), LINE(101, S, 4194560, 2), true },
		{ LINE(100, S, 4194564, 2), LINE(101, S, 4194564, 2), true },
		{ LINE(100, S, 4194564, 2), LINE(101, S, 4194560, 2), false },
		/* Between the list and its stat. */
		{ LINE(100, S, 4194564, 2), "", true },
	};
	char root[PATH_MAX];
	struct proc_stat stat;
	CLEANUP(closep) int fd = -EBADF;

	(void)state;
	files_begin(root);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		files_put(root, "proc/100/stat", rows[i].leader);
		files_put(root, "proc/101/stat", rows[i].thread);
		files_put(root, "proc/100/task/100/stat", "");
		files_put(root, "proc/100/task/101/stat", "");
		if (fd < 0)
			assert_int_equal(proc_open(root, &fd, NULL), 0);
		assert_int_equal(proc_stat_read(fd, 100, &stat), 0);
		assert_row(proc_is_leaving(fd, &stat) == rows[i].leaving, "row %zu", i);
	}
	/* Gone altogether, as far as /proc tells. */
	files_put(root, "proc/7/stat", LINE(7, S, 4194564, 2));
	assert_int_equal(proc_stat_read(fd, 7, &stat), 0);
	assert_true(proc_is_leaving(fd, &stat));
	/* Another process's line isn't believed; a dead leader's memory is its thread's. */
	files_put(root, "proc/8/stat", LINE(7, S, 4194560, 2));
	assert_int_equal(proc_stat_read(fd, 8, &stat), -EBADMSG);
	files_put(root, "proc/100/stat", LINE(100, Z, 4194564, 2));
	files_put(root, "proc/101/stat", LINE(101, S, 4194560, 2));
	assert_int_equal(proc_stat_read(fd, 100, &stat), 0);
	assert_int_equal(stat.memory_pid, 101);
	files_put(root, "proc/7/stat", LINE(7, Z, 4194564, 2));
	assert_int_equal(proc_stat_read(fd, 7, &stat), 0);
	assert_int_equal(stat.memory_pid, 7);
	files_end(root);
}

static void test_exit_status(void **state)
{
	CLEANUP(closep) int fd = -EBADF;
	siginfo_t info;
	int status;

	(void)state;
	assert_int_equal(proc_open(NULL, &fd, NULL), 0);
	assert_int_equal(proc_exit_status(fd, getpid(), &status), -EBUSY);
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (i == 1)
				(void)raise(SIGKILL);
			_exit(3);
		}
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
		assert_int_equal(proc_exit_status(fd, pid, &status), 0);
		assert_int_equal(status, i == 0 ? 3 << 8 : SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(proc_exit_status(fd, pid, &status), -ESRCH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_pss),
		cmocka_unit_test(test_uid),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_nothing_mounted),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
