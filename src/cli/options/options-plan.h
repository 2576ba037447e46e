/* SPDX-License-Identifier: MIT */
/*
 * options-plan.h - the host and the plan that the options ask for
 */
#ifndef RATION_CLI_OPTIONS_OPTIONS_PLAN_H
#define RATION_CLI_OPTIONS_OPTIONS_PLAN_H

#include "cli/options/options.h"

/* Opens the host that --base, --parent and --namespace mean. Errors as ration_host_open(). */
int options_host(const struct options *options, struct ration_host **ret_host, struct ration_error *reterr);

/* The same for a command that starts or makes something: BASE is there, if it can be. */
int options_host_ready(const struct options *options, struct ration_host **ret_host, struct ration_error *reterr);

/*
 * Makes the plan that is asked for, for the purpose of the command, with what stands
 * behind the limits of a VM. Errors as ration_plan_new() and ration_vm_limits().
 */
int options_plan(struct options *options, const struct ration_host *host, struct ration_plan **ret_plan,
		struct ration_error *reterr);

/* The tenant of a run. */
const char *options_tenant(const struct options *options);

/*
 * The same for a run in --tenant, and for a tenant or group by its address: percent are
 * of what the group above may use.
 */
int options_plan_run(struct options *options, const struct ration_host *host, struct ration_plan **ret_plan,
		struct ration_error *reterr);
int options_plan_group(struct options *options, const struct ration_host *host, const char *address,
		struct ration_plan **ret_plan, struct ration_error *reterr);

#endif
