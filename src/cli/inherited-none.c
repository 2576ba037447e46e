/* SPDX-License-Identifier: MIT */
/*
 * inherited-none.c - there are no such attributes
 */
#include "cli/inherited.h"

#include <stddef.h>

struct attributes inherited_own(void)
{
	return (struct attributes) { .policy = NULL };
}

void inherited_tell(const struct attributes *ours)
{
	(void)ours;
}

void inherited_warn(int pid)
{
	(void)pid;
}
