/* SPDX-License-Identifier: MIT */
/*
 * summary.c - a receipt as a table for people
 */
#include "cli/output/summary.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output/output.h"
#include "cli/output/verdict.h"
#include "util/cleanup.h"
#include "util/signal-names.h"
#include "util/text.h"

static void print_exit(FILE *file, const struct ration_receipt *receipt)
{
	int status = ration_receipt_child_status(receipt), signal = ration_receipt_child_signal(receipt);
	int exit_code = ration_receipt_exit_code(receipt);
	const char *name = signal > 0 ? signal_name(signal) : NULL;

	(void)fprintf(file, "exit      %d", exit_code);
	if (signal > 0)
		(void)fprintf(file, ", command ended by signal %d%s%s%s", signal, name ? " " : "", name ? name : "",
				ration_receipt_core(receipt) ? ", core dumped" : "");
	else if (status >= 0 && status != exit_code)
		(void)fprintf(file, ", command exited with %d", status);
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
	uint64_t leftover = ration_receipt_leftover_killed(receipt);

	if (ration_receipt_verdict(receipt) == RATION_VERDICT_NOT_STARTED)
		return;
	(void)fprintf(file, "group     %s, %s%s", ration_receipt_address(receipt),
			containment_words(ration_receipt_containment(receipt)),
			ration_receipt_birth(receipt) == RATION_BIRTH_MIGRATED ? ", moved in before exec" : "");
	if (leftover > 0)
		(void)fprintf(file, ", %" PRIu64 " left over and killed", leftover);
	(void)fputc('\n', file);
}

static void print_started(FILE *file, const struct ration_receipt *receipt)
{
	char text[OUTPUT_TIME_MAX];
	uint64_t usec;

	if (ration_receipt_started(receipt, &usec, NULL))
		(void)fprintf(file, "started   %s\n", output_time(text, usec));
}

static void print_user(FILE *file, const struct ration_receipt *receipt)
{
	uint32_t uid, gid;

	if (ration_receipt_user(receipt, &uid, &gid))
		(void)fprintf(file, "user      uid %" PRIu32 ", gid %" PRIu32 "\n", uid, gid);
}

static void print_evidence(FILE *file, const struct ration_receipt *receipt)
{
	struct ration_evidence at = { .size = sizeof(at) };

	for (size_t i = 0; ration_receipt_evidence(receipt, i, &at); i++) {
		char where[TEXT_SHOWN_MAX];

		(void)fprintf(file, "%-10s%s %" PRIu64 " -> %" PRIu64 " (%s%s%s)\n", i == 0 ? "evidence" : "",
				at.counter, at.before, at.after, ration_level_name(at.level), at.where[0] ? " " : "",
				text_escape(where, sizeof(where), at.where));
	}
}

void summary_print(FILE *file, const struct ration_receipt *receipt, const struct ration_plan *plan,
		const char *profile, bool reasons)
{
	char sentence[VERDICT_SENTENCE_MAX], shown[TEXT_SHOWN_MAX];

	(void)verdict_sentence(sentence, receipt, plan);
	(void)fprintf(file, "verdict   %s", ration_verdict_name(ration_receipt_verdict(receipt)));
	if (sentence[0])
		(void)fprintf(file, ": %s", sentence);
	(void)fputc('\n', file);
	print_exit(file, receipt);
	if (profile)
		(void)fprintf(file, "profile   %s\n", text_show(shown, sizeof(shown), profile));
	print_started(file, receipt);
	print_user(file, receipt);
	print_group(file, receipt);
	print_evidence(file, receipt);
	if (ration_plan_count(plan) > 0)
		output_limits(file, plan, receipt, reasons);
	if (ration_receipt_verdict(receipt) != RATION_VERDICT_NOT_STARTED)
		output_usage(file, (struct metrics) { .receipt = receipt });
}
