/* SPDX-License-Identifier: MIT */
/*
 * test-keeper.c - who cleans up when the supervisor can't
 */
#include "unit.h"

#include "base.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "group/leaf.h"
#include "run/keeper.h"
#include "util/cleanup.h"

static void make(struct base *base, struct place *place, struct keeper *keeper)
{
	*place = PLACE_NONE;
	*keeper = KEEPER_NONE;
	base_begin(base);
	assert_int_equal(leaf_prepare(host_now(base->host), "t", "n", 0, place, NULL), 0);
	assert_int_equal(keeper_start(place, keeper), 0);
	assert_int_equal(leaf_create(place, 0, NULL), 0);
}

/* Somebody killed it: to send it home raised SIGPIPE, which ended the host program. */
static void test_a_dead_keeper_takes_nobody_along(void **state)
{
	struct base base;
	struct place place;
	struct keeper keeper;
	siginfo_t info;

	(void)state;
	make(&base, &place, &keeper);
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(kill(keeper.pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)keeper.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(leaf_remove(&place), 0);
	keeper_reap(&keeper);
	keeper_reap(&keeper);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	place_close(&place);
	base_end(&base);
}

static void test_sent_home_it_leaves_the_group_alone(void **state)
{
	struct base base;
	struct place place;
	struct keeper keeper;

	(void)state;
	make(&base, &place, &keeper);
	keeper_reap(&keeper);
	assert_int_equal(cg_populated(place.fd), 0);
	assert_int_equal(access(base.path, F_OK), 0);
	assert_int_equal(leaf_remove(&place), 0);
	place_close(&place);
	base_end(&base);
}

/* A host program that lives for long had a zombie for each group that it left to a keeper. */
static void test_left_to_it_the_keeper_is_nobodys_child(void **state)
{
	struct base base;
	struct place place;
	struct keeper keeper;
	pid_t command;

	(void)state;
	make(&base, &place, &keeper);
	command = fork();
	while (command == 0)
		(void)sleep(2 * DEADLINE_SECONDS);
	assert_int_equal(cg_attach(place.fd, command), 0);
	assert_int_equal(leaf_remove(&place), -EBUSY);
	keeper_inherit(&keeper);
	place_close(&place);
	assert_int_equal(waitpid(command, NULL, 0), command);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	(void)soon(access(base.path, F_OK) < 0);
	base_end(&base);
}

/* A supervisor that is killed leaves no process and no group. */
static void test_it_inherits_from_the_dead(void **state)
{
	struct base base;
	pid_t supervisor;
	int ready[2];
	char byte;

	(void)state;
	base_begin(&base);
	assert_int_equal(pipe(ready), 0);
	supervisor = fork();
	if (supervisor == 0) {
		struct place place = PLACE_NONE;
		struct keeper keeper = KEEPER_NONE;
		pid_t command;

		if (leaf_prepare(host_now(base.host), "t", "n", 0, &place, NULL) < 0 || keeper_start(&place, &keeper) < 0 ||
				leaf_create(&place, 0, NULL) < 0)
			_exit(1);
		command = fork();
		while (command == 0)
			(void)sleep(2 * DEADLINE_SECONDS);
		if (cg_attach(place.fd, command) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		(void)sleep(2 * DEADLINE_SECONDS);
		_exit(1);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(access(base.path, F_OK), 0);
	assert_int_equal(kill(supervisor, SIGKILL), 0);
	assert_int_equal(waitpid(supervisor, NULL, 0), supervisor);
	(void)soon(access(base.path, F_OK) < 0);
	/* The command held the other end of the pipe: it is gone. */
	assert_int_equal(read(ready[0], &byte, 1), 0);
	(void)close(ready[0]);
	base_end(&base);
}

static int told_fd;
static pid_t program;

static void tell(int sig)
{
	(void)sig;
	if (getpid() != program)
		(void)!write(told_fd, "", 1);
}

/* What a terminal may do in the first moment of a child. */
static void signal_at_birth(void)
{
	(void)raise(SIGUSR1);
}

/* The program's handlers are for the program: in a keeper they would take it for the program itself. */
static void test_no_handler_of_the_program_runs_in_it(void **state)
{
	struct base base;
	struct place place;
	struct keeper keeper;
	sigset_t before, after;
	int told[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(told), 0);
	told_fd = told[1];
	program = getpid();
	(void)signal(SIGUSR1, tell);
	assert_int_equal(pthread_atfork(NULL, NULL, signal_at_birth), 0);
	(void)sigprocmask(SIG_SETMASK, NULL, &before);
	make(&base, &place, &keeper);
	(void)sigprocmask(SIG_SETMASK, NULL, &after);
	for (int sig = 1; sig < NSIG; sig++)
		assert_int_equal(sigismember(&before, sig), sigismember(&after, sig));
	assert_int_equal(leaf_remove(&place), 0);
	keeper_reap(&keeper);
	(void)close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 0);
	(void)close(told[0]);
	(void)signal(SIGUSR1, SIG_IGN);
	place_close(&place);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_dead_keeper_takes_nobody_along),
		cmocka_unit_test(test_sent_home_it_leaves_the_group_alone),
		cmocka_unit_test(test_left_to_it_the_keeper_is_nobodys_child),
		cmocka_unit_test(test_it_inherits_from_the_dead),
		cmocka_unit_test(test_no_handler_of_the_program_runs_in_it),
	};

	return cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
}
