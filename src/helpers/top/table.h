/* SPDX-License-Identifier: MIT */
/*
 * table.h - what is shown: the head, the rows of groups, the page of one group
 */
#ifndef RATION_HELPERS_TOP_TABLE_H
#define RATION_HELPERS_TOP_TABLE_H

#include "helpers/top/line.h"
#include "helpers/top/machine.h"
#include "helpers/top/rows.h"
#include "helpers/top/verdicts.h"

struct table {
	const struct model *model;
	const struct machine *machine;
	const struct rows_view *view;
	const struct verdicts *verdicts;
	const char *nspace;
	uint64_t interval_usec;
	bool paused;
	int width;       /* columns of the terminal */
};

/* Lines of the head. */
#define TABLE_HEAD_LINES 4

/* Writes line `i` of the head. */
void table_head(const struct table *table, int i, struct line *line);

/* Writes the titles of the columns that there is room for. */
void table_titles(const struct table *table, struct line *line);

/* Writes the row of a group that was looked at. */
void table_row(const struct table *table, const struct model_group *group, struct line *line);

/* Lines of a page at most. */
#define TABLE_PAGE_LINES 16

/* Writes line `i` of the page of one group. False: there are no more. */
bool table_page(const struct table *table, const struct model_group *group, int i, struct line *line);

#endif
