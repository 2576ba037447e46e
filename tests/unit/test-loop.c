/* SPDX-License-Identifier: MIT */
/*
 * test-loop.c - sources and deadlines of a supervisor's loop
 *
 * Built twice: for loop.c, and for loop-os.c with the table of tests/followed.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/loop.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

#define SOON_MSEC (1000 * DEADLINE_SECONDS)

/* What has been called, in order. */
static char calls[64];

struct party {
	char name;
	struct loop *loop;
	struct loop_source source;
	struct loop_deadline deadline;
	struct party *drops;   /* what its callback takes out of the loop */
	uint64_t again_usec;   /* what its callback sets its deadline to; 0: not */
	int read_fd, write_fd;
};

static void note(char name)
{
	size_t n = strlen(calls);

	if (n + 1 < sizeof(calls)) {
		calls[n] = name;
		calls[n + 1] = '\0';
	}
}

static void on_source(void *userdata, bool failed)
{
	struct party *party = userdata;

	(void)failed;
	note(party->name);
	if (party->drops) {
		loop_drop(party->loop, &party->drops->source);
		loop_clear(party->loop, &party->drops->deadline);
	}
}

static void on_deadline(void *userdata, uint64_t now_usec)
{
	struct party *party = userdata;

	assert_true(now_usec > 0 && now_usec <= sys_now_usec());
	assert_true(party->deadline.at_usec == LOOP_NEVER);
	note(party->name);
	if (party->drops)
		loop_clear(party->loop, &party->drops->deadline);
	if (party->again_usec > 0)
		loop_set(party->loop, &party->deadline, party->again_usec);
}

static void party_begin(struct party *party, struct loop *loop, char name)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	*party = (struct party) { .name = name, .loop = loop, .read_fd = pair[0], .write_fd = pair[1] };
	party->source = LOOP_SOURCE(on_source, party);
	party->deadline = LOOP_DEADLINE(on_deadline, party);
}

static void party_end(struct party *party)
{
	loop_drop(party->loop, &party->source);
	loop_clear(party->loop, &party->deadline);
	(void)close(party->read_fd);
	(void)close(party->write_fd);
}

static void speak(struct party *party)
{
	assert_int_equal(write(party->write_fd, "x", 1), 1);
}

static void hear(struct party *party)
{
	char byte;

	assert_int_equal(read(party->read_fd, &byte, 1), 1);
}

static bool has_something(const struct loop *loop, int timeout_msec)
{
	struct pollfd poll_fd = { .fd = loop->fd, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_msec) == 1;
}

static void round_calls(struct loop *loop, const char *expected)
{
	calls[0] = '\0';
	assert_true(loop_dispatch(loop) >= 0);
	assert_string_equal(calls, expected);
}

/* A source goes on telling for as long as there is something; one that was dropped is silent. */
static void test_sources(void **state)
{
	struct loop loop;
	struct party a, b;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	party_begin(&a, &loop, 'a');
	party_begin(&b, &loop, 'b');
	assert_int_equal(loop_add(&loop, &a.source, a.read_fd, LOOP_READABLE), 0);
	assert_int_equal(loop_add(&loop, &b.source, b.write_fd, LOOP_WRITABLE), 0);
	round_calls(&loop, "b");
	loop_drop(&loop, &b.source);
	round_calls(&loop, "");
	assert_false(has_something(&loop, 0));
	speak(&a);
	assert_true(has_something(&loop, SOON_MSEC));
	round_calls(&loop, "a");
	round_calls(&loop, "a");
	hear(&a);
	round_calls(&loop, "");
	loop_drop(&loop, &a.source);
	speak(&a);
	round_calls(&loop, "");
	assert_int_equal(loop_add(&loop, &a.source, a.read_fd, LOOP_READABLE), 0);
	round_calls(&loop, "a");
	party_end(&a);
	party_end(&b);
	loop_close(&loop);
}

/* The end of the command, then the clocks, the earliest first, then the others. */
static void test_order_of_a_round(void **state)
{
	struct loop loop;
	struct party first, other, early, late;
	uint64_t now = sys_now_usec();

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	party_begin(&first, &loop, 'f');
	party_begin(&other, &loop, 'o');
	party_begin(&early, &loop, '1');
	party_begin(&late, &loop, '2');
	first.source.first = true;
	assert_int_equal(loop_add(&loop, &other.source, other.read_fd, LOOP_READABLE), 0);
	assert_int_equal(loop_add(&loop, &first.source, first.read_fd, LOOP_READABLE), 0);
	loop_set(&loop, &late.deadline, now - 1);
	loop_set(&loop, &early.deadline, now - 2);
	assert_int_equal(loop_arm(&loop), 0);
	speak(&other);
	speak(&first);
	/* The timer tells a moment later. */
	for (int i = 0; i < SOON_MSEC && early.deadline.at_usec != LOOP_NEVER; i++) {
		(void)usleep(1000);
		calls[0] = '\0';
		assert_true(loop_dispatch(&loop) > 0);
	}
	assert_string_equal(calls, "f12o");
	party_end(&first);
	party_end(&other);
	party_end(&early);
	party_end(&late);
	loop_close(&loop);
}

/* Who is dropped by another in the same round isn't called any more. */
static void test_dropped_in_its_round(void **state)
{
	struct loop loop;
	struct party first, other, late;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	party_begin(&first, &loop, 'f');
	party_begin(&other, &loop, 'o');
	party_begin(&late, &loop, '2');
	first.source.first = true;
	first.drops = &other;
	assert_int_equal(loop_add(&loop, &other.source, other.read_fd, LOOP_READABLE), 0);
	assert_int_equal(loop_add(&loop, &first.source, first.read_fd, LOOP_READABLE), 0);
	speak(&other);
	speak(&first);
	round_calls(&loop, "f");
	loop_drop(&loop, &first.source);
	loop_set(&loop, &first.deadline, 1);
	loop_set(&loop, &other.deadline, 2);
	loop_set(&loop, &late.deadline, 3);
	assert_int_equal(loop_arm(&loop), 0);
	assert_true(has_something(&loop, SOON_MSEC));
	round_calls(&loop, "f2");
	party_end(&first);
	party_end(&other);
	party_end(&late);
	loop_close(&loop);
}

/* A deadline that is set for now goes to the next round, however often: a round ends. */
static void test_a_round_ends(void **state)
{
	struct loop loop;
	struct party a;

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	party_begin(&a, &loop, 'a');
	a.again_usec = 1;
	loop_set(&loop, &a.deadline, 0);
	assert_int_equal(loop_arm(&loop), 0);
	for (int i = 0; i < 3; i++) {
		assert_true(has_something(&loop, SOON_MSEC));
		round_calls(&loop, "a");
	}
	loop_clear(&loop, &a.deadline);
	assert_int_equal(loop_arm(&loop), 0);
	assert_false(has_something(&loop, 0));
	party_end(&a);
	loop_close(&loop);
}

/* Without an event and a deadline nothing wakes; and the timer is told of each change. */
static void test_it_sleeps(void **state)
{
	struct loop loop;
	struct party a, b;
	uint64_t now = sys_now_usec();

	(void)state;
	assert_int_equal(loop_open(&loop), 0);
	party_begin(&a, &loop, 'a');
	party_begin(&b, &loop, 'b');
	assert_int_equal(loop_add(&loop, &a.source, a.read_fd, LOOP_READABLE), 0);
	loop_set(&loop, &a.deadline, loop_after(now, UINT64_C(3600) * 1000000));
	assert_int_equal(loop_arm(&loop), 0);
	assert_false(has_something(&loop, 20));
	loop_set(&loop, &b.deadline, now);
	assert_int_equal(loop_arm(&loop), 0);
	assert_true(has_something(&loop, SOON_MSEC));
	round_calls(&loop, "b");
	assert_false(has_something(&loop, 20));
	loop_clear(&loop, &a.deadline);
	assert_int_equal(loop_arm(&loop), 0);
	assert_true(loop_next(&loop) == LOOP_NEVER);
	assert_false(has_something(&loop, 20));
	party_end(&a);
	party_end(&b);
	loop_close(&loop);
}

static void test_sums_stay_at_never(void **state)
{
	(void)state;
	assert_true(loop_after(5, 7) == 12);
	assert_true(loop_after(5, UINT64_MAX) == LOOP_NEVER);
	assert_true(loop_after(UINT64_MAX - 2, 7) == LOOP_NEVER);
	assert_true(loop_after(5, UINT64_C(200) * 365 * 86400 * 1000000) == LOOP_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_order_of_a_round),
		cmocka_unit_test(test_dropped_in_its_round),
		cmocka_unit_test(test_a_round_ends),
		cmocka_unit_test(test_it_sleeps),
		cmocka_unit_test(test_sums_stay_at_never),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
