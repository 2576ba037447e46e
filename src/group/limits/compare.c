/* SPDX-License-Identifier: MIT */
/*
 * compare.c - whether the limits of a group are those of a plan
 *
 * The note of what was asked for doesn't show what somebody has written to the files since then. So
 * each file that the plan would write is compared with the planned value, and each other file with
 * its value in a new group.
 */
#include "group/limits/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group/cgroup1.h"
#include "group/limits/apply.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"
#include "util/parse.h"

/* What the files of a new group say. */
static const struct {
	const char *file, *value;
	bool summed;   /* in a tenant: the sum of the values of its groups */
} unlimited[] = {
	{ "memory.max", "max", false }, { "memory.swap.max", "max", false }, { "memory.high", "max", false },
	{ "memory.low", "0", true }, { "memory.min", "0", true }, { "cpu.max", "max 100000", false },
	{ "cpu.max.burst", "0", false }, { "cpu.idle", "0", false }, { "cpu.weight", "100", false },
	{ "pids.max", "max", false }, { "cpuset.cpus", "", false }, { "cpuset.mems", "", false },
};

/* Each limit of a disk, in a line of io.max. */
static const char *const rates[] = { "rbps", "wbps", "riops", "wiops" };

/* An unlimited amount: "max", -1 in cgroup v1, or the highest number of whole pages. */
static bool read_amount(const char *text, uint64_t *ret)
{
	char *end;

	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	*ret = strtoull(text, &end, 10);
	if (*ret > INT64_MAX - (UINT64_C(1) << 32))
		*ret = UINT64_MAX;
	return *text && !*end;
}

static void read_list(const char *text, uint8_t set[PARSE_CPU_MAX / 8 + 1])
{
	unsigned low, high;
	int r = *text ? 1 : 0;

	memset(set, 0, PARSE_CPU_MAX / 8 + 1);
	while (r > 0) {
		r = parse_cpu_range(&text, &low, &high);
		for (unsigned i = low; r >= 0 && i <= high; i++)
			set[i / 8] |= (uint8_t)(1u << i % 8);
	}
}

static bool same_value(const char *file, const char *a, const char *b)
{
	uint64_t x, y;

	if (strcmp(a, b) == 0)
		return true;
	if (strncmp(file, "cpuset.", strlen("cpuset.")) == 0) {
		uint8_t these[PARSE_CPU_MAX / 8 + 1], those[PARSE_CPU_MAX / 8 + 1];

		read_list(a, these);
		read_list(b, those);
		return memcmp(these, those, sizeof(these)) == 0;
	}
	return read_amount(a, &x) && read_amount(b, &y) && x == y;
}

static int differs(char ret_text[COMPARE_TEXT_MAX], const char *file, const char *now, const char *wanted)
{
	if (same_value(file, now, wanted))
		return 0;
	(void)snprintf(ret_text, COMPARE_TEXT_MAX, "%s is %.50s, not %.50s", file, *now ? now : "not set",
			*wanted ? wanted : "unset");
	return 1;
}

static bool writes_file(const struct group_writes *writes, const char *file)
{
	for (size_t i = 0; i < writes->n; i++) {
		if (!writes->write[i].v1 && strcmp(writes->write[i].file, file) == 0)
			return true;
	}
	return false;
}

/* An idle group has a weight of its own: 0. */
static bool is_idle(const struct group_writes *writes)
{
	for (size_t i = 0; i < writes->n; i++) {
		if (strcmp(writes->write[i].file, "cpu.idle") == 0 && strcmp(writes->write[i].value, "1") == 0)
			return true;
	}
	return false;
}

static int compare_asked(const struct place *place, const struct group_writes *writes,
		char ret_text[COMPARE_TEXT_MAX])
{
	for (size_t i = 0; i < writes->n; i++) {
		const struct group_write *write = &writes->write[i];
		CLEANUP(freep) char *now = NULL;
		int r = apply_read(place, write, &now);

		if (r == -ENOENT && write->optional)
			continue;
		/* The group was made without this limit, and has no directory there. */
		if (r == -ENOENT && write->v1 && v1_fd(place, write->v1) < 0)
			return differs(ret_text, write->file, "", write->value);
		if (r < 0)
			return r;
		if (strcmp(write->file, "cpu.weight") == 0 && is_idle(writes))
			continue;
		r = differs(ret_text, write->file, now, write->value);
		if (r != 0)
			return r;
	}
	return 0;
}

static int compare_files(const struct place *place, bool tenant, const struct group_writes *writes,
		char ret_text[COMPARE_TEXT_MAX])
{
	for (size_t i = 0; i < ARRAY_SIZE(unlimited); i++) {
		char now[CG_FILE_MAX];
		int r;

		if (writes_file(writes, unlimited[i].file) || (tenant && unlimited[i].summed) ||
				(strcmp(unlimited[i].file, "cpu.weight") == 0 && is_idle(writes)))
			continue;
		r = cg_read(place->fd, unlimited[i].file, now, sizeof(now));
		/* No such controller. */
		if (r == -ENOENT)
			continue;
		if (r >= 0)
			r = differs(ret_text, unlimited[i].file, now, unlimited[i].value);
		if (r != 0)
			return r;
	}
	return 0;
}

static bool asks_rate(const struct group_writes *writes, const char *key, const char *field)
{
	for (size_t i = 0; i < writes->n; i++) {
		const struct group_write *write = &writes->write[i];

		if (strcmp(write->file, "io.max") == 0 && strcmp(write->key, key) == 0 &&
				strcmp(write->field, field) == 0)
			return true;
	}
	return false;
}

/* "8:0 rbps=1048576 wbps=max riops=max wiops=max", a line for each disk that has a limit. */
static int compare_rates(const struct place *place, const struct group_writes *writes,
		char ret_text[COMPARE_TEXT_MAX])
{
	char text[CG_FILE_MAX], *save = NULL;
	int r = cg_read(place->fd, "io.max", text, sizeof(text));

	for (char *line = r > 0 ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		char key[sizeof(writes->write[0].key)];

		(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(line, " "), line);
		for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
			const char *at = strstr(line, rates[i]);

			if (!at || strncmp(at + strlen(rates[i]), "=max", 4) == 0 || asks_rate(writes, key, rates[i]))
				continue;
			(void)snprintf(ret_text, COMPARE_TEXT_MAX, "io.max has %s %.*s", key,
					(int)strcspn(at, " "), at);
			return 1;
		}
	}
	return r == -ENOENT || r > 0 ? 0 : r;
}

int compare_others(const struct place *place, bool tenant, const struct ration_plan *plan,
		char ret_text[COMPARE_TEXT_MAX])
{
	struct group_writes writes = { .n = 0 };
	int r = plan ? apply_collect(plan, &writes, NULL) : 0;

	if (r == 0)
		r = compare_files(place, tenant, &writes, ret_text);
	return r == 0 ? compare_rates(place, &writes, ret_text) : r;
}

int compare_limits(const struct place *place, bool tenant, const struct ration_plan *plan,
		char ret_text[COMPARE_TEXT_MAX])
{
	struct group_writes writes = { .n = 0 };
	int r = plan ? apply_collect(plan, &writes, NULL) : 0;

	if (r == 0)
		r = compare_asked(place, &writes, ret_text);
	return r == 0 ? compare_others(place, tenant, plan, ret_text) : r;
}
