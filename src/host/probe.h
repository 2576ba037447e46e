/* SPDX-License-Identifier: MIT */
/*
 * probe.h - looks at the machine: which cgroups, where, and what they can do
 */
#ifndef RATION_HOST_PROBE_H
#define RATION_HOST_PROBE_H

#include "host/snapshot.h"

/* Fills in a new snapshot. Errors: of ration_host_open(). */
int probe(struct host_snapshot *host, const struct ration_host_options *options, struct ration_error *reterr);

/* Looks for BASE and the hierarchies of cgroup v1 alone, in one that snapshot_renew() has made. */
int probe_again(struct host_snapshot *host, struct ration_error *reterr);

/* There is no BASE, for this reason. */
void probe_drop_base(struct host_snapshot *host, const char *reason, const char *fix);

#endif
