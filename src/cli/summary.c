/* SPDX-License-Identifier: MIT */
/*
 * summary.c - a receipt as a table for people
 */
#include "cli/summary.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output.h"
#include "cli/verdict.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/text.h"

static void print_exit(FILE *file, const struct ration_receipt *receipt)
{
	const char *name = receipt->child_signal > 0 ? sigabbrev_np(receipt->child_signal) : NULL;

	(void)fprintf(file, "exit      %d", receipt->exit_code);
	if (receipt->child_signal > 0)
		(void)fprintf(file, ", command ended by signal %d%s%s%s", receipt->child_signal,
				name ? " " : "", name ? name : "", receipt->core ? ", core dumped" : "");
	else if (receipt->child_status >= 0 && receipt->child_status != receipt->exit_code)
		(void)fprintf(file, ", command exited with %d", receipt->child_status);
	(void)fputc('\n', file);
}

static const char *containment_words(enum ration_containment containment)
{
	switch (containment) {
	case RATION_CONTAINMENT_CGROUP:
		return "a cgroup";
	case RATION_CONTAINMENT_SUBREAPER:
		break;
	case RATION_CONTAINMENT_FOLLOWED:
		return "no cgroup: descendants, followed";
	}
	return "no cgroup: descendants in /proc";
}

static void print_group(FILE *file, const struct ration_receipt *receipt)
{
	if (receipt->verdict == RATION_VERDICT_NOT_STARTED)
		return;
	(void)fprintf(file, "group     %s, %s%s", receipt->group,
			containment_words(receipt->containment),
			receipt->birth == RATION_BIRTH_MIGRATED ? ", moved in before exec" : "");
	if (receipt->leftover_killed > 0)
		(void)fprintf(file, ", %" PRIu64 " left over and killed", receipt->leftover_killed);
	(void)fputc('\n', file);
}

static void print_evidence(FILE *file, const struct ration_receipt *receipt)
{
	for (size_t i = 0; i < receipt->n_evidence && i < RATION_EVIDENCE_MAX; i++) {
		const struct ration_evidence *at = &receipt->evidence[i];
		char where[sizeof(at->where)];

		(void)fprintf(file, "%-10s%s %" PRIu64 " -> %" PRIu64 " (%s%s%s)\n", i == 0 ? "evidence" : "",
				at->counter, at->before, at->after, ration_level_name(at->level),
				at->where[0] ? " " : "", text_escape(where, sizeof(where), at->where));
	}
}

void summary_print(FILE *file, const struct ration_receipt *receipt, const struct ration_plan *plan,
		bool reasons)
{
	char sentence[VERDICT_SENTENCE_MAX];

	(void)verdict_sentence(sentence, receipt, plan);
	(void)fprintf(file, "verdict   %s", ration_verdict_name(receipt->verdict));
	if (sentence[0])
		(void)fprintf(file, ": %s", sentence);
	(void)fputc('\n', file);
	print_exit(file, receipt);
	print_group(file, receipt);
	print_evidence(file, receipt);
	if (ration_plan_count(plan) > 0)
		output_limits(file, plan, receipt, reasons);
	if (receipt->verdict != RATION_VERDICT_NOT_STARTED)
		output_usage(file, receipt->metric, receipt->source);
}
