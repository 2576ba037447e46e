/* SPDX-License-Identifier: MIT */
/*
 * caller.c - a program with one run: caller NAMESPACE HELPERS group|descent COMMAND [ARGUMENT...]
 *
 * Runs COMMAND in the group t/g of NAMESPACE, with its helper programs from the folder
 * HELPERS; with `descent`, who leaves the group is ended as well. Exits as the run does, and
 * with 125 where that failed.
 */
#include <stdio.h>
#include <string.h>

#include "ration.h"

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = argc > 4 ? argv[1] : NULL,
		.helpers = argc > 4 ? argv[2] : NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv + 4, .tenant = "t", .name = "g",
		.descent = argc > 4 && strcmp(argv[3], "descent") == 0 };
	struct ration_error error = { .message = "out of memory" };
	struct ration_host *host = NULL;
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	struct ration_run *run = NULL;
	int status = 125;

	if (argc > 4 && ration_host_open(&where, &host, &error) >= 0 && ration_limits_new(&limits) >= 0 &&
			ration_plan_new(host, limits, NULL, &plan, &error) >= 0 &&
			ration_run_start(host, plan, &how, &run, &error) >= 0 && ration_run_wait(run, &error) >= 0)
		status = ration_receipt_exit_code(ration_run_receipt(run));
	else
		fprintf(stderr, "caller: %s\n", error.message);
	ration_run_free(run);
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	return status;
}
