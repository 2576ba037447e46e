/* SPDX-License-Identifier: MIT */
/*
 * budget-gate.c - whether anything may be started now
 *
 * An unknown pressure stops nobody: the kernel may not measure it, or the file may not have a number. The
 * receipt reports that.
 */
#include "group/budget/budget-gate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sys/cgroup/cgroup.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"
#include "util/error.h"

#define FILE_NAME "memory.pressure"

static int read_pressure(const struct budget_node *node, uint64_t *ret_pct100)
{
	char text[512];
	int r = cg_read(node->fd, FILE_NAME, text, sizeof(text));

	if (r < 0)
		return r;
	return cg_text_share(text, "full", ret_pct100) < 0 ? -EBADMSG : 0;
}

const char *budget_gate_doubt(char buf[BUDGET_DOUBT_MAX], const struct budget_node *node, const struct budget *budget)
{
	uint64_t pct100;
	int r = budget->pressure_pct100 == RATION_UNLIMITED ? 0 : read_pressure(node, &pct100);

	buf[0] = '\0';
	if (r == -EBADMSG)
		(void)snprintf(buf, BUDGET_DOUBT_MAX, FILE_NAME " of %s can't be understood", node->tenant ? node->tenant :
				node->host->nspace);
	else if (r < 0)
		(void)snprintf(buf, BUDGET_DOUBT_MAX, "can't read " FILE_NAME " of %s: %.60s", node->tenant ? node->tenant :
				node->host->nspace, error_text(r));
	return buf;
}

static int pressure_error(const struct budget_node *node, uint64_t pct100, uint64_t most, struct ration_error *reterr)
{
	(void)error_set(reterr, -EDQUOT, RATION_CAUSE_BUDGET, "no start in %s %s now: its tasks waited for memory for "
			"%" PRIu64 ".%02" PRIu64 " %% of the last 10 s, and its budget says %" PRIu64 ".%02" PRIu64 " %% at most",
			node->tenant ? "tenant" : "namespace", node->tenant ? node->tenant : node->host->nspace, pct100 / 100,
			pct100 % 100, most / 100, most % 100);
	return error_hint(reterr, -EDQUOT, "try again, or wait for it to pass: --wait");
}

static int floor_error(const struct budget_node *node, uint64_t available, const struct budget *budget,
		struct ration_error *reterr)
{
	char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX];

	(void)error_set(reterr, -EDQUOT, RATION_CAUSE_BUDGET, "no start in %s %s now: the machine has %s of available memory, and "
			"its budget leaves %s to others", node->tenant ? "tenant" : "namespace",
			node->tenant ? node->tenant : node->host->nspace, ration_format_size(a, available),
			ration_format_size(b, budget->available_bytes));
	return error_hint(reterr, -EDQUOT, "try again, or wait for it to pass: --wait");
}

static int check_available(const struct budget_node *node, const struct budget *budget, const struct budget_ask *ask,
		struct ration_error *reterr)
{
	uint64_t asked = ask->amount[RATION_RESOURCE_MEMORY], available;
	char text[4096];

	if (budget->available_bytes == 0 || proc_read(node->host->proc_fd, "meminfo", text, sizeof(text)) <= 0)
		return 0;
	if (proc_meminfo(text, "MemAvailable", &available) < 0)
		return 0;
	if (asked == RATION_UNLIMITED)
		asked = 0;
	if (available >= asked && available - asked >= budget->available_bytes)
		return 0;
	return floor_error(node, available, budget, reterr);
}

int budget_gate(const struct budget_node *node, const struct budget *budget, const struct budget_ask *ask,
		struct ration_error *reterr)
{
	uint64_t pct100;

	if (budget->pressure_pct100 != RATION_UNLIMITED && read_pressure(node, &pct100) == 0 &&
			pct100 > budget->pressure_pct100)
		return pressure_error(node, pct100, budget->pressure_pct100, reterr);
	return check_available(node, budget, ask, reterr);
}
