/* SPDX-License-Identifier: MIT */
/*
 * test-sampler.c - chosen figures of many groups, read again and again or listed, on this machine's cgroup2
 *
 * Which figures a group has is test-counters.c's; here it is which group has them, what
 * becomes of one that goes, and how many files are open.
 */
#include "unit.h"

#include "base.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "host/notes.h"
#include "util/cleanup.h"

/* No group of cgroup2 has the third. */
static const enum ration_metric asked[] = { RATION_METRIC_CPU_USEC, RATION_METRIC_PIDS_CURRENT, RATION_METRIC_WALL_USEC,
	RATION_METRIC_CPU_PRESSURE_SOME_USEC, RATION_METRIC_CPU_SYSTEM_USEC };

#define COLUMNS ARRAY_SIZE(asked)
#define ROWS 16

static struct ration_group *make(struct base *base, const char *address)
{
	static const struct ration_group_options kept = { .size = sizeof(kept), .keep = true };
	struct ration_group *group = NULL;

	assert_int_equal(ration_group_create(base->host, address, NULL, &kept, &group, NULL), 0);
	return group;
}

static void drop(struct ration_group *group)
{
	assert_int_equal(ration_group_remove(group, RATION_REMOVE_KILL, NULL, NULL), 0);
	(void)ration_group_free(group);
}

static struct ration_sampler *sample(struct base *base, const char *tenant, size_t max_fds)
{
	const struct ration_sampler_options options = { .size = sizeof(options), .tenant = tenant, .metrics = asked,
		.n_metrics = COLUMNS, .max_fds = max_fds };
	struct ration_error error = { .message = "" };
	struct ration_sampler *sampler = NULL;

	assert_row(ration_sampler_new(base->host, &options, &sampler, &error) == 0, "%s", error.message);
	return sampler;
}

static const char *addresses(const struct ration_sampler *sampler, char buf[256])
{
	const struct ration_sampler_group *group;

	buf[0] = '\0';
	for (size_t i = 0; (group = ration_sampler_group(sampler, i)); i++)
		(void)snprintf(buf + strlen(buf), 256 - strlen(buf), "%s%s", i ? " " : "", group->address);
	assert_null(ration_sampler_group(sampler, ration_sampler_count(sampler)));
	return buf;
}

static size_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static uint64_t figure(const struct ration_stats *stats, enum ration_metric metric)
{
	uint64_t value;

	return ration_stats_metric(stats, metric, &value) == RATION_SOURCE_ABSENT ? RATION_UNKNOWN : value;
}

/* Uses some CPU time in the group. */
static void use(struct ration_group *group)
{
	static char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done", NULL };
	const struct ration_spawn_options options = { .size = sizeof(options), .argv = argv };
	int pid, status;

	assert_int_equal(ration_group_spawn(group, &options, &pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* Whatever is kept open: all of it, a part, nothing. */
static void test_each_row_is_its_groups(void **state)
{
	static const size_t fds[] = { 0, 4, 1 };
	struct base base;

	(void)state;
	base_begin(&base);
	struct ration_group *t = make(&base, "t"), *n = make(&base, "t/n"), *other = make(&base, "t-other/n");

	use(n);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		uint64_t value[ROWS * COLUMNS], usec[ROWS];
		size_t before = open_fds();
		struct ration_sampler *sampler = sample(&base, NULL, fds[i]);
		struct ration_stats *stats = NULL;
		char text[256];

		assert_string_equal(addresses(sampler, text), "t t/n t-other t-other/n");
		assert_true(fds[i] == 0 || ration_sampler_fds(sampler) <= fds[i]);
		assert_int_equal(open_fds() - before, ration_sampler_fds(sampler));
		assert_int_equal(ration_sampler_read(sampler, value, ARRAY_SIZE(value), usec, NULL), 0);
		assert_int_equal(open_fds() - before, ration_sampler_fds(sampler));
		assert_int_equal(ration_stats_new(n, &stats, NULL), 0);
		/* It is idle: what is counted of it stands still. */
		for (size_t m = 0; m < COLUMNS; m++)
			assert_row(value[COLUMNS + m] == figure(stats, asked[m]), "fds %zu, %s: %ju", fds[i],
					ration_metric_name(asked[m]), (uintmax_t)value[COLUMNS + m]);
		assert_true(value[COLUMNS] > 0 && value[COLUMNS] != RATION_UNKNOWN);
		assert_int_equal(value[3 * COLUMNS], 0);
		assert_true(usec[0] > 0 && usec[0] <= usec[3]);
		(void)ration_stats_free(stats);
		sampler = ration_sampler_free(sampler);
		assert_int_equal(open_fds(), before);
	}
	drop(n);
	drop(t);
	drop(other);
	base_end(&base);
}

/* Its tenant and its neighbours aren't even opened. */
static void test_one_alone(void **state)
{
	static const char *const one[] = { "t", "t/n", "t/nobody", "nobody", "nobody/n" };
	static const char *const found[] = { "t", "t/n", "", "", "" };
	struct base base;

	(void)state;
	base_begin(&base);
	struct ration_group *n = make(&base, "t/n"), *other = make(&base, "t/other");

	for (size_t i = 0; i < ARRAY_SIZE(one); i++) {
		const struct ration_sampler_options options = { .size = sizeof(options), .metrics = asked, .n_metrics = COLUMNS,
			.address = one[i] };
		struct ration_sampler *sampler = NULL;
		uint64_t value[COLUMNS];
		char text[256];

		assert_int_equal(ration_sampler_new(base.host, &options, &sampler, NULL), 0);
		assert_string_equal(addresses(sampler, text), found[i]);
		assert_int_equal(ration_sampler_read(sampler, value, COLUMNS, NULL, NULL), 0);
		sampler = ration_sampler_free(sampler);
	}
	drop(n);
	drop(other);
	base_end(&base);
}

static void test_one_tenant(void **state)
{
	struct base base;
	char text[256];

	(void)state;
	base_begin(&base);
	struct ration_group *a = make(&base, "t/a"), *b = make(&base, "other/b");
	struct ration_sampler *sampler = sample(&base, "t", 0);

	assert_string_equal(addresses(sampler, text), "t t/a");
	assert_true(ration_sampler_group(sampler, 0)->is_tenant);
	assert_false(ration_sampler_group(sampler, 1)->is_tenant);
	assert_int_equal(ration_sampler_group(sampler, 1)->uid, geteuid());
	sampler = ration_sampler_free(sampler);
	drop(a);
	drop(b);
	base_end(&base);
}

/* One of the same name that is made anew has nothing of what there was. */
static void test_what_goes_and_comes(void **state)
{
	static const size_t fds[] = { 0, 1 };
	struct base base;

	(void)state;
	base_begin(&base);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct ration_group *n = make(&base, "t/n"), *stays = make(&base, "t/stays");
		struct ration_sampler *sampler = sample(&base, NULL, fds[i]);
		uint64_t value[ROWS * COLUMNS], id = ration_sampler_group(sampler, 1)->id;
		char text[256];

		use(n);
		drop(n);
		n = make(&base, "t/n");
		assert_int_equal(ration_sampler_read(sampler, value, ARRAY_SIZE(value), NULL, NULL), 1);
		assert_true(ration_sampler_group(sampler, 1)->gone && !ration_sampler_group(sampler, 2)->gone);
		assert_true(value[COLUMNS] == RATION_UNKNOWN && value[2 * COLUMNS] == 0);
		/* And once more, when it is known. */
		assert_int_equal(ration_sampler_read(sampler, value, ARRAY_SIZE(value), NULL, NULL), 1);
		drop(make(&base, "t/short"));
		struct ration_group *late = make(&base, "a-late");

		assert_int_equal(ration_sampler_scan(sampler, NULL), 4);
		assert_string_equal(addresses(sampler, text), "a-late t t/n t/stays");
		assert_true(ration_sampler_group(sampler, 2)->id != id);
		assert_int_equal(ration_sampler_read(sampler, value, ARRAY_SIZE(value), NULL, NULL), 0);
		assert_int_equal(value[2 * COLUMNS], 0);
		drop(n);
		drop(stays);
		drop(late);
		assert_int_equal(ration_sampler_scan(sampler, NULL), 0);
		assert_int_equal(ration_sampler_fds(sampler), 0);
		assert_int_equal(ration_sampler_read(sampler, value, 0, NULL, NULL), 0);
		sampler = ration_sampler_free(sampler);
	}
	base_end(&base);
}

/* How many directories were opened since the last time. */
static size_t opened(int watch_fd)
{
	_Alignas(struct inotify_event) char buf[4096];
	size_t n = 0;
	ssize_t size;

	while ((size = read(watch_fd, buf, sizeof(buf))) > 0)
		for (const char *at = buf; at < buf + size;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;

			n += event->len == 0 && (event->mask & IN_OPEN);
			at += sizeof(*event) + event->len;
		}
	return n;
}

/* Sixteen scans open each group once, and then have found who it belongs to now. */
static void test_scans_of_known_groups(void **state)
{
	static const char *const names[] = { "t/0", "t/1", "t/2", "t/3", "t/4", "t/5", "t/6", "t/7" };
	struct ration_group *group[ARRAY_SIZE(names)];
	int watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct ration_sampler *sampler;
	struct base base;

	(void)state;
	assert_true(watch_fd >= 0);
	base_begin(&base);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		group[i] = make(&base, names[i]);
	sampler = sample(&base, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path = ration_group_path(group[i]);

		assert_int_equal(chown(path, 4242, (gid_t)-1), 0);
		assert_true(inotify_add_watch(watch_fd, path, IN_OPEN) >= 0);
	}
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(ration_sampler_scan(sampler, NULL), 1 + ARRAY_SIZE(names));
	assert_int_equal(opened(watch_fd), ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(ration_sampler_group(sampler, 1 + i)->uid, 4242);
		assert_string_equal(ration_sampler_group(sampler, 1 + i)->address, names[i]);
	}
	sampler = ration_sampler_free(sampler);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		drop(group[i]);
	base_end(&base);
	(void)close(watch_fd);
}

/* For want of an fd a scan fails, or it doesn't; what it leaves can be read as soon as there are fds again. */
static void test_short_of_fds(void **state)
{
	struct rlimit before, few;
	struct base base;

	(void)state;
	base_begin(&base);
	struct ration_group *n = make(&base, "t/n");
	struct ration_sampler *sampler = sample(&base, NULL, 0);
	uint64_t value[ROWS * COLUMNS];
	size_t scanned = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t spare = 0; spare < 8; spare++) {
		few = before;
		/* Two of those counted are "." and "..", one is that of the count. */
		few.rlim_cur = (rlim_t)(open_fds() - 3 + spare);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		scanned += ration_sampler_scan(sampler, NULL) == 2;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_int_equal(ration_sampler_read(sampler, value, ARRAY_SIZE(value), NULL, NULL), 0);
		assert_int_equal(value[COLUMNS], 0);
	}
	assert_true(scanned > 0);
	sampler = ration_sampler_free(sampler);
	drop(n);
	base_end(&base);
}

/* ---------------------------------------------------------------- cgroup v1 */

static struct ration_group *make_limited(struct base *base, const char *address)
{
	static const struct ration_group_options kept = { .size = sizeof(kept), .keep = true };
	static const struct ration_plan_options by_hand = { .size = sizeof(by_hand), .purpose = RATION_PURPOSE_GROUP };
	struct ration_error error = { .message = "" };
	struct ration_limits *limits = NULL;
	struct ration_group *group = NULL;
	struct ration_plan *plan = NULL;

	assert_int_equal(ration_limits_new(&limits), 0);
	assert_int_equal(ration_limits_set(limits, RATION_LIMIT_MEMORY, RATION_UNLIMITED, 64 << 20, NULL), 0);
	assert_int_equal(ration_limits_set(limits, RATION_LIMIT_PIDS, RATION_UNLIMITED, 50, NULL), 0);
	assert_int_equal(ration_limits_set_policy(limits, RATION_LIMIT_MEMORY, RATION_ENFORCE_ANY, NULL), 0);
	assert_int_equal(ration_limits_set_policy(limits, RATION_LIMIT_PIDS, RATION_ENFORCE_ANY, NULL), 0);
	assert_int_equal(ration_plan_new(base->host, limits, &by_hand, &plan, NULL), 0);
	assert_row(ration_group_create(base->host, address, plan, &kept, &group, &error) == 0, "%s", error.message);
	(void)ration_plan_free(plan);
	(void)ration_limits_free(limits);
	return group;
}

/* Whichever cgroup counts them: a sampler and a list know what ration_stats_new() does, and no more. */
static void test_memory_and_tasks_of_either_cgroup(void **state)
{
	static const enum ration_metric counted[] = { RATION_METRIC_MEMORY_PEAK_BYTES, RATION_METRIC_PIDS_CURRENT, RATION_METRIC_PIDS_PEAK };
	static const size_t fds[] = { 0, 1 };
	struct base base;

	(void)state;
	base_begin(&base);
	struct ration_group *n = make_limited(&base, "t/n");
	struct ration_stats *stats = NULL;

	use(n);
	assert_int_equal(ration_stats_new(n, &stats, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		const struct ration_sampler_options options = { .size = sizeof(options), .metrics = counted,
			.n_metrics = ARRAY_SIZE(counted), .max_fds = fds[i] };
		struct ration_sampler *sampler = NULL;
		uint64_t value[2 * ARRAY_SIZE(counted)];
		size_t before = open_fds();

		assert_int_equal(ration_sampler_new(base.host, &options, &sampler, NULL), 0);
		assert_int_equal(ration_sampler_read(sampler, value, ARRAY_SIZE(value), NULL, NULL), 0);
		for (size_t m = 0; m < ARRAY_SIZE(counted); m++)
			assert_row(value[ARRAY_SIZE(counted) + m] == figure(stats, counted[m]), "fds %zu, %s: %ju", fds[i],
					ration_metric_name(counted[m]), (uintmax_t)value[ARRAY_SIZE(counted) + m]);
		assert_int_equal(open_fds() - before, ration_sampler_fds(sampler));
		/* Its directories in cgroup v1 go as well. */
		if (i + 1 == ARRAY_SIZE(fds))
			drop(n);
		assert_int_equal(ration_sampler_read(sampler, value, ARRAY_SIZE(value), NULL, NULL), i + 1 == ARRAY_SIZE(fds) ? 2 : 0);
		sampler = ration_sampler_free(sampler);
	}
	stats = ration_stats_free(stats);
	base_end(&base);
}

/* ------------------------------------------------------------------- lists */

static struct ration_list *list_of(struct base *base, const enum ration_metric *metrics, size_t n, bool rest)
{
	const struct ration_list_options options = { .size = sizeof(options), .metrics = metrics, .n_metrics = n,
		.pressure = rest, .processes = rest };
	struct ration_error error = { .message = "" };
	struct ration_list *list = NULL;

	assert_row(ration_list_new_with(base->host, &options, &list, &error) == 0, "%s", error.message);
	return list;
}

/* All figures that are counted of idle groups, as ration_stats_new() reads them one after the other; of a list only those. */
static void assert_figures(const struct base *base, const struct ration_list_item *item, const enum ration_metric *metrics, size_t n)
{
	struct ration_group *group = NULL;
	struct ration_stats *stats = NULL;
	enum ration_metric metric;

	assert_int_equal(ration_group_open(base->host, item->address, &group, NULL), 0);
	assert_int_equal(ration_stats_new(group, &stats, NULL), 0);
	for (size_t i = 0; (metric = ration_metric_at(i)) != RATION_METRIC_NONE; i++) {
		bool asked_for = false;

		for (size_t m = 0; m < n; m++)
			asked_for |= metrics[m] == metric;
		assert_row(figure(item->stats, metric) == (asked_for ? figure(stats, metric) : RATION_UNKNOWN), "%s: %s", item->address,
				ration_metric_name(metric));
	}
	(void)ration_stats_free(stats);
	(void)ration_group_free(group);
}

static void test_a_list_has_what_is_asked_for(void **state)
{
	struct base base;

	(void)state;
	base_begin(&base);
	struct ration_group *n = make(&base, "t/n"), *other = make(&base, "t-other/n"), *t = make(&base, "t/a.b");

	use(n);
	for (size_t few = 0; few <= COLUMNS; few++) {
		static const char *const expected[] = { "t", "t/a.b", "t/n", "t-other", "t-other/n" };
		struct ration_list *list = list_of(&base, few ? asked : NULL, few, few % 2);

		assert_int_equal(ration_list_count(list), ARRAY_SIZE(expected));
		for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
			const struct ration_list_item *item = ration_list_item(list, i);

			assert_string_equal(item->address, expected[i]);
			assert_true(item->is_tenant == !strchr(expected[i], '/') && item->uid == geteuid() && !item->delegated);
			assert_int_equal(item->owner, item->is_tenant ? RATION_OWNER_IMPLIED : RATION_OWNER_KEPT);
			assert_true(item->is_tenant || item->created_usec > 0);
			assert_true(ration_stats_processes(item->stats) == (few % 2 ? 0 : RATION_UNKNOWN));
			assert_figures(&base, item, asked, few);
		}
		assert_null(ration_list_item(list, ARRAY_SIZE(expected)));
		list = ration_list_free(list);
	}
	drop(n);
	drop(t);
	drop(other);
	base_end(&base);
}

/* Makes and removes a group below `t`, again and again, until it is killed. */
static pid_t start_trouble(const struct base *base)
{
	pid_t pid = fork();
	char path[sizeof(base->path) + 8];

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(path, sizeof(path), "%s/t/torn", base->path);
	for (;;) {
		(void)mkdir(path, 0755);
		(void)rmdir(path);
	}
}

/* One that comes and goes is there with all figures or not at all, and no reason to fail. */
static void test_lists_while_groups_go(void **state)
{
	struct base base;

	(void)state;
	base_begin(&base);
	struct ration_group *n = make(&base, "t/n");
	struct ration_sampler *sampler = sample(&base, NULL, 1);
	pid_t pid = start_trouble(&base);
	char path[sizeof(base.path) + 8];

	for (int i = 0; i < 100; i++) {
		struct ration_list *list = list_of(&base, asked, COLUMNS, i % 2);
		size_t count = ration_list_count(list);
		uint64_t value[ROWS * COLUMNS];

		assert_true(count == 2 || count == 3);
		for (size_t k = 0; k < count; k++)
			assert_true(figure(ration_list_item(list, k)->stats, RATION_METRIC_CPU_USEC) != RATION_UNKNOWN);
		list = ration_list_free(list);
		assert_true(ration_sampler_scan(sampler, NULL) >= 2);
		assert_true(ration_sampler_read(sampler, value, ARRAY_SIZE(value), NULL, NULL) >= 0);
		assert_int_equal(value[COLUMNS], 0);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	sampler = ration_sampler_free(sampler);
	/* What it may have left. */
	(void)snprintf(path, sizeof(path), "%s/t/torn", base.path);
	(void)rmdir(path);
	drop(n);
	base_end(&base);
}

/* What anybody but root can have noted isn't shown to root. */
static void test_notes_of_another(void **state)
{
	static const char *const notes[][2] = { { "user.ration.keep", "1" }, { "user.ration.created", "1700000000000000" },
		{ "user.ration.command", "forged" } };
	struct notes_reader reader = { .many = true };
	struct base base;
	char text[8];

	(void)state;
	if (geteuid() != 0)
		skip_because("only root gives a directory away");
	base_begin(&base);
	(void)notes_read_by(&reader, host_now(base.host)->base_fd, NULL, NOTE_COMMAND, text, sizeof(text));
	if (!reader.roots) {
		base_end(&base);
		skip_because("root of another user namespace believes notes of user.*");
	}
	struct ration_group *n = make(&base, "t/n");
	char path[sizeof(base.path) + 8];

	(void)snprintf(path, sizeof(path), "%s/t/other", base.path);
	assert_int_equal(mkdir(path, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
		assert_true(setxattr(path, notes[i][0], notes[i][1], strlen(notes[i][1]), 0) == 0 || errno == EOPNOTSUPP);
	/* On a directory of root's own, and then on another's. */
	for (int others = 0; others < 2; others++) {
		const enum ration_metric memory = RATION_METRIC_MEMORY_CURRENT_BYTES;
		struct ration_list *list = list_of(&base, &memory, 1, false);
		const struct ration_list_item *item = ration_list_item(list, 2);

		assert_int_equal(ration_list_count(list), 3);
		assert_string_equal(item->address, "t/other");
		assert_int_equal(item->uid, others ? 54711 : 0);
		assert_true(item->owner != RATION_OWNER_KEPT && item->created_usec == 0);
		assert_string_equal(item->command, "");
		list = ration_list_free(list);
		assert_int_equal(chown(path, 54711, 54711), 0);
	}
	assert_int_equal(rmdir(path), 0);
	drop(n);
	base_end(&base);
}

/* For want of an fd a list fails: none is shorter than it is. */
static void test_a_list_short_of_fds(void **state)
{
	struct rlimit before, few;
	size_t listed = 0, failed = 0;
	struct base base;

	(void)state;
	base_begin(&base);
	struct ration_group *n = make_limited(&base, "t/n");

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t spare = 0; spare < 12; spare++) {
		const struct ration_list_options options = { .size = sizeof(options), .metrics = asked, .n_metrics = COLUMNS,
			.pressure = true, .processes = true };
		struct ration_list *list = NULL;
		int r;

		few = before;
		few.rlim_cur = (rlim_t)(open_fds() - 3 + spare);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		r = ration_list_new_with(base.host, &options, &list, NULL);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		listed += r == 0;
		failed += r < 0;
		assert_true(r < 0 || (ration_list_count(list) == 2 &&
				figure(ration_list_item(list, 1)->stats, RATION_METRIC_CPU_USEC) == 0));
		list = ration_list_free(list);
	}
	assert_true(listed > 0 && failed > 0);
	drop(n);
	base_end(&base);
}

static void test_a_list_of_nonsense(void **state)
{
	static const enum ration_metric wrong = (enum ration_metric)9999;
	const struct ration_list_options rows[] = {
		{ .tenant = "t" },
		{ .size = sizeof(rows[0]), .tenant = "../up" },
		{ .size = sizeof(rows[0]), .metrics = &wrong, .n_metrics = 1 },
		{ .size = sizeof(rows[0]), .metrics = asked, .n_metrics = 1000 },
	};
	struct ration_list *list = NULL;
	struct base base;

	(void)state;
	base_begin(&base);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(ration_list_new_with(base.host, &rows[i], &list, NULL) == -EINVAL, "row %zu", i);
	assert_null(list);
	base_end(&base);
}

static void test_what_is_refused(void **state)
{
	static const enum ration_metric wrong = (enum ration_metric)9999;
	const struct {
		const char *what;
		struct ration_sampler_options options;
	} rows[] = {
		{ "no size", { .metrics = asked, .n_metrics = 1 } },
		{ "without metrics", { .size = sizeof(rows[0].options) } },
		{ "9999", { .size = sizeof(rows[0].options), .metrics = &wrong, .n_metrics = 1 } },
		{ "1000 metrics", { .size = sizeof(rows[0].options), .metrics = asked, .n_metrics = 1000 } },
		{ "up", { .size = sizeof(rows[0].options), .metrics = asked, .n_metrics = 1, .address = "t/../up" } },
		{ "exclude", { .size = sizeof(rows[0].options), .metrics = asked, .n_metrics = 1, .address = "t", .tenant = "t" } },
		{ "tenant", { .size = sizeof(rows[0].options), .metrics = asked, .n_metrics = 1, .tenant = "../up" } },
	};
	struct ration_sampler *sampler = NULL;
	struct ration_error error;
	uint64_t value[2 * COLUMNS];
	struct base base;

	(void)state;
	base_begin(&base);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		error = (struct ration_error){ .message = "" };
		assert_row(ration_sampler_new(base.host, &rows[i].options, &sampler, &error) == -EINVAL, "%s", rows[i].what);
		assert_row(i == 0 || strstr(error.message, rows[i].what), "%s: %s", rows[i].what, error.message);
	}
	assert_null(sampler);
	struct ration_group *n = make(&base, "t/n");

	sampler = sample(&base, NULL, 0);
	assert_int_equal(ration_sampler_read(sampler, value, 2 * COLUMNS - 1, NULL, &error), -EINVAL);
	assert_int_equal(ration_sampler_read(sampler, value, 2 * COLUMNS, NULL, &error), 0);
	sampler = ration_sampler_free(sampler);
	drop(n);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row_is_its_groups),
		cmocka_unit_test(test_one_alone),
		cmocka_unit_test(test_one_tenant),
		cmocka_unit_test(test_what_goes_and_comes),
		cmocka_unit_test(test_scans_of_known_groups),
		cmocka_unit_test(test_short_of_fds),
		cmocka_unit_test(test_memory_and_tasks_of_either_cgroup),
		cmocka_unit_test(test_a_list_has_what_is_asked_for),
		cmocka_unit_test(test_lists_while_groups_go),
		cmocka_unit_test(test_notes_of_another),
		cmocka_unit_test(test_a_list_short_of_fds),
		cmocka_unit_test(test_a_list_of_nonsense),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
