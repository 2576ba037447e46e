/* SPDX-License-Identifier: MIT */
/*
 * budget-text.h - a budget as text, and as numbers
 */
#ifndef RATION_GROUP_BUDGET_BUDGET_TEXT_H
#define RATION_GROUP_BUDGET_BUDGET_TEXT_H

#include "ration.h"

/* One for each of enum ration_resource. */
#define BUDGET_RESOURCES 3

/* Room for a budget as text, with the final NUL. */
#define BUDGET_TEXT_MAX 256

/* The default of pressure: a stall of 10 % of the last 10 s. */
#define BUDGET_PRESSURE_PCT100 1000

struct budget_part {
	bool set;
	bool share;             /* `amount` is in hundredths of a percent */
	uint64_t amount;        /* before overcommit */
	uint32_t overcommit_pct;
};

struct budget {
	struct budget_part part[BUDGET_RESOURCES];
	bool has_pressure;      /* it was given */
	uint64_t pressure_pct100; /* RATION_UNLIMITED: none */
	uint64_t available_bytes;
};

/* None. */
#define BUDGET_NONE ((struct budget) { .pressure_pct100 = BUDGET_PRESSURE_PCT100 })

/* Tells whether there is anything that a start has to keep to. */
bool budget_is_set(const struct budget *budget);

/*
 * Changes in `budget` what `text` says, "memory=8G,runs=none". All or nothing. `flag` is what a message
 * calls it. Errors: -EINVAL, -ERANGE.
 */
int budget_parse(const char *flag, const char *text, struct budget *budget, struct ration_error *reterr);

/* Writes it so that budget_parse() reads the same. "": none. Returns buf. */
const char *budget_format(char buf[BUDGET_TEXT_MAX], const struct budget *budget);

/* What an amount is with overcommit; UINT64_MAX - 1 at most. */
uint64_t budget_with_overcommit(uint64_t amount, uint32_t overcommit_pct);

/* "256 MiB", "1.5", "3". Returns buf. */
const char *budget_amount(char buf[RATION_TEXT_MAX], enum ration_resource resource, uint64_t amount);

#endif
