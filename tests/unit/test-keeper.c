/* SPDX-License-Identifier: MIT */
/*
 * test-keeper.c - who cleans up when the program can't
 *
 * Each with a keeper that is a program of its own, and with one that is a fork, of a
 * program that has no other or of one that is small.
 */
#include "unit.h"

#include "base.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "group/leaf.h"
#include "run/keeper/keeper-main.h"
#include "run/keeper/keeper.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/members.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

#define DEADLINE_MSEC (DEADLINE_SECONDS * 1000)

/* More than the keeper has room for at first. */
#define GROUPS 9

struct kept {
	struct place place;
	struct keeper keeper;
};

static const char executed[] = BUILT, forked[] = "", small[] = BUILT "/";

static void begin(struct base *base, void **state)
{
	base_begin_with(base, *state, *state == small);
}

static int make_group(const struct base *base, const char *name, struct kept *kept)
{
	int r;

	kept->place = PLACE_NONE;
	kept->keeper = KEEPER_NONE;
	r = leaf_prepare(host_now(base->host), "t", name, 0, &kept->place, NULL);
	if (r == 0)
		r = keeper_start(&kept->place, &kept->keeper);
	/* Another thread's end may have removed the tenant. */
	while (r >= 0 && (r = leaf_create_owned(&kept->place, 0, NULL)) == -ESTALE)
		r = 0;
	if (r == 0)
		r = leaf_complete(&kept->place);
	return r;
}

static void make(struct base *base, void **state, struct kept *kept)
{
	begin(base, state);
	assert_int_equal(make_group(base, "n", kept), 0);
}

static pid_t keeper_pid(const struct base *base)
{
	const struct keeper_host *it = host_now(base->host)->keeper->data;

	return it->helper.pid;
}

/* A process in the group that lives for a while. */
static pid_t put_command(const struct kept *kept)
{
	pid_t command = fork();

	while (command == 0) {
		(void)alarm(2 * DEADLINE_SECONDS);
		(void)pause();
	}
	return command < 0 || cg_attach(kept->place.fd, command) < 0 ? -1 : command;
}

static void wait_until_gone(const char *path)
{
	assert_true(soon(access(path, F_OK) < 0));
}

static void end_group(struct kept *kept)
{
	assert_int_equal(leaf_remove(&kept->place), 0);
	keeper_dismiss(&kept->keeper);
	place_close(&kept->place);
}

/* And of the host nothing is left that anybody would have to wait for. */
static void end(struct base *base)
{
	base_end(base);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static bool readable(int fd, int msec)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, msec) == 1;
}

/* ------------------------------------------------------------ the usual way */

static void test_it_is_what_was_asked_for(void **state)
{
	char path[64], name[PATH_MAX] = "";
	struct base base;
	struct kept kept;

	make(&base, state, &kept);
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)keeper_pid(&base));
	assert_true(readlink(path, name, sizeof(name) - 1) > 0);
	assert_int_equal(strcmp(name, BUILT "/ration-keeper") == 0, *state == executed);
	end_group(&kept);
	end(&base);
}

static void test_dismissed_it_leaves_the_group_alone(void **state)
{
	struct base base;
	struct kept kept;

	make(&base, state, &kept);
	keeper_dismiss(&kept.keeper);
	keeper_dismiss(&kept.keeper);
	assert_int_equal(cg_populated(kept.place.fd), 0);
	assert_int_equal(leaf_remove(&kept.place), 0);
	place_close(&kept.place);
	end(&base);
}

static void test_one_for_all_groups(void **state)
{
	struct kept kept[3];
	struct base base;
	pid_t first;

	make(&base, state, &kept[0]);
	first = keeper_pid(&base);
	assert_int_equal(make_group(&base, "n1", &kept[1]), 0);
	end_group(&kept[0]);
	assert_int_equal(make_group(&base, "n2", &kept[2]), 0);
	assert_int_equal(keeper_pid(&base), first);
	end_group(&kept[2]);
	end_group(&kept[1]);
	/* It stays for the next; of a small program, which has none mostly, it is about to end. */
	assert_int_equal(make_group(&base, "n3", &kept[0]), 0);
	assert_int_equal(keeper_pid(&base) == first, *state != small);
	end_group(&kept[0]);
	end(&base);
}

#define THREADS 4
#define ROUNDS 20

/* With the lock: while another thread replaces it there is none, and a pid of 0 would be all of us. */
static void kill_keeper(const struct base *base)
{
	pthread_mutex_t *lock = &host_now(base->host)->keeper->lock;

	(void)pthread_mutex_lock(lock);
	if (keeper_pid(base) > 0)
		(void)kill(keeper_pid(base), SIGKILL);
	(void)pthread_mutex_unlock(lock);
}

static void *start_many(void *argument)
{
	const struct base *base = argument;
	struct kept kept;

	for (int i = 0; i < ROUNDS; i++) {
		if (make_group(base, NULL, &kept) < 0 || leaf_remove(&kept.place) < 0)
			return argument;
		keeper_dismiss(&kept.keeper);
		place_close(&kept.place);
		/* One of them now and then kills it. */
		if (i == ROUNDS / 2)
			kill_keeper(base);
	}
	return NULL;
}

static void test_many_threads(void **state)
{
	pthread_t thread[THREADS];
	struct base base;
	void *failed;

	begin(&base, state);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, start_many, &base), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &failed), 0);
		assert_null(failed);
	}
	end(&base);
}

/* A host program that lives for long had a zombie for each group that it left to a keeper. */
static void test_what_is_left_to_it_it_removes(void **state)
{
	struct base base;
	struct kept kept[2];
	pid_t command;

	make(&base, state, &kept[0]);
	assert_int_equal(make_group(&base, "other", &kept[1]), 0);
	command = put_command(&kept[0]);
	assert_true(command > 0);
	assert_int_equal(leaf_remove(&kept[0].place), -EBUSY);
	keeper_inherit(&kept[0].keeper);
	place_close(&kept[0].place);
	assert_int_equal(waitpid(command, NULL, 0), command);
	/* The other one isn't its business. */
	assert_true(leaf_alive(kept[1].place.fd));
	end_group(&kept[1]);
	wait_until_gone(base.path);
	end(&base);
}

/* As somebody's rm does, and somebody's run. */
static void replace_group(struct kept *kept)
{
	assert_int_equal(cg_rmdir(kept->place.tenant_fd, "n"), 0);
	assert_int_equal(cg_mkdir(kept->place.tenant_fd, "n"), 0);
	(void)close_fd(kept->place.fd);
	kept->place.fd = cg_open_dir(kept->place.tenant_fd, "n");
}

/* By its name alone, a run's group was ended that somebody else had made meanwhile. */
static void test_another_group_of_that_name_lives(void **state)
{
	struct base base;
	struct kept kept;
	pid_t command;

	make(&base, state, &kept);
	replace_group(&kept);
	assert_int_equal(owner_record(host_now(base.host)->proc_fd, kept.place.fd), 0);
	command = put_command(&kept);
	keeper_kill_group(&kept.place);
	assert_true(keeper_end_group(&kept.place));
	assert_int_equal(waitpid(command, NULL, WNOHANG), 0);
	assert_true(leaf_alive(kept.place.fd));
	assert_int_equal(kill(command, SIGKILL), 0);
	assert_int_equal(waitpid(command, NULL, 0), command);
	end_group(&kept);
	end(&base);
}

/* A maker that was killed before it could note whose the group is leaves one that is empty. */
static void test_what_nobody_has_marked_is_removed(void **state)
{
	struct base base;
	struct kept kept;
	pid_t command;

	make(&base, state, &kept);
	replace_group(&kept);
	command = put_command(&kept);
	/* This isn't it: nobody had put anything into that. */
	keeper_kill_group(&kept.place);
	assert_false(keeper_end_group(&kept.place));
	assert_int_equal(waitpid(command, NULL, WNOHANG), 0);
	assert_int_equal(kill(command, SIGKILL), 0);
	assert_int_equal(waitpid(command, NULL, 0), command);
	assert_true(keeper_end_group(&kept.place));
	assert_false(leaf_alive(kept.place.fd));
	keeper_dismiss(&kept.keeper);
	place_close(&kept.place);
	end(&base);
}

/* Whoever is making a group has its lock, and has noted nothing yet. */
static void test_what_is_being_made_is_left_alone(void **state)
{
	struct base base;
	struct kept kept;
	int lock_fd;

	make(&base, state, &kept);
	replace_group(&kept);
	lock_fd = lock_take(kept.place.fd, DEADLINE_MSEC);
	assert_true(lock_fd >= 0);
	assert_true(keeper_end_group(&kept.place));
	assert_true(leaf_alive(kept.place.fd));
	(void)lock_release(lock_fd);
	end_group(&kept);
	end(&base);
}

/* ------------------------------------------------------- the program's death */

/*
 * A program with commands in some groups, which tells when they are there. `copy`: a
 * fork of it lives on until the test lets it go. `dead`: its keeper was killed before,
 * and it has noticed.
 */
struct program {
	bool copy, dead;
	int ready[2], hold[2];
};

static int begin_program(const struct base *base, const struct program *program, struct kept kept[GROUPS])
{
	for (size_t i = 0; i < GROUPS; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "n%zu", i);
		if (make_group(base, name, &kept[i]) < 0 || put_command(&kept[i]) < 0)
			return 1;
	}
	if (program->dead && (kill(keeper_pid(base), SIGKILL) < 0 || !readable(kept[1].keeper.fd, DEADLINE_MSEC) ||
				keeper_renew(&kept[1].keeper) < 0))
		return 2;
	(void)close(program->hold[1]);
	if (program->copy && fork() == 0) {
		(void)close(program->ready[1]);
		(void)readable(program->hold[0], DEADLINE_MSEC);
		_exit(0);
	}
	return write(program->ready[1], "", 1) == 1 ? 0 : 3;
}

/* Returns its pid, once all is there. */
static pid_t start_program(struct base *base, struct program *program)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0) {
		struct kept kept[GROUPS];
		int r = begin_program(base, program, kept);

		while (r == 0)
			(void)pause();
		_exit(r);
	}
	(void)close(program->ready[1]);
	assert_int_equal(read(program->ready[0], &byte, 1), 1);
	assert_int_equal(access(base->path, F_OK), 0);
	return pid;
}

static void kill_program(void **state, bool copy, bool dead)
{
	struct program program = { .copy = copy, .dead = dead };
	struct base base;
	pid_t pid;

	begin(&base, state);
	assert_int_equal(pipe(program.ready), 0);
	assert_int_equal(pipe(program.hold), 0);
	pid = start_program(&base, &program);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	wait_until_gone(base.path);
	/* The commands have the other end of the pipe, and the copy hasn't: they are gone. */
	assert_true(readable(program.ready[0], DEADLINE_MSEC));
	(void)close(program.ready[0]);
	(void)close(program.hold[0]);
	(void)close(program.hold[1]);
	end(&base);
}

static void test_it_inherits_from_the_dead(void **state)
{
	kill_program(state, false, false);
}

/* Killed between its tenant and its group, or before: an empty namespace stayed. */
static void test_FB17_an_empty_namespace(void **state)
{
	struct base base;
	char path[sizeof(base.path) + 2];

	begin(&base, state);
	for (int tenant = 0; tenant < 2; tenant++) {
		int pair[2], status;
		pid_t pid;

		assert_int_equal(pipe(pair), 0);
		pid = fork();
		if (pid == 0) {
			struct kept kept = { .place = PLACE_NONE, .keeper = KEEPER_NONE };

			if (make_group(&base, "n", &kept) < 0 || cg_rmdir(kept.place.tenant_fd, "n") < 0)
				_exit(1);
			(void)snprintf(path, sizeof(path), "%s/t", base.path);
			if ((!tenant && rmdir(path) < 0) || write(pair[1], "", 1) != 1)
				_exit(1);
			for (;;)
				(void)pause();
		}
		assert_int_equal(read(pair[0], path, 1), 1);
		assert_int_equal(access(base.path, F_OK), 0);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		wait_until_gone(base.path);
		(void)close(pair[0]);
		(void)close(pair[1]);
	}
	end(&base);
}

/* A copy of the program has its files, the socket included: that kept the keeper asleep. */
static void test_it_inherits_although_a_copy_lives(void **state)
{
	kill_program(state, true, false);
}

/* Keeper killed, then the program: all lived on until the next gc. */
static void test_another_one_inherits(void **state)
{
	kill_program(state, false, true);
}

static void test_a_copy_that_ends_ends_nothing(void **state)
{
	struct base base;
	struct kept kept;
	pid_t copy, keeper;

	make(&base, state, &kept);
	keeper = keeper_pid(&base);
	copy = fork();
	if (copy == 0) {
		keeper_dismiss(&kept.keeper);
		_exit(ration_host_free(base.host) != NULL);
	}
	assert_int_equal(waitpid(copy, NULL, 0), copy);
	/* What is told now is told to the same, which still listens. */
	assert_int_equal(keeper_renew(&kept.keeper), 0);
	assert_int_equal(keeper_pid(&base), keeper);
	assert_false(readable(kept.keeper.fd, 0));
	assert_true(leaf_alive(kept.place.fd));
	end_group(&kept);
	end(&base);
}

/* A run that a copy starts is the copy's, with a keeper of its own. */
static void test_a_copy_has_its_own(void **state)
{
	struct base base;
	struct kept kept, other;
	pid_t copy;
	int status;

	make(&base, state, &kept);
	copy = fork();
	if (copy == 0) {
		pid_t before = keeper_pid(&base);

		if (make_group(&base, "other", &other) < 0 || keeper_pid(&base) == before)
			_exit(1);
		_exit(0); /* and leaves it */
	}
	assert_int_equal(waitpid(copy, &status, 0), copy);
	assert_int_equal(status, 0);
	assert_true(soon(faccessat(kept.place.tenant_fd, "other", F_OK, 0) < 0));
	assert_true(leaf_alive(kept.place.fd));
	end_group(&kept);
	end(&base);
}

/* ------------------------------------------------------------ its own death */

/* Somebody killed it: to send it home raised SIGPIPE, which ended the host program. */
static void test_a_dead_keeper_takes_nobody_along(void **state)
{
	struct base base;
	struct kept kept;

	make(&base, state, &kept);
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(kill(keeper_pid(&base), SIGKILL), 0);
	assert_true(readable(kept.keeper.fd, DEADLINE_MSEC));
	end_group(&kept);
	end(&base);
}

static void test_its_death_is_noticed_by_all(void **state)
{
	struct kept kept[3];
	struct base base;
	pid_t first, second;

	make(&base, state, &kept[0]);
	assert_int_equal(make_group(&base, "n1", &kept[1]), 0);
	first = keeper_pid(&base);
	assert_false(readable(kept[0].keeper.fd, 0));
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_true(readable(kept[0].keeper.fd, DEADLINE_MSEC) && readable(kept[1].keeper.fd, DEADLINE_MSEC));
	assert_int_equal(keeper_renew(&kept[0].keeper), 0);
	second = keeper_pid(&base);
	assert_int_not_equal(first, second);
	assert_int_equal(keeper_renew(&kept[1].keeper), 0);
	assert_int_equal(keeper_pid(&base), second);
	assert_false(readable(kept[0].keeper.fd, 0) || readable(kept[1].keeper.fd, 0));
	/* The next start notices by itself. */
	assert_int_equal(kill(second, SIGKILL), 0);
	assert_true(readable(kept[0].keeper.fd, DEADLINE_MSEC));
	assert_int_equal(make_group(&base, "n2", &kept[2]), 0);
	assert_int_not_equal(keeper_pid(&base), second);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		end_group(&kept[i]);
	end(&base);
}

/* What somebody has stopped may not hold up the program, nor take its groups when it is continued. */
static void test_a_stopped_one_is_replaced(void **state)
{
	struct base base;
	struct kept kept, other;
	pid_t first;

	make(&base, state, &kept);
	first = keeper_pid(&base);
	assert_int_equal(kill(first, SIGSTOP), 0);
	/* Far more messages than a socket has room for. */
	for (int i = 0; i < 2000 && keeper_pid(&base) == first; i++) {
		other.place = kept.place;
		(void)snprintf(other.place.name, sizeof(other.place.name), "other%d", i);
		assert_int_equal(keeper_start(&other.place, &other.keeper), 0);
		keeper_dismiss(&other.keeper);
	}
	assert_int_not_equal(keeper_pid(&base), first);
	assert_true(leaf_alive(kept.place.fd));
	end_group(&kept);
	end(&base);
}

/* ------------------------------------------------------------------- its start */

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
	struct kept kept;
	sigset_t before, after;
	int told[2];
	char byte;

	assert_int_equal(pipe(told), 0);
	told_fd = told[1];
	program = getpid();
	(void)signal(SIGUSR1, tell);
	assert_int_equal(pthread_atfork(NULL, NULL, signal_at_birth), 0);
	(void)sigprocmask(SIG_SETMASK, NULL, &before);
	make(&base, state, &kept);
	(void)sigprocmask(SIG_SETMASK, NULL, &after);
	for (int sig = 1; sig < NSIG; sig++)
		assert_int_equal(sigismember(&before, sig), sigismember(&after, sig));
	/* And no file of the program is open in it. */
	(void)close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 0);
	(void)close(told[0]);
	(void)signal(SIGUSR1, SIG_IGN);
	end_group(&kept);
	end(&base);
}

/* A program of another version, or none of ours at all: a fork is there instead. */
static void test_a_program_that_does_not_answer(void **state)
{
	char folder[] = "/tmp/ration-test-XXXXXX", path[sizeof(folder) + 20];
	struct base base;
	struct kept kept;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/ration-keeper", folder);
	assert_int_equal(symlink("/bin/true", path), 0);
	base_begin_with(&base, folder, false);
	assert_int_equal(make_group(&base, "n", &kept), 0);
	assert_true(keeper_pid(&base) > 0);
	end_group(&kept);
	end(&base);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void serve(int fd, void *data)
{
	(void)data;
	keeper_main(fd);
}

static void test_it_serves_nobody_of_another_version(void **state)
{
	struct helper helper = HELPER_NONE;
	struct keeper_hello hello = { .version = "0.0.1", .size = sizeof(hello), .n_nodes = 1 };
	char byte;

	(void)state;
	assert_int_equal(helper_fork(serve, NULL, &helper), 0);
	assert_int_equal(helper_send(helper.fd, &hello, sizeof(hello), NULL, 0, 0), 0);
	assert_int_equal(helper_receive(helper.fd, &byte, 1, NULL, 0, DEADLINE_MSEC), 0);
	helper_end(&helper);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* One byte, whatever it is, is no answer. */
static void say_something_else(int fd, void *data)
{
	(void)helper_send(fd, data, 1, NULL, 0, -1);
	_exit(0);
}

static void say_understood(int fd, void *data)
{
	(void)data;
	(void)helper_confirm(fd);
	_exit(0);
}

static void test_only_the_right_answer_counts(void **state)
{
	const char *const others[] = { "", "u", "1" };
	struct helper helper = HELPER_NONE;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(helper_fork(say_something_else, (void *)others[i], &helper), 0);
		assert_int_equal(helper_confirmed(helper.fd, DEADLINE_MSEC), -EPROTO);
		assert_int_equal(helper_confirmed(helper.fd, DEADLINE_MSEC), -EPIPE);
		helper_end(&helper);
	}
	assert_int_equal(helper_fork(say_understood, NULL, &helper), 0);
	assert_int_equal(helper_confirmed(helper.fd, DEADLINE_MSEC), 0);
	helper_end(&helper);
}

#define EACH(test)                                                                            \
	{ .name = #test ", executed", .test_func = (test), .initial_state = (void *)executed }, \
	{ .name = #test ", forked", .test_func = (test), .initial_state = (void *)forked },     \
	{ .name = #test ", small", .test_func = (test), .initial_state = (void *)small }

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_it_is_what_was_asked_for),
		EACH(test_dismissed_it_leaves_the_group_alone),
		EACH(test_one_for_all_groups),
		EACH(test_many_threads),
		EACH(test_what_is_left_to_it_it_removes),
		EACH(test_another_group_of_that_name_lives),
		EACH(test_what_nobody_has_marked_is_removed),
		EACH(test_what_is_being_made_is_left_alone),
		EACH(test_it_inherits_from_the_dead),
		EACH(test_FB17_an_empty_namespace),
		EACH(test_it_inherits_although_a_copy_lives),
		EACH(test_another_one_inherits),
		EACH(test_a_copy_that_ends_ends_nothing),
		EACH(test_a_copy_has_its_own),
		EACH(test_a_dead_keeper_takes_nobody_along),
		EACH(test_its_death_is_noticed_by_all),
		EACH(test_a_stopped_one_is_replaced),
		EACH(test_no_handler_of_the_program_runs_in_it),
		cmocka_unit_test(test_a_program_that_does_not_answer),
		cmocka_unit_test(test_it_serves_nobody_of_another_version),
		cmocka_unit_test(test_only_the_right_answer_counts),
	};

	return cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
}
