/* SPDX-License-Identifier: MIT */
/*
 * rows.c - which groups are shown, and in what order
 *
 * Tenants are sorted among each other, and the groups of each below it.
 */
#include "helpers/top/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/compat.h"

static const char *const names[ROWS_ORDERS] = {
	[ROWS_BY_NAME] = "name",
	[ROWS_BY_CPU] = "cpu",
	[ROWS_BY_MEMORY] = "memory",
	[ROWS_BY_TASKS] = "tasks",
};

const char *rows_order_name(enum rows_order order)
{
	return names[order];
}

bool rows_find_order(const char *name, enum rows_order *ret_order)
{
	for (size_t i = 0; i < ROWS_ORDERS; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_order = (enum rows_order)i;
			return true;
		}
	}
	return false;
}

void rows_done(struct rows *rows)
{
	free(rows->at);
	*rows = (struct rows) { .at = NULL };
}

/* ----------------------------------------------------------------- sorting */

/* What decides: the tenant's value before the group's. A group stands behind its tenant, which has the same number in `tenant`. */
struct entry {
	size_t at, tenant;
	bool is_tenant, reversed;
	double of_tenant, own;
};

static double value_of(const struct model_group *group, enum rows_order order)
{
	uint64_t value = RATION_UNKNOWN;

	switch (order) {
	case ROWS_BY_CPU:
		return model_cpus(group);
	case ROWS_BY_MEMORY:
		value = group->now.value[MODEL_MEMORY];
		break;
	case ROWS_BY_TASKS:
		value = group->now.value[MODEL_TASKS];
		break;
	case ROWS_BY_NAME:
	case ROWS_ORDERS:
		return 0;
	}
	return value == RATION_UNKNOWN ? -1 : (double)value;
}

/* The largest first, and the first by name. */
static int compare_values(double a, double b, size_t at_a, size_t at_b, bool reversed)
{
	int r = a > b ? -1 : a < b ? 1 : at_a < at_b ? -1 : at_a > at_b;

	return reversed ? -r : r;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->tenant != y->tenant)
		return compare_values(x->of_tenant, y->of_tenant, x->tenant, y->tenant, x->reversed);
	if (x->is_tenant || y->is_tenant)
		return y->is_tenant - x->is_tenant;
	return compare_values(x->own, y->own, x->at, y->at, x->reversed);
}

/* ---------------------------------------------------------------- choosing */

static bool matches(const struct model_group *group, const struct rows_view *view)
{
	return !view->filter[0] || strcasestr(group->address, view->filter);
}

static bool zoomed(const struct model_group *group, const struct rows_view *view)
{
	size_t length = strlen(view->zoom);

	return length == 0 || (strncmp(group->address, view->zoom, length) == 0 && (group->address[length] == '\0' ||
			group->address[length] == '/'));
}

/* A tenant is shown for a group that matches. */
static bool any_matches(const struct model *model, size_t tenant, const struct rows_view *view)
{
	for (size_t i = tenant; i < model->n && (i == tenant || !model->groups[i].is_tenant); i++) {
		if (matches(&model->groups[i], view))
			return true;
	}
	return false;
}

static size_t choose(const struct model *model, const struct rows_view *view, struct entry *entries)
{
	size_t n = 0, tenant = 0;

	for (size_t i = 0; i < model->n; i++) {
		const struct model_group *group = &model->groups[i];

		if (group->is_tenant)
			tenant = i;
		if (!zoomed(group, view) || (view->flat && group->is_tenant))
			continue;
		if (group->is_tenant ? !any_matches(model, i, view) :
				!matches(group, view) || (model->groups[tenant].folded && !view->flat))
			continue;
		entries[n++] = (struct entry) {
			.at = i,
			.tenant = view->flat ? 0 : tenant,
			.is_tenant = group->is_tenant,
			.reversed = view->reversed,
			.of_tenant = view->flat ? 0 : value_of(&model->groups[tenant], view->order),
			.own = value_of(group, view->order),
		};
	}
	return n;
}

int rows_fill(struct rows *rows, const struct model *model, const struct rows_view *view)
{
	CLEANUP(freep) struct entry *entries = calloc(model->n + 1, sizeof(*entries));
	size_t n;

	if (!entries)
		return -ENOMEM;
	n = choose(model, view, entries);
	if (n > rows->room) {
		size_t *at = reallocarray(rows->at, n, sizeof(*at));

		if (!at)
			return -ENOMEM;
		rows->at = at;
		rows->room = n;
	}
	qsort(entries, n, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < n; i++)
		rows->at[i] = entries[i].at;
	rows->n = n;
	return 0;
}
