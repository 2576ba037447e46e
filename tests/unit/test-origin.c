/* SPDX-License-Identifier: MIT */
/*
 * test-origin.c - where the processes of a group came from, and go when it is released
 */
#include "unit.h"

#include "base.h"
#include "sleeper.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "group/handle.h"
#include "group/life/origin.h"
#include "host/notes.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"

#define SOMEBODY 54711

static struct ration_group *create(const struct base *base, const char *address)
{
	const struct ration_group_options kept = { .size = sizeof(kept), .keep = true };
	struct ration_group *group = NULL;

	assert_int_equal(ration_group_create(base->host, address, NULL, &kept, &group, NULL), 0);
	return group;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The path of its group, from the mount. */
static const char *where(const struct base *base, pid_t pid)
{
	static char path[PATH_MAX];

	assert_int_equal(proc_cgroup(host_now(base->host)->proc_fd, pid, path, sizeof(path)), 0);
	return path;
}

static void attach(struct ration_group *group, pid_t pid)
{
	struct ration_error error = { .message = "" };

	assert_row(ration_group_attach(group, pid, NULL, NULL, &error) == 0, "%s", error.message);
}

static struct ration_remove_report release(struct ration_group *group)
{
	struct ration_remove_report report = { .size = sizeof(report) };
	struct ration_error error = { .message = "" };

	assert_row(ration_group_remove(group, RATION_REMOVE_RELEASE, &report, &error) == 0, "%s", error.message);
	assert_null(ration_group_free(group));
	return report;
}

/* Each goes back to where it came from, of a tenant with several groups as well. */
static void test_back_to_where_they_came_from(void **state)
{
	char origin[2][PATH_MAX];
	struct ration_remove_report report;
	struct ration_group *tenant, *from, *group[2];
	struct base base;
	pid_t pid[3];

	(void)state;
	base_begin(&base);
	tenant = create(&base, "t");
	group[0] = create(&base, "t/n");
	group[1] = create(&base, "t/m");
	from = create(&base, "from/n");
	for (int i = 0; i < 3; i++)
		pid[i] = sleeper();
	(void)strcpy(origin[0], where(&base, pid[0]));
	attach(group[0], pid[0]);
	attach(from, pid[1]);
	(void)strcpy(origin[1], where(&base, pid[1]));
	/* Two lines of one group: the older one is kept. */
	attach(group[0], pid[1]);
	attach(group[1], pid[2]);
	assert_string_not_equal(where(&base, pid[1]), origin[1]);
	report = release(tenant);
	assert_int_equal(report.released, 3);
	assert_int_equal(report.released_to_caller, 0);
	assert_string_equal(where(&base, pid[0]), origin[0]);
	assert_string_equal(where(&base, pid[1]), origin[1]);
	assert_string_equal(where(&base, pid[2]), origin[0]);
	for (int i = 0; i < 3; i++)
		end(pid[i]);
	(void)ration_group_free(group[0]);
	(void)ration_group_free(group[1]);
	(void)release(from);
	base_end(&base);
}

/* What it came from is gone: then it is where the caller is. */
static void test_to_the_caller(void **state)
{
	struct ration_remove_report report;
	struct ration_group *from, *group;
	struct base base;
	pid_t pid;
	int r;

	(void)state;
	base_begin(&base);
	from = create(&base, "from/n");
	group = create(&base, "t/n");
	pid = sleeper();
	attach(from, pid);
	attach(group, pid);
	r = ration_group_remove(from, RATION_REMOVE_EMPTY, NULL, NULL);
	assert_int_equal(r, 0);
	(void)ration_group_free(from);
	report = release(group);
	assert_int_equal(report.released, 1);
	assert_int_equal(report.released_to_caller, 1);
	assert_string_equal(where(&base, pid), where(&base, getpid()));
	end(pid);
	base_end(&base);
}

/* Who releases the group that it is in itself, and came from nowhere, would stay. */
static int release_from_inside(struct ration_group *group)
{
	struct ration_remove_report report = { .size = sizeof(report) };
	struct ration_error error = { .message = "" };

	(void)notes_write(group->at.fd, NOTE_FROM, "");
	if (origin_release(group, &report, &error) != -EBUSY)
		return 1;
	return strstr(error.message, "can't move process") && strstr(error.message, "t/n") && error.hint[0] ? 0 : 2;
}

static void test_who_cannot_be_moved(void **state)
{
	struct ration_group *group;
	struct base base;
	int status, pair[2];
	pid_t pid;
	char byte;

	(void)state;
	base_begin(&base);
	group = create(&base, "t/n");
	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		_exit(read(pair[0], &byte, 1) == 1 ? release_from_inside(group) : 3);
	}
	attach(group, pid);
	assert_int_equal(write(pair[1], "", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)release(group);
	base_end(&base);
}

/* A process outside of the caller's pid namespace has no pid that could be moved. */
static int release_unseen(struct ration_group *group)
{
	struct ration_remove_report report = { .size = sizeof(report) };
	struct ration_error error = { .message = "" };
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) < 0)
		return 77;
	pid = fork();
	if (pid == 0) {
		if (origin_release(group, &report, &error) != -EBUSY)
			_exit(1);
		_exit(strstr(error.message, "can't move process 0 out of t/n") ? 0 : 2);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static void test_who_is_not_seen(void **state)
{
	struct ration_group *group;
	struct base base;
	int status;
	pid_t pid, child;

	(void)state;
	base_begin(&base);
	group = create(&base, "t/n");
	pid = sleeper();
	attach(group, pid);
	child = fork();
	if (child == 0)
		_exit(release_unseen(group));
	assert_int_equal(waitpid(child, &status, 0), child);
	(void)release(group);
	end(pid);
	base_end(&base);
	if (status == 77 << 8)
		skip_because("no pid namespace");
	assert_int_equal(status, 0);
}

/* Who can write to the group wrote where its processes came from, too. */
static void test_of_another_uid(void **state)
{
	struct ration_error error = { .message = "" };
	struct ration_group *group;
	struct base base;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can give a group away");
	base_begin(&base);
	group = create(&base, "t/n");
	pid = sleeper();
	attach(group, pid);
	assert_int_equal(origin_check(group, NULL), 0);
	assert_int_equal(fchown(group->at.fd, SOMEBODY, SOMEBODY), 0);
	assert_int_equal(origin_check(group, &error), -EPERM);
	assert_non_null(strstr(error.message, "uid 54711"));
	assert_non_null(strstr(error.hint, "ration rm --force t/n"));
	assert_int_equal(fchown(group->at.fd, 0, 0), 0);
	(void)release(group);
	end(pid);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back_to_where_they_came_from),
		cmocka_unit_test(test_to_the_caller),
		cmocka_unit_test(test_who_cannot_be_moved),
		cmocka_unit_test(test_who_is_not_seen),
		cmocka_unit_test(test_of_another_uid),
	};

	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
