/* SPDX-License-Identifier: MIT */
/*
 * ceiling-none.c - the lowest limit between BASE and a tenant, where there is no BASE
 */
#include "host/ceiling.h"

uint64_t ceiling_lowest(const struct host_snapshot *host, const char *tenant, const char *file, uint64_t whole)
{
	(void)host;
	(void)tenant;
	(void)file;
	return whole;
}
