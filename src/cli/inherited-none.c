/* SPDX-License-Identifier: MIT */
/*
 * inherited-none.c - there are no such attributes
 */
#include "cli/inherited.h"

void inherited_tell(void)
{
}

void inherited_warn(int pid)
{
	(void)pid;
}
