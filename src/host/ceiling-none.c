/* SPDX-License-Identifier: MIT */
/*
 * ceiling-none.c - what the groups at and above a place allow, where there are none
 */
#include "host/ceiling.h"

uint64_t ceiling_lowest(const struct host_snapshot *host, const char *tenant, const char *file, uint64_t whole)
{
	(void)host;
	(void)tenant;
	(void)file;
	return whole;
}

void ceiling_note(const struct host_snapshot *host, const char *tenant, struct host_facts *facts)
{
	(void)host;
	(void)tenant;
	(void)facts;
}
