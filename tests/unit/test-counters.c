/* SPDX-License-Identifier: MIT */
/*
 * test-counters.c - what is read of a group's files, and what isn't there
 *
 * Captured groups for what kernels write, and files made by hand for what they
 * write seldom: a group here is a directory.
 */
#include "unit.h"

#include "files.h"

#include <fcntl.h>
#include <inttypes.h>

#include "group/limits/in-force.h"
#include "group/stats/counters.h"
#include "group/stats/metrics.h"
#include "plan/mech/mech.h"
#include "util/cleanup.h"

#define ABSENT USAGE_ABSENT

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static uint64_t value(const struct usage *usage, enum ration_metric metric)
{
	uint64_t found;

	return usage_get(usage, metric, &found) == RATION_SOURCE_ABSENT ? ABSENT : found;
}

/* The usage of the group at `path`. */
static struct usage usage_of(const char *path)
{
	struct usage usage = { .value = { 0 } };
	int fd = open_dir(path);

	metrics_read(fd, METRICS_ALL & ~METRICS_LIVE, &usage, NULL);
	(void)close(fd);
	return usage;
}

/* -------------------------------------------------------------- captured */

static const struct {
	enum ration_metric metric;
	uint64_t v61, v612;
} captured[] = {
	{ RATION_METRIC_CPU_USEC, 3255665, 3479803 },
	{ RATION_METRIC_CPU_USER_USEC, 353024, 455051 },
	{ RATION_METRIC_CPU_SYSTEM_USEC, 2902641, 3024751 },
	{ RATION_METRIC_THROTTLED_COUNT, 0, 0 },
	{ RATION_METRIC_THROTTLED_USEC, 0, 0 },
	{ RATION_METRIC_MEMORY_PEAK_BYTES, 11309056, 11259904 },
	{ RATION_METRIC_MEMORY_ANON_BYTES, 323584, 323584 },
	{ RATION_METRIC_MEMORY_FILE_BYTES, 2850816, 2850816 },
	{ RATION_METRIC_MEMORY_SHMEM_BYTES, 0, 0 },
	{ RATION_METRIC_MEMORY_KERNEL_BYTES, 356352, 348160 },
	{ RATION_METRIC_SWAP_PEAK_BYTES, ABSENT, 0 }, /* since 6.5 */
	{ RATION_METRIC_MAXRSS_BYTES, ABSENT, ABSENT },
	{ RATION_METRIC_PIDS_PEAK, 4, 4 },
	{ RATION_METRIC_PIDS_REFUSED, 0, 0 },
	{ RATION_METRIC_OOM_KILLS, 0, 0 },
	{ RATION_METRIC_MEMORY_HIGH_COUNT, 0, 0 },
	{ RATION_METRIC_IO_READ_BYTES, 0, 0 }, /* the file is there, and empty: nothing was read */
	{ RATION_METRIC_IO_WRITE_OPS, 0, 0 },
	{ RATION_METRIC_CPU_PRESSURE_SOME_USEC, 188654, 280675 },
	{ RATION_METRIC_MEMORY_PRESSURE_SOME_USEC, 0, 0 },
	{ RATION_METRIC_MEMORY_PRESSURE_FULL_USEC, 0, 0 },
	{ RATION_METRIC_IO_PRESSURE_FULL_USEC, 845, 4055 },
};

static void test_usage_of_captured_groups(void **state)
{
	const struct usage v61 = usage_of(TREES "/6.1-run/sys/fs/cgroup/ration/default/run");
	const struct usage v612 = usage_of(TREES "/6.12-run/sys/fs/cgroup/ration/default/run");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++) {
		assert_row(value(&v61, captured[i].metric) == captured[i].v61, "6.1: %s is %" PRIu64,
				ration_metric_name(captured[i].metric), value(&v61, captured[i].metric));
		assert_row(value(&v612, captured[i].metric) == captured[i].v612, "6.12: %s is %" PRIu64,
				ration_metric_name(captured[i].metric), value(&v612, captured[i].metric));
	}
}

/* --------------------------------------------------------------- by hand */

/* What can't be read, or isn't a number, is unknown, which isn't 0. */
static void test_files_that_tell_nothing(void **state)
{
	static const struct {
		enum ration_metric metric;
		const char *file, *text; /* NULL: there is none */
		uint64_t value;
	} rows[] = {
		{ RATION_METRIC_CPU_USEC, "cpu.stat", NULL, ABSENT },
		{ RATION_METRIC_CPU_USEC, "cpu.stat", "", ABSENT },
		{ RATION_METRIC_CPU_USEC, "cpu.stat", "usage_usec\n", ABSENT },
		{ RATION_METRIC_CPU_USEC, "cpu.stat", "usage_usec x\n", ABSENT },
		{ RATION_METRIC_CPU_USEC, "cpu.stat", "usage_usec -1\n", ABSENT },
		{ RATION_METRIC_CPU_USEC, "cpu.stat", "usage_usec 99999999999999999999\n", ABSENT },
		{ RATION_METRIC_CPU_USEC, "cpu.stat", "core_sched.usage_usec 5\n", ABSENT },
		{ RATION_METRIC_CPU_USER_USEC, "cpu.stat", "usage_usec 7\nuser_usec 5", 5 },
		{ RATION_METRIC_MEMORY_PEAK_BYTES, "memory.peak", "\n", ABSENT },
		{ RATION_METRIC_MEMORY_PEAK_BYTES, "memory.peak", "4096\n", 4096 },
		{ RATION_METRIC_MEMORY_ANON_BYTES, "memory.stat", "anon_thp 5\n", ABSENT },
		{ RATION_METRIC_PIDS_REFUSED, "pids.events", "max 3\n", 3 },
		{ RATION_METRIC_CPU_PRESSURE_SOME_USEC, "cpu.pressure", "some avg10=0.00 total=12\n", 12 },
		/* Switched off by cgroup.pressure: EOPNOTSUPP; without a line of its own, another's isn't taken. */
		{ RATION_METRIC_MEMORY_PRESSURE_FULL_USEC, "memory.pressure", "some avg10=0.00 total=12\n", ABSENT },
		{ RATION_METRIC_MEMORY_PRESSURE_SOME_USEC, "memory.pressure", "some\nfull total=12\n", ABSENT },
		{ RATION_METRIC_MEMORY_PRESSURE_SOME_USEC, "memory.pressure", "some total=\n", ABSENT },
		{ RATION_METRIC_IO_READ_BYTES, "io.stat", NULL, ABSENT },
		/* A disk that is listed without numbers has had no I/O. */
		{ RATION_METRIC_IO_READ_BYTES, "io.stat", "8:0 \n8:16 rbytes=5 wbytes=6 rios=7 wios=8\n", 5 },
		{ RATION_METRIC_IO_WRITE_OPS, "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9 dios=9\n"
			"8:16 rbytes=5 wbytes=6 rios=7 wios=8 dbytes=9 dios=9\n", 12 },
	};
	char dir[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct usage usage;

		files_begin(dir);
		if (rows[i].text)
			files_put(dir, rows[i].file, rows[i].text);
		usage = usage_of(dir);
		files_end(dir);
		assert_row(value(&usage, rows[i].metric) == rows[i].value, "row %zu: %s is %" PRIu64, i,
				ration_metric_name(rows[i].metric), value(&usage, rows[i].metric));
		/* And only what the file is about is known. */
		for (int k = 0; k < METRIC_INDEX_COUNT && !rows[i].text; k++)
			assert_row(usage.source[k] == RATION_SOURCE_ABSENT, "row %zu: metric %d is known", i, k);
	}
}

/* Of more disks than 8 KiB have lines for, nothing was counted. */
static void test_io_of_very_many_disks(void **state)
{
	enum { DISKS = 5000 };
	static char text[DISKS * 100];
	char dir[PATH_MAX];
	struct usage usage;
	size_t length = 0;

	(void)state;
	for (int i = 0; i < DISKS; i++)
		length += (size_t)sprintf(text + length, "%d:%d rbytes=10 wbytes=200 rios=3 wios=4 dbytes=0 dios=0\n",
				8 + i / 256, i % 256);
	files_begin(dir);
	files_put(dir, "io.stat", text);
	usage = usage_of(dir);
	files_end(dir);
	assert_int_equal(value(&usage, RATION_METRIC_IO_READ_BYTES), DISKS * 10);
	assert_int_equal(value(&usage, RATION_METRIC_IO_WRITE_BYTES), DISKS * 200);
	assert_int_equal(value(&usage, RATION_METRIC_IO_READ_OPS), DISKS * 3);
	assert_int_equal(value(&usage, RATION_METRIC_IO_WRITE_OPS), DISKS * 4);
}

static void test_cpu_of_an_open_file(void **state)
{
	char dir[PATH_MAX];
	int dir_fd, fd;

	(void)state;
	files_begin(dir);
	files_put(dir, "cpu.stat", "usage_usec 12\n");
	dir_fd = open_dir(dir);
	fd = openat(dir_fd, "cpu.stat", O_RDONLY | O_CLOEXEC);
	assert_int_equal(counters_cpu_usec(fd), 12);
	files_put(dir, "cpu.stat", "usage_usec 13\n");
	assert_int_equal(counters_cpu_usec(fd), 13);
	files_put(dir, "cpu.stat", "");
	assert_int_equal(counters_cpu_usec(fd), ABSENT);
	assert_int_equal(counters_cpu_usec(-EBADF), ABSENT);
	(void)close(fd);
	(void)close(dir_fd);
	files_end(dir);
}

/* --------------------------------------------------------------- verdicts */

/* A group t/n at ROOT/BASE/NSPACE, where ROOT is the mount. */
static struct host_snapshot host;

static struct place open_group(const char *root, const char *base, const char *nspace)
{
	struct place place = PLACE_NONE;
	char path[2 * PATH_MAX];

	(void)snprintf(host.mount, sizeof(host.mount), "%s", root);
	assert_true(snprintf(host.base, sizeof(host.base), "%s%s", root, base) < PATH_MAX);
	(void)snprintf(host.nspace, sizeof(host.nspace), "%s", nspace);
	host.n_nodes = 1;
	host.facts.controllers = UINT32_MAX;
	(void)snprintf(host.node[0], sizeof(host.node[0]), "%s", nspace);
	host.base_fd = open_dir(host.base);
	(void)snprintf(path, sizeof(path), "%s/proc", root);
	host.proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place.host = &host;
	(void)snprintf(path, sizeof(path), "%s/%s", host.base, nspace);
	place.namespace_fd = open_dir(path);
	place.tenant_fd = openat(place.namespace_fd, "t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place.fd = openat(place.tenant_fd, "n", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)strcpy(place.tenant, "t");
	assert_true(place.fd >= 0);
	return place;
}

static void close_group(struct place *place)
{
	place_close(place);
	(void)close(host.base_fd);
	(void)close_fd(host.proc_fd);
}

static void test_own_counters_and_those_above(void **state)
{
	static const struct {
		enum ration_level level;
		const char *where;
		uint64_t oom;
	} above[] = {
		{ RATION_LEVEL_TENANT, "/box/own/ns/t", 5 },
		{ RATION_LEVEL_ANCESTOR, "/box/own/ns", 6 },
		/* No row for /box/own: it has no memory controller. */
		{ RATION_LEVEL_ANCESTOR, "/box", 7 },
		/* The mount's own group: that of a container. */
		{ RATION_LEVEL_ANCESTOR, "/", 100 },
	};
	struct counters counters;
	struct place place;
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	files_put(dir, "proc/vmstat", "nr_free_pages 1\noom_kill 9\n");
	files_put(dir, "memory.events.local", "oom 100\n");
	files_put(dir, "box/memory.events.local", "low 0\noom 7\noom_kill 0\n");
	files_put(dir, "box/own/ns/memory.events.local", "oom 6\n");
	files_put(dir, "box/own/ns/t/memory.events.local", "oom 5\n");
	files_put(dir, "box/own/ns/t/n/memory.events.local", "max 8\noom 1\noom_kill 2\noom_group_kill 3\n");
	files_put(dir, "box/own/ns/t/n/memory.events", "oom 1\noom_kill 4\n");
	place = open_group(dir, "/box/own", "ns");
	counters_read(&place, true, &counters);
	close_group(&place);
	files_end(dir);
	assert_int_equal(counters.oom, 1);
	assert_int_equal(counters.oom_kill, 2);
	assert_int_equal(counters.oom_group_kill, 3);
	assert_int_equal(counters.oom_kill_below, 4);
	assert_int_equal(counters.machine_oom_kill, 9);
	assert_true(counters.hidden);
	assert_int_equal(counters.n_levels, ARRAY_SIZE(above));
	for (size_t i = 0; i < ARRAY_SIZE(above); i++) {
		assert_int_equal(counters.level[i].level, above[i].level);
		assert_int_equal(counters.level[i].where, i == ARRAY_SIZE(above) - 1 ? 0 : strlen(above[i].where));
		assert_memory_equal(counters.path, above[i].where, counters.level[i].where);
		assert_int_equal(counters.level[i].oom, above[i].oom);
	}
}

/* Before 5.17 there is no oom_group_kill; without a controller there is nothing. */
static void test_counters_that_arent_there(void **state)
{
	struct counters counters;
	struct place place = PLACE_NONE;
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	files_put(dir, "ns/t/n/memory.events.local", "oom 1\noom_kill 2\n");
	place = open_group(dir, "", "ns");
	counters_read(&place, true, &counters);
	assert_int_equal(counters.oom_kill, 2);
	assert_int_equal(counters.oom_group_kill, ABSENT);
	assert_int_equal(counters.oom_kill_below, ABSENT);
	assert_int_equal(counters.machine_oom_kill, ABSENT);
	assert_int_equal(counters.n_levels, 0);
	assert_false(counters.hidden);
	files_put(dir, "ns/t/n/memory.events.local", "");
	counters_read(&place, true, &counters);
	assert_int_equal(counters.oom, ABSENT);
	assert_int_equal(counters.oom_kill, ABSENT);
	/* No group at all: the watch's runs. */
	place_close(&place);
	counters_read(&place, true, &counters);
	assert_int_equal(counters.oom, ABSENT);
	assert_int_equal(counters.n_levels, 0);
	close_group(&place);
	files_end(dir);
}

/* A tree that is deeper than there is room for: the nearest are kept. */
static void test_more_levels_than_there_is_room_for(void **state)
{
	struct counters counters;
	struct place place;
	char dir[PATH_MAX], base[256] = "", path[512];

	(void)state;
	files_begin(dir);
	for (int i = 0; i < COUNTER_LEVELS_MAX + 5; i++) {
		(void)strcat(base, "/d");
		(void)snprintf(path, sizeof(path), "%s/memory.events.local", base + 1);
		files_put(dir, path, "oom 1\n");
	}
	(void)snprintf(path, sizeof(path), "%s/ns/t/n", base + 1);
	files_put(dir, path, NULL);
	place = open_group(dir, base, "ns");
	counters_read(&place, true, &counters);
	close_group(&place);
	files_end(dir);
	assert_int_equal(counters.n_levels, COUNTER_LEVELS_MAX);
	assert_string_equal(counters.path, base);
	assert_int_equal(counters.level[0].where, strlen(base));
}

/* A group in one hierarchy of cgroup v1 that has these controllers. */
struct v1_group {
	struct host_snapshot host;
	struct place place;
};

static void v1_begin(struct v1_group *v1, const char *dir, uint32_t controllers)
{
	*v1 = (struct v1_group) { .place = PLACE_NONE };
	v1->host.proc_fd = -EBADF;
	v1->host.n_v1 = 1;
	v1->host.v1[0].controllers = controllers;
	v1->place.host = &v1->host;
	v1->place.v1_fd[0] = open_dir(dir);
}

static void test_usage_in_v1(void **state)
{
	struct usage usage = { .value = { 0 } };
	struct counters counters;
	struct v1_group v1;
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	files_put(dir, "cpuacct.usage", "1234567890\n");
	files_put(dir, "cpuacct.stat", "user 30\nsystem 10\n");
	files_put(dir, "cpu.stat", "nr_periods 9\nnr_throttled 7\nthrottled_time 5000999\n");
	files_put(dir, "memory.max_usage_in_bytes", "31457280\n");
	files_put(dir, "memory.stat", "cache 4096\nrss 8192\nrss_huge 0\nshmem 1024\ntotal_cache 9\n");
	files_put(dir, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	files_put(dir, "pids.events", "max 16\n");
	v1_begin(&v1, dir, RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUACCT | RATION_CONTROLLER_MEMORY |
			RATION_CONTROLLER_PIDS);
	/* What cgroup2 has counted stays; what rusage has doesn't. */
	usage_set(&usage, RATION_METRIC_THROTTLED_COUNT, 3, RATION_SOURCE_CGROUP2);
	usage_set(&usage, RATION_METRIC_CPU_USEC, 1, RATION_SOURCE_RUSAGE);
	metrics_read_v1(&v1.place, METRICS_ALL, &usage);
	assert_int_equal(value(&usage, RATION_METRIC_CPU_USEC), 1234567);
	assert_int_equal(usage_get(&usage, RATION_METRIC_CPU_USEC, NULL), RATION_SOURCE_CGROUP1);
	assert_int_equal(value(&usage, RATION_METRIC_CPU_SYSTEM_USEC), 308641);
	assert_int_equal(value(&usage, RATION_METRIC_CPU_USER_USEC), 1234567 - 308641);
	assert_int_equal(usage_get(&usage, RATION_METRIC_CPU_USER_USEC, NULL), RATION_SOURCE_CGROUP1);
	assert_int_equal(value(&usage, RATION_METRIC_THROTTLED_COUNT), 3);
	assert_int_equal(value(&usage, RATION_METRIC_THROTTLED_USEC), 5000);
	assert_int_equal(value(&usage, RATION_METRIC_MEMORY_PEAK_BYTES), 31457280);
	assert_int_equal(value(&usage, RATION_METRIC_MEMORY_ANON_BYTES), 8192);
	assert_int_equal(value(&usage, RATION_METRIC_MEMORY_FILE_BYTES), 4096);
	assert_int_equal(value(&usage, RATION_METRIC_OOM_KILLS), 2);
	assert_int_equal(value(&usage, RATION_METRIC_PIDS_REFUSED), 16);
	assert_true(value(&usage, RATION_METRIC_PIDS_PEAK) == ABSENT);
	counters_read(&v1.place, true, &counters);
	assert_true(counters.v1 && counters.oom == ABSENT);
	assert_int_equal(counters.oom_kill, 2);
	(void)close(v1.place.v1_fd[0]);
	files_end(dir);
}

/* The kernel's time of a run is told by ticks, if there were any; the sum stays the exact one. */
static void test_cpu_in_v1_is_divided(void **state)
{
	static const struct {
		const char *usage, *ticks;
		uint64_t user, system;
	} rows[] = {
		{ "1500000\n", "user 0\nsystem 0\n", 1500, 0 },
		{ "1500000\n", "user 0\nsystem 3\n", 0, 1500 },
		{ "1500000\n", "user 1\nsystem 2\n", 500, 1000 },
		/* 300 years of a CPU. */
		{ "9460800000000000000\n", "user 473040000000\nsystem 473040000000\n", 4730400000000000,
			4730400000000000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct usage usage = { .value = { 0 } };
		struct v1_group v1;
		char dir[PATH_MAX];

		files_begin(dir);
		files_put(dir, "cpuacct.usage", rows[i].usage);
		files_put(dir, "cpuacct.stat", rows[i].ticks);
		v1_begin(&v1, dir, RATION_CONTROLLER_CPUACCT);
		metrics_read_v1(&v1.place, METRICS_ALL, &usage);
		assert_int_equal(value(&usage, RATION_METRIC_CPU_USER_USEC), rows[i].user);
		assert_int_equal(value(&usage, RATION_METRIC_CPU_SYSTEM_USEC), rows[i].system);
		(void)close(v1.place.v1_fd[0]);
		files_end(dir);
	}
}

static void test_limits_in_v1(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *file, *text;
		int result;
		uint64_t value;
	} rows[] = {
		{ RATION_LIMIT_MEMORY, "memory.limit_in_bytes", "67108864\n", 0, 67108864 },
		/* v1 has no word for no limit. */
		{ RATION_LIMIT_MEMORY, "memory.limit_in_bytes", "9223372036854771712\n", 0, RATION_UNLIMITED },
		{ RATION_LIMIT_CPUS, "cpu.cfs_quota_us", "25000\n", 0, 50000 },
		{ RATION_LIMIT_CPUS, "cpu.cfs_quota_us", "-1\n", 0, RATION_UNLIMITED },
		{ RATION_LIMIT_PIDS, "pids.max", "max\n", 0, RATION_UNLIMITED },
		{ RATION_LIMIT_PIDS, "pids.max", "12\n", 0, 12 },
		{ RATION_LIMIT_PIDS, "pids.other", "12\n", -ENOENT, 1 },
		{ RATION_LIMIT_SWAP, "memory.memsw.limit_in_bytes", "12\n", -EOPNOTSUPP, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char dir[PATH_MAX];
		uint64_t found = 1;
		struct v1_group v1;
		int r;

		files_begin(dir);
		files_put(dir, "cpu.cfs_period_us", "50000\n");
		files_put(dir, rows[i].file, rows[i].text);
		v1_begin(&v1, dir, mech_v1_controller(rows[i].limit));
		r = in_force_read_v1(v1.place.v1_fd[0], ration_limit_info(rows[i].limit), &found);
		assert_row(r == rows[i].result && found == rows[i].value, "row %zu: %d, %" PRIu64, i, r, found);
		(void)close(v1.place.v1_fd[0]);
		files_end(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage_of_captured_groups),
		cmocka_unit_test(test_files_that_tell_nothing),
		cmocka_unit_test(test_io_of_very_many_disks),
		cmocka_unit_test(test_cpu_of_an_open_file),
		cmocka_unit_test(test_own_counters_and_those_above),
		cmocka_unit_test(test_counters_that_arent_there),
		cmocka_unit_test(test_more_levels_than_there_is_room_for),
		cmocka_unit_test(test_usage_in_v1),
		cmocka_unit_test(test_cpu_in_v1_is_divided),
		cmocka_unit_test(test_limits_in_v1),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
