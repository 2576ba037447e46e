/* SPDX-License-Identifier: MIT */
/*
 * test-leaf.c - groups that come and go, under the feet of others, too
 */
#include "unit.h"

#include "base.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "group/frozen.h"
#include "group/leaf.h"
#include "group/nodes.h"
#include "group/owner.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

#define PROCESSES 8
#define ROUNDS 200

/* A bad name is refused before anything is made. */
static void test_bad_names_make_nothing(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "..", NULL, 0, &place, NULL), -EINVAL);
	assert_int_equal(leaf_prepare(host_now(base.host), "a", "../b", 0, &place, NULL), -EINVAL);
	assert_int_equal(place.fd, -EBADF);
	assert_int_equal(access(base.path, F_OK), -1);
	base_end(&base);
}

static void test_one_life(void **state)
{
	struct base base;
	struct place place = PLACE_NONE, same = PLACE_NONE;
	char path[9000];

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "t", "n", 0, &place, NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/t/n", base.path);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), 0);
	assert_int_equal(leaf_complete(&place), 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(owner_state(host_now(base.host)->proc_fd, place.fd, NULL), RATION_OWNER_ALIVE);

	/* Its owner lives: nobody else may have it. */
	assert_int_equal(leaf_prepare(host_now(base.host), "t", "n", 0, &same, NULL), 0);
	assert_int_equal(leaf_create_owned(&same, 0, NULL), -EEXIST);
	assert_int_equal(same.fd, -EBADF);
	place_close(&same);

	assert_int_equal(leaf_remove(&place), 0);
	assert_int_equal(leaf_remove(&place), 0);
	place_close(&place);
	base_end(&base);
}

/* Without its notes it would be no group for others: whoever makes it is told, and it stays locked. */
static void test_what_cannot_be_noted_is_not_made(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;
	char path[9000];
	int fd;

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "t", "n", 0, &place, NULL), 0);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), 0);
	(void)snprintf(path, sizeof(path), "%s/t/n", base.path);
	fd = place.fd;
	place.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); /* takes no note */
	assert_int_equal(leaf_complete(&place), -EBADF);
	(void)close(place.fd);
	place.fd = fd;
	assert_false(leaf_recorded(fd));
	assert_int_equal(leaf_complete(&place), 0);
	assert_int_equal(leaf_remove(&place), 0);
	place_close(&place);
	base_end(&base);
}

/* Asked where one of its files was missing: who asks waits for a removal, and changes nothing. */
static void test_gone_or_not(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;
	char before[CG_FILE_MAX], after[CG_FILE_MAX];

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "t", "n", 0, &place, NULL), 0);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), 0);
	assert_int_equal(leaf_complete(&place), 0);
	for (int held = 0; held < 2; held++) {
		assert_int_equal(held ? leaf_lock(&place, NULL) : 0, 0);
		assert_true(cg_read(place.fd, "cgroup.subtree_control", before, sizeof(before)) >= 0);
		assert_false(leaf_gone(&place));
		assert_true(cg_read(place.fd, "cgroup.subtree_control", after, sizeof(after)) >= 0);
		assert_string_equal(before, after);
	}
	assert_int_equal(leaf_remove(&place), 0);
	assert_true(leaf_gone(&place));
	place_close(&place);
	base_end(&base);
}

/* Names that nobody chose are nobody else's: two threads had the same in the same microsecond. */
static void *choose_names(void *data)
{
	const struct host_snapshot *host = data;
	char (*names)[RATION_NAME_MAX + 1] = calloc(ROUNDS, sizeof(*names));

	for (size_t i = 0; names && i < ROUNDS; i++) {
		struct place place = PLACE_NONE;
		uint64_t now = sys_now_usec();

		/* With a base to make it in, no thread gets there twice in a microsecond. */
		while (sys_now_usec() == now)
			;
		if (leaf_prepare(host, "t", NULL, 0, &place, NULL) < 0)
			return NULL;
		(void)strcpy(names[i], place.name);
		place_close(&place);
	}
	return names;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void test_chosen_names_are_unique(void **state)
{
	/* Where there is no base, a name is chosen just as well, and faster. */
	struct host_snapshot host = { .base_fd = -EBADF };
	static char all[4 * ROUNDS][RATION_NAME_MAX + 1];
	pthread_t thread[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, choose_names, &host), 0);
	for (size_t i = 0; i < ARRAY_SIZE(thread); i++) {
		void *names = NULL;

		assert_int_equal(pthread_join(thread[i], &names), 0);
		assert_non_null(names);
		(void)memcpy(all[i * ROUNDS], names, sizeof(all[0]) * ROUNDS);
		free(names);
	}
	qsort(all, ARRAY_SIZE(all), sizeof(all[0]), compare_names);
	for (size_t i = 1; i < ARRAY_SIZE(all); i++)
		assert_string_not_equal(all[i - 1], all[i]);
}

/* One of many who use the same tenant. Returns a line, or 0. */
static int come_and_go(const struct base *base, int who)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct ration_error error = { .message = "" };
		struct place place = PLACE_NONE;
		int r = leaf_prepare(host_now(base->host), "shared", NULL, 0, &place, &error);

		/* The last of the others has removed the tenant: whoever makes groups asks its budget again. */
		do
			r = r == 0 || r == -ESTALE ? leaf_create_owned(&place, 0, &error) : r;
		while (r == -ESTALE);
		if (r == 0)
			r = leaf_complete(&place);
		if (r == 0 && cg_populated(place.fd) != 0)
			r = -EIO;
		if (r == 0)
			r = leaf_remove(&place);
		place_close(&place);
		if (r < 0) {
			print_error("process %d, round %d: %d %s\n", who, i, r, error.message);
			return 1;
		}
	}
	return 0;
}

static void test_eight_processes_in_one_tenant(void **state)
{
	struct base base;
	pid_t pid[PROCESSES];
	int failures = 0;

	(void)state;
	base_begin(&base);
	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(come_and_go(&base, i));
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		assert_true(pid[i] > 0 && waitpid(pid[i], &status, 0) == pid[i]);
		failures += status != 0;
	}
	assert_int_equal(failures, 0);
	base_end(&base);
}

static void test_marked_nodes_stay(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;
	char path[9000];

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "kept", "n", 0, &place, NULL), 0);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), 0);
	assert_int_equal(leaf_complete(&place), 0);
	if (notes_mark(place.tenant_fd, NOTE_KEEP) < 0) {
		(void)leaf_remove(&place);
		place_close(&place);
		base_end(&base);
		skip_because("no extended attributes on cgroups here");
	}
	assert_int_equal(leaf_remove(&place), 0);
	(void)snprintf(path, sizeof(path), "%s/kept", base.path);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(notes_write(place.tenant_fd, NOTE_KEEP, ""), 0);
	assert_int_equal(leaf_remove(&place), 0);
	place_close(&place);
	base_end(&base);
}

/* What a run's processes made below their group goes with it; processes don't. */
static void test_removal_takes_what_is_below(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;
	int fd;
	pid_t pid;

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "t", "n", 0, &place, NULL), 0);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), 0);
	assert_int_equal(leaf_complete(&place), 0);
	assert_int_equal(cg_mkdir(place.fd, "a"), 0);
	fd = cg_open_dir(place.fd, "a");
	assert_int_equal(cg_mkdir(fd, "b"), 0);
	pid = fork();
	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(cg_attach(fd, pid), 0);
	assert_int_equal(cg_populated(place.fd), 1);
	assert_int_equal(leaf_remove(&place), -EBUSY);
	assert_int_equal(cg_kill(place.fd), 0);
	assert_int_equal(cg_wait_empty(place.fd, 1000 * DEADLINE_SECONDS), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(leaf_remove(&place), 0);
	(void)close(fd);
	place_close(&place);
	base_end(&base);
}

static pid_t freeze_and_thaw(int fd)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)alarm(DEADLINE_SECONDS);
	for (bool freeze = true;; freeze = !freeze)
		(void)cg_write(fd, "cgroup.freeze", freeze ? "1" : "0");
}

/* Frozen between two looks, a tenant was said to be a container that is frozen from outside. */
static void test_a_tenant_is_frozen_meanwhile(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;
	size_t frozen = 0, strange = 0;
	pid_t other;

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "t", "n", 0, &place, NULL), 0);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), 0);
	assert_int_equal(leaf_complete(&place), 0);
	other = freeze_and_thaw(place.tenant_fd);
	for (int i = 0; i < 50 * ROUNDS && frozen < 5 * ROUNDS; i++) {
		struct ration_error error;

		if (frozen_check(&place, "start a command in", &error) == 0)
			continue;
		frozen++;
		strange += strstr(error.message, ": tenant t is frozen") == NULL;
	}
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	assert_int_equal(strange, 0);
	assert_int_equal(cg_write(place.tenant_fd, "cgroup.freeze", "0"), 0);
	assert_int_equal(leaf_remove(&place), 0);
	place_close(&place);
	base_end(&base);
}

/* Somebody removes the tenant, and makes another of that name, perhaps with a budget: who makes a group asks again. */
static void test_the_tenant_of_before(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "t", "n", 0, &place, NULL), 0);
	assert_int_equal(cg_rmdir(place.namespace_fd, "t"), 0);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), -ESTALE);
	assert_int_equal(sys_access(place.tenant_fd, "n", F_OK), -ENOENT);
	assert_int_equal(leaf_create_owned(&place, 0, NULL), 0);
	assert_int_equal(leaf_complete(&place), 0);
	assert_int_equal(leaf_remove(&place), 0);
	place_close(&place);
	base_end(&base);
}

/* `ration create` has the lock, and hasn't noted yet that the tenant is to stay: the last run in it leaves it alone. */
static void test_a_locked_tenant_stays(void **state)
{
	struct base base;
	struct place place = PLACE_NONE;
	int lock_fd;

	(void)state;
	base_begin(&base);
	assert_int_equal(leaf_prepare(host_now(base.host), "t", NULL, 0, &place, NULL), 0);
	lock_fd = lock_take(place.tenant_fd, 1000);
	assert_true(lock_fd >= 0);
	nodes_remove(place.host, place.namespace_fd, "t", place.tenant_fd);
	assert_true(leaf_alive(place.tenant_fd));
	lock_fd = lock_release(lock_fd);
	nodes_remove(place.host, place.namespace_fd, "t", place.tenant_fd);
	assert_false(leaf_alive(place.tenant_fd));
	place_close(&place);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_names_make_nothing),
		cmocka_unit_test(test_one_life),
		cmocka_unit_test(test_what_cannot_be_noted_is_not_made),
		cmocka_unit_test(test_gone_or_not),
		cmocka_unit_test(test_chosen_names_are_unique),
		cmocka_unit_test(test_eight_processes_in_one_tenant),
		cmocka_unit_test(test_marked_nodes_stay),
		cmocka_unit_test(test_removal_takes_what_is_below),
		cmocka_unit_test(test_a_tenant_is_frozen_meanwhile),
		cmocka_unit_test(test_the_tenant_of_before),
		cmocka_unit_test(test_a_locked_tenant_stays),
	};

	return cmocka_run_group_tests_name("leaf", tests, NULL, NULL);
}
