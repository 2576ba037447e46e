/* SPDX-License-Identifier: MIT */
/*
 * test-report.c - what a subreaper and its caller believe of each other
 */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "run/start/report.h"
#include "util/cleanup.h"

static const struct last_report good = {
	.report = { .pid = 7, .waiting = "for a process", .error = { .message = "no", .hint = "try" } },
	.receipt = { .verdict = RATION_VERDICT_MEMORY, .exit_code = 137, .child_status = -1, .child_signal = 9,
		.core = true, .birth = RATION_BIRTH_JOINED, .containment = RATION_CONTAINMENT_SUBREAPER,
		.n_evidence = 1, .evidence = { { .counter = "oom_kill", .level = RATION_LEVEL_GROUP } },
		.n_paths = 9, .paths = "acme/vm7",
		.group = "acme/vm7" },
};

static void test_a_report_arrives(void **state)
{
	struct last_report last;
	struct report got;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(report_send(pair[0], &good.report, NULL, 0), 0);
	assert_int_equal(report_send(pair[0], &good.report, &good.receipt, 0), 0);
	(void)close(pair[0]);
	assert_int_equal(report_receive(pair[1], &got, 0), 0);
	assert_memory_equal(&got, &good.report, sizeof(got));
	assert_int_equal(report_receive_any(pair[1], &last.report, &last.receipt, 0), 0);
	assert_memory_equal(&last, &good, sizeof(good));
	assert_int_equal(report_receive_any(pair[1], &last.report, &last.receipt, 0), -EPIPE);
	(void)close(pair[1]);
}

/* Without paths it is sent without the room for them. */
static void test_a_brief_receipt(void **state)
{
	struct ration_receipt receipt = good.receipt;
	struct last_report got;
	int pair[2];

	(void)state;
	receipt.n_evidence = receipt.n_paths = 0;
	memset(&got, 0xee, sizeof(got));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(report_send(pair[0], &good.report, &receipt, 0), 0);
	assert_int_equal(recv(pair[1], NULL, 0, MSG_PEEK | MSG_TRUNC), sizeof(got.report) + RECEIPT_BRIEF);
	assert_int_equal(report_receive_any(pair[1], &got.report, &got.receipt, 0), 0);
	assert_memory_equal(&got.receipt, &receipt, RECEIPT_BRIEF);
	assert_string_equal(got.receipt.paths, "");
	assert_string_equal(got.receipt.escaped_to, "");
	(void)strcpy(receipt.escaped_to, "/x");
	assert_int_equal(report_send(pair[0], &good.report, &receipt, 0), 0);
	assert_int_equal(report_receive_any(pair[1], &got.report, &got.receipt, 0), 0);
	assert_string_equal(got.receipt.escaped_to, "/x");
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* Only the last has a receipt, and only of a run that is over. */
static void test_a_receipt_comes_with_success_alone(void **state)
{
	struct last_report failed = good, got;

	(void)state;
	failed.report.code = -EIO;
	assert_int_equal(report_take_last(&good, sizeof(good.report), &got), -EPROTO);
	assert_int_equal(report_take_last(&failed, sizeof(failed), &got), -EPROTO);
	assert_int_equal(report_take_last(&failed, sizeof(failed.report), &got), 0);
	assert_int_equal(got.report.code, -EIO);
	failed.report.code = REPORT_WAITING;
	assert_int_equal(report_take_last(&failed, sizeof(failed.report), &got), 0);
	assert_string_equal(got.report.waiting, "for a process");
}

#define FIELD(member) { #member, offsetof(struct last_report, member), sizeof(good.member) }

/* Each with bytes that no other part of a report has, in the whole field. */
static void test_a_damaged_report_is_refused(void **state)
{
	static const struct {
		const char *name;
		size_t at, size;
	} fields[] = {
		FIELD(report.code), FIELD(report.waiting), FIELD(report.pid), FIELD(report.error.message), FIELD(report.error.hint), FIELD(receipt.verdict),
		FIELD(receipt.exit_code), FIELD(receipt.child_status), FIELD(receipt.child_signal), FIELD(receipt.core),
		FIELD(receipt.status_lost), FIELD(receipt.truncated), FIELD(receipt.start_errno), FIELD(receipt.as_user),
		FIELD(receipt.birth), FIELD(receipt.containment), FIELD(receipt.n_evidence), FIELD(receipt.evidence[0].counter),
		FIELD(receipt.evidence[0].level), FIELD(receipt.evidence[0].where), FIELD(receipt.evidence[EVIDENCE_MAX - 1].where),
		FIELD(receipt.usage.source[METRIC_INDEX_COUNT - 1]), FIELD(receipt.outcome[0].acted),
		FIELD(receipt.outcome[LIMIT_INDEX_COUNT - 1].changed), FIELD(receipt.group), FIELD(receipt.escaped_to),
		FIELD(receipt.paths), FIELD(receipt.n_paths),
		FIELD(receipt.failure),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct last_report bad = good, got = { .report.pid = 1 };

		memset((char *)&bad + fields[i].at, 0xee, fields[i].size);
		assert_row(report_take_last(&bad, sizeof(bad), &got) == -EPROTO, "%s", fields[i].name);
		assert_row(got.report.pid == 1, "%s: it has been taken", fields[i].name);
	}
}

/* Neither is one of another size, be it longer. */
static void test_a_report_of_another_size(void **state)
{
	static char longer[sizeof(struct last_report) + 1];
	struct last_report got;
	int pair[2];

	(void)state;
	memcpy(longer, &good, sizeof(good));
	assert_int_equal(report_take_last(longer, sizeof(longer), &got), -EPROTO);
	assert_int_equal(report_take_last(longer, sizeof(good) - 1, &got), -EPROTO);
	assert_int_equal(report_take_last(longer, 0, &got), -EPROTO);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(send(pair[0], longer, sizeof(longer), 0) > 0);
	assert_int_equal(report_receive_any(pair[1], &got.report, &got.receipt, 0), -EPROTO);
	assert_int_equal(report_send(pair[0], &good.report, &good.receipt, 0), 0);
	assert_int_equal(report_receive(pair[1], &got.report, 0), -EPROTO);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void test_wishes(void **state)
{
	const struct wish wish = { .kind = WISH_INTERRUPT, .sig = 15, .delivered = true };
	struct wish got, bad[3] = { wish, wish, wish };

	(void)state;
	assert_int_equal(wish_take(&wish, sizeof(wish), &got), 0);
	assert_memory_equal(&got, &wish, sizeof(wish));
	assert_int_equal(wish_take(&wish, sizeof(wish) - 1, &got), -EPROTO);
	memset(&bad[0].kind, 0xee, sizeof(bad[0].kind));
	memset(&bad[1].sig, 0xee, sizeof(bad[1].sig));
	memset(&bad[2].delivered, 0xee, sizeof(bad[2].delivered));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(wish_take(&bad[i], sizeof(bad[i]), &got) == -EPROTO, "wish %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_report_arrives),
		cmocka_unit_test(test_a_damaged_report_is_refused),
		cmocka_unit_test(test_a_report_of_another_size),
		cmocka_unit_test(test_a_brief_receipt),
		cmocka_unit_test(test_a_receipt_comes_with_success_alone),
		cmocka_unit_test(test_wishes),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
