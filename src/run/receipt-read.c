/* SPDX-License-Identifier: MIT */
/*
 * receipt-read.c - what a receipt says, value by value
 */
#include "run/receipt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/names.h"
#include "run/run.h"
#include "util/size.h"

enum ration_verdict ration_receipt_verdict(const struct ration_receipt *receipt)
{
	return receipt->verdict;
}

int ration_receipt_exit_code(const struct ration_receipt *receipt)
{
	return receipt->exit_code;
}

int ration_receipt_child_status(const struct ration_receipt *receipt)
{
	return receipt->child_status;
}

int ration_receipt_child_signal(const struct ration_receipt *receipt)
{
	return receipt->child_signal;
}

bool ration_receipt_core(const struct ration_receipt *receipt)
{
	return receipt->core;
}

bool ration_receipt_status_lost(const struct ration_receipt *receipt)
{
	return receipt->status_lost;
}

bool ration_receipt_truncated(const struct ration_receipt *receipt)
{
	return receipt->truncated;
}

int ration_receipt_start_errno(const struct ration_receipt *receipt)
{
	return receipt->start_errno;
}

enum ration_birth ration_receipt_birth(const struct ration_receipt *receipt)
{
	return receipt->birth;
}

enum ration_containment ration_receipt_containment(const struct ration_receipt *receipt)
{
	return receipt->containment;
}

uint64_t ration_receipt_leftover_killed(const struct ration_receipt *receipt)
{
	return receipt->leftover_killed;
}

bool ration_receipt_user(const struct ration_receipt *receipt, uint32_t *ret_uid, uint32_t *ret_gid)
{
	if (receipt->as_user) {
		*ret_uid = receipt->uid;
		*ret_gid = receipt->gid;
	}
	return receipt->as_user;
}

bool ration_receipt_started(const struct ration_receipt *receipt, uint64_t *ret_realtime_usec,
		uint64_t *ret_monotonic_usec)
{
	if (ret_realtime_usec)
		*ret_realtime_usec = receipt->started_usec;
	if (ret_monotonic_usec)
		*ret_monotonic_usec = receipt->started_monotonic_usec;
	return receipt->started_usec > 0;
}

const char *ration_receipt_address(const struct ration_receipt *receipt)
{
	return receipt->group;
}

const char *ration_receipt_id(const struct ration_receipt *receipt)
{
	return receipt->id;
}

const char *ration_receipt_escaped_to(const struct ration_receipt *receipt)
{
	return receipt->escaped_to;
}

const char *ration_receipt_failure(const struct ration_receipt *receipt)
{
	return receipt->failure;
}

enum ration_source ration_receipt_metric(const struct ration_receipt *receipt, enum ration_metric metric,
		uint64_t *ret_value)
{
	return usage_get(&receipt->usage, metric, ret_value);
}

bool ration_receipt_outcome(const struct ration_receipt *receipt, enum ration_limit limit,
		struct ration_outcome *ret_outcome)
{
	struct ration_outcome outcome = { .acted = false };
	size_t i = limit_index(limit);

	if (i < LIMIT_INDEX_COUNT)
		outcome = receipt->outcome[i];
	return GIVE_RESULT(struct ration_outcome, ret_outcome, &outcome, NULL) == 0 && (outcome.acted || outcome.changed);
}

bool ration_receipt_evidence(const struct ration_receipt *receipt, size_t i, struct ration_evidence *ret_evidence)
{
	struct ration_evidence evidence;

	if (i >= receipt->n_evidence)
		return false;
	evidence = (struct ration_evidence) {
		.counter = receipt->evidence[i].counter,
		.level = receipt->evidence[i].level,
		.where = receipt->paths + receipt->evidence[i].where,
		.before = receipt->evidence[i].before,
		.after = receipt->evidence[i].after,
	};
	return GIVE_RESULT(struct ration_evidence, ret_evidence, &evidence, NULL) == 0;
}

int ration_receipt_new_failed(const struct ration_run *run, const struct ration_error *error,
		struct ration_receipt **ret_receipt)
{
	struct ration_receipt *receipt = error ? calloc(1, sizeof(*receipt)) : NULL;
	bool started = error && error->cause != RATION_CAUSE_COMMAND;

	if (!receipt)
		return error ? -ENOMEM : -EINVAL;
	receipt->verdict = started ? RATION_VERDICT_INTERNAL : RATION_VERDICT_NOT_STARTED;
	receipt->child_status = -1;
	receipt->start_errno = started ? 0 : -error->code;
	receipt->exit_code = started ? 125 : receipt_not_started_code(receipt->start_errno);
	if (started)
		receipt_fail(receipt, "%s", error->message);
	if (run)
		(void)snprintf(receipt->group, sizeof(receipt->group), "%s", run->receipt.group);
	if (run)
		(void)strcpy(receipt->id, run->receipt.id);
	else
		names_unique(receipt->id);
	*ret_receipt = receipt;
	return 0;
}

struct ration_receipt *ration_receipt_free(struct ration_receipt *receipt)
{
	free(receipt);
	return NULL;
}
