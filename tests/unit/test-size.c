/* SPDX-License-Identifier: MIT */
/*
 * test-size.c - programs and libraries of different versions
 *
 * Each struct that a caller fills in or gets goes through the helper, and the calls that
 * take one are made with it: as long as this library has it, shorter (an older
 * program), and longer (a newer one) with and without something in what is longer.
 */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "group/handle.h"
#include "group/limits/update.h"
#include "host/host.h"
#include "ration.h"
#include "util/cleanup.h"
#include "util/size.h"

/* What is longer in a newer program's struct. */
#define TAIL 24

/* More than the longest struct and its tail. */
#define ROOM 512

#define GUARD 0xa5

union bytes {
	size_t size;
	unsigned char byte[ROOM];
};

/* -------------------------------------------------------------- the helper */

#define STRUCT(name) { "struct ration_" #name, sizeof(struct ration_##name) }

static const struct {
	const char *name;
	size_t size;
} structs[] = {
	STRUCT(attach_report), STRUCT(event), STRUCT(events_options), STRUCT(evidence), STRUCT(gc_options),
	STRUCT(gc_report), STRUCT(group_options), STRUCT(guard_options), STRUCT(guard_report), STRUCT(host_info),
	STRUCT(host_options), STRUCT(outcome), STRUCT(plan_options), STRUCT(remove_report), STRUCT(run_options),
	STRUCT(spawn_options), STRUCT(update_options), STRUCT(update_report), STRUCT(vm), STRUCT(wrap_options),
};

static union bytes filled(size_t size, unsigned char with)
{
	union bytes bytes;

	(void)memset(&bytes, with, sizeof(bytes));
	bytes.size = size;
	return bytes;
}

static bool is_all(const union bytes *bytes, size_t from, size_t to, unsigned char value)
{
	while (from < to && bytes->byte[from] == value)
		from++;
	return from == to;
}

static void test_what_a_caller_fills_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(structs); i++) {
		size_t size = structs[i].size;
		const char *name = structs[i].name;
		union bytes to, from;
		struct ration_error error;

		assert_true(size + TAIL + 8 <= ROOM);
		/* From the size alone upwards: what is missing is zero. */
		for (size_t n = sizeof(size_t); n <= size; n++) {
			to = filled(1, GUARD);
			from = filled(n, 7);
			assert_int_equal(size_take(&to, size, &from, name, NULL), 0);
			assert_int_equal(to.size, size);
			assert_true(is_all(&to, sizeof(size_t), n, 7) && is_all(&to, n, size, 0));
			assert_true(is_all(&to, size, ROOM, GUARD));
		}
		/* Longer, and zero: taken. One byte of it that isn't: refused, and nothing written. */
		from = filled(size + TAIL, 7);
		(void)memset(from.byte + size, 0, TAIL);
		assert_int_equal(size_take(&to, size, &from, name, NULL), 0);
		assert_true(to.size == size && is_all(&to, sizeof(size_t), size, 7));
		from.byte[size + TAIL - 1] = 1;
		to = filled(1, GUARD);
		assert_int_equal(size_take(&to, size, &from, name, &error), -E2BIG);
		assert_non_null(strstr(error.message, name));
		assert_true(is_all(&to, sizeof(size_t), ROOM, GUARD));
		for (size_t n = 0; n < sizeof(size_t); n++) {
			from = filled(n, 7);
			assert_int_equal(size_take(&to, size, &from, name, &error), -EINVAL);
			assert_non_null(strstr(error.message, name));
			assert_non_null(strstr(error.hint, "sizeof"));
		}
		assert_int_equal(size_take(&to, size, NULL, name, NULL), 0);
		assert_true(to.size == size && is_all(&to, sizeof(size_t), size, 0));
	}
}

static void test_what_a_caller_gets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(structs); i++) {
		size_t size = structs[i].size;
		const union bytes from = filled(12345, 7);
		struct ration_error error;
		union bytes to;

		for (size_t n = sizeof(size_t); n <= size + TAIL; n++) {
			size_t both = n < size ? n : size;

			to = filled(n, GUARD);
			assert_int_equal(size_give(&to, &from, size, structs[i].name, NULL), 0);
			assert_int_equal(to.size, n);
			assert_true(is_all(&to, sizeof(size_t), both, 7) && is_all(&to, both, n, 0));
			assert_true(is_all(&to, n, ROOM, GUARD));
		}
		to = filled(0, GUARD);
		assert_int_equal(size_give(&to, &from, size, structs[i].name, &error), -EINVAL);
		assert_non_null(strstr(error.message, structs[i].name));
		assert_true(is_all(&to, sizeof(size_t), ROOM, GUARD));
		assert_int_equal(size_give(NULL, &from, size, structs[i].name, NULL), 0);
	}
}

/* ----------------------------------------------------------------- the calls */

/* Where the calls find what they need. */
static struct {
	struct ration_host *host;
	struct ration_limits *limits;
	struct ration_plan *plan, *process_plan;
	struct ration_group group; /* without a cgroup */
} at;

static int take_host(const void *options, struct ration_error *error)
{
	struct ration_host *host = NULL;
	int r = ration_host_open(options, &host, error);

	host = ration_host_free(host);
	return r;
}

static int take_wrap(const void *options, struct ration_error *error)
{
	char *line = NULL;
	int r = ration_wrap(NULL, options, &line, error);

	free(line);
	return r;
}

static int take_vm(const void *vm, struct ration_error *error)
{
	return ration_vm_fallback(vm, at.plan, at.limits, error);
}

static int take_vm_limits(const void *vm, struct ration_error *error)
{
	union bytes own;

	(void)memcpy(&own, vm, sizeof(own));
	return ration_vm_limits((struct ration_vm *)(void *)&own, at.limits, NULL, error);
}

static int take_run(const void *options, struct ration_error *error)
{
	struct ration_run *run = NULL;
	int r = ration_run_start(at.host, at.plan, options, &run, error);

	run = ration_run_free(run);
	return r;
}

static int take_group(const void *options, struct ration_error *error)
{
	struct ration_group *group = NULL;

	/* With a plan for something else, so that nothing is made. */
	return ration_group_create(at.host, "t/n", at.plan, options, &group, error);
}

static int take_spawn(const void *options, struct ration_error *error)
{
	int pid;

	return ration_group_spawn(&at.group, options, &pid, NULL, error);
}

static int take_update(const void *options, struct ration_error *error)
{
	return update_apply(&at.group, at.plan, options, NULL, error);
}

static int take_plan(const void *options, struct ration_error *error)
{
	struct ration_plan *plan = NULL;
	int r = ration_plan_new(at.host, at.limits, options, &plan, error);

	plan = ration_plan_free(plan);
	return r;
}

/* The report has no size: nothing is collected, whatever the options say. */
static int take_gc(const void *options, struct ration_error *error)
{
	struct ration_gc_report report = { .size = 0 };

	return ration_gc(at.host, options, &report, error);
}

static const struct {
	const char *name;
	size_t size;
	int (*take)(const void *options, struct ration_error *error);
} takers[] = {
	{ "ration_host_options", sizeof(struct ration_host_options), take_host },
	{ "ration_wrap_options", sizeof(struct ration_wrap_options), take_wrap },
	{ "ration_vm", sizeof(struct ration_vm), take_vm },
	{ "ration_vm", sizeof(struct ration_vm), take_vm_limits },
	{ "ration_run_options", sizeof(struct ration_run_options), take_run },
	{ "ration_group_options", sizeof(struct ration_group_options), take_group },
	{ "ration_spawn_options", sizeof(struct ration_spawn_options), take_spawn },
	{ "ration_update_options", sizeof(struct ration_update_options), take_update },
	{ "ration_plan_options", sizeof(struct ration_plan_options), take_plan },
	{ "ration_gc_options", sizeof(struct ration_gc_options), take_gc },
};

static void test_calls_refuse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++) {
		union bytes options = filled(takers[i].size + TAIL, 0);
		struct ration_error error = { .message = "" };
		int r;

		options.byte[takers[i].size + TAIL - 1] = 1;
		r = takers[i].take(&options, &error);
		assert_row(r == -E2BIG, "%s, too long: %d %s", takers[i].name, r, error.message);
		assert_non_null(strstr(error.message, takers[i].name));
		options.size = 0;
		r = takers[i].take(&options, &error);
		assert_row(r == -EINVAL, "%s, no size: %d %s", takers[i].name, r, error.message);
		assert_non_null(strstr(error.message, takers[i].name));
		/* An older program's: whatever is missing in it isn't asked for, and no error of size. */
		options = filled(sizeof(size_t), 0);
		(void)memset(options.byte + sizeof(size_t), GUARD, ROOM - sizeof(size_t));
		error = (struct ration_error) { .message = "" };
		(void)takers[i].take(&options, &error);
		assert_row(!strstr(error.message, takers[i].name), "%s, short: %s", takers[i].name, error.message);
	}
}

static int give_info(void *info, struct ration_error *error)
{
	(void)error;
	ration_host_info(at.host, info);
	return 0;
}

static int give_gc(void *report, struct ration_error *error)
{
	const struct ration_gc_options look = { .size = sizeof(look), .dry_run = true };

	return ration_gc(at.host, &look, report, error);
}

static int give_remove(void *report, struct ration_error *error)
{
	return ration_group_remove(&at.group, RATION_REMOVE_EMPTY, report, error);
}

static int give_attach(void *report, struct ration_error *error)
{
	return ration_group_attach(&at.group, (int)getpid(), at.process_plan, report, error);
}

static int give_update(void *report, struct ration_error *error)
{
	(void)update_apply(&at.group, at.plan, NULL, report, error);
	return 0;
}

static const struct {
	const char *name;
	size_t size;
	int (*give)(void *report, struct ration_error *error);
} givers[] = {
	{ "ration_host_info", sizeof(struct ration_host_info), give_info },
	{ "ration_gc_report", sizeof(struct ration_gc_report), give_gc },
	{ "ration_remove_report", sizeof(struct ration_remove_report), give_remove },
	{ "ration_attach_report", sizeof(struct ration_attach_report), give_attach },
	{ "ration_update_report", sizeof(struct ration_update_report), give_update },
};

/* On the heap and exactly as long as it says, so that valgrind or ASan sees one byte too far, too. */
static void test_calls_stay_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(givers); i++) {
		for (size_t n = sizeof(size_t); n <= givers[i].size + TAIL; n += 8) {
			unsigned char *report = malloc(n);
			struct ration_error error = { .message = "" };
			union bytes seen = filled(n, GUARD);

			assert_non_null(report);
			(void)memcpy(report, &seen, n);
			assert_row(givers[i].give(report, &error) == 0, "%s of %zu bytes: %s", givers[i].name, n,
					error.message);
			(void)memcpy(&seen, report, n);
			assert_int_equal(seen.size, n);
			if (n > givers[i].size)
				assert_true(is_all(&seen, givers[i].size, n, 0));
			free(report);
			/* With something behind it, nothing of that is touched. */
			seen = filled(n, GUARD);
			assert_int_equal(givers[i].give(&seen, &error), 0);
			assert_true(is_all(&seen, n, ROOM, GUARD));
		}
	}
}

static int begin(void **state)
{
	const struct ration_plan_options by_process = { .size = sizeof(by_process), .purpose = RATION_PURPOSE_PROCESS };

	(void)state;
	if (ration_host_open(NULL, &at.host, NULL) < 0 || ration_limits_new(&at.limits) < 0 ||
			ration_plan_new(at.host, at.limits, NULL, &at.plan, NULL) < 0 ||
			ration_plan_new(at.host, at.limits, &by_process, &at.process_plan, NULL) < 0)
		return -1;
	at.group = (struct ration_group) {
		.handle = at.host,
		.host = host_now(at.host),
		.at = PLACE_NONE,
		.address = "t/n",
		.reason = "none is made here",
	};
	return 0;
}

static int end(void **state)
{
	(void)state;
	at.plan = ration_plan_free(at.plan);
	at.process_plan = ration_plan_free(at.process_plan);
	at.limits = ration_limits_free(at.limits);
	at.host = ration_host_free(at.host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_caller_fills_in),
		cmocka_unit_test(test_what_a_caller_gets),
		cmocka_unit_test(test_calls_refuse),
		cmocka_unit_test(test_calls_stay_within),
	};

	return cmocka_run_group_tests_name("size", tests, begin, end);
}
