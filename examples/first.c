/* SPDX-License-Identifier: MIT */
/* first.c - run a command in 64 MiB, and tell how it ended: first COMMAND [ARGUMENT...] */
#include <ration.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct ration_run_options how = { .size = sizeof(how), .argv = argv + (argc > 0) };
	struct ration_error error = { .message = "out of memory" };
	struct ration_host *host = NULL;
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	struct ration_run *run = NULL;
	int status = 125;

	if (ration_host_open(NULL, &host, &error) < 0 || ration_limits_new(&limits) < 0 ||
			ration_limits_parse(limits, RATION_LIMIT_MEMORY, "64M", &error) < 0 ||
			ration_plan_new(host, limits, NULL, &plan, &error) < 0 ||
			ration_run_start(host, plan, &how, &run, &error) < 0 ||
			ration_run_wait(run, &error) < 0) {
		fprintf(stderr, "first: %s%s%s\n", error.message, error.hint[0] ? "; " : "", error.hint);
	} else {
		const struct ration_receipt *receipt = ration_run_receipt(run);
		uint64_t peak_bytes;

		printf("%s", ration_verdict_name(ration_receipt_verdict(receipt)));
		/* What isn't known has no source, and its number means nothing. */
		if (ration_receipt_metric(receipt, RATION_METRIC_MEMORY_PEAK_BYTES, &peak_bytes) != RATION_SOURCE_ABSENT)
			printf(", peak %llu bytes", (unsigned long long)peak_bytes);
		printf("\n");
		if (ration_receipt_escaped_to(receipt)[0])
			fprintf(stderr, "first: the command left its group for %s\n", ration_receipt_escaped_to(receipt));
		if (ration_receipt_failure(receipt)[0])
			fprintf(stderr, "first: %s\n", ration_receipt_failure(receipt));
		status = ration_receipt_exit_code(receipt);
	}
	ration_run_free(run);
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	return status;
}
