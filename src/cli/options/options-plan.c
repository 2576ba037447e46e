/* SPDX-License-Identifier: MIT */
/*
 * options-plan.c - the host and the plan that the options ask for
 */
#include "cli/options/options-plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/beside.h"
#include "cli/command.h"
#include "util/cleanup.h"
#include "util/error.h"

int options_host(const struct options *options, struct ration_host **ret_host, struct ration_error *reterr)
{
	char beside[PATH_MAX];
	const char *helpers = options->helpers ? options->helpers : beside_us(beside, sizeof(beside));
	const struct ration_host_options where = {
		.size = sizeof(where),
		.base = options->base,
		.nspace = options->nspace,
		.parent = options->parent,
		.no_create = options->no_create,
		.helpers = options->helpers && strcmp(options->helpers, "none") == 0 ? "" : helpers,
		.fork_helpers = true,
	};

	return ration_host_open(&where, ret_host, reterr);
}

int options_host_ready(const struct options *options, struct ration_host **ret_host, struct ration_error *reterr)
{
	int r = options_host(options, ret_host, reterr);

	/* What systemd doesn't delegate is missing in the plan, as on any host that lacks it. */
	if (r >= 0 && ration_host_prepare(*ret_host, options->command->purpose, NULL) < 0)
		return 0;
	return r;
}

/* Turns the VM's sizes into limits. */
static int apply_vm(struct options *options, struct ration_error *reterr)
{
	const struct ration_vm *vm = &options->vm;

	if (options->accel == RATION_ACCEL_NONE) {
		if (!vm->guest_bytes && !vm->overhead_bytes && !vm->tb_bytes && !vm->vcpus)
			return 0;
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
				"sizes of a virtual machine require --vm");
		return error_hint(reterr, -EINVAL, "e.g. --vm tcg --guest-memory 512M");
	}
	options->vm.accel = (enum ration_accel)options->accel;
	return ration_vm_limits(&options->vm, options->limits, NULL, reterr);
}

/* `where` is the tenant that the plan is for. */
static int make_plan(struct options *options, const struct ration_host *host, const struct ration_plan_options *where,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	const struct ration_plan_options how = {
		.size = sizeof(how),
		.policy = (enum ration_policy)options->policy,
		.purpose = options->command->purpose,
		.tenant = where->tenant,
		.for_tenant = where->for_tenant,
	};
	struct ration_plan *plan;
	int r = apply_vm(options, reterr);

	if (r >= 0)
		r = ration_plan_new(host, options->limits, &how, &plan, reterr);
	if (r < 0)
		return r;
	/* What stands behind a group's limits is up to who starts processes in it. */
	if (options->accel != RATION_ACCEL_NONE && options->command->purpose != RATION_PURPOSE_GROUP)
		r = ration_vm_fallback(&options->vm, plan, options->limits, reterr);
	if (r > 0) {
		plan = ration_plan_free(plan);
		r = ration_plan_new(host, options->limits, &how, &plan, reterr);
	}
	if (r < 0) {
		plan = ration_plan_free(plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

int options_plan(struct options *options, const struct ration_host *host, struct ration_plan **ret_plan,
		struct ration_error *reterr)
{
	return make_plan(options, host, &(struct ration_plan_options) { .size = 0 }, ret_plan, reterr);
}

const char *options_tenant(const struct options *options)
{
	return options->tenant ? options->tenant : "default";
}

int options_plan_run(struct options *options, const struct ration_host *host, struct ration_plan **ret_plan,
		struct ration_error *reterr)
{
	return make_plan(options, host, &(struct ration_plan_options) { .tenant = options_tenant(options) }, ret_plan,
			reterr);
}

int options_plan_group(struct options *options, const struct ration_host *host, const char *address,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	const char *slash = strchr(address, '/');
	CLEANUP(freep) char *tenant = slash ? strndup(address, (size_t)(slash - address)) : NULL;

	if (slash && !tenant)
		return error_oom(reterr);
	return make_plan(options, host, &(struct ration_plan_options) { .tenant = tenant, .for_tenant = !tenant },
			ret_plan, reterr);
}
