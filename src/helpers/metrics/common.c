/* SPDX-License-Identifier: MIT */
/*
 * common.c - shared by all ways to export metrics
 */
#include "helpers/metrics/common.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "util/compat.h"

void common_complain(const struct ration_error *error)
{
	(void)fprintf(stderr, "ration metrics: %s\n%s%s%s", error->message, error->hint[0] ? "  hint: " : "", error->hint,
			error->hint[0] ? "\n" : "");
}

static sigset_t ends(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	return set;
}

void common_block_signals(void)
{
	const sigset_t set = ends();

	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

bool common_wait(uint64_t usec)
{
	const sigset_t set = ends();
	const struct timespec time = {
		.tv_sec = usec >= COMMON_LOOK_USEC,
		.tv_nsec = usec >= COMMON_LOOK_USEC ? 0 : (long)usec * 1000,
	};

	return sigtimedwait(&set, NULL, &time) > 0;
}
