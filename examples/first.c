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
			ration_plan_new(host, limits, RATION_ENFORCE_FALLBACK, &plan, &error) < 0 ||
			ration_run_start(host, plan, &how, &run, &error) < 0 ||
			ration_run_wait(run, &error) < 0) {
		fprintf(stderr, "first: %s\n", error.message);
	} else {
		const struct ration_receipt *receipt = ration_run_receipt(run);

		printf("%s", ration_verdict_name(receipt->verdict));
		/* What isn't known has no source, and its number means nothing. */
		if (receipt->source[RATION_METRIC_MEMORY_PEAK_BYTES] != RATION_SOURCE_ABSENT)
			printf(", peak %llu bytes",
					(unsigned long long)receipt->metric[RATION_METRIC_MEMORY_PEAK_BYTES]);
		printf("\n");
		status = receipt->exit_code;
	}
	ration_run_free(run);
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	return status;
}
