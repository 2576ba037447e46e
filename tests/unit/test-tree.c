/* SPDX-License-Identifier: MIT */
/*
 * test-tree.c - finding and ending what is below a process: made-up trees, then real ones
 */
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "box.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/tree-kill.h"
#include "sys/proc/tree.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* ---------------------------------------------------------- made-up trees */

/* Above any pid_max, so that nobody real is asked after. */
#define P(n) (90000000 + (n))

struct member {
	pid_t pid, ppid;
	char state;
	int threads;
	const char *children[2]; /* of its threads, by pid and pid + 1; NULL: no such file */
};

static void write_file(const char *root, const char *path, const char *text)
{
	char full[256];
	FILE *file;

	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(full, 0700);
		*slash = '/';
	}
	file = fopen(full, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void write_member(const char *root, const struct member *member, bool children_files)
{
	char path[96], text[256];

	(void)snprintf(text, sizeof(text), "%d (m) x) %c %d 1 1 0 -1 0 0 0 0 0 1 2 3 4 20 0 %d 0 77 4096 10 0\n",
			(int)member->pid, member->state, (int)member->ppid, member->threads);
	(void)snprintf(path, sizeof(path), "proc/%d/stat", (int)member->pid);
	write_file(root, path, text);
	for (int t = 0; t < 2; t++) {
		if (!member->children[t])
			continue;
		(void)snprintf(path, sizeof(path), "proc/%d/task/%d/stat", (int)member->pid, (int)member->pid + t);
		write_file(root, path, text);
		(void)snprintf(path, sizeof(path), "proc/%d/task/%d/children", (int)member->pid,
				(int)member->pid + t);
		if (children_files)
			write_file(root, path, member->children[t]);
	}
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat, (void)type, (void)ftw;
	return remove(path);
}

/* Looks below P(1) in a tree of files; writes the pids found, less P(0), as text. */
static int look_below(const struct member *members, size_t n, bool children_files, char *text, size_t size)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	CLEANUP(closep) int fd = -EBADF;
	char root[] = "/tmp/ration-tree-XXXXXX";
	size_t length = 0;
	int r;

	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < n; i++)
		write_member(root, &members[i], children_files);
	assert_int_equal(proc_open(root, &fd, NULL), 0);
	r = proc_descendants(fd, P(1), &list);
	*text = '\0';
	for (size_t i = 0; i < list.n; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%d%s", i ? " " : "",
				(int)list.items[i].pid - P(0), proc_is_dead(&list.items[i]) ? "z" : "");
	assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	return r;
}

static const struct member family[] = {
	{P(1), 1, 'S', 1, {"90000005 90000004 ", NULL}},
	{P(4), P(1), 'S', 2, {"90000009 ", "90000010 \n"}},
	{P(5), P(1), 'Z', 1, {"", NULL}},
	{P(9), P(4), 'Z', 3, {"", "90000020"}},
	{P(10), P(4), 'T', 1, {"", NULL}},
	{P(20), P(9), 'R', 1, {"", NULL}},
	{P(30), 1, 'R', 1, {"90000031 ", NULL}},
	{P(31), P(30), 'R', 1, {"", NULL}},
};

static void test_family(void **state)
{
	char text[128];

	(void)state;
	assert_int_equal(look_below(family, ARRAY_SIZE(family), true, text, sizeof(text)), 0);
	assert_string_equal(text, "4 5z 9 10 20");
}

/* The same from the parents' pids alone: a kernel without CONFIG_PROC_CHILDREN. */
static void test_family_scanned(void **state)
{
	char text[128];

	(void)state;
	assert_int_equal(look_below(family, ARRAY_SIZE(family), false, text, sizeof(text)), 0);
	assert_string_equal(text, "4 5z 9 10 20");
}

/* Children that are listed and gone, that are listed twice, and files that are empty. */
static void test_holes(void **state)
{
	static const struct member members[] = {
		{P(1), 1, 'S', 1, {"90000002 90000003 90000004", NULL}},
		{P(3), P(1), 'S', 1, {"90000004 0 90000001", NULL}},
		{P(4), P(3), 'S', 1, {"", NULL}},
	};
	char text[128];

	(void)state;
	assert_int_equal(look_below(members, ARRAY_SIZE(members), true, text, sizeof(text)), 0);
	assert_string_equal(text, "3 4");
}

/* A tree that bites its tail ends the look, and not the memory. */
static void test_cycle(void **state)
{
	static const struct member members[] = {
		{P(1), 1, 'S', 1, {"90000002", NULL}},
		{P(2), P(1), 'S', 1, {"90000002", NULL}},
	};
	char text[128];

	(void)state;
	assert_int_equal(look_below(members, ARRAY_SIZE(members), false, text, sizeof(text)), 0);
	assert_string_equal(text, "2");
}

/*
 * One whose pid a stranger has got since its parent's children were read, and the stranger's child; and one whose
 * parent isn't in this pid namespace, beside one that is gone.
 */
static void test_FB13_strangers(void **state)
{
	static const struct member members[] = {
		{P(1), 1, 'S', 1, {"90000002 90000003 90000004 90000005", NULL}},
		{P(3), 1, 'S', 1, {"90000006", NULL}},
		{P(4), 0, 'S', 1, {"", NULL}},
		{P(5), P(1), 'S', 1, {"", NULL}},
		{P(6), P(3), 'S', 1, {"", NULL}},
	};
	char text[128];

	(void)state;
	assert_int_equal(look_below(members, ARRAY_SIZE(members), true, text, sizeof(text)), 0);
	assert_string_equal(text, "5");
}

static void test_no_root(void **state)
{
	char text[128];

	(void)state;
	assert_int_equal(look_below(&family[1], 2, true, text, sizeof(text)), -ESRCH);
}

static void test_list(void **state)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};

	(void)state;
	assert_null(proc_list_find(&list, 1));
	for (pid_t pid = 3000; pid > 0; pid--)
		for (int twice = 0; twice < 2; twice++)
			assert_int_equal(proc_list_push(&list, &(struct proc_stat){.pid = pid}), 0);
	proc_list_sort(&list);
	assert_int_equal(list.n, 3000);
	assert_int_equal(list.items[0].pid, 1);
	assert_int_equal(proc_list_find(&list, 3000)->pid, 3000);
	assert_null(proc_list_find(&list, 3001));
}

static int add_up(void *userdata, pid_t pid)
{
	*(int *)userdata += (int)pid;
	return pid == 99 ? 42 : 0;
}

static void test_read_pids(void **state)
{
	static const struct {
		const char *text;
		int r, sum;
	} rows[] = {
		{"", 0, 0}, {"1 2 3 ", 0, 6}, {"1\n2\n3\n", 0, 6}, {"0\n5\n0\n", 0, 5}, {"12", 0, 12},
		{"1 99 5", 42, 100}, {"2147483648\n", -EBADMSG, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int ends[2], sum = 0;

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], rows[i].text, strlen(rows[i].text)), (ssize_t)strlen(rows[i].text));
		assert_int_equal(close(ends[1]), 0);
		assert_int_equal(proc_read_pids(ends[0], add_up, &sum), rows[i].r);
		assert_int_equal(sum, rows[i].sum);
		assert_int_equal(close(ends[0]), 0);
	}
}

/* -------------------------------------------------------------- real trees */

static size_t count_alive(int proc_fd, struct proc_list *list)
{
	size_t n = 0;

	if (proc_descendants(proc_fd, getpid(), list) < 0)
		return 0;
	for (size_t i = 0; i < list->n; i++)
		n += !proc_is_dead(&list->items[i]);
	return n;
}

/* 20 children with 9 each: all found, all ended, all left for us to wait for. */
static int end_200(int proc_fd)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	uint64_t killed = 0;

	for (int i = 0; i < 20; i++) {
		if (fork() > 0)
			continue;
		for (int j = 0; j < 9; j++)
			if (fork() == 0)
				live_a_while();
		live_a_while();
	}
	CHECK_SOON(count_alive(proc_fd, &list) == 200);
	CHECK(!proc_list_find(&list, getpid()));
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), BOX_USEC, &killed) == 0);
	CHECK(killed == 200);
	CHECK(count_alive(proc_fd, &list) == 0);
	CHECK(reap_all());
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), 0, &killed) == 0 && killed == 0);
	return 0;
}

/* Forked twice, in a session of its own, its parent gone: the subreaper's. */
static int end_daemon(int proc_fd)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	uint64_t n = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setsid();
		if (fork() == 0)
			live_a_while();
		_exit(0);
	}
	CHECK(wait_exit(pid) == 0);
	CHECK(count_alive(proc_fd, &list) == 1);
	CHECK(list.items[0].ppid == getpid());
	CHECK(proc_tree_signal(proc_fd, getpid(), SIGTERM, &n) == 0 && n == 1);
	CHECK_SOON(reap_all());
	return 0;
}

/* A zombie is listed, isn't alive, and nobody waits for it to die again. */
static int end_zombies(int proc_fd)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	uint64_t killed = 7;

	for (int i = 0; i < 5; i++)
		if (fork() == 0)
			_exit(0);
	CHECK_SOON(count_alive(proc_fd, &list) == 0);
	CHECK(list.n == 5);
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), 0, &killed) == 0);
	CHECK(killed == 0);
	CHECK(reap_all());
	return 0;
}

static void *fork_in_thread(void *argument)
{
	(void)argument;
	if (fork() == 0)
		live_a_while();
	live_a_while();
}

/* The leader has exited, a thread lives on and has a child: neither is dead. */
static int end_leaderless(int proc_fd)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	const struct proc_stat *leader;
	uint64_t killed = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)pthread_create(&(pthread_t){0}, NULL, fork_in_thread, NULL);
		pthread_exit(NULL);
	}
	CHECK_SOON(count_alive(proc_fd, &list) == 2 && (leader = proc_list_find(&list, pid)) &&
			leader->state == 'Z');
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), BOX_USEC, &killed) == 0);
	CHECK(killed == 2);
	CHECK(reap_all());
	return 0;
}

/* Two that start each other anew: only a stop of both ends it. */
static void __attribute__((noreturn)) respawn(int depth, double until)
{
	while (now_seconds() < until) {
		pid_t pid = fork();

		if (pid == 0 && depth < 3)
			respawn(depth + 1, until);
		if (pid == 0)
			live_a_while();
		(void)waitpid(pid, NULL, 0);
		if (fork() == 0)
			respawn(depth, until);
	}
	_exit(0);
}

static int end_respawners(int proc_fd)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	uint64_t killed = 0;

	if (fork() == 0)
		respawn(0, now_seconds() + BOX_SECONDS);
	CHECK_SOON(count_alive(proc_fd, &list) >= 5);
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), BOX_USEC, &killed) == 0);
	CHECK(killed >= 5);
	CHECK(reap_all());
	return 0;
}

static void __attribute__((noreturn)) bomb(double until, int *forks)
{
	while (now_seconds() < until)
		if (fork() > 0)
			(void)__atomic_fetch_add(forks, 1, __ATOMIC_RELAXED);
	_exit(0);
}

/* A bomb that is going off, on all CPUs, up to its user's limit. */
static int end_bomb(int proc_fd)
{
	const rlim_t size = getuid() == 0 ? 2000 : 200;
	int *forks = mmap(NULL, sizeof(*forks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t killed = 0, others = 0;
	CHECK(forks != MAP_FAILED);
	CHECK(proc_uid_tasks(proc_fd, getuid() == 0 ? box_uid : getuid(), &others) == 0);
	if (fork() == 0) {
		struct rlimit limit = {others + size, others + size};

		if (setrlimit(RLIMIT_NPROC, &limit) < 0 || (getuid() == 0 && setuid(box_uid) < 0))
			_exit(1);
		bomb(now_seconds() + BOX_SECONDS, forks);
	}
	/* Looking for them in /proc would take half a minute: they have all CPUs, and we our share. */
	CHECK_SOON(__atomic_load_n(forks, __ATOMIC_RELAXED) >= 150);
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), BOX_USEC, &killed) == 0);
	CHECK(killed >= 100);
	CHECK(reap_all());
	return 0;
}

/* hidepid=2 and a process of another user: it is known to be there, and that it can't be ended. */
static int end_hidden(int proc_fd)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	CLEANUP(closep) int hiding_fd = -EBADF;
	uint64_t killed = 7;
	pid_t hidden;

	if (getuid() != 0 || mount("proc", "/proc", "proc", 0, "hidepid=2") < 0)
		return BOX_CANT;
	hidden = fork();
	if (hidden == 0)
		live_a_while();
	/* hidepid= spares the group of gid=, which is root's if nobody says otherwise. */
	CHECK(setgroups(0, NULL) == 0 && setgid(box_uid) == 0 && setuid(box_uid) == 0);
	/* setuid() made us undumpable, so that we couldn't see ourselves. */
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
	CHECK(proc_open(NULL, &hiding_fd, NULL) == 0);
	if (fork() == 0)
		live_a_while();
	CHECK(count_alive(hiding_fd, &list) == 2);
	CHECK(proc_list_find(&list, hidden)->state == PROC_HIDDEN);
	CHECK(proc_tree_stop_kill(hiding_fd, getpid(), BOX_USEC, &killed) == -EPERM);
	CHECK(killed == 7);
	CHECK(count_alive(hiding_fd, &list) == 1);
	(void)proc_fd;
	return 0;
}

/* A stopped or dying member that can't be had in time is said to be there. */
static int end_too_late(int proc_fd)
{
	uint64_t killed = 7;
	int r;

	for (int i = 0; i < 50; i++)
		if (fork() == 0)
			live_a_while();
	r = proc_tree_stop_kill(proc_fd, getpid(), 0, &killed);
	CHECK(r == -ETIMEDOUT ? killed == 7 : killed == 50);
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), BOX_USEC, &killed) == 0);
	CHECK(reap_all());
	return 0;
}

/* Signals reach descendants only. */
static int signal_descendants(int proc_fd)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	uint64_t n = 0;
	pid_t left = fork(), right;

	if (left == 0) {
		if (fork() == 0)
			live_a_while();
		live_a_while();
	}
	right = fork();
	if (right == 0)
		live_a_while();
	CHECK_SOON(count_alive(proc_fd, &list) == 3);
	CHECK(proc_tree_signal(proc_fd, left, SIGKILL, &n) == 0 && n == 1);
	CHECK_SOON(count_alive(proc_fd, &list) == 2);
	CHECK(kill(left, 0) == 0 && kill(right, 0) == 0);
	CHECK(proc_tree_signal(proc_fd, left, 0, &n) == -EINVAL);
	CHECK(proc_tree_stop_kill(proc_fd, getpid(), BOX_USEC, NULL) == 0);
	CHECK(reap_all());
	return 0;
}

/* Forks twice, then each child, and so on; with so much memory that a fork takes milliseconds. */
static void __attribute__((noreturn)) fork_slowly(int ready_fd)
{
	size_t size = 128 << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	(void)!write(ready_fd, "", 1);
	for (int depth = 0; depth < 4; depth++)
		if (fork() > 0 && fork() > 0)
			break;
	live_a_while();
}

/*
 * Below a child of ours, whose descendants come to us when their own parents are
 * gone: none may have been missed by who looked below that child only, while it
 * or another was in fork(2).
 */
static int end_below_a_child(int proc_fd)
{
	for (int round = 0; round < 20; round++) {
		int ready[2];
		char byte;
		pid_t pid;

		CHECK(pipe(ready) == 0);
		pid = fork();
		if (pid == 0)
			fork_slowly(ready[1]);
		CHECK(read(ready[0], &byte, 1) == 1);
		nap_msec(round % 5);
		CHECK(sys_child_stop(pid, -1, BOX_USEC) == 0);
		CHECK(proc_tree_stop_kill(proc_fd, pid, BOX_USEC, NULL) == 0);
		CHECK(kill(pid, SIGKILL) == 0);
		CHECK_SOON(reap_all());
		(void)close(ready[0]);
		(void)close(ready[1]);
	}
	return 0;
}

#define BOXED(name)                               \
	static void test_##name(void **state) \
	{                                         \
		(void)state;                      \
		check_boxed(name);                        \
	}

BOXED(end_200)
BOXED(end_daemon)
BOXED(end_zombies)
BOXED(end_leaderless)
BOXED(end_respawners)
BOXED(end_bomb)
BOXED(end_hidden)
BOXED(end_too_late)
BOXED(signal_descendants)
BOXED(end_below_a_child)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_family_scanned),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_cycle),
		cmocka_unit_test(test_FB13_strangers),
		cmocka_unit_test(test_no_root),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_read_pids),
		cmocka_unit_test(test_end_200),
		cmocka_unit_test(test_end_daemon),
		cmocka_unit_test(test_end_zombies),
		cmocka_unit_test(test_end_leaderless),
		cmocka_unit_test(test_end_respawners),
		cmocka_unit_test(test_end_bomb),
		cmocka_unit_test(test_end_hidden),
		cmocka_unit_test(test_end_too_late),
		cmocka_unit_test(test_signal_descendants),
		cmocka_unit_test(test_end_below_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
