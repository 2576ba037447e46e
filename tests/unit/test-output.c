/* SPDX-License-Identifier: MIT */
/*
 * test-output.c - output passed on up to a limit, whatever the other side does
 *
 * Nothing here may block: an alarm ends a test that does.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/limits/output.h"
#include "util/cleanup.h"

static int temporary_file(void)
{
	int fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static char letter(size_t i)
{
	return (char)('a' + i % 23);
}

/* Writes `size` letters into the command's end, and moves as they come. */
static void write_through(struct output *output, size_t size)
{
	char piece[1000];

	for (size_t done = 0; done < size && output->source_fd >= 0;) {
		size_t n = size - done < sizeof(piece) ? size - done : sizeof(piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = letter(done + i);
		assert_int_equal(write(output->child_fd, piece, n), n);
		done += n;
		assert_int_equal(output_move(output), 0);
	}
}

static void test_truncated_exactly(void **state)
{
	static const struct {
		uint64_t limit;
		size_t written;
	} rows[] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 }, { 1, 2 }, { 4096, 4096 }, { 4096, 4097 },
		{ 125952, 200000 }, { 16384, 16384 }, { 16385, 20000 }, { 100000, 99999 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t passed = rows[i].written < rows[i].limit ? rows[i].written : (size_t)rows[i].limit;
		int target = temporary_file();
		struct output output;
		struct stat st;
		char *text = calloc(1, passed + 1);

		assert_non_null(text);
		assert_int_equal(output_open(&output, target, rows[i].limit), 0);
		write_through(&output, rows[i].written);
		output.child_fd = close_fd(output.child_fd);
		assert_int_equal(output_move(&output), 1);
		assert_int_equal(fstat(target, &st), 0);
		assert_row((size_t)st.st_size == passed && output.passed == passed, "row %zu: %zu", i, (size_t)st.st_size);
		assert_row(output.over == (rows[i].written > rows[i].limit), "row %zu: over is %d", i, output.over);
		assert_int_equal(pread(target, text, passed, 0), passed);
		for (size_t k = 0; k < passed; k++)
			assert_row(text[k] == letter(k), "row %zu: byte %zu", i, k);
		output_close(&output);
		(void)close(target);
		free(text);
	}
}

/* A file is always ready, and so nothing would ever tell to go on with what was left in hand. */
static void test_much_at_once_to_a_file(void **state)
{
	const size_t size = 1 << 20; /* as much as one call moves */
	int target = temporary_file();
	struct output output;
	struct stat st;
	char *text = calloc(1, size);

	(void)state;
	assert_non_null(text);
	assert_int_equal(output_open(&output, target, 2 * size), 0);
	assert_true(fcntl(output.child_fd, F_SETPIPE_SZ, (int)size) >= (int)size);
	assert_int_equal(write(output.child_fd, text, size), size);
	assert_int_equal(output_move(&output), 0);
	assert_false(output_waits_for_target(&output));
	assert_int_equal(fstat(target, &st), 0);
	assert_int_equal(st.st_size, size);
	output_close(&output);
	(void)close(target);
	free(text);
}

/* A reader that takes its time gets everything, and holds nobody up. */
static void test_slow_reader(void **state)
{
	const size_t size = 300000;
	struct output output;
	char buffer[1234];
	size_t got = 0, put = 0;
	int ends[2], done = 0;

	(void)state;
	(void)alarm(DEADLINE_SECONDS);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(output_open(&output, ends[1], 250000), 0);
	(void)close(ends[1]);
	assert_true(fcntl(output.child_fd, F_SETFL, O_NONBLOCK) >= 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) >= 0);
	while (!done) {
		char piece[777];
		ssize_t n;

		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = letter(put + i);
		n = put < size ? write(output.child_fd, piece, sizeof(piece) < size - put ? sizeof(piece) : size - put) : 0;
		put += n > 0 ? (size_t)n : 0;
		if (put == size)
			output.child_fd = close_fd(output.child_fd);
		done = output_move(&output);
		assert_true(done >= 0);
		n = got % 5 == 0 || put == size || n < 0 ? read(ends[0], buffer, sizeof(buffer)) : 0;
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buffer[i], letter(got + (size_t)i));
		got += n > 0 ? (size_t)n : 0;
	}
	output_close(&output);
	for (ssize_t n; (n = read(ends[0], buffer, sizeof(buffer))) > 0; got += (size_t)n)
		;
	assert_int_equal(got, 250000);
	(void)close(ends[0]);
	(void)alarm(0);
}

/* Writes until the other side is full: output_move() must come back each time, and wait for the target. */
static void fill_up(int target)
{
	struct output output;
	char piece[777];

	/* No multiple of anything, and lines that a terminal makes longer. */
	(void)memset(piece, 'x', sizeof(piece));
	piece[7] = piece[99] = '\n';
	(void)alarm(DEADLINE_SECONDS);
	assert_int_equal(output_open(&output, target, UINT64_C(1) << 30), 0);
	assert_true(fcntl(output.child_fd, F_SETFL, O_NONBLOCK) >= 0);
	for (int i = 0; i < 10000; i++) {
		(void)!write(output.child_fd, piece, sizeof(piece));
		assert_int_equal(output_move(&output), 0);
		if (output_waits_for_target(&output) && i > 1000)
			break;
	}
	assert_true(output_waits_for_target(&output));
	output_close(&output);
	(void)alarm(0);
}

static void test_nobody_reads_the_pipe(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fill_up(ends[1]);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void test_nobody_reads_the_socket(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fill_up(ends[1]);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* A terminal that is stopped takes a few bytes more and no line: it held up the clocks of the run. */
static void test_nobody_reads_the_terminal(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;

	(void)state;
	if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
		slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0) {
		skip_because("no terminals here");
	}
	fill_up(slave);
	(void)close(slave);
	(void)close(master);
}

/* Its writer hears of it as it would have without us; SIGPIPE doesn't end the host program. */
static void test_closed_reader(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	assert_ptr_equal(signal(SIGPIPE, SIG_DFL), SIG_DFL);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(output_open(&output, ends[1], 1000), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_int_equal(write(output.child_fd, "x", 1), 1);
	assert_int_equal(output_move(&output), 1);
	assert_int_equal(output.passed, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(write(output.child_fd, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	(void)signal(SIGPIPE, SIG_DFL);
	output_close(&output);
}

/* A file that may grow no more: as with a reader that is gone. */
static void test_full_file(void **state)
{
	struct rlimit before, limit;
	struct output output;
	int target = temporary_file();

	(void)state;
	assert_ptr_equal(signal(SIGXFSZ, SIG_DFL), SIG_DFL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 2;
	assert_int_equal(output_open(&output, target, 1000), 0);
	assert_int_equal(write(output.child_fd, "xyz", 3), 3);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(output_move(&output), 1);
	assert_int_equal(output.passed, 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	output_close(&output);
	(void)close(target);
}

/* A SIGPIPE that was pending already is somebody else's, and stays. */
static void test_pending_sigpipe_stays(void **state)
{
	sigset_t set, before, pending;
	struct output output;
	int ends[2];

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigprocmask(SIG_BLOCK, &set, &before);
	(void)raise(SIGPIPE);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(output_open(&output, ends[1], 1000), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_int_equal(write(output.child_fd, "x", 1), 1);
	assert_int_equal(output_move(&output), 1);
	assert_int_equal(sigpending(&pending), 0);
	assert_true(sigismember(&pending, SIGPIPE));
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	output_close(&output);
}

/* 2>&1: each has its own limit, and both write to the end of one file. */
static void test_both_to_one_target(void **state)
{
	int target = temporary_file();
	struct output out, err;
	char text[16] = "";

	(void)state;
	assert_int_equal(output_open(&out, target, 3), 0);
	assert_int_equal(output_open(&err, target, 4), 0);
	assert_int_equal(write(out.child_fd, "oooo", 4), 4);
	assert_int_equal(output_move(&out), 0);
	assert_int_equal(write(err.child_fd, "eeee", 4), 4);
	assert_int_equal(output_move(&err), 0);
	assert_true(out.over && !err.over);
	assert_int_equal(pread(target, text, sizeof(text) - 1, 0), 7);
	assert_string_equal(text, "oooeeee");
	output_close(&out);
	output_close(&err);
	(void)close(target);
}

static void test_bad_target(void **state)
{
	struct output output;
	int before = dup(0), after;

	(void)state;
	(void)close(before);
	assert_int_equal(output_open(&output, 4321, 10), -EBADF);
	assert_null(output.buffer);
	after = dup(0);
	assert_int_equal(after, before);
	(void)close(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truncated_exactly),
		cmocka_unit_test(test_much_at_once_to_a_file),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_nobody_reads_the_pipe),
		cmocka_unit_test(test_nobody_reads_the_socket),
		cmocka_unit_test(test_nobody_reads_the_terminal),
		cmocka_unit_test(test_closed_reader),
		cmocka_unit_test(test_full_file),
		cmocka_unit_test(test_pending_sigpipe_stays),
		cmocka_unit_test(test_both_to_one_target),
		cmocka_unit_test(test_bad_target),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
