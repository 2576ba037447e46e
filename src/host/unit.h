/* SPDX-License-Identifier: MIT */
/*
 * unit.h - BASE where systemd is process 1: the group of a unit of ours
 */
#ifndef RATION_HOST_UNIT_H
#define RATION_HOST_UNIT_H

#include <stdbool.h>

#include "host/snapshot.h"
#include "sys/proc/mounts.h"

/* Tells whether we are in a run in a unit of ours: nested runs must stay there. */
bool unit_inside_run(const struct mounts *mounts, const char *root);

/* Finds BASE if systemd owns our own group, host->base: the group of the unit, or what it will be. */
void unit_find(struct host_snapshot *host, const struct mounts *mounts, const char *root);

#endif
