/* SPDX-License-Identifier: MIT */
/*
 * test-follow.c - who belongs to a run, and what that adds up to, of processes made up here
 */
#include "../unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "run/contain/follow.h"
#include "util/cleanup.h"

#define MIB (1024u * 1024u)
#define ROOT 100
#define SUPERVISOR 50

/* The system: what is here is there. */
static struct os_process system_now[512];
static size_t n_system;
static bool hidden;       /* look() says EPERM */
static int stopped, killed;
static pid_t forks_at_stop; /* who forks once more before it is stopped */

static struct os_process *process_of(pid_t pid)
{
	for (size_t i = 0; i < n_system; i++) {
		if (system_now[i].pid == pid)
			return &system_now[i];
	}
	return NULL;
}

static struct os_process *spawn(pid_t pid, pid_t ppid, pid_t group)
{
	system_now[n_system] = (struct os_process) { .pid = pid, .ppid = ppid, .group = group,
		.born = (uint64_t)pid * 10, .threads = 1, .memory_bytes = MIB, .rss_bytes = MIB };
	return &system_now[n_system++];
}

/* It ends, and its parent has waited for it, or is process 1. Its children go to process 1. */
static void vanish(pid_t pid)
{
	struct os_process *gone = process_of(pid), *parent = process_of(gone->ppid);

	if (parent)
		parent->waited_usec += gone->cpu_usec + gone->waited_usec;
	*gone = system_now[--n_system];
	for (size_t i = 0; i < n_system; i++) {
		if (system_now[i].ppid == pid)
			system_now[i].ppid = 1;
	}
}

static int fake_list(enum os_kin kin, pid_t of, pid_t *ret, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n_system; i++) {
		if ((kin == OS_CHILDREN ? system_now[i].ppid : system_now[i].group) != of)
			continue;
		if (found < n)
			ret[found] = system_now[i].pid;
		found++;
	}
	return (int)found;
}

static int fake_look(pid_t pid, struct os_process *ret)
{
	struct os_process *process = process_of(pid);

	if (!process)
		return -ESRCH;
	if (hidden)
		return -EPERM;
	*ret = *process;
	return 0;
}

static int fake_signal(pid_t pid, int sig)
{
	if (!process_of(pid))
		return -ESRCH;
	if (sig == SIGSTOP && pid == forks_at_stop) {
		(void)spawn(pid + 1000, pid, pid + 1000);
		forks_at_stop = 0;
	}
	stopped += sig == SIGSTOP;
	killed += sig == SIGKILL;
	return 0;
}

static const struct os_ops fake = { .list = fake_list, .look = fake_look, .signal = fake_signal };
static const struct sample_limits unlimited = { RATION_UNLIMITED, RATION_UNLIMITED, RATION_UNLIMITED };

static int begin(void **state)
{
	static struct follow follow;

	n_system = 0;
	hidden = false;
	stopped = killed = 0;
	forks_at_stop = 0;
	(void)spawn(1, 0, 1);
	(void)spawn(SUPERVISOR, 1, SUPERVISOR);
	(void)spawn(ROOT, SUPERVISOR, ROOT);
	*state = &follow;
	return follow_start(&follow, &fake, ROOT, ROOT);
}

static int done(void **state)
{
	follow_end(*state);
	return 0;
}

static void count(void *userdata, const struct os_process *process)
{
	(void)process;
	++*(int *)userdata;
}

static void test_descendants(void **state)
{
	struct follow *follow = *state;
	int joined = 0;

	follow->joined = count;
	follow->userdata = &joined;
	(void)spawn(101, ROOT, ROOT);
	(void)spawn(102, 101, 102);
	(void)spawn(103, SUPERVISOR, SUPERVISOR);
	(void)spawn(104, 1, 104);
	assert_int_equal(follow_update(follow), 3);
	assert_int_equal(follow_update(follow), 3);
	assert_int_equal(joined, 3);
	/* More than the buffer has room for. */
	for (pid_t pid = 200; pid < 400; pid++)
		(void)spawn(pid, 102, 102);
	assert_int_equal(follow_update(follow), 203);
	assert_int_equal(joined, 203);
}

/* Once a member, always a member; but who takes its number later isn't. */
static void test_orphans(void **state)
{
	struct follow *follow = *state;

	(void)spawn(101, ROOT, ROOT);
	(void)spawn(102, 101, 102);
	assert_int_equal(follow_update(follow), 3);
	vanish(101);
	assert_int_equal(process_of(102)->ppid, 1);
	assert_int_equal(follow_update(follow), 2);
	(void)spawn(103, 102, 103);
	assert_int_equal(follow_update(follow), 3);
	process_of(103)->ppid = 1;
	process_of(103)->born++;
	assert_int_equal(follow_update(follow), 2);
	/* What can't be looked at isn't gone. */
	hidden = true;
	assert_int_equal(follow_update(follow), 2);
}

static void test_group(void **state)
{
	struct follow *follow = *state;

	/* An orphan that nobody has seen as a child. */
	(void)spawn(105, 1, ROOT);
	assert_int_equal(follow_update(follow), 2);
	vanish(ROOT);
	assert_int_equal(follow_update(follow), 1);
	vanish(105);
	assert_int_equal(follow_update(follow), 0);
	/* The number is free for others now. */
	(void)spawn(ROOT, 1, ROOT);
	assert_int_equal(follow_update(follow), 0);
}

static void test_sums(void **state)
{
	struct follow *follow = *state;
	struct sample_limits limits = unlimited;
	struct sample look;

	process_of(ROOT)->threads = 3;
	spawn(101, ROOT, ROOT)->memory_bytes = 9 * MIB;
	process_of(101)->rss_bytes = 12 * MIB;
	spawn(102, ROOT, ROOT)->dead = true;
	assert_int_equal(follow_sample(follow, &limits, &look), 0);
	assert_true(look.memory_bytes == 10 * MIB && look.maxrss_bytes == 12 * MIB && look.exact);
	assert_true(look.tasks == 5 && look.processes == 2 && look.over == SAMPLE_OVER_NONE);
	limits.tasks = 4;
	assert_int_equal(follow_sample(follow, &limits, &look), 0);
	assert_int_equal(look.over, SAMPLE_OVER_TASKS);
	limits.memory_bytes = 10 * MIB - 1;
	assert_int_equal(follow_sample(follow, &limits, &look), 0);
	assert_int_equal(look.over, SAMPLE_OVER_MEMORY);
	vanish(101);
	assert_int_equal(follow_sample(follow, &unlimited, &look), 0);
	assert_true(look.memory_bytes == MIB && look.memory_peak_bytes == 10 * MIB && look.tasks_peak == 5);
}

/* Time is counted once, whoever has waited for whom, and never less than before. */
static void test_cpu_time(void **state)
{
	struct follow *follow = *state;
	struct sample_limits limits = unlimited;
	struct sample look;

	process_of(ROOT)->cpu_usec = 10;
	spawn(101, ROOT, ROOT)->cpu_usec = 20;
	spawn(102, 101, 102)->cpu_usec = 40;
	assert_int_equal(follow_sample(follow, &limits, &look), 0);
	assert_int_equal(look.cpu_usec, 70);
	vanish(101); /* ROOT has its 20 now */
	assert_int_equal(follow_sample(follow, &limits, &look), 0);
	assert_int_equal(look.cpu_usec, 70);
	process_of(102)->cpu_usec = 45;
	assert_int_equal(follow_sample(follow, &limits, &look), 0);
	vanish(102); /* nobody of the run has waited for it */
	limits.cpu_usec = 75;
	assert_int_equal(follow_sample(follow, &limits, &look), 0);
	assert_int_equal(look.cpu_usec, 75);
	assert_int_equal(look.over, SAMPLE_OVER_CPU);
	/* The supervisor waits for the command, and is told of a little more. */
	vanish(ROOT);
	follow_reaped(follow, ROOT, 31);
	assert_int_equal(follow_sample(follow, &unlimited, &look), 0);
	assert_int_equal(look.cpu_usec, 76);
	assert_int_equal(look.processes, 0);
}

/* What is forked while the others are being stopped dies, too. */
static void test_kill(void **state)
{
	struct follow *follow = *state;

	(void)spawn(101, ROOT, ROOT);
	(void)spawn(102, ROOT, ROOT);
	spawn(103, ROOT, ROOT)->dead = true;
	forks_at_stop = 102;
	assert_int_equal(follow_kill(follow), 4);
	assert_int_equal(stopped, 4);
	assert_int_equal(killed, 4);
	n_system = 2;
	assert_int_equal(follow_kill(follow), 0);
}

/* The keeper's way: by number and birth, or not at all. */
static void test_add(void **state)
{
	struct follow *follow = *state;

	(void)spawn(300, 1, 300);
	assert_int_equal(follow_add(follow, 300, 2999), -ESRCH);
	assert_int_equal(follow_add(follow, 301, 3010), -ESRCH);
	assert_int_equal(follow_add(follow, 300, 3000), 0);
	/* The keeper was told of one that it has found by itself. */
	assert_int_equal(follow_add(follow, 300, 3000), 0);
	assert_int_equal(follow_update(follow), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_descendants, begin, done),
		cmocka_unit_test_setup_teardown(test_orphans, begin, done),
		cmocka_unit_test_setup_teardown(test_group, begin, done),
		cmocka_unit_test_setup_teardown(test_sums, begin, done),
		cmocka_unit_test_setup_teardown(test_cpu_time, begin, done),
		cmocka_unit_test_setup_teardown(test_kill, begin, done),
		cmocka_unit_test_setup_teardown(test_add, begin, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
