/* SPDX-License-Identifier: MIT */
/*
 * fuzz-cgroup.c - a group whose files say anything
 *
 * Flat keyed, nested keyed, single values, lists and pressure, of cgroup2 and of v1. A
 * delegate chooses some of them; a kernel of another version writes others.
 */
#include "fuzz.h"

#include "cli/output/json.h"
#include "group/handle.h"
#include "group/limits/apply.h"
#include "group/limits/compare.h"
#include "group/limits/in-force.h"
#include "group/shortage.h"
#include "group/stats/counters.h"
#include "group/stats/events.h"
#include "group/stats/pressure.h"
#include "group/stats/stats.h"
#include "host/host.h"
#include "plan/plan.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cpuset.h"
#include "sys/cgroup/members.h"

static const char *const dirs[] = { "proc/self", "proc/sys/kernel", "cg/ration/acme/vm7/below", "v1/ration/acme/vm7", NULL };

#define GROUP "cg/ration/acme/vm7"

static struct fuzz_tree tree, around;

/* Mostly made once: a host that can be read. */
static struct ration_host *machine_host(void)
{
	static struct ration_host *host;
	struct ration_error error;

	if (!host) {
		(void)strcpy(around.root, tree.root);
		around.fd = tree.fd;
		fuzz_tree_fill(&around, (const uint8_t *)FUZZ_MACHINE, sizeof(FUZZ_MACHINE) - 1);
		MUST(host_open(tree.root, NULL, &host, &error) == 0);
		MUST(host_now(host)->base_fd >= 0);
	}
	return host;
}

static void check_stats(int fd)
{
	struct ration_stats stats = { .populated = false };
	struct json_stats shown = { "acme/vm7", &stats };

	if (stats_read(fd, &STATS_ALL(-1), &stats) < 0)
		return;
	must_be_json(json_stat(&shown, 1, NULL));
	must_be_json(json_stat_line(&shown, 1));
}

static void check_limits(int fd)
{
	const struct ration_limit_info *info;
	uint64_t value;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (info->kernel_file)
			(void)in_force_read(fd, info, &value);
		(void)in_force_read_v1(fd, info, &value);
	}
}

static void check_group(struct ration_group *group)
{
	struct ration_group_limit *limits[64] = { NULL };
	const struct ration_limit_info *info;
	struct ration_error error;
	size_t n = 0;

	for (size_t i = 0; (info = ration_limit_at(i)) && n < 64; i++) {
		if (ration_group_limit_new(group, info->limit, &limits[n], &error) < 0)
			must_be_clean_error(&error);
		else
			n++;
	}
	must_be_json(json_show(machine_host(), group, limits, n));
	for (size_t i = 0; i < n; i++)
		limits[i] = ration_group_limit_free(limits[i]);
}

static void check_compare(const struct ration_group *group)
{
	char text[COMPARE_TEXT_MAX];

	if (compare_limits(&group->at, false, NULL, text) > 0)
		MUST(memchr(text, '\0', sizeof(text)));
}

static void check_events(int fd)
{
	const struct ration_events_options options = { .size = sizeof(options) };
	struct ration_events *events = NULL;
	struct ration_error error;

	if (events_open(fd, "acme/vm7", &options, &events, &error) < 0) {
		must_be_clean_error(&error);
		return;
	}
	for (int i = 0; i < 20; i++) {
		struct ration_event event = { .size = sizeof(event) };

		if (ration_events_next(events, &event, NULL) <= 0)
			break;
	}
	events = ration_events_free(events);
}

static void check_counters(const struct ration_group *group)
{
	struct counters counters;
	struct usage usage = { 0 };
	struct place v1 = group->at, all = group->at;
	struct host_snapshot host = *group->host;

	host.facts.controllers = UINT32_MAX;
	all.host = &host;
	counters_read(&all, true, &counters);
	MUST(counters.n_levels <= COUNTER_LEVELS_MAX);
	/* The same files as those of each controller of v1. */
	host.n_v1 = 1;
	host.v1[0].controllers = UINT32_MAX;
	v1.host = &host;
	v1.v1_fd[0] = group->at.fd;
	metrics_read_v1(&v1, METRICS_ALL, &usage);
	(void)counters_v1_oom_kill(&v1);
}

static int see_pid(void *data, pid_t pid)
{
	(void)data;
	MUST(pid >= 0);
	return 0;
}

static void check_files(int fd)
{
	int file = cg_open_file(fd, "cpu.stat");
	struct pressure pressure = { .line = "some", .stall_usec = 1, .window_usec = 1 };
	struct ration_error error;
	struct cpuset cpuset;

	if (file >= 0)
		(void)counters_cpu_usec(file);
	(void)close(file);
	file = cg_open_file(fd, "memory.pressure");
	if (file >= 0) {
		pressure_begin(&pressure, file);
		(void)pressure_measure(&pressure, file, true);
	}
	(void)close(file);
	cpuset_read(fd, &cpuset);
	MUST(cpuset_count(&cpuset) <= CPUS_MAX);
	(void)cg_populated(fd);
	(void)cg_each_pid(fd, see_pid, NULL);
	(void)shortage_error(fd, "acme", "acme/vm7", -EAGAIN, &error);
	must_be_clean_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ration_group *group = NULL;
	struct ration_error error;
	const struct ration_host *host;

	fuzz_tree_begin(&tree, dirs);
	host = machine_host();
	fuzz_tree_fill(&tree, data, size);
	if (ration_group_open(host, "acme/vm7", &group, &error) < 0) {
		must_be_clean_error(&error);
	} else {
		check_group(group);
		check_compare(group);
		check_counters(group);
		check_stats(group->at.fd);
		check_limits(group->at.fd);
		check_events(group->at.fd);
		check_files(group->at.fd);
	}
	group = ration_group_free(group);
	fuzz_tree_clear(&tree);
	return 0;
}
