/* SPDX-License-Identifier: MIT */
/*
 * target.c - the tenant or group that a command is about
 */
#include "cli/options/target.h"

#include "cli/options/options-plan.h"
#include "cli/options/options.h"

int target_open(struct target *target, const struct options *options, const char *address,
		struct ration_error *reterr)
{
	int r = options_host(options, &target->host, reterr);

	return r < 0 ? r : ration_group_open(target->host, address, &target->group, reterr);
}

void target_done(struct target *target)
{
	target->group = ration_group_free(target->group);
	target->host = ration_host_free(target->host);
}
