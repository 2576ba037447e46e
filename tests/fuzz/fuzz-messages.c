/* SPDX-License-Identifier: MIT */
/*
 * fuzz-messages.c - what our processes say to each other, damaged anywhere
 *
 * A report as it is sent is made once. An input is a list of damages of six bytes: where,
 * and four bytes to write there. What is still taken has to be a receipt that can be shown.
 * A wish, the answer
 * of one that was executed and what the keeper is told are the input itself.
 */
#include "fuzz.h"

#include <sys/socket.h>

#include "cli/output/json.h"
#include "host/host.h"
#include "plan/plan.h"
#include "run/keeper/keeper-main.h"
#include "run/receipt.h"
#include "run/start/report.h"
#include "sys/helper.h"

static void make_report(struct last_report *last)
{
	struct report *report = &last->report;

	memset(last, 0, sizeof(*last));
	report->pid = 7;
	last->receipt = (struct ration_receipt) { .verdict = RATION_VERDICT_MEMORY, .exit_code = 137,
		.child_status = -1, .child_signal = 9, .birth = RATION_BIRTH_CLONED, .n_evidence = 2,
		.evidence = { { .counter = "oom_kill", .level = RATION_LEVEL_GROUP, .after = 1 },
			{ .counter = "max", .level = RATION_LEVEL_TENANT, .where = 9 } },
		.n_paths = 14, .paths = "acme/vm7\0acme",
		.group = "acme/vm7", .escaped_to = "/init.scope", .failure = "can't read memory.peak" };
	for (size_t i = 0; i < METRIC_INDEX_COUNT; i++)
		usage_set(&last->receipt.usage, ration_metric_at(i), i, RATION_SOURCE_CGROUP2);
	snprintf(report->waiting, sizeof(report->waiting), "for process 7");
}

/* Of a machine that has nothing. */
static const struct ration_plan *some_plan(void)
{
	static const char *const tree[] = { "proc/self", NULL };
	static struct ration_plan *plan;
	static struct fuzz_tree machine;
	struct ration_host *host = NULL;

	if (plan)
		return plan;
	fuzz_tree_begin(&machine, tree);
	fuzz_tree_put(&machine, "proc/self/mountinfo", "", 0);
	MUST(host_open(machine.root, NULL, &host, NULL) == 0);
	MUST(ration_plan_survey(host, &plan, NULL) == 0);
	(void)ration_host_free(host);
	fuzz_tree_clear(&machine);
	return plan;
}

static void check_receipt(const struct ration_receipt *receipt)
{
	char word[] = "true", *argv[] = { word, NULL };
	const struct ration_limit_info *info;
	struct ration_evidence evidence = { .size = sizeof(evidence) };
	struct ration_outcome outcome = { .size = sizeof(outcome) };
	size_t n = 0;

	while (ration_receipt_evidence(receipt, n, &evidence))
		n++;
	MUST(n == receipt->n_evidence);
	for (size_t i = 0; (info = ration_limit_at(i)); i++)
		(void)ration_receipt_outcome(receipt, info->limit, &outcome);
	MUST(strlen(ration_receipt_address(receipt)) < sizeof(receipt->group));
	must_be_json(json_receipt(receipt, &(struct json_run) { .plan = some_plan(), .argv = argv }));
}

static void check_report(const uint8_t *data, size_t size)
{
	struct last_report sent, got;
	const struct report *report = &got.report;
	uint8_t *bytes = (uint8_t *)&sent;

	make_report(&sent);
	MUST(report_take_last(&sent, sizeof(sent), &got) == 0);
	for (; size >= 6; data += 6, size -= 6) {
		for (size_t i = 0; i < 4; i++)
			bytes[(data[0] + 256u * data[1] + i) % sizeof(sent)] = data[2 + i];
	}
	if (report_take_last(&sent, sent.report.code == 0 ? sizeof(sent) : sizeof(sent.report), &got) < 0)
		return;
	MUST(strlen(report->waiting) < sizeof(report->waiting) && strlen(report->error.message) < sizeof(report->error.message));
	MUST(strlen(report->error.hint) < sizeof(report->error.hint) && report->pid >= 0);
	if (report->code == 0)
		check_receipt(&got.receipt);
}

static void check_wish(const uint8_t *data, size_t size)
{
	struct wish wish;

	if (wish_take(data, size, &wish) == 0)
		MUST((wish.kind == WISH_SIGNAL || wish.kind == WISH_INTERRUPT) && wish.sig >= 0);
}

/* Nothing that isn't the word means yes. */
static void check_answer(const uint8_t *data, size_t size)
{
	static const char word[] = "understood";
	int pair[2], r;

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	if (size > 0)
		MUST(helper_send(pair[0], data, size, NULL, 0, 0) == 0);
	(void)close(pair[0]);
	r = helper_confirmed(pair[1], 0);
	MUST((r == 0) == (size == sizeof(word) && memcmp(data, word, size) == 0));
	(void)close(pair[1]);
}

/* No message leads the keeper out of the groups that it is given. */
static void check_keeper(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct keeper_kept kept;
	struct keeper_hello hello;

	if (keeper_parse(text, &kept)) {
		MUST(kept.name[0] && strlen(kept.name) <= RATION_NAME_MAX && !strchr(kept.name, '/'));
		MUST(kept.tenant[0] && kept.tenant[0] != '.' && kept.name[0] != '.');
	}
	free(text);
	memset(&hello, 0, sizeof(hello));
	memcpy(&hello, data, size < sizeof(hello) ? size : sizeof(hello));
	(void)snprintf(hello.version, sizeof(hello.version), "%s", RATION_VERSION);
	hello.size = sizeof(hello);
	if (!keeper_understood(&hello, sizeof(hello)))
		return;
	MUST(hello.n_nodes <= HOST_NODES_MAX && hello.n_v1 <= HOST_V1_MAX);
	for (size_t i = 0; i < hello.n_nodes; i++)
		MUST(strlen(hello.node[i]) <= RATION_NAME_MAX && !strchr(hello.node[i], '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_report(data, size);
	check_wish(data, size);
	check_answer(data, size);
	check_keeper(data, size);
	return 0;
}
