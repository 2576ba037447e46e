/* SPDX-License-Identifier: MIT */
/*
 * version.c - which version this is
 */
#include "ration.h"

const char *ration_version(void)
{
	return RATION_VERSION;
}

int ration_version_number(void)
{
	return RATION_VERSION_NUMBER;
}
