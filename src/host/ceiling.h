/* SPDX-License-Identifier: MIT */
/*
 * ceiling.h - the lowest limit between BASE and a tenant
 */
#ifndef RATION_HOST_CEILING_H
#define RATION_HOST_CEILING_H

#include "host/snapshot.h"

/*
 * Returns the lowest number in `file` of the namespace's nodes and of `tenant`, which
 * may be NULL, and needn't be there; `whole` where none is lower.
 */
uint64_t ceiling_lowest(const struct host_snapshot *host, const char *tenant, const char *file, uint64_t whole);

#endif
