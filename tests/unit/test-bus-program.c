/* SPDX-License-Identifier: MIT */
/*
 * test-bus-program.c - asking systemd through a program, which here is a script
 */
#include "unit.h"

#include "files.h"

#include <sys/wait.h>

#include "sys/bus.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

static char dir[PATH_MAX], program[PATH_MAX + 16];

static int begin(void **state)
{
	(void)state;
	files_begin(dir);
	(void)snprintf(program, sizeof(program), "%s/unit", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	files_end(dir);
	return 0;
}

/* Asks with a script of these commands as the program. */
static int ask(const char *script, unsigned msec, char message[BUS_MESSAGE_MAX])
{
	const struct bus_request request = { .user = true, .start = true, .move = 4711, .program = program,
		.until_usec = sys_now_usec() + msec * UINT64_C(1000) };
	char text[512];
	int r;

	assert_true(snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script) < (int)sizeof(text));
	files_put(dir, "unit", text);
	assert_int_equal(chmod(program, 0700), 0);
	message[0] = '\0';
	r = bus_ask(&request, message);
	/* Whatever it did, it is gone. */
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return r;
}

static void test_answers(void **state)
{
	static const struct {
		const char *script;
		int result;
		const char *message;
	} rows[] = {
		{ "echo 0", 0, "" },
		{ "printf 0", -EIO, "ration-unit gave an answer that isn't one: 0" },
		{ "echo 13 not now; echo more", -EACCES, "not now" },
		{ "echo \"110 $1 $2 $3 $4\"", -ETIMEDOUT, "ask user start 4711" },
		{ "kill -KILL $$", -EIO, "ration-unit ended without an answer" },
		{ "echo done", -EIO, "ration-unit ended without an answer" },
		{ "echo 00", -EIO, "ration-unit gave an answer that isn't one: 00" },
		{ "echo -5 no", -EIO, "ration-unit gave an answer that isn't one: -5 no" },
		{ "echo 4096 no", -EIO, "ration-unit gave an answer that isn't one: 4096 no" },
		{ "echo 18446744073709551616 no", -EIO, "ration-unit gave an answer that isn't one: 18446744073709551616 no" },
		{ "echo 13", -EIO, "ration-unit gave an answer that isn't one: 13" },
	};
	char message[BUS_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = ask(rows[i].script, DEADLINE_SECONDS * 1000, message);

		assert_row(r == rows[i].result, "%s: %d", rows[i].script, r);
		assert_row(strcmp(message, rows[i].message) == 0, "%s: %s", rows[i].script, message);
	}
	assert_true(bus_takes_program());
}

/* One that wrote without an end stayed a zombie of the program that had asked. */
static void test_too_long_an_answer(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	assert_int_equal(ask("while :; do echo 13 once more; done", DEADLINE_SECONDS * 1000, message), -E2BIG);
	assert_non_null(strstr(message, "Argument list too long"));
}

static void test_a_program_that_does_not_end(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	assert_int_equal(ask("exec sleep 1000", 20, message), -ETIMEDOUT);
	assert_non_null(strstr(message, program));
	assert_int_equal(ask("echo 0; exec sleep 1000 >/dev/null", DEADLINE_SECONDS * 1000, message), 0);
}

static void test_no_program(void **state)
{
	const struct bus_request request = { .program = "/nowhere/at/all/ration-unit" };
	char message[BUS_MESSAGE_MAX];

	(void)state;
	assert_int_equal(bus_ask(&request, message), -EOPNOTSUPP);
	assert_string_equal(message, "can't execute /nowhere/at/all/ration-unit to reach systemd: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, begin, end),
		cmocka_unit_test_setup_teardown(test_too_long_an_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_a_program_that_does_not_end, begin, end),
		cmocka_unit_test(test_no_program),
	};

	return cmocka_run_group_tests_name("bus-program", tests, NULL, NULL);
}
