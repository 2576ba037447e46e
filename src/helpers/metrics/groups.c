/* SPDX-License-Identifier: MIT */
/*
 * groups.c - what tenants and kept groups use, and their limits
 *
 * The figures come from the library where it has them, in cgroup v1 as well. What it hasn't is read in the
 * directory of cgroup2: events of a whole tenant, each disk for itself, the other lines of pressure files.
 */
#include "helpers/metrics/groups.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "group/handle.h"
#include "group/limits/in-force.h"
#include "group/stats/metrics.h"
#include "group/stats/stats.h"
#include "helpers/metrics/budgets.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/enum-index.h"
#include "util/error.h"

/* Longest name of a directory, each byte as \xNN. */
#define NAME_SHOWN_MAX (4 * 255 + 1)

/* A tenant or a group that is being told of. */
struct subject {
	char tenant[NAME_SHOWN_MAX];
	const char *name; /* "": it is the tenant */
	const struct ration_group *group;
	const struct ration_stats *stats;
	struct exposition *exposition;
	struct metrics_errors *errors;
	uint64_t metrics; /* wanted_metrics() */
};

static_assert(RATION_OWNER_KEPT == 3, "an array has them as its indexes");

/* Tells one value, with a label more if `key` isn't NULL, and another one if `key2` isn't. */
static void tell_by(const struct subject *subject, enum family family, const char *key, const char *word, const char *key2,
		const char *word2, uint64_t value, unsigned decimals)
{
	const struct label labels[] = {
		{ "tenant", subject->tenant },
		{ "group", subject->name },
		{ key, word },
		{ key ? key2 : NULL, word2 },
		{ NULL, NULL },
	};

	exposition_add(subject->exposition, family, labels, value, decimals);
}

static void tell(const struct subject *subject, enum family family, const char *key, const char *word, uint64_t value,
		unsigned decimals)
{
	tell_by(subject, family, key, word, NULL, NULL, value, decimals);
}

/* ----------------------------------------------------------------- figures */

/* What the library has. */
struct figure {
	enum ration_metric metric;
	enum family family;
	const char *key, *word;
	unsigned decimals;
};

static const struct figure figures[] = {
	{ RATION_METRIC_CPU_USER_USEC, FAMILY_CPU_USAGE, "mode", "user", DECIMALS_USEC },
	{ RATION_METRIC_CPU_SYSTEM_USEC, FAMILY_CPU_USAGE, "mode", "system", DECIMALS_USEC },
	{ RATION_METRIC_THROTTLED_USEC, FAMILY_CPU_THROTTLED, NULL, NULL, DECIMALS_USEC },
	{ RATION_METRIC_MEMORY_CURRENT_BYTES, FAMILY_MEMORY_USAGE, NULL, NULL, DECIMALS_NONE },
	{ RATION_METRIC_MEMORY_PEAK_BYTES, FAMILY_MEMORY_PEAK, NULL, NULL, DECIMALS_NONE },
	{ RATION_METRIC_PIDS_CURRENT, FAMILY_TASKS, NULL, NULL, DECIMALS_NONE },
	{ RATION_METRIC_PIDS_REFUSED, FAMILY_TASKS_LIMIT_HITS, NULL, NULL, DECIMALS_NONE },
};

/* Each file is read once a scrape: what is told of those that hold more is read where it is told. */
static uint64_t wanted_metrics(void)
{
	uint64_t wanted = METRIC_BIT(OOM_KILLS);

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		wanted |= UINT64_C(1) << metric_index(figures[i].metric);
	return wanted;
}

static void tell_figures(const struct subject *subject)
{
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		const struct figure *at = &figures[i];

		if (ration_stats_metric(subject->stats, at->metric, &value) != RATION_SOURCE_ABSENT)
			tell(subject, at->family, at->key, at->word, value, at->decimals);
	}
}

/* Returns whether a file of the group was read; counts one that may be there and can't be read. */
static bool got(const struct subject *subject, int code)
{
	if (metrics_doubt(code) && code != -ENODEV && code != -EACCES)
		subject->errors->n[METRICS_ERROR_GROUP]++;
	return code >= 0;
}

/* The events of what is below it, too: of a tenant, all that happened to its runs. */
static void tell_memory_events(const struct subject *subject)
{
	static const char *const events[] = { "low", "high", "max", "oom", "oom_kill" };
	char text[512];
	uint64_t value;

	if (got(subject, cg_read(subject->group->at.fd, "memory.events", text, sizeof(text)))) {
		for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
			if (cg_text_key(text, events[i], &value) == 0)
				tell(subject, FAMILY_MEMORY_EVENTS, "event", events[i], value, DECIMALS_NONE);
		}
	} else if (ration_stats_metric(subject->stats, RATION_METRIC_OOM_KILLS, &value) != RATION_SOURCE_ABSENT) {
		tell(subject, FAMILY_MEMORY_EVENTS, "event", "oom_kill", value, DECIMALS_NONE);
	}
}

/* The memory that the kernel can't easily reclaim: all but the page cache that wasn't used lately. */
static void tell_working_set(const struct subject *subject)
{
	char text[CG_FILE_MAX];
	uint64_t inactive, current;

	if (ration_stats_metric(subject->stats, RATION_METRIC_MEMORY_CURRENT_BYTES, &current) != RATION_SOURCE_CGROUP2 ||
			!got(subject, cg_read(subject->group->at.fd, "memory.stat", text, sizeof(text))) ||
			cg_text_key(text, "inactive_file", &inactive) < 0)
		return;
	/* They weren't read at the same time. */
	tell(subject, FAMILY_MEMORY_WORKING_SET, NULL, NULL, current > inactive ? current - inactive : 0, DECIMALS_NONE);
}

static void tell_pressure(const struct subject *subject)
{
	static const char *const resources[] = { "cpu", "memory", "io" };
	char file[32], text[512];

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		uint64_t waiting, stalled;

		(void)snprintf(file, sizeof(file), "%s.pressure", resources[i]);
		if (!got(subject, cg_read(subject->group->at.fd, file, text, sizeof(text))))
			continue;
		waiting = metrics_pressure(text, "some");
		stalled = metrics_pressure(text, "full");
		if (waiting != USAGE_ABSENT)
			tell(subject, FAMILY_PRESSURE_WAITING, "resource", resources[i], waiting, DECIMALS_USEC);
		if (stalled != USAGE_ABSENT)
			tell(subject, FAMILY_PRESSURE_STALLED, "resource", resources[i], stalled, DECIMALS_USEC);
	}
}

/* ------------------------------------------------------------------- disks */

/* "8:0" as "sda", as other exporters call it. */
static const char *disk_name(const char *number, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	const char *slash;

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%s", number);
	n = readlink(path, buf, size - 1);
	if (n <= 0)
		return number;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	return slash ? slash + 1 : number;
}

/* One line of io.stat: "8:0 rbytes=1 wbytes=2 rios=3 …"; others say that there was no I/O. */
static void tell_disk(const struct subject *subject, char *line)
{
	static const char *const directions[][2] = { { " rbytes=", "read" }, { " wbytes=", "write" } };
	char number[32], buf[512];
	const char *name;
	size_t length = strcspn(line, " ");

	if (length >= sizeof(number) || length == 0 || strspn(line, "0123456789:") != length)
		return;
	(void)snprintf(number, sizeof(number), "%.*s", (int)length, line);
	name = disk_name(number, buf, sizeof(buf));
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		const char *at = strstr(line, directions[i][0]);
		uint64_t bytes;

		if (at && cg_text_u64(at + strlen(directions[i][0]), &bytes) == 0)
			tell_by(subject, FAMILY_IO, "device", name, "direction", directions[i][1], bytes, DECIMALS_NONE);
	}
}

static void tell_disks(const struct subject *subject)
{
	CLEANUP(freep) char *text = NULL;
	char *rest, *line;

	if (!got(subject, metrics_read_long(subject->group->at.fd, "io.stat", &text)))
		return;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		tell_disk(subject, line);
}

/* ------------------------------------------------------------------ limits */

struct bound {
	enum ration_limit limit;
	enum family family;
	bool named;     /* the label "limit" has its name */
	bool protects;  /* 0 is none */
	unsigned decimals;
};

static const struct bound bounds[] = {
	{ RATION_LIMIT_MEMORY, FAMILY_MEMORY_LIMIT, true, false, DECIMALS_NONE },
	{ RATION_LIMIT_MEMORY_HIGH, FAMILY_MEMORY_LIMIT, true, false, DECIMALS_NONE },
	{ RATION_LIMIT_MEMORY_LOW, FAMILY_MEMORY_LIMIT, true, true, DECIMALS_NONE },
	{ RATION_LIMIT_MEMORY_MIN, FAMILY_MEMORY_LIMIT, true, true, DECIMALS_NONE },
	{ RATION_LIMIT_SWAP, FAMILY_MEMORY_LIMIT, true, false, DECIMALS_NONE },
	{ RATION_LIMIT_CPUS, FAMILY_CPU_LIMIT, false, false, DECIMALS_CPUS },
	{ RATION_LIMIT_PIDS, FAMILY_TASKS_LIMIT, false, false, DECIMALS_NONE },
};

/* Its own limits, as the kernel's files have them; none that is lifted. */
static void tell_limits(const struct subject *subject)
{
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		const struct ration_limit_info *info = ration_limit_info(bounds[i].limit);
		const struct bound *at = &bounds[i];
		enum ration_mechanism mechanism;
		uint64_t here;

		if (got(subject, in_force_read_own(&subject->group->at, info, &here, &mechanism)) && here != RATION_UNLIMITED &&
				!(at->protects && here == 0))
			tell(subject, at->family, at->named ? "limit" : NULL, at->named ? info->name : NULL, here, at->decimals);
	}
}

/* ------------------------------------------------------------------ groups */

static void tell_open(struct subject *subject)
{
	tell_figures(subject);
	if (subject->group->at.fd >= 0) {
		tell(subject, FAMILY_GROUP_FROZEN, NULL, NULL, ration_stats_frozen(subject->stats), DECIMALS_NONE);
		tell_memory_events(subject);
		tell_working_set(subject);
		tell_pressure(subject);
		tell_disks(subject);
	}
	tell_limits(subject);
}

/* Tells of one that exists; of one with a name that ration doesn't give there is no more to tell. */
static void tell_group(struct subject *subject, const struct ration_host *host, const struct ration_list_item *item)
{
	CLEANUP(handle_freep) struct ration_group *group = NULL;
	const struct stats_wanted wanted = { .metrics = subject->metrics, .state = true };
	struct ration_stats stats;
	char uid[16];
	int r = ration_group_open(host, item->address, &group, NULL);

	if (r >= 0)
		r = stats_read_group(group, &wanted, &stats);
	if (vanished(r))
		return;
	(void)snprintf(uid, sizeof(uid), "%" PRIu32, item->uid);
	tell(subject, FAMILY_GROUP_INFO, "uid", uid, 1, DECIMALS_NONE);
	if (r >= 0) {
		subject->group = group;
		subject->stats = &stats;
		tell_open(subject);
	} else if (r != -EINVAL) {
		(void)got(subject, r);
	}
}

/* How many groups of a tenant belong to whom. */
struct owners {
	uint64_t n[RATION_OWNER_KEPT + 1];
};

static void tell_owners(const struct subject *subject, struct owners *owners)
{
	for (size_t i = 0; i < ARRAY_SIZE(owners->n); i++)
		tell(subject, FAMILY_GROUPS, "owner", ration_owner_name((enum ration_owner)i), owners->n[i], DECIMALS_NONE);
	*owners = (struct owners) { .n = { 0 } };
}

static void tell_tenant(struct subject *subject, const struct ration_host *host, const struct ration_list_item *item)
{
	int r;

	(void)snprintf(subject->tenant, sizeof(subject->tenant), "%s", item->address);
	r = budgets_tell(host, item->address, subject->tenant, subject->exposition);
	/* -EINVAL: a name that ration doesn't give, which has no budget. */
	if (!vanished(r) && r != -EINVAL)
		(void)got(subject, r);
}

/* A tenant's groups stand right behind it. */
static int tell_all(struct subject *subject, const struct ration_host *host, const struct ration_list *list, uint64_t until_usec)
{
	struct owners owners = { .n = { 0 } };
	const struct ration_list_item *item;

	for (size_t i = 0; (item = ration_list_item(list, i)); i++) {
		const char *slash = strchr(item->address, '/');

		if (sys_now_usec() >= until_usec)
			return -ETIMEDOUT;
		if (item->is_tenant && i > 0)
			tell_owners(subject, &owners);
		if (item->is_tenant)
			tell_tenant(subject, host, item);
		else
			owners.n[item->owner]++;
		subject->name = slash ? slash + 1 : "";
		if (item->is_tenant || item->owner == RATION_OWNER_KEPT)
			tell_group(subject, host, item);
		subject->name = "";
	}
	if (ration_list_count(list) > 0)
		tell_owners(subject, &owners);
	return 0;
}

int groups_tell(const struct ration_host *host, uint64_t until_usec, struct exposition *exposition,
		struct metrics_errors *errors, struct ration_error *reterr)
{
	const struct ration_list_options options = { .size = sizeof(options) };
	struct subject subject = { .name = "", .exposition = exposition, .errors = errors, .metrics = wanted_metrics() };
	struct ration_list *list = NULL;
	int r = ration_list_new_with(host, &options, &list, reterr);

	if (r < 0 && r != -ENOMEM) {
		errors->n[METRICS_ERROR_GROUPS]++;
		return 0;
	}
	if (r == 0) {
		(void)got(&subject, budgets_tell(host, NULL, NULL, exposition));
		r = tell_all(&subject, host, list, until_usec);
	}
	list = ration_list_free(list);
	if (r == -ETIMEDOUT)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "to read all groups took too long");
	return r;
}
