/* SPDX-License-Identifier: MIT */
/*
 * test-containment.c - what holds the processes of a run together, with real processes
 *
 * The same lives are led in a cgroup and below a subreaper; tests/followed builds this
 * once more, where they are followed.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"
#include "run/end.h"
#include "run/run.h"
#include "util/cleanup.h"

#ifdef FOLLOWED
#include "run/contain/containment-followed.h"
#else
#include "base.h"
#include "box.h"
#include "group/leaf.h"
#include "run/contain/containment-cgroup.h"
#include "run/contain/containment-subreaper.h"
#endif

/* Returns the line that failed. */
#define NEED(condition)                  \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)
#define NEED_SOON(condition) NEED(soon(condition))

/* A release that has as long as it takes. */
#define RELEASE_USEC (UINT64_C(1000000) * DEADLINE_SECONDS)

struct stage {
	struct ration_host *host;
	struct ration_plan *plan;
	struct ration_run run;
};

static bool stage_begin(struct stage *stage, struct ration_host *host)
{
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_ANY };
	struct ration_limits *limits = NULL;
	int r = ration_limits_new(&limits);

	*stage = (struct stage) { .host = host };
	if (r == 0)
		r = ration_plan_new(host, limits, &how, &stage->plan, NULL);
	(void)ration_limits_free(limits);
	stage->run = (struct ration_run) {
		.host = host_now(host),
		.plan = stage->plan,
		.group = PLACE_NONE,
		.loop = LOOP_NONE,
		.peer_fd = -EBADF,
	};
	leader_init(&stage->run.leader, &stage->run.loop);
	end_init(&stage->run);
	return r == 0 && loop_open(&stage->run.loop) == 0;
}

static void stage_end(struct stage *stage)
{
	loop_close(&stage->run.loop);
	(void)ration_plan_free(stage->plan);
}

static const struct containment_ops *ops(const struct ration_run *run)
{
	return run->containment->ops;
}

/* Starts `sh -c SCRIPT` as the run's command. */
static int start(struct ration_run *run, const char *script)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script, NULL };
	CLEANUP(command_done) struct command command = { .program = NULL };
	struct leader *leader = &run->leader;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fds[3] = { null, null, null };
	const struct command_request request = { .argv = argv, .fds = fds, .mask = &run->host->mask };
	int r = command_prepare(&command, &request, NULL);

	run->options.argv = argv;
	leader->containment = run->containment;
	if (r == 0)
		r = ops(run)->make(run->containment, NULL);
	if (r == 0)
		r = ops(run)->enter(run->containment, &command.spawn, NULL);
	if (r == 0) {
		r = spawn_start(&command.spawn, &leader->pid, &leader->pid_fd, &run->receipt.birth);
		r = ops(run)->entered(run->containment, &command.spawn, r, NULL);
	}
	(void)close(null);
	return r;
}

static bool leader_gone(struct ration_run *run)
{
	leader_check(&run->leader);
	return run->leader.ended;
}

/* Again and again: a child that isn't a `sleep` yet has the trap of its parent for a moment. */
static bool leader_gone_by(struct ration_run *run, int sig)
{
	ops(run)->signal(run->containment, sig);
	return leader_gone(run);
}

/* How many processes live. */
static uint64_t count(struct ration_run *run)
{
	const struct sample_limits none = { RATION_UNLIMITED, RATION_UNLIMITED, RATION_UNLIMITED };
	struct sample sample;

	return ops(run)->sample(run->containment, &none, &sample) == 0 ? sample.processes : 0;
}

static int begin(struct ration_run *run, const char *script)
{
	const struct sample_limits none = { RATION_UNLIMITED, RATION_UNLIMITED, RATION_UNLIMITED };

	NEED(start(run, script) == 0);
	NEED(ops(run)->sample_begin(run->containment, &none) == 0);
	NEED(leader_begin(&run->leader) == 0);
	return 0;
}

/* A signal reaches everybody: the command stays until its children have died of it. */
static int life_of_signals(struct ration_run *run)
{
	int line = begin(run, "trap : TERM; sleep 1000 & sleep 1000 & until wait; do :; done; exit 7");

	NEED(line == 0);
	NEED_SOON(count(run) == 3);
	NEED(ops(run)->empty(run->containment) == 0);
	NEED(!ops(run)->is_dead(run->containment, run->leader.pid));
	NEED_SOON(leader_gone_by(run, SIGTERM));
	NEED(run->leader.wait.exit_code == 7 && !run->leader.lost);
	NEED(ops(run)->is_dead(run->containment, run->leader.pid));
	NEED_SOON(ops(run)->empty(run->containment) == 1);
	NEED(ops(run)->remove(run->containment, NULL) == 0);
	return 0;
}

/* The command is gone, and its orphan is still one of the run's: killed, counted once, and then nobody is left. */
static int life_of_an_orphan(struct ration_run *run)
{
	uint64_t killed = 0, again_usec;
	int line = begin(run, "trap '' TERM; sleep 1000 & sleep 0.2; exit 7");

	NEED(line == 0);
	NEED_SOON(leader_gone(run));
	NEED(run->leader.wait.exit_code == 7);
	NEED(ops(run)->empty(run->containment) == 0);
	ops(run)->signal(run->containment, SIGTERM);
	NEED(count(run) == 1 && ops(run)->empty(run->containment) == 0);
	again_usec = ops(run)->kill(run->containment, &killed);
	NEED(again_usec > 0 && again_usec <= 1000000 && killed == 1);
	NEED_SOON(ops(run)->empty(run->containment) == 1);
	killed = 0;
	(void)ops(run)->kill(run->containment, &killed);
	NEED(killed == 0 && ops(run)->empty(run->containment) == 1);
	NEED(ops(run)->remove(run->containment, NULL) == 0);
	return 0;
}

/* One that is given up in the middle is ended and removed. */
static int life_given_up(struct ration_run *run)
{
	uint64_t deadline_usec;
	pid_t pid;
	int line = begin(run, "sleep 1000 & sleep 1000 & wait");

	NEED(line == 0);
	NEED_SOON(count(run) == 3);
	pid = run->leader.pid;
	deadline_usec = sys_now_usec() + RELEASE_USEC;
	(void)ops(run)->kill(run->containment, NULL);
	leader_release(&run->leader, deadline_usec);
	NEED(waitpid(pid, NULL, WNOHANG) < 0 && errno == ECHILD);
	NEED(sys_now_usec() < deadline_usec);
	return 0;
}

static int (*const lives[])(struct ration_run *) = { life_of_signals, life_of_an_orphan, life_given_up };

/* Leads one life in what `choose` makes. */
static int lead(struct ration_host *host, int (*choose)(struct ration_run *), size_t life)
{
	uint64_t deadline_usec = sys_now_usec() + RELEASE_USEC;
	struct stage stage;
	int line = -1;

	if (!stage_begin(&stage, host) || choose(&stage.run) < 0)
		return -1;
#ifndef FOLLOWED
	if (ops(&stage.run)->kind == RATION_CONTAINMENT_CGROUP &&
			leaf_prepare(stage.run.host, "t", NULL, 0, &stage.run.group, NULL) < 0)
		return -1;
#endif
	line = lives[life](&stage.run);
	leader_release(&stage.run.leader, deadline_usec);
	ops(&stage.run)->free(stage.run.containment, deadline_usec);
	stage_end(&stage);
	return line;
}

#ifdef FOLLOWED

static void test_followed(void **state)
{
	struct ration_host *host = NULL;

	(void)state;
	assert_int_equal(ration_host_open(NULL, &host, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++)
		assert_row(lead(host, containment_followed_new, i) == 0, "life %zu", i);
	(void)ration_host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_followed),
	};

	return cmocka_run_group_tests_name("containment-followed", tests, NULL, NULL);
}

#else

static void test_cgroup(void **state)
{
	struct base base;

	(void)state;
	base_begin(&base);
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		int line = lead(base.host, containment_cgroup_new, i);

		assert_row(line == 0, "life %zu: line %d", i, line);
	}
	base_end(&base);
}

/* In a process that is a child subreaper, and has no other children. */
static int below(size_t life)
{
	struct ration_host *host = NULL;
	int line;

	CHECK(ration_host_open(NULL, &host, NULL) == 0);
	line = lead(host, containment_subreaper_new, life);
	CHECK_SOON(reap_all());
	(void)ration_host_free(host);
	return line;
}

static int signals_below(int proc_fd)
{
	(void)proc_fd;
	return below(0);
}

static int orphan_below(int proc_fd)
{
	(void)proc_fd;
	return below(1);
}

static int given_up_below(int proc_fd)
{
	(void)proc_fd;
	return below(2);
}

static void test_subreaper(void **state)
{
	(void)state;
	assert_int_equal(run_boxed(signals_below), 0);
	assert_int_equal(run_boxed(orphan_below), 0);
	assert_int_equal(run_boxed(given_up_below), 0);
}

/* ------------------------------------------------ processes that don't die */

static bool write_text(const char *directory, const char *file, const char *text)
{
	char path[512];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : write(fd, text, strlen(text));
	(void)close_fd(fd);
	return n == (ssize_t)strlen(text);
}

static bool is_frozen(const char *freezer)
{
	char path[512], text[32] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "%s/freezer.state", freezer);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)!read(fd, text, sizeof(text) - 1);
	(void)close_fd(fd);
	return strncmp(text, "FROZEN", 6) == 0;
}

/* In a frozen group of cgroup v1 not even SIGKILL ends a process. */
static bool freeze(const char *freezer, pid_t pid)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%d", (int)pid);
	return write_text(freezer, "cgroup.procs", number) && write_text(freezer, "freezer.state", "FROZEN") &&
		soon(is_frozen(freezer));
}

/* The end of a run doesn't wait for what can't die: that, and the group, are left to the keeper. */
static void test_free_ends(void **state)
{
	char *argv[] = { (char *)"/bin/sleep", (char *)"1000", NULL };
	const struct ration_run_options options = { .size = sizeof(options), .argv = argv, .tenant = "t", .name = "g" };
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_ANY };
	char freezer[64], group[8300];
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	struct ration_run *run = NULL;
	struct base base;
	bool frozen;
	pid_t pid;

	(void)state;
	base_begin(&base);
	(void)snprintf(freezer, sizeof(freezer), "/sys/fs/cgroup/freezer/rtest-frozen-%d", (int)getpid());
	if (mkdir(freezer, 0755) < 0 || access(freezer, W_OK) < 0) {
		print_message("no freezer of cgroup v1 here\n");
		base_end(&base);
		skip();
	}
	assert_int_equal(ration_limits_new(&limits), 0);
	assert_int_equal(ration_plan_new(base.host, limits, &how, &plan, NULL), 0);
	assert_int_equal(ration_run_start(base.host, plan, &options, &run, NULL), 0);
	pid = ration_run_pid(run);
	(void)snprintf(group, sizeof(group), "%s/t/g", base.path);
	frozen = freeze(freezer, pid);
	/* It returns, and the process is there. */
	(void)ration_run_free(run);
	assert_true(frozen);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(access(group, F_OK), 0);
	assert_true(write_text(freezer, "freezer.state", "THAWED"));
	assert_int_equal(wait_exit(pid), 255);
	assert_true(soon(access(base.path, F_OK) < 0));
	assert_true(soon(rmdir(freezer) == 0));
	(void)ration_plan_free(plan);
	(void)ration_limits_free(limits);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_subreaper),
		cmocka_unit_test(test_free_ends),
	};

	return cmocka_run_group_tests_name("containment", tests, NULL, NULL);
}

#endif
