/* SPDX-License-Identifier: MIT */
/*
 * rows.h - which groups are shown, and in what order
 */
#ifndef RATION_HELPERS_TOP_ROWS_H
#define RATION_HELPERS_TOP_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "helpers/top/model.h"

enum rows_order {
	ROWS_BY_NAME,
	ROWS_BY_CPU,
	ROWS_BY_MEMORY,
	ROWS_BY_TASKS,
	ROWS_ORDERS,
};

struct rows_view {
	enum rows_order order;
	bool reversed;
	bool flat;          /* no tenants: all groups in one order */
	char filter[64];    /* part of an address, in any case; "": all */
	char zoom[256];     /* the address of a tenant; "": all */
};

struct rows {
	size_t *at;         /* numbers of groups in the model */
	size_t n, room;
};

/* "name", "cpu", "memory", "tasks". */
const char *rows_order_name(enum rows_order order);

/* Finds the order of a name. False: there is none. */
bool rows_find_order(const char *name, enum rows_order *ret_order);

/* Chooses and sorts. -ENOMEM: the rows are as they were. */
int rows_fill(struct rows *rows, const struct model *model, const struct rows_view *view);
void rows_done(struct rows *rows);

#endif
