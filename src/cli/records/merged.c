/* SPDX-License-Identifier: MIT */
/*
 * merged.c - receipts of several journals: each run once, in the order in which they started
 *
 * Journals come home more than once: a copy is taken again while the machine still writes, or a
 * file is named twice. They are kept as text, which takes less memory than the tree.
 */
#include "cli/records/merged.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/say.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/error.h"

/* More are counted, and not told one by one. */
#define TOLD_MAX 10

struct merged_one {
	char *text; /* of the receipt */
	char *key;  /* when it started, and its id; NULL: it has none */
	size_t at;  /* the how many-th it came */
};

static int make_key(struct merged_one *one, const json_t *receipt)
{
	const char *id = json_string_value(json_object_get(receipt, "id"));
	const char *time = json_string_value(json_object_get(json_object_get(receipt, "started"), "time"));
	struct buffer key = { .text = NULL };

	if (!id || !time)
		return 0;
	buffer_printf(&key, "%s %s", time, id);
	one->key = buffer_take(&key);
	return one->key ? 0 : -ENOMEM;
}

int merged_add(struct merged *merged, const json_t *receipt)
{
	struct merged_one *ones = array_grow(merged->ones, merged->n, &merged->size, sizeof(*ones)), one = { .at = merged->n };

	if (!ones)
		return -ENOMEM;
	merged->ones = ones;
	one.text = json_dumps(receipt, JSON_COMPACT);
	if (!one.text || make_key(&one, receipt) < 0) {
		free(one.text);
		return -ENOMEM;
	}
	merged->ones[merged->n++] = one;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct merged_one *x = a, *y = b;
	int r = x->key && y->key ? strcmp(x->key, y->key) : !x->key - !y->key;

	return r ? r : (x->at > y->at) - (x->at < y->at);
}

/* Whether it is left out, since `first` is of the same run. */
static bool is_again(struct merged *merged, const struct merged_one *first, const struct merged_one *one)
{
	if (!one->key || !first || strcmp(first->key, one->key) != 0)
		return false;
	if (strcmp(first->text, one->text) == 0)
		merged->again++;
	else if (merged->differ++ < TOLD_MAX)
		say("ration receipt: two receipts of run %s differ; the first is taken\n", strchr(one->key, ' ') + 1);
	return true;
}

int merged_each(struct merged *merged, int (*visit)(void *data, const json_t *receipt, struct ration_error *reterr),
		void *data, struct ration_error *reterr)
{
	const struct merged_one *first = NULL;
	int r = 0;

	merged->again = merged->differ = 0;
	if (merged->n > 0)
		qsort(merged->ones, merged->n, sizeof(*merged->ones), compare);
	for (size_t i = 0; r == 0 && i < merged->n; i++) {
		const struct merged_one *one = &merged->ones[i];
		json_t *receipt;

		if (is_again(merged, first, one))
			continue;
		first = one->key ? one : NULL;
		receipt = json_loads(one->text, 0, NULL);
		r = receipt ? visit(data, receipt, reterr) : error_oom(reterr);
		json_decref(receipt);
	}
	return r;
}

void merged_done(struct merged *merged)
{
	for (size_t i = 0; i < merged->n; i++) {
		free(merged->ones[i].text);
		free(merged->ones[i].key);
	}
	free(merged->ones);
}
