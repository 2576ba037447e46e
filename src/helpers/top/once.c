/* SPDX-License-Identifier: MIT */
/*
 * once.c - what the live view shows, for those who have no terminal
 */
#include "helpers/top/once.h"

#include <errno.h>
#include <jansson.h>
#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

struct view {
	struct model *model;
	struct machine machine;
	struct rows rows;
	const struct screen_options *options;
};

static void rest(uint64_t until_usec)
{
	uint64_t now;

	while ((now = sys_now_usec()) < until_usec) {
		uint64_t left = until_usec - now;

		(void)nanosleep(&(struct timespec){ (time_t)(left / 1000000), (long)(left % 1000000) * 1000 }, NULL);
	}
}

/* Of all groups, those that were made to run one. */
static void look_at_vm(struct model *model, struct model_group *group)
{
	if (group->details && strstr(group->details->command, "qemu-system-"))
		model_look_at_vm(model, group);
}

static int look(struct view *view, struct ration_error *reterr)
{
	int r = model_read(view->model, reterr);

	if (r < 0)
		return r;
	machine_read(&view->machine);
	verdicts_look(view->options->verdicts);
	if (rows_fill(&view->rows, view->model, &view->options->view) < 0)
		return error_oom(reterr);
	for (size_t i = 0; i < view->rows.n; i++) {
		model_look(view->model, &view->model->groups[view->rows.at[i]]);
		model_look_at_budget(view->model, &view->model->groups[view->rows.at[i]]);
		look_at_vm(view->model, &view->model->groups[view->rows.at[i]]);
	}
	return 0;
}

/* Twice: most of it is what has changed meanwhile. */
static int begin(struct view *view, struct ration_error *reterr)
{
	uint64_t next = sys_now_usec() + view->options->interval_usec;
	int r = look(view, reterr);

	if (r < 0)
		return r;
	rest(next);
	return look(view, reterr);
}

static int finish(struct ration_error *reterr)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't write to standard output: %s", error_text(-errno));
}

/* -------------------------------------------------------------------- text */

static void print_line(const struct line *line)
{
	size_t length = line->bytes;

	while (length > 0 && line->text[length - 1] == ' ')
		length--;
	(void)printf("%.*s\n", (int)length, line->text);
}

int once_print(struct model *model, const struct screen_options *options, int width, struct ration_error *reterr)
{
	struct view view = { .model = model, .options = options };
	const struct table table = { .model = model, .machine = &view.machine, .view = &options->view, .nspace = options->nspace,
		.verdicts = options->verdicts, .interval_usec = options->interval_usec, .width = width < LINE_COLUMNS ? width : LINE_COLUMNS };
	bool utf8 = !options->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	int r = begin(&view, reterr);
	struct line line;

	for (int i = 0; r >= 0 && i < TABLE_HEAD_LINES; i++) {
		line_begin(&line, utf8);
		table_head(&table, i, &line);
		print_line(&line);
	}
	if (r >= 0) {
		line_begin(&line, utf8);
		table_titles(&table, &line);
		print_line(&line);
	}
	for (size_t i = 0; r >= 0 && i < view.rows.n; i++) {
		line_begin(&line, utf8);
		table_row(&table, &model->groups[view.rows.at[i]], &line);
		print_line(&line);
	}
	rows_done(&view.rows);
	return r < 0 ? r : finish(reterr);
}

/* -------------------------------------------------------------------- JSON */

static const char *const figures[MODEL_FIGURES] = {
	[MODEL_CPU] = "cpu_usec",
	[MODEL_MEMORY] = "memory_current_bytes",
	[MODEL_TASKS] = "pids_current",
	[MODEL_MEMORY_PEAK] = "memory_peak_bytes",
	[MODEL_SWAP] = "swap_current_bytes",
	[MODEL_THROTTLED] = "throttled_usec",
	[MODEL_OOM_KILLS] = "oom_kills",
	[MODEL_REFUSED] = "pids_refused",
	[MODEL_READ] = "io_read_bytes",
	[MODEL_WRITTEN] = "io_write_bytes",
	[MODEL_CPU_PRESSURE] = "cpu_pressure_some_usec",
	[MODEL_MEMORY_PRESSURE] = "memory_pressure_some_usec",
	[MODEL_IO_PRESSURE] = "io_pressure_full_usec",
};

static const char *const limit_names[MODEL_LIMITS] = {
	[MODEL_LIMIT_CPUS] = "cpus",
	[MODEL_LIMIT_MEMORY] = "memory",
	[MODEL_LIMIT_HIGH] = "memory_high",
	[MODEL_LIMIT_SWAP] = "swap",
	[MODEL_LIMIT_TASKS] = "pids",
};

/* What isn't known isn't there. */
static void put_number(json_t *object, const char *key, uint64_t value)
{
	if (value != RATION_UNKNOWN)
		(void)json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void put_rate(json_t *object, const char *key, double value)
{
	/* To the thousandth: what is behind it says nothing. */
	if (value >= 0)
		(void)json_object_set_new(object, key, json_real(rint(value * 1000) / 1000));
}

static json_t *limits_object(const struct model_group *group)
{
	json_t *object = json_object();

	for (size_t i = 0; i < MODEL_LIMITS; i++) {
		if (group->limit[i] == RATION_UNLIMITED)
			continue;
		if (i == MODEL_LIMIT_CPUS)
			put_rate(object, limit_names[i], (double)group->limit[i] / 100000);
		else
			put_number(object, limit_names[i], group->limit[i]);
	}
	return object;
}

static json_t *budget_object(const struct model_budget *budget)
{
	static const char *const names[] = { [RATION_RESOURCE_RUNS] = "runs", [RATION_RESOURCE_MEMORY] = "memory",
		[RATION_RESOURCE_CPUS] = "cpus" };
	json_t *object = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		double unit = i == RATION_RESOURCE_CPUS ? 100000 : 1;
		json_t *share = budget->of[i].is ? json_object() : NULL;

		if (!share)
			continue;
		put_rate(share, "limit", (double)budget->of[i].limit / unit);
		if (budget->of[i].taken != RATION_UNLIMITED)
			put_rate(share, "taken", (double)budget->of[i].taken / unit);
		(void)json_object_set_new(object, names[i], share);
	}
	return object;
}

static json_t *vm_object(const struct vm *vm)
{
	json_t *object = json_object();

	(void)json_object_set_new(object, "pid", json_integer(vm->pid));
	put_number(object, "guest_bytes", vm->guest_bytes);
	put_number(object, "guest_resident_bytes", vm->resident_bytes);
	put_number(object, "overhead_bytes", vm->own_bytes);
	return object;
}

static json_t *group_object(const struct model_group *group)
{
	const struct model_details *details = group->details;
	json_t *object = json_object(), *usage = json_object(), *rates = json_object();

	(void)json_object_set_new(object, "group", json_string(group->address));
	(void)json_object_set_new(object, "tenant", json_boolean(group->is_tenant));
	if (details && details->now.usec) {
		(void)json_object_set_new(object, "frozen", json_boolean(details->frozen));
		(void)json_object_set_new(object, "populated", json_boolean(!details->empty));
		put_rate(rates, "throttled", model_rate(&details->before, &details->now, MODEL_THROTTLED) / 1e6);
		put_rate(rates, "io_read_bytes", model_rate(&details->before, &details->now, MODEL_READ));
		put_rate(rates, "io_write_bytes", model_rate(&details->before, &details->now, MODEL_WRITTEN));
		put_rate(rates, "cpu_pressure_some", model_rate(&details->before, &details->now, MODEL_CPU_PRESSURE) / 1e6);
		put_rate(rates, "memory_pressure_some", model_rate(&details->before, &details->now, MODEL_MEMORY_PRESSURE) / 1e6);
		put_rate(rates, "io_pressure_full", model_rate(&details->before, &details->now, MODEL_IO_PRESSURE) / 1e6);
	}
	if (group->is_tenant && details)
		(void)json_object_set_new(object, "budget", budget_object(&details->budget));
	if (details && details->vm.pid > 0)
		(void)json_object_set_new(object, "vm", vm_object(&details->vm));
	put_rate(rates, "cpus", model_cpus(group));
	for (size_t i = 0; i < MODEL_FIGURES; i++)
		put_number(usage, figures[i], i < MODEL_OF_ALL ? group->now.value[i] : details ? details->now.value[i] : RATION_UNKNOWN);
	(void)json_object_set_new(object, "usage", usage);
	(void)json_object_set_new(object, "per_second", rates);
	(void)json_object_set_new(object, "limits", limits_object(group));
	return object;
}

static json_t *machine_object(const struct machine *machine)
{
	static const char *const keys[3] = { "cpu_pressure_some_pct", "memory_pressure_some_pct", "io_pressure_some_pct" };
	json_t *object = json_object();

	(void)json_object_set_new(object, "cpus", json_integer(machine->cpus));
	put_rate(object, "cpus_used", machine->cpus_used);
	if (machine->memory_bytes) {
		put_number(object, "memory_bytes", machine->memory_bytes);
		put_number(object, "memory_available_bytes", machine->available_bytes);
	}
	for (size_t i = 0; i < 3; i++)
		put_rate(object, keys[i], machine->pressure[i]);
	return object;
}

static int print_document(const struct view *view, struct ration_error *reterr)
{
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *harmless = NULL;
	json_t *document = json_object(), *groups = json_array();

	(void)json_object_set_new(document, "schema", json_integer(1));
	(void)json_object_set_new(document, "time_usec", json_integer((json_int_t)clock_usec(CLOCK_REALTIME)));
	(void)json_object_set_new(document, "interval_usec", json_integer((json_int_t)view->options->interval_usec));
	(void)json_object_set_new(document, "machine", machine_object(&view->machine));
	for (size_t i = 0; i < view->rows.n; i++)
		(void)json_array_append_new(groups, group_object(&view->model->groups[view->rows.at[i]]));
	(void)json_object_set_new(document, "groups", groups);
	text = json_array_size(groups) == view->rows.n ? json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
	json_decref(document);
	harmless = text ? text_json(text) : NULL;
	if (!harmless)
		return error_oom(reterr);
	(void)puts(harmless);
	return finish(reterr);
}

int once_print_json(struct model *model, const struct screen_options *options, bool for_ever, struct ration_error *reterr)
{
	struct view view = { .model = model, .options = options };
	int r = begin(&view, reterr);

	if (r >= 0)
		r = print_document(&view, reterr);
	while (r >= 0 && for_ever) {
		rest(sys_now_usec() + options->interval_usec);
		r = look(&view, reterr);
		if (r >= 0)
			r = print_document(&view, reterr);
	}
	rows_done(&view.rows);
	return r;
}
