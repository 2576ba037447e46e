/* SPDX-License-Identifier: MIT */
/*
 * page-size.c - sizes of huge pages in words
 */
#include "host/machine.h"

#include <inttypes.h>
#include <stdio.h>

const char *machine_page_size(char buf[RATION_TEXT_MAX], uint64_t bytes)
{
	static const char units[] = "KMG";
	size_t i = 0;

	bytes /= 1024;
	while (bytes >= 1024 && units[i + 1]) {
		bytes /= 1024;
		i++;
	}
	(void)snprintf(buf, RATION_TEXT_MAX, "%" PRIu64 "%cB", bytes, units[i]);
	return buf;
}
