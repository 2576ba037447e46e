/* SPDX-License-Identifier: MIT */
/*
 * model.c - all groups, and what they do from one reading to the next
 */
#include "helpers/top/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group/handle.h"
#include "group/limits/in-force.h"
#include "group/owner.h"
#include "host/notes.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/parse.h"

/* Of so many groups the limits are read again at each reading; of new ones at once. */
#define LIMITS_A_TURN 100

static const enum ration_metric metrics[MODEL_FIGURES] = {
	[MODEL_CPU] = RATION_METRIC_CPU_USEC,
	[MODEL_MEMORY] = RATION_METRIC_MEMORY_CURRENT_BYTES,
	[MODEL_TASKS] = RATION_METRIC_PIDS_CURRENT,
	[MODEL_MEMORY_PEAK] = RATION_METRIC_MEMORY_PEAK_BYTES,
	[MODEL_SWAP] = RATION_METRIC_SWAP_CURRENT_BYTES,
	[MODEL_THROTTLED] = RATION_METRIC_THROTTLED_USEC,
	[MODEL_OOM_KILLS] = RATION_METRIC_OOM_KILLS,
	[MODEL_REFUSED] = RATION_METRIC_PIDS_REFUSED,
	[MODEL_READ] = RATION_METRIC_IO_READ_BYTES,
	[MODEL_WRITTEN] = RATION_METRIC_IO_WRITE_BYTES,
	[MODEL_CPU_PRESSURE] = RATION_METRIC_CPU_PRESSURE_SOME_USEC,
	[MODEL_MEMORY_PRESSURE] = RATION_METRIC_MEMORY_PRESSURE_SOME_USEC,
	[MODEL_IO_PRESSURE] = RATION_METRIC_IO_PRESSURE_FULL_USEC,
};

static const enum ration_limit limits[MODEL_LIMITS] = {
	[MODEL_LIMIT_CPUS] = RATION_LIMIT_CPUS,
	[MODEL_LIMIT_MEMORY] = RATION_LIMIT_MEMORY,
	[MODEL_LIMIT_HIGH] = RATION_LIMIT_MEMORY_HIGH,
	[MODEL_LIMIT_SWAP] = RATION_LIMIT_SWAP,
	[MODEL_LIMIT_TASKS] = RATION_LIMIT_PIDS,
};

static void forget(struct model_reading *reading)
{
	reading->usec = 0;
	for (size_t i = 0; i < MODEL_FIGURES; i++)
		reading->value[i] = RATION_UNKNOWN;
}

static void group_done(struct model_group *group)
{
	free(group->address);
	free(group->details);
}

static void groups_done(struct model_group *groups, size_t n)
{
	for (size_t i = 0; groups && i < n; i++)
		group_done(&groups[i]);
	free(groups);
}

int model_open(struct model *model, struct ration_host *host, const char *tenant, struct ration_error *reterr)
{
	const struct ration_sampler_options options = { .size = sizeof(options), .tenant = tenant, .metrics = metrics,
		.n_metrics = MODEL_OF_ALL };

	*model = (struct model) { .host = host };
	return ration_sampler_new(host, &options, &model->sampler, reterr);
}

void model_close(struct model *model)
{
	groups_done(model->groups, model->n);
	free(model->values);
	free(model->usec);
	model->sampler = ration_sampler_free(model->sampler);
	model->host = ration_host_free(model->host);
}

/* ------------------------------------------------------------------ groups */

static int compare_ids(const void *a, const void *b)
{
	const struct model_group *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* The groups of before, to be found by their ids. */
static struct model_group **index_of(struct model_group *groups, size_t n)
{
	struct model_group **index = n ? calloc(n, sizeof(*index)) : NULL;

	for (size_t i = 0; index && i < n; i++)
		index[i] = &groups[i];
	if (index)
		qsort(index, n, sizeof(*index), compare_ids);
	return index;
}

static bool take_known(struct model_group *to, struct model_group **index, size_t n, const struct ration_sampler_group *from)
{
	const struct model_group wanted = { .id = from->id }, *key = &wanted;
	struct model_group **found = index ? bsearch(&key, index, n, sizeof(*index), compare_ids) : NULL;

	/* One whose inode was used again is another group. */
	if (!found || !(*found)->address || strcmp((*found)->address, from->address) != 0)
		return false;
	*to = **found;
	(*found)->address = NULL;
	(*found)->details = NULL;
	return true;
}

static int make_new(struct model_group *to, const struct ration_sampler_group *from)
{
	*to = (struct model_group) { .address = strdup(from->address), .id = from->id, .is_tenant = from->is_tenant };
	forget(&to->now);
	forget(&to->before);
	for (size_t i = 0; i < MODEL_LIMITS; i++)
		to->limit[i] = RATION_UNLIMITED;
	return to->address ? 0 : -ENOMEM;
}

/* Has the groups of the sampler's last scan, with what is known of them. */
static int settle(struct model *model)
{
	size_t n = ration_sampler_count(model->sampler);
	struct model_group *groups = calloc(n + 1, sizeof(*groups));
	CLEANUP(freep) struct model_group **index = index_of(model->groups, model->n);

	if (!groups || (model->n && !index)) {
		free(groups);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		const struct ration_sampler_group *from = ration_sampler_group(model->sampler, i);

		if (!take_known(&groups[i], index, model->n, from) && make_new(&groups[i], from) < 0) {
			groups_done(groups, i);
			return -ENOMEM;
		}
	}
	groups_done(model->groups, model->n);
	model->groups = groups;
	model->n = n;
	return 0;
}

static int make_room(struct model *model)
{
	uint64_t *values, *usec;

	if (model->n <= model->room)
		return 0;
	values = reallocarray(model->values, model->n, MODEL_OF_ALL * sizeof(*values));
	if (values)
		model->values = values;
	usec = reallocarray(model->usec, model->n, sizeof(*usec));
	if (usec)
		model->usec = usec;
	if (!values || !usec)
		return -ENOMEM;
	model->room = model->n;
	return 0;
}

double model_rate(const struct model_reading *before, const struct model_reading *now, enum model_figure figure)
{
	uint64_t from = before->value[figure], to = now->value[figure];

	if (!before->usec || now->usec <= before->usec || from == RATION_UNKNOWN || to == RATION_UNKNOWN || to < from)
		return -1;
	return (double)(to - from) * 1e6 / (double)(now->usec - before->usec);
}

double model_cpus(const struct model_group *group)
{
	double rate = model_rate(&group->before, &group->now, MODEL_CPU);

	return rate < 0 ? rate : rate / 1e6;
}

static void remember(struct model_group *group)
{
	unsigned at = group->n_history++ % MODEL_HISTORY;

	group->cpus[at] = (float)model_cpus(group);
	group->memory[at] = group->now.value[MODEL_MEMORY] == RATION_UNKNOWN ? -1 : (float)group->now.value[MODEL_MEMORY];
}

/* ------------------------------------------------------------------ limits */

static void read_limits(struct model_group *group, const struct ration_group *open)
{
	for (size_t i = 0; i < MODEL_LIMITS; i++) {
		enum ration_mechanism mechanism;

		if (in_force_read_own(&open->at, ration_limit_info(limits[i]), &group->limit[i], &mechanism) < 0)
			group->limit[i] = RATION_UNLIMITED;
		if (group->details && group->limit[i] != RATION_UNLIMITED && group->details->mechanism == RATION_MECHANISM_NONE)
			group->details->mechanism = mechanism;
	}
	group->limits_read = true;
}

/* Reads the limits of new groups, and of some others in turn: nothing reports a changed limit. */
static void refresh_limits(struct model *model)
{
	size_t left = LIMITS_A_TURN;

	for (size_t i = 0; i < model->n; i++) {
		size_t at = (model->next_limits + i) % model->n;
		struct model_group *group = &model->groups[at];
		CLEANUP(handle_freep) struct ration_group *open = NULL;

		if (group->limits_read && left == 0)
			continue;
		if (group->limits_read && --left == 0)
			model->next_limits = (at + 1) % model->n;
		if (ration_group_open(model->host, group->address, &open, NULL) >= 0)
			read_limits(group, open);
		else
			group->limits_read = true;
	}
}

bool model_sum(const struct model *model, enum model_limit limit, uint64_t *ret_sum, size_t *ret_open)
{
	bool whole = true, by_tenant = false;

	*ret_sum = 0;
	*ret_open = 0;
	for (size_t i = 0; i < model->n; i++) {
		const struct model_group *group = &model->groups[i];
		uint64_t value = group->limit[limit];

		whole &= group->limits_read;
		if (group->is_tenant)
			by_tenant = value != RATION_UNLIMITED;
		if (value == RATION_UNLIMITED)
			*ret_open += !group->is_tenant && !by_tenant;
		else if (group->is_tenant || !by_tenant)
			*ret_sum += value;
	}
	return whole;
}

/* ----------------------------------------------------------------- reading */

int model_read(struct model *model, struct ration_error *reterr)
{
	int r = ration_sampler_scan(model->sampler, reterr);

	if (r < 0)
		return r;
	if (settle(model) < 0 || make_room(model) < 0)
		return error_oom(reterr);
	r = ration_sampler_read(model->sampler, model->values, model->n * MODEL_OF_ALL, model->usec, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < model->n; i++) {
		struct model_group *group = &model->groups[i];

		group->before = group->now;
		group->now.usec = model->usec[i];
		memcpy(group->now.value, &model->values[i * MODEL_OF_ALL], MODEL_OF_ALL * sizeof(uint64_t));
		remember(group);
	}
	refresh_limits(model);
	return 0;
}

static void read_notes(struct model_details *details, const struct ration_group *open)
{
	int fd = open->at.fd;
	char text[NOTE_MAX];

	details->owner = owner_state(open->host->proc_fd, fd, &details->owner_pid);
	if (notes_read(fd, NOTE_CREATED, text, sizeof(text)) < 0 || parse_count(text, &details->created_usec) < 0)
		details->created_usec = 0;
	if (notes_read(fd, NOTE_COMMAND, text, sizeof(text)) < 0)
		text[0] = '\0';
	(void)snprintf(details->command, sizeof(details->command), "%s", text);
}

void model_look(struct model *model, struct model_group *group)
{
	CLEANUP(handle_freep) struct ration_group *open = NULL;
	struct ration_stats *stats = NULL;
	struct model_details *details = group->details;

	if (!details) {
		details = calloc(1, sizeof(*details));
		if (!details)
			return;
		forget(&details->now);
		forget(&details->before);
		group->details = details;
	}
	if (ration_group_open(model->host, group->address, &open, NULL) < 0 || ration_stats_new(open, &stats, NULL) < 0)
		return;
	details->before = details->now;
	details->now.usec = sys_now_usec();
	for (size_t i = 0; i < MODEL_FIGURES; i++) {
		if (ration_stats_metric(stats, metrics[i], &details->now.value[i]) == RATION_SOURCE_ABSENT)
			details->now.value[i] = RATION_UNKNOWN;
	}
	details->frozen = ration_stats_frozen(stats);
	details->empty = !ration_stats_populated(stats);
	stats = ration_stats_free(stats);
	details->mechanism = RATION_MECHANISM_NONE;
	read_limits(group, open);
	read_notes(details, open);
}

void model_look_at_vm(struct model *model, struct model_group *group)
{
	CLEANUP(handle_freep) struct ration_group *open = NULL;
	struct model_details *details = group->details;
	int pids[VM_AMONG], n;

	if (!details || group->is_tenant || details->vm_hangs || ration_group_open(model->host, group->address, &open, NULL) < 0)
		return;
	n = ration_group_pids(open, pids, VM_AMONG, NULL);
	if (n >= 0)
		details->vm_hangs = vm_look(open->host->proc_fd, pids, n < VM_AMONG ? (size_t)n : VM_AMONG, &details->vm) < 0;
}

void model_look_at_budget(struct model *model, struct model_group *group)
{
	const struct ration_budget_item *item;
	struct ration_budget *budget = NULL;

	if (!group->is_tenant || !group->details || ration_budget_new(model->host, group->address, &budget, NULL) < 0)
		return;
	group->details->budget = (struct model_budget){ .of = { { .is = false } } };
	for (size_t i = 0; (item = ration_budget_item(budget, i)); i++) {
		group->details->budget.of[item->resource].is = true;
		group->details->budget.of[item->resource].limit = item->limit;
		group->details->budget.of[item->resource].taken = item->taken;
	}
	budget = ration_budget_free(budget);
}
