/* SPDX-License-Identifier: MIT */
/*
 * reaper.c - ration-reaper, the process that is the subreaper of one run
 *
 * Usage: ration-reaper NAMESPACE    by the library alone
 *
 * Executed for the same reason as ration-keeper. NAMESPACE is for those who read ps.
 */
#include <stdio.h>

#include "run/start/subreaper-main.h"
#include "sys/helper.h"

int main(void)
{
	if (helper_is_executed()) {
		subreaper_serve(HELPER_FD);
		return 1;
	}
	(void)fputs("ration-reaper: internal program of ration, see ration(1)\n", stderr);
	return 2;
}
