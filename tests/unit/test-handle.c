/* SPDX-License-Identifier: MIT */
/*
 * test-handle.c - tenants and groups by hand, on this machine's cgroup2
 *
 * No controller is needed here: what is tested is who has a group, and what
 * becomes of its processes. Limits are seen to hold in the test bed.
 */
#include "unit.h"

#include "base.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "group/handle.h"
#include "group/leaf.h"
#include "group/life/origin.h"
#include "group/limits/update.h"
#include "group/owner.h"
#include "group/record.h"
#include "host/notes.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"

#define MAKERS 16
/* The defaults are for people. */
#define PATIENCE_USEC (DEADLINE_SECONDS * UINT64_C(1000000))

int __real_lock_take(int dir_fd, int timeout_msec);
int __wrap_lock_take(int dir_fd, int timeout_msec);

/* Who waits for a second waits for as long as a test does: what is done without the lock then isn't what is tested. */
int __wrap_lock_take(int dir_fd, int timeout_msec)
{
	return __real_lock_take(dir_fd, timeout_msec > 0 ? 1000 * DEADLINE_SECONDS : timeout_msec);
}

static const struct ration_group_options kept = { .size = sizeof(kept), .keep = true };
static char *const sleeper[] = { (char *)"sleep", (char *)"1000", NULL };

static struct ration_group *make(struct base *base, const char *address)
{
	struct ration_group *group = NULL;

	assert_int_equal(ration_group_create(base->host, address, NULL, &kept, &group, NULL), 0);
	return group;
}

static void drop(struct ration_group *group, enum ration_remove mode)
{
	assert_int_equal(ration_group_remove(group, mode, NULL, NULL), 0);
	(void)ration_group_free(group);
}

static int start(struct ration_group *group)
{
	const struct ration_spawn_options options = { .size = sizeof(options), .argv = sleeper };
	int pid = 0;

	assert_int_equal(ration_group_spawn(group, &options, &pid, NULL, NULL), 0);
	return pid;
}

static void reap(int pid, int sig)
{
	int status;

	if (sig)
		(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* -------------------------------------------------------------- one at a time */

static void test_a_group_that_is_there(void **state)
{
	struct ration_group_options again = kept;
	struct ration_group *group, *other = NULL;
	struct ration_error error;
	struct base base;

	(void)state;
	base_begin(&base);
	assert_int_equal(ration_group_open(base.host, "t/n", &other, &error), -ENOENT);
	assert_int_equal(error.cause, RATION_CAUSE_NO_GROUP);
	group = make(&base, "t/n");
	assert_string_equal(ration_group_address(group), "t/n");
	assert_false(ration_group_is_tenant(group));
	assert_int_equal(ration_group_create(base.host, "t/n", NULL, &kept, &other, &error), -EEXIST);
	assert_int_equal(error.cause, RATION_CAUSE_EXISTS);
	again.exist_ok = true;
	assert_int_equal(ration_group_create(base.host, "t/n", NULL, &again, &other, NULL), 0);
	other = ration_group_free(other);
	assert_int_equal(owner_state(host_now(base.host)->proc_fd, group->at.fd, NULL), RATION_OWNER_KEPT);
	/* The tenant above it goes with it. */
	drop(group, RATION_REMOVE_EMPTY);
	base_end(&base);
}

/*
 * Removed by another process once the change has begun: that is what is said, and not that
 * a file is missing. As the kernel would have it with the controller, which needn't be here.
 */
static void test_a_group_that_vanishes_while_it_is_changed(void **state)
{
	struct ration_update_report report = { .size = sizeof(report) };
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	struct ration_group *group;
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_STRICT,
		.purpose = RATION_PURPOSE_GROUP, .tenant = "t" };
	struct ration_error error;
	struct base base;

	(void)state;
	base_begin(&base);
	group = make(&base, "t/n");
	atomic_load(&base.host->newest)->facts.controllers |= RATION_CONTROLLER_PIDS;
	assert_int_equal(ration_limits_new(&limits), 0);
	assert_int_equal(ration_limits_set(limits, RATION_LIMIT_PIDS, RATION_UNLIMITED, 50, &error), 0);
	assert_int_equal(ration_plan_new(base.host, limits, &how, &plan, &error), 0);
	assert_int_equal(cg_rmdir(group->at.tenant_fd, "n"), 0);
	assert_int_equal(update_apply(group, plan, NULL, &report, &error), -ENOENT);
	assert_int_equal(error.cause, RATION_CAUSE_VANISHED);
	assert_string_equal(error.message, "t/n was removed meanwhile");
	assert_false(report.changed);
	assert_true(report.has_failed && report.failed == RATION_LIMIT_PIDS);
	assert_int_equal(ration_group_update(group, plan, NULL, NULL, &error), -ENOENT);
	assert_int_equal(error.cause, RATION_CAUSE_VANISHED);
	(void)ration_plan_free(plan);
	(void)ration_limits_free(limits);
	drop(group, RATION_REMOVE_EMPTY);
	base_end(&base);
}

/* It went with the first run in it, and its limits with it: the next run had none. */
static void test_a_tenant_outlives_its_groups(void **state)
{
	const struct ration_group_options mine = { .size = sizeof(mine) };
	struct ration_group *tenant = NULL;
	struct ration_gc_report report = { .size = sizeof(report) };
	struct ration_list *list = NULL;
	struct base base;

	(void)state;
	base_begin(&base);
	assert_int_equal(ration_group_create(base.host, "t", NULL, &mine, &tenant, NULL), 0);
	drop(make(&base, "t/n"), RATION_REMOVE_EMPTY);
	assert_true(leaf_alive(tenant->at.fd));
	assert_int_equal(ration_gc(base.host, NULL, &report, NULL), 0);
	assert_true(leaf_alive(tenant->at.fd));
	assert_int_equal(ration_list_new(base.host, NULL, &list, NULL), 0);
	assert_int_equal(ration_list_item(list, 0)->owner, RATION_OWNER_ALIVE);
	assert_int_equal(ration_list_item(list, 0)->owner_pid, getpid());
	(void)ration_list_free(list);
	drop(tenant, RATION_REMOVE_EMPTY);
	base_end(&base);
}

/* A program makes tenant t and group t/n, and dies. */
static void make_and_die(struct base *base)
{
	const struct ration_group_options mine = { .size = sizeof(mine) };
	struct ration_group *group = NULL;
	pid_t pid = fork();
	int r;

	if (pid == 0) {
		r = ration_group_create(base->host, "t", NULL, &mine, &group, NULL);
		_exit(r == 0 ? ration_group_create(base->host, "t/n", NULL, &mine, &group, NULL) != 0 : 1);
	}
	assert_int_equal(waitpid(pid, &r, 0), pid);
	assert_int_equal(r, 0);
}

/* Nobody needs it when its maker is dead, and it is empty. */
static void test_a_tenant_of_the_dead(void **state)
{
	struct ration_gc_report report = { .size = sizeof(report) };
	struct ration_group *tenant = NULL;
	struct base base;

	(void)state;
	base_begin(&base);
	make_and_die(&base);
	assert_int_equal(ration_group_open(base.host, "t", &tenant, NULL), 0);
	assert_int_equal(ration_gc(base.host, NULL, &report, NULL), 0);
	assert_false(leaf_alive(tenant->at.fd));
	(void)ration_group_free(tenant);
	base_end(&base);
}

/* A program that crashed, and is started again, was told that its tenant exists already. */
static void test_a_tenant_of_the_dead_is_made_anew(void **state)
{
	const struct ration_group_options mine = { .size = sizeof(mine) };
	struct ration_group *tenant = NULL, *other = NULL;
	struct base base;
	int owner;

	(void)state;
	base_begin(&base);
	make_and_die(&base);
	assert_int_equal(ration_group_create(base.host, "t", NULL, &mine, &tenant, NULL), 0);
	assert_int_equal(owner_state(host_now(base.host)->proc_fd, tenant->at.fd, &owner), RATION_OWNER_ALIVE);
	assert_int_equal(owner, getpid());
	assert_int_equal(ration_group_open(base.host, "t/n", &other, NULL), -ENOENT);
	assert_int_equal(ration_group_create(base.host, "t", NULL, &mine, &other, NULL), -EEXIST);
	drop(tenant, RATION_REMOVE_EMPTY);
	base_end(&base);
}

static void test_a_group_that_vanishes(void **state)
{
	struct ration_stats *stats = NULL;
	struct ration_group *group, *same = NULL;
	struct ration_error error;
	struct base base;

	(void)state;
	base_begin(&base);
	group = make(&base, "t/n");
	assert_int_equal(ration_group_open(base.host, "t/n", &same, NULL), 0);
	assert_int_equal(ration_group_remove(same, RATION_REMOVE_EMPTY, NULL, NULL), 0);
	/* One of the same name isn't the same. */
	drop(make(&base, "t/n"), RATION_REMOVE_EMPTY);
	assert_int_equal(ration_stats_new(group, &stats, &error), -ENOENT);
	assert_int_equal(error.cause, RATION_CAUSE_VANISHED);
	assert_int_equal(ration_group_freeze(group, 0, &error), -ENOENT);
	assert_int_equal(ration_group_kill(group, 0, NULL, &error), -ENOENT);
	assert_int_equal(ration_group_attach(group, (int)getpid(), NULL, NULL, &error), -ENOENT);
	assert_int_equal(error.cause, RATION_CAUSE_VANISHED);
	/* Gone is what it was to be. */
	assert_int_equal(ration_group_remove(group, RATION_REMOVE_KILL, NULL, NULL), 0);
	assert_int_equal(ration_group_remove(same, RATION_REMOVE_KILL, NULL, NULL), 0);
	(void)ration_group_free(group);
	(void)ration_group_free(same);
	base_end(&base);
}

static void test_removal_spares_a_successor(void **state)
{
	struct ration_group *old, *successor;
	struct base base;

	(void)state;
	base_begin(&base);
	old = make(&base, "t/n");
	assert_int_equal(ration_group_remove(old, RATION_REMOVE_EMPTY, NULL, NULL), 0);
	successor = make(&base, "t/n");
	assert_int_equal(ration_group_remove(old, RATION_REMOVE_KILL, NULL, NULL), 0);
	assert_true(leaf_alive(successor->at.fd));
	(void)ration_group_free(old);
	drop(successor, RATION_REMOVE_EMPTY);
	base_end(&base);
}

static void test_a_tenant_has_no_processes(void **state)
{
	const struct ration_spawn_options options = { .size = sizeof(options), .argv = sleeper };
	struct ration_group *tenant;
	struct ration_error error;
	struct base base;
	int pid;

	(void)state;
	base_begin(&base);
	tenant = make(&base, "t");
	assert_true(ration_group_is_tenant(tenant));
	assert_int_equal(ration_group_attach(tenant, (int)getpid(), NULL, NULL, &error), -EINVAL);
	assert_non_null(strstr(error.message, "is a tenant"));
	assert_int_equal(ration_group_spawn(tenant, &options, &pid, NULL, &error), -EINVAL);
	assert_int_equal(ration_group_exec(tenant, &options, &error), -EINVAL);
	drop(tenant, RATION_REMOVE_EMPTY);
	base_end(&base);
}

/* A tenant that is kept outlives its groups; one that isn't goes with the last. */
static void test_a_kept_tenant_stays(void **state)
{
	struct ration_group *tenant;
	struct base base;

	(void)state;
	base_begin(&base);
	tenant = make(&base, "t");
	drop(make(&base, "t/n"), RATION_REMOVE_EMPTY);
	assert_true(leaf_alive(tenant->at.fd));
	drop(tenant, RATION_REMOVE_EMPTY);
	base_end(&base);
}

/* ---------------------------------------------------------------- processes */

static void test_processes_that_cant_be_attached(void **state)
{
	struct ration_group *group;
	struct ration_error error;
	struct base base;
	pid_t dead;

	(void)state;
	base_begin(&base);
	group = make(&base, "t/n");
	for (int pid = -1; pid <= 0; pid++) {
		assert_int_equal(ration_group_attach(group, pid, NULL, NULL, &error), -EINVAL);
		assert_int_equal(error.cause, RATION_CAUSE_NO_PROCESS);
	}
	dead = fork();
	if (dead == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)dead, &(siginfo_t) { .si_pid = 0 }, WEXITED | WNOWAIT), 0);
	assert_int_equal(ration_group_attach(group, (int)dead, NULL, NULL, &error), -ESRCH);
	assert_int_equal(waitpid(dead, NULL, 0), dead);
	assert_int_equal(ration_group_attach(group, (int)dead, NULL, NULL, &error), -ESRCH);
	assert_int_equal(error.cause, RATION_CAUSE_NO_PROCESS);
	/* kthreadd, where it can be seen. */
	if (proc_is_kernel(host_now(base.host)->proc_fd, 2) == 1)
		assert_int_equal(ration_group_attach(group, 2, NULL, NULL, &error), -EINVAL);
	assert_int_equal(ration_group_attach_pidfd(group, 0, NULL, NULL, &error), -EINVAL);
	drop(group, RATION_REMOVE_EMPTY);
	base_end(&base);
}

static void test_attached_and_released(void **state)
{
	struct ration_attach_report report = { .size = sizeof(report) };
	struct ration_remove_report removed = { .size = sizeof(removed) };
	char before[PATH_MAX], after[PATH_MAX];
	struct ration_group *first, *second;
	struct base base;
	int pid;

	(void)state;
	base_begin(&base);
	first = make(&base, "t/first");
	second = make(&base, "t/second");
	pid = start(first);
	assert_int_equal(proc_cgroup(host_now(base.host)->proc_fd, pid, before, sizeof(before)), 0);
	assert_int_equal(ration_group_attach(second, pid, NULL, &report, NULL), 0);
	assert_true(report.moved);
	assert_string_equal(report.from, before);
	assert_int_equal(ration_group_remove(second, RATION_REMOVE_EMPTY, NULL, NULL), -EBUSY);
	/* Back to where it came from. */
	assert_int_equal(ration_group_remove(second, RATION_REMOVE_RELEASE, &removed, NULL), 0);
	assert_int_equal(removed.released, 1);
	assert_int_equal(removed.released_to_caller, 0);
	assert_int_equal(proc_cgroup(host_now(base.host)->proc_fd, pid, after, sizeof(after)), 0);
	assert_string_equal(after, before);
	/* Born in its group, it came from nowhere: to us. */
	assert_int_equal(ration_group_remove(first, RATION_REMOVE_RELEASE, &removed, NULL), 0);
	assert_int_equal(removed.released_to_caller, 1);
	assert_int_equal(proc_cgroup(host_now(base.host)->proc_fd, getpid(), before, sizeof(before)), 0);
	assert_int_equal(proc_cgroup(host_now(base.host)->proc_fd, pid, after, sizeof(after)), 0);
	assert_string_equal(after, before);
	reap(pid, SIGKILL);
	(void)ration_group_free(first);
	(void)ration_group_free(second);
	base_end(&base);
}

static void test_frozen_and_killed(void **state)
{
	struct ration_stats *stats = NULL;
	struct ration_group *group;
	struct base base;
	uint64_t killed;
	int pid, pids[2] = { 0 };

	(void)state;
	base_begin(&base);
	group = make(&base, "t/n");
	pid = start(group);
	assert_int_equal(ration_group_pids(group, pids, ARRAY_SIZE(pids), NULL), 1);
	assert_int_equal(pids[0], pid);
	assert_int_equal(ration_group_freeze(group, PATIENCE_USEC, NULL), 0);
	assert_int_equal(ration_stats_new(group, &stats, NULL), 0);
	assert_true(ration_stats_frozen(stats) && ration_stats_populated(stats));
	assert_int_equal(ration_stats_processes(stats), 1);
	/* No controller counts memory here: absent, and not 0. */
	if (!(host_now(base.host)->facts.controllers & RATION_CONTROLLER_MEMORY))
		assert_int_equal(ration_stats_metric(stats, RATION_METRIC_MEMORY_CURRENT_BYTES, NULL),
				RATION_SOURCE_ABSENT);
	stats = ration_stats_free(stats);
	assert_int_equal(ration_group_kill(group, PATIENCE_USEC, &killed, NULL), 0);
	assert_int_equal(killed, 1);
	reap(pid, 0);
	assert_int_equal(ration_group_thaw(group, PATIENCE_USEC, NULL), 0);
	drop(group, RATION_REMOVE_EMPTY);
	base_end(&base);
}

/* Thaws the group at an fd again and again, until it is told to stop. */
struct thawer {
	int fd;
	volatile bool over;
};

static void *keep_thawed(void *data)
{
	struct thawer *thawer = data;

	while (!thawer->over)
		(void)cg_write(thawer->fd, "cgroup.freeze", "0");
	return NULL;
}

/* Whoever waits for a group to freeze that somebody else thaws hears that, long before the deadline. */
static void test_thawed_by_another_while_it_freezes(void **state)
{
	struct thawer thawer;
	struct ration_group *group;
	struct ration_error error = { .code = 0 };
	struct base base;
	pthread_t thread;
	int pid, r = 0;

	(void)state;
	base_begin(&base);
	group = make(&base, "t/n");
	pid = start(group);
	thawer = (struct thawer) { .fd = group->at.fd };
	assert_int_equal(pthread_create(&thread, NULL, keep_thawed, &thawer), 0);
	/* Some of them are frozen for the moment in which that is looked at. */
	(void)soon((r = ration_group_freeze(group, PATIENCE_USEC, &error)) < 0);
	thawer.over = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(r, -EBUSY);
	assert_int_equal(error.cause, RATION_CAUSE_IN_USE);
	assert_non_null(strstr(error.message, "can't freeze t/n: somebody else thawed it meanwhile"));
	assert_int_equal(ration_group_kill(group, PATIENCE_USEC, NULL, NULL), 0);
	reap(pid, 0);
	drop(group, RATION_REMOVE_EMPTY);
	base_end(&base);
}

static void test_a_command_that_cant_be_started(void **state)
{
	char *const argv[] = { (char *)"no-such-command", NULL };
	const struct ration_spawn_options options = { .size = sizeof(options), .argv = argv };
	char before[PATH_MAX], after[PATH_MAX];
	struct ration_group *group;
	struct ration_error error;
	struct base base;
	int pid;

	(void)state;
	base_begin(&base);
	group = make(&base, "t/n");
	assert_int_equal(proc_cgroup(host_now(base.host)->proc_fd, getpid(), before, sizeof(before)), 0);
	assert_int_equal(ration_group_spawn(group, &options, &pid, NULL, &error), -ENOENT);
	assert_int_equal(error.cause, RATION_CAUSE_COMMAND);
	assert_int_equal(ration_group_exec(group, &options, &error), -ENOENT);
	assert_int_equal(proc_cgroup(host_now(base.host)->proc_fd, getpid(), after, sizeof(after)), 0);
	assert_string_equal(after, before);
	drop(group, RATION_REMOVE_EMPTY);
	base_end(&base);
}

/* ------------------------------------------------------------------- many */

static uint64_t created_usec(int fd)
{
	struct notes_reader reader = { .many = true };
	uint64_t usec = 0;
	struct stat st;

	return fstat(fd, &st) == 0 && record_created_usec(&reader, fd, &st, &usec) == 0 ? usec : 0;
}

/* Makes the same group as the others. Exits 0: made; 1: it was there; 2: neither. */
static void make_and_exit(struct base *base, bool exist_ok, int go_fd)
{
	struct ration_group_options options = kept;
	struct ration_group *group;
	char byte;
	int r;

	options.exist_ok = exist_ok;
	(void)!read(go_fd, &byte, 1);
	r = ration_group_create(base->host, "t/n", NULL, &options, &group, NULL);
	/* Nobody sees one that isn't finished. */
	if (r == 0 && (!created_usec(group->at.fd) || !owner_kept(group->at.fd)))
		r = -EIO;
	_exit(r == 0 ? 0 : r == -EEXIST ? 1 : 2);
}

static void count_makers(struct base *base, bool exist_ok, int count[3])
{
	pid_t pids[MAKERS];
	int go[2];

	count[0] = count[1] = count[2] = 0;
	assert_int_equal(pipe(go), 0);
	for (size_t i = 0; i < MAKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			(void)close(go[1]);
			make_and_exit(base, exist_ok, go[0]);
		}
	}
	(void)close(go[0]);
	(void)close(go[1]);
	for (size_t i = 0; i < MAKERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 3);
		count[WEXITSTATUS(status)]++;
	}
}

static void test_many_makers(void **state)
{
	struct ration_group *group;
	struct base base;
	int count[3];

	(void)state;
	base_begin(&base);
	for (int round = 0; round < 10; round++) {
		count_makers(&base, round % 2, count);
		assert_int_equal(count[2], 0);
		assert_int_equal(count[0], round % 2 ? MAKERS : 1);
		assert_int_equal(ration_group_open(base.host, "t/n", &group, NULL), 0);
		drop(group, RATION_REMOVE_EMPTY);
	}
	base_end(&base);
}

struct recorders {
	struct ration_group *group;
	pid_t pid[MAKERS];
	int go[2], done[2];
};

/* Each says where it came from, all at the same moment, and lives on. */
static void begin_recorders(struct recorders *all)
{
	char byte;

	assert_int_equal(pipe(all->go), 0);
	assert_int_equal(pipe(all->done), 0);
	for (size_t i = 0; i < MAKERS; i++) {
		all->pid[i] = fork();
		if (all->pid[i] == 0) {
			(void)close(all->go[1]);
			(void)!read(all->go[0], &byte, 1);
			origin_record(all->group, getpid(), "/from");
			(void)alarm(DEADLINE_SECONDS);
			if (write(all->done[1], "", 1) != 1)
				_exit(1);
			for (;;)
				(void)pause();
		}
	}
	(void)close(all->go[0]);
	(void)close(all->go[1]);
	for (size_t i = 0; i < MAKERS; i++)
		assert_int_equal(read(all->done[0], &byte, 1), 1);
}

/* Two that were moved in at once: of one it wasn't known where from. */
static void test_origins_at_once(void **state)
{
	struct base base;
	struct recorders all;
	char text[NOTE_MAX], path[32];
	size_t found = 0;

	(void)state;
	base_begin(&base);
	all.group = make(&base, "t/n");
	begin_recorders(&all);
	assert_true(notes_read(all.group->at.fd, NOTE_FROM, text, sizeof(text)) > 0);
	for (size_t i = 0; i < MAKERS; i++) {
		uint64_t start;

		if (proc_start_ticks(host_now(base.host)->proc_fd, all.pid[i], &start) == 0)
			found += origin_find(text, all.pid[i], start, path, sizeof(path)) && strcmp(path, "/from") == 0;
		assert_int_equal(kill(all.pid[i], SIGKILL), 0);
		assert_int_equal(waitpid(all.pid[i], NULL, 0), all.pid[i]);
	}
	assert_int_equal(found, MAKERS);
	(void)close(all.done[0]);
	(void)close(all.done[1]);
	drop(all.group, RATION_REMOVE_EMPTY);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_group_that_is_there),
		cmocka_unit_test(test_a_group_that_vanishes_while_it_is_changed),
		cmocka_unit_test(test_a_tenant_outlives_its_groups),
		cmocka_unit_test(test_a_tenant_of_the_dead),
		cmocka_unit_test(test_a_tenant_of_the_dead_is_made_anew),
		cmocka_unit_test(test_a_group_that_vanishes),
		cmocka_unit_test(test_removal_spares_a_successor),
		cmocka_unit_test(test_a_tenant_has_no_processes),
		cmocka_unit_test(test_a_kept_tenant_stays),
		cmocka_unit_test(test_processes_that_cant_be_attached),
		cmocka_unit_test(test_attached_and_released),
		cmocka_unit_test(test_frozen_and_killed),
		cmocka_unit_test(test_thawed_by_another_while_it_freezes),
		cmocka_unit_test(test_a_command_that_cant_be_started),
		cmocka_unit_test(test_many_makers),
		cmocka_unit_test(test_origins_at_once),
	};

	return cmocka_run_group_tests_name("handle", tests, NULL, NULL);
}
