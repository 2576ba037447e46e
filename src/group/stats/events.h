/* SPDX-License-Identifier: MIT */
/*
 * events.h - what happens to a group, by the fd of its directory
 */
#ifndef RATION_GROUP_STATS_EVENTS_H
#define RATION_GROUP_STATS_EVENTS_H

#include "ration.h"

/* ration_events_open() on a directory, which may be closed afterwards; `name` is for messages. */
int events_open(int dir_fd, const char *name, const struct ration_events_options *options,
		struct ration_events **ret_events, struct ration_error *reterr);

#endif
