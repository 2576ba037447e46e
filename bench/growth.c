/* SPDX-License-Identifier: MIT */
/*
 * growth.c - what one more costs where many groups live already
 *
 * `size` groups live in at most a hundred tenants. Beside each call of the library stands what the kernel takes
 * for the same, among as many groups.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"

#define TENANTS 100

static char true_path[] = "/usr/bin/true", *true_argv[] = { true_path, NULL };

static void address_of(size_t i, char buf[64])
{
	(void)snprintf(buf, 64, "t%zu/g%zu", i % TENANTS, i);
}

static void create(struct bench *bench, const char *address)
{
	const struct ration_group_options options = { .size = sizeof(options), .keep = true };
	struct ration_group *group = NULL;

	bench_check(bench, ration_group_create(bench->host, address, NULL, &options, &group, &bench->error));
	ration_group_free(group);
}

static void drop(struct bench *bench, const char *address)
{
	struct ration_remove_report report = { .size = sizeof(report) };
	struct ration_group *group = NULL;

	bench_check(bench, ration_group_open(bench->host, address, &group, &bench->error));
	bench_check(bench, ration_group_remove(group, RATION_REMOVE_KILL, &report, &bench->error));
	ration_group_free(group);
}

static void stat_one(struct bench *bench, const char *address)
{
	struct ration_group *group = NULL;
	struct ration_stats *stats = NULL;

	bench_check(bench, ration_group_open(bench->host, address, &group, &bench->error));
	bench_check(bench, ration_stats_new(group, &stats, &bench->error));
	ration_stats_free(stats);
	ration_group_free(group);
}

/* The floor of create, stat and remove: the directory, its lock, whose it is; the files that are there. */
static void create_bare(const struct bare *bare, const char *path)
{
	int fd;

	bare_must(mkdirat(bare->base_fd, path, 0700) == 0, path);
	fd = openat(bare->base_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bare_must(fchmodat(fd, "cgroup.max.descendants", 0600, 0) == 0 && fchmod(fd, 0755) == 0 &&
			fsetxattr(fd, "trusted.bench.owner", bare->owner, strlen(bare->owner), 0) == 0 &&
			fsetxattr(fd, "trusted.bench.keep", "1", 1, 0) == 0, path);
	close(fd);
}

static void stat_bare(const struct bare *bare, const char *path)
{
	static const char *const files[] = { "cgroup.events", "cpu.stat", "cpu.pressure", "memory.pressure", "io.pressure" };
	int fd = openat(bare->base_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		bare_read(fd, files[i]);
	close(fd);
}

static void sample(const struct bench *bench, size_t round, const char *who, const char *what, double begin)
{
	char name[96];

	(void)snprintf(name, sizeof(name), "%s, %s among %zu", who, what, bench->size);
	bench_sample(bench, round, name, bench_usec() - begin);
}

#define TIMED(who, what, call) do { begin = bench_usec(); call; sample(bench, round, who, what, begin); } while (0)

static void one_round(struct bench *bench, struct bare *bare, const struct ration_plan *plan, size_t round)
{
	char address[64], path[128];
	double begin;

	(void)snprintf(address, sizeof(address), "t0/x%zu", round);
	(void)snprintf(path, sizeof(path), "%s/%s/x%zu", bare->nspace, bare->tenant, round);
	TIMED("library", "create", create(bench, address));
	TIMED("floor", "create", create_bare(bare, path));
	TIMED("library", "stat", stat_one(bench, address));
	TIMED("floor", "stat", stat_bare(bare, path));
	TIMED("library", "remove", drop(bench, address));
	TIMED("floor", "remove", bare_must(unlinkat(bare->base_fd, path, AT_REMOVEDIR) == 0, path));
	TIMED("library", "run", (void)bench_finish(bench, bench_start(bench, plan, "t0", true_argv)));
	TIMED("floor", "run", (void)bare_run(bare, true_argv));
}

static void list_all(struct bench *bench)
{
	for (size_t i = 0; i < 5; i++) {
		struct ration_list *list = NULL;
		double begin = bench_usec();
		char name[64];

		bench_check(bench, ration_list_new(bench->host, NULL, &list, &bench->error));
		(void)snprintf(name, sizeof(name), "library, list, each of %zu", bench->size);
		bench_sample(bench, bench->warmup, name, (bench_usec() - begin) / (double)ration_list_count(list));
		ration_list_free(list);
	}
}

void bench_growth(struct bench *bench)
{
	struct ration_plan *plan;
	struct bare bare;
	char address[64];

	if (!bench_has_base(bench))
		return;
	plan = bench_plan(bench, NULL, RATION_PURPOSE_RUN);
	bare_must(bare_open(&bare, bench->info.base, "growth", false), "open");
	for (size_t i = 0; i < bench->size; i++) {
		address_of(i, address);
		create(bench, address);
	}
	for (size_t i = 0; i < bench->warmup + bench->rounds; i++)
		one_round(bench, &bare, plan, i);
	list_all(bench);
	for (size_t i = 0; i < bench->size; i++) {
		address_of(i, address);
		drop(bench, address);
	}
	bare_close(&bare);
	ration_plan_free(plan);
}
