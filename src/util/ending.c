/* SPDX-License-Identifier: MIT */
/*
 * ending.c - checks the options that say how a run ends at its time limit
 */
#include "util/ending.h"

#include <errno.h>

#include "util/error.h"

int ending_check(bool has_soft, int signal, uint64_t kill_after_usec, struct ration_error *reterr)
{
	if (signal == RATION_SIGNAL_NONE) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
				"--signal none and --timeout exclude each other: a signal ends the run then");
		return error_hint(reterr, -EINVAL, "none is for the soft value of --cpu-time alone");
	}
	if (has_soft && kill_after_usec != 0) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
				"--kill-after and --timeout SOFT:HARD exclude each other: HARD is when the run is killed");
		return error_hint(reterr, -EINVAL, "leave one of them out, e.g. --timeout 10s:12s");
	}
	return 0;
}
