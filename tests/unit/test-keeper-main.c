/* SPDX-License-Identifier: MIT */
/*
 * test-keeper-main.c - what a keeper does with groups that aren't as they were
 *
 * The host is a directory of plain files. Time passes where somebody waits for it alone.
 */
#include "unit.h"

#include "files.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "group/place.h"
#include "host/snapshot.h"
#include "run/keeper/keeper-main.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"

static struct host_snapshot *host;
static char dir[PATH_MAX];
static time_t begun, waited;

int __real_poll(struct pollfd *fds, nfds_t n, int msec);
int __wrap_poll(struct pollfd *fds, nfds_t n, int msec);
time_t __wrap_time(time_t *ret);

int __wrap_poll(struct pollfd *fds, nfds_t n, int msec)
{
	if (fds)
		return __real_poll(fds, n, msec);
	waited += msec / 1000;
	return 0;
}

time_t __wrap_time(time_t *ret)
{
	if (ret)
		*ret = begun + waited;
	return begun + waited;
}

static int open_below(const char *name)
{
	char path[PATH_MAX + 16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* In cgroup v1 there is a group that somebody hasn't written on yet; in cgroup2 it is gone. */
static int begin(void **state)
{
	struct stat st;

	(void)state;
	waited = 0;
	files_begin(dir);
	files_put(dir, "base", NULL);
	files_put(dir, "memory/ration/t/n", NULL);
	host = calloc(1, sizeof(*host));
	assert_non_null(host);
	host->base_fd = open_below("base");
	assert_int_equal(proc_open(NULL, &host->proc_fd, NULL), 0);
	host->n_nodes = 1;
	(void)strcpy(host->node[0], "ration");
	host->n_v1 = 1;
	host->v1[0] = (struct host_v1) { .controllers = RATION_CONTROLLER_MEMORY, .fd = open_below("memory") };
	assert_int_equal(fstatat(host->v1[0].fd, "ration/t/n", &st, 0), 0);
	begun = st.st_ctime;
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)close(host->base_fd);
	(void)close(host->proc_fd);
	(void)close(host->v1[0].fd);
	free(host);
	files_end(dir);
	return 0;
}

static struct place ours(void)
{
	struct place place = PLACE_NONE;

	place.host = host;
	(void)strcpy(place.tenant, "t");
	(void)strcpy(place.name, "n");
	return place;
}

static bool left(void)
{
	return faccessat(host->v1[0].fd, "ration/t/n", F_OK, 0) == 0;
}

static void test_a_young_directory_is_left(void **state)
{
	struct place place = ours();

	(void)state;
	assert_false(keeper_end_group(&place));
	assert_true(left());
	assert_int_equal(unlinkat(host->v1[0].fd, "ration/t/n", AT_REMOVEDIR), 0);
	assert_true(keeper_end_group(&place));
}

/* No message leads elsewhere, and no link. */
static void test_only_a_group_of_ours(void **state)
{
	static const char *const messages[] = { "", "t", "t/n", "t n/o", "t/ o", "/n o", "../n o", "t/.. o", "t/n/m o", "t/.n o" };
	struct keeper_kept kept;
	struct place place = ours();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		assert_row(!keeper_parse(messages[i], &kept), "%s", messages[i]);
	assert_true(keeper_parse("t/n o", &kept));
	assert_string_equal(kept.owner, "o");
	assert_int_equal(symlinkat("/", host->base_fd, "ration"), 0);
	keeper_kill_group(&place);
	assert_false(keeper_end_group(&place));
	assert_true(left());
}

/* Our program has closed the line, and lives: what it has left is waited for until it is old enough. */
static void test_an_old_directory_is_removed(void **state)
{
	pid_t pid, parent = getpid();
	int pair[2], status;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		keeper_forked_main(pair[1], host, parent);
		_exit(99);
	}
	(void)close(pair[1]);
	assert_int_equal(send(pair[0], "+../n o", 8, 0), 8);
	assert_int_equal(send(pair[0], "+t/n o", 7, 0), 7);
	assert_int_equal(send(pair[0], "?t/n o", 7, 0), 7);
	(void)close(pair[0]);
	/* It isn't waited for: another does the rest. */
	assert_true(waitpid(pid, &status, 0) == pid && status == 0);
	assert_true(soon(!left()));
}

/* Executed by hand it says what it is. */
static void assert_says_what_it_is(const char *name)
{
	char path[PATH_MAX], expected[256], text[256];
	int pair[2], status;
	ssize_t n;
	pid_t pid;

	(void)snprintf(path, sizeof(path), BUILT "/%s", name);
	(void)snprintf(expected, sizeof(expected), "%s: internal program of ration, see ration(1)\n", name);
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(pair[1], STDERR_FILENO);
		/* Where it would have its socket there is a file. */
		for (int fd = 3; fd < 32; fd++)
			(void)dup2(STDIN_FILENO, fd);
		(void)execl(path, name, (char *)NULL);
		_exit(99);
	}
	(void)close(pair[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	n = read(pair[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	(void)close(pair[0]);
	assert_int_equal(status, 2 << 8);
	assert_string_equal(text, expected);
}

static void test_by_hand(void **state)
{
	(void)state;
	assert_says_what_it_is("ration-keeper");
	assert_says_what_it_is("ration-reaper");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_young_directory_is_left, begin, end),
		cmocka_unit_test_setup_teardown(test_only_a_group_of_ours, begin, end),
		cmocka_unit_test_setup_teardown(test_an_old_directory_is_removed, begin, end),
		cmocka_unit_test(test_by_hand),
	};

	return cmocka_run_group_tests_name("keeper-main", tests, NULL, NULL);
}
