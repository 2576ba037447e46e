/* SPDX-License-Identifier: MIT */
/*
 * soak.c - threads of one program that do all things to the same groups at once:
 * soak SEED SECONDS THREADS
 *
 * They share one host, and each has another of its own from time to time. All work on
 * the groups of two tenants; in a third nobody kills, freezes or removes, so there each
 * run must end as its command does, whoever collects meanwhile. An operation may fail by what the
 * header says of a race, with a message: all else is printed with thread, step and
 * operation. The same seed gives each thread the same operations.
 *
 * Two rounds, the first a tenth of the time. Prints one JSON object: operations, refusals, failures, and
 * what this process has after each round: fds, tasks, anonymous KiB. RATION_NAMESPACE is where, RATION_TEST_PROGRAMS
 * the folder with the helper programs. Exit status 1 if anything failed.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ration.h"

#define THREADS_MAX 64
#define ALLOWED_MAX 12
#define FAILURES_SHOWN 20
#define GROUPS 5
#define PATIENCE 60 /* seconds for what is over in a moment */
#define HOST_STEPS 32 /* so long a thread has the same host of its own */

/* What a race may give. */
struct answer {
	int code;
	enum ration_cause cause;
};

struct thread {
	int number;
	unsigned random;
	unsigned long step, refused, runs, failures;
	const char *op;
	const struct answer *allowed;
	const struct ration_host *shared;
	struct ration_host *own;
	char address[64];
	struct ration_error error;
};

static const char *const tenants[] = { "acme", "zeta" };
static volatile bool over;
static double until;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned below(struct thread *t, unsigned n)
{
	return (unsigned)rand_r(&t->random) / 7 % n;
}

/* ------------------------------------------------------------------ verdict */

__attribute__((format(printf, 2, 3))) static void fail(struct thread *t, const char *format, ...)
{
	char text[1024];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	t->failures++;
	if (t->failures <= FAILURES_SHOWN)
		fprintf(stderr, "soak: thread %d, step %lu, %s %s: %s\n", t->number, t->step, t->op, t->address, text);
}

/* Tells whether the call has succeeded; if not, whether it may. */
static bool fine(struct thread *t, int r, const char *call)
{
	const struct answer *allowed = t->allowed;

	if (r >= 0)
		return true;
	if (t->error.code != r || !t->error.message[0])
		fail(t, "%s: %d, and the error says %d: %s", call, r, t->error.code, t->error.message);
	for (; allowed->code != 0; allowed++) {
		if (allowed->code == r && allowed->cause == t->error.cause) {
			t->refused++;
			return false;
		}
	}
	fail(t, "%s: %s (cause %d): %s", call, strerrorname_np(-r), (int)t->error.cause, t->error.message);
	return false;
}

/* ---------------------------------------------------------------- some of all */

static const struct ration_host *some_host(struct thread *t)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };

	if (t->step % HOST_STEPS == 0)
		t->own = ration_host_free(t->own);
	if (!t->own && !fine(t, ration_host_open(&where, &t->own, &t->error), "ration_host_open"))
		return t->shared;
	return below(t, 2) ? t->own : t->shared;
}

static void some_address(struct thread *t, bool or_tenant)
{
	const char *tenant = tenants[below(t, 2)];

	if (or_tenant && below(t, 8) == 0)
		snprintf(t->address, sizeof(t->address), "%s", tenant);
	else
		snprintf(t->address, sizeof(t->address), "%s/g%u", tenant, below(t, GROUPS));
}

static struct ration_plan *new_plan(struct thread *t, const struct ration_host *host, enum ration_purpose purpose,
		unsigned pids)
{
	struct ration_plan_options how = { .size = sizeof(how), .purpose = purpose, .policy = RATION_ENFORCE_ANY };
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	char text[16];

	snprintf(text, sizeof(text), "%u", pids);
	if (fine(t, ration_limits_new(&limits), "ration_limits_new") && (purpose == RATION_PURPOSE_PROCESS ||
			(fine(t, ration_limits_parse(limits, RATION_LIMIT_PIDS, text, &t->error), "pids") &&
			fine(t, ration_limits_parse(limits, RATION_LIMIT_MEMORY, "64M", &t->error), "memory"))))
		(void)fine(t, ration_plan_new(host, limits, &how, &plan, &t->error), "ration_plan_new");
	ration_limits_free(limits);
	return plan;
}

/* NULL: there is none now. */
static struct ration_group *some_group(struct thread *t, bool or_tenant)
{
	struct ration_group *group = NULL;

	some_address(t, or_tenant);
	return fine(t, ration_group_open(some_host(t), t->address, &group, &t->error), "ration_group_open") ? group : NULL;
}

/* Waits for a child; one that is frozen with its group is killed. */
static void reap(int pid, int pid_fd)
{
	struct pollfd ended = { .fd = pid_fd, .events = POLLIN };

	if (pid_fd < 0 || poll(&ended, 1, 500) <= 0)
		kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	if (pid_fd >= 0)
		close(pid_fd);
}

/* ------------------------------------------------------------------ operations */

static void end_run(struct thread *t, struct ration_run *run, int code, bool calm)
{
	const struct ration_receipt *receipt;
	enum ration_verdict verdict;

	if (!fine(t, ration_run_wait(run, &t->error), "ration_run_wait"))
		return;
	t->runs++;
	receipt = ration_run_receipt(run);
	verdict = ration_receipt_verdict(receipt);
	if (verdict == RATION_VERDICT_EXIT && ration_receipt_exit_code(receipt) == code)
		return;
	/* By who has killed or removed the group. */
	if (verdict == RATION_VERDICT_SIGNAL && !calm)
		return;
	/* By who has released its processes into another group. */
	if (verdict == RATION_VERDICT_INTERNAL && !calm && ration_receipt_escaped_to(receipt)[0])
		return;
	fail(t, "verdict %s, exit code %d, not %d; %s", ration_verdict_name(verdict),
			ration_receipt_exit_code(receipt), code, ration_receipt_failure(receipt));
}

static void run_it(struct thread *t, const struct ration_host *host, const char *tenant, const char *name, bool calm)
{
	int code = 1 + (int)below(t, 100);
	char line[64];
	char *argv[] = { (char *)"sh", (char *)"-c", line, NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv, .tenant = tenant, .name = name };
	struct ration_plan *plan = new_plan(t, host, RATION_PURPOSE_RUN, 40 + below(t, 10));
	struct ration_run *run = NULL;

	snprintf(line, sizeof(line), "%sexit %d", below(t, 2) ? "sleep .05; " : "", code);
	snprintf(t->address, sizeof(t->address), "%s/%s", tenant, name ? name : "");
	if (plan && fine(t, ration_run_start(host, plan, &how, &run, &t->error), "ration_run_start")) {
		/* Half of the others aren't waited for. */
		if (calm || below(t, 2))
			end_run(t, run, code, calm);
		ration_run_free(run);
	}
	ration_plan_free(plan);
}

static void run_calm(struct thread *t)
{
	run_it(t, some_host(t), "calm", NULL, true);
}

static void run_shared(struct thread *t)
{
	char name[16];

	snprintf(name, sizeof(name), "g%u", below(t, GROUPS));
	run_it(t, some_host(t), tenants[below(t, 2)], below(t, 3) ? name : NULL, false);
}

static void create(struct thread *t)
{
	struct ration_group_options how = { .size = sizeof(how), .keep = below(t, 2), .exist_ok = below(t, 2),
		.command = "soak" };
	const struct ration_host *host = some_host(t);
	struct ration_plan *plan = new_plan(t, host, RATION_PURPOSE_GROUP, 60);
	struct ration_group *group = NULL;

	some_address(t, false);
	if (plan && fine(t, ration_group_create(host, t->address, plan, &how, &group, &t->error), "ration_group_create"))
		ration_group_free(group);
	ration_plan_free(plan);
}

static void create_tenant(struct thread *t)
{
	struct ration_group_options how = { .size = sizeof(how), .keep = below(t, 2), .exist_ok = true };
	struct ration_group *group = NULL;

	snprintf(t->address, sizeof(t->address), "%s", tenants[below(t, 2)]);
	if (fine(t, ration_group_create(some_host(t), t->address, NULL, &how, &group, &t->error), "ration_group_create"))
		ration_group_free(group);
}

static void update(struct thread *t)
{
	struct ration_group *group = some_group(t, false);
	struct ration_update_report report = { .size = sizeof(report) };
	struct ration_plan *plan = group ? new_plan(t, t->shared, RATION_PURPOSE_GROUP, 60 + below(t, 3)) : NULL;

	if (plan)
		(void)fine(t, ration_group_update(group, plan, NULL, &report, &t->error), "ration_group_update");
	ration_plan_free(plan);
	ration_group_free(group);
}

/* What one asks of a group at any moment is an answer, or that it is gone. */
static void read_group(struct thread *t)
{
	struct ration_group *group = some_group(t, true);
	struct ration_group_limit *limit = NULL;
	struct ration_stats *stats = NULL;
	int pids[8];

	if (!group)
		return;
	if (fine(t, ration_stats_new(group, &stats, &t->error), "ration_stats_new"))
		ration_stats_free(stats);
	(void)fine(t, ration_group_pids(group, pids, 8, &t->error), "ration_group_pids");
	if (fine(t, ration_group_limit_new(group, RATION_LIMIT_PIDS, &limit, &t->error), "ration_group_limit_new"))
		ration_group_limit_free(limit);
	ration_group_free(group);
}

static void watch_group(struct thread *t)
{
	struct ration_group *group = some_group(t, true);
	struct ration_event event = { .size = sizeof(event) };
	struct ration_events *events = NULL;
	int r;

	if (group && fine(t, ration_events_open(group, NULL, &events, &t->error), "ration_events_open")) {
		do
			r = ration_events_next(events, &event, &t->error);
		while (r > 0);
		(void)fine(t, r, "ration_events_next");
		ration_events_free(events);
	}
	ration_group_free(group);
}

static void list(struct thread *t)
{
	struct ration_list *items = NULL;

	t->address[0] = '\0';
	if (!fine(t, ration_list_new(some_host(t), NULL, &items, &t->error), "ration_list_new"))
		return;
	for (size_t i = 0; i < ration_list_count(items); i++) {
		const struct ration_list_item *item = ration_list_item(items, i);

		if (strchr(item->address, '/') && item->is_tenant)
			fail(t, "%s is a tenant", item->address);
	}
	ration_list_free(items);
}

static void gc(struct thread *t)
{
	struct ration_gc_report report = { .size = sizeof(report) };

	t->address[0] = '\0';
	if (fine(t, ration_gc(some_host(t), NULL, &report, &t->error), "ration_gc") && report.failed > 0)
		fail(t, "%llu groups couldn't be removed", (unsigned long long)report.failed);
}

static void freeze(struct thread *t)
{
	struct ration_group *group = some_group(t, true);

	if (!group)
		return;
	if (fine(t, ration_group_freeze(group, PATIENCE * 1000000, &t->error), "ration_group_freeze"))
		(void)poll(NULL, 0, (int)below(t, 5));
	(void)fine(t, ration_group_thaw(group, PATIENCE * 1000000, &t->error), "ration_group_thaw");
	ration_group_free(group);
}

static void kill_group(struct thread *t)
{
	struct ration_group *group = some_group(t, true);
	uint64_t killed;

	if (group)
		(void)fine(t, ration_group_kill(group, 0, &killed, &t->error), "ration_group_kill");
	ration_group_free(group);
}

static void spawn(struct thread *t)
{
	struct ration_group *group = some_group(t, false);
	char *argv[] = { (char *)"sleep", (char *)".02", NULL };
	struct ration_spawn_options how = { .size = sizeof(how), .argv = argv };
	int pid, pid_fd = -1;

	if (group && fine(t, ration_group_spawn(group, &how, &pid, &pid_fd, &t->error), "ration_group_spawn"))
		reap(pid, pid_fd);
	ration_group_free(group);
}

/* A process that comes by itself. */
static void attach(struct thread *t)
{
	struct ration_group *group = some_group(t, false), *other;
	char *argv[] = { (char *)"sleep", (char *)".05", NULL };
	struct ration_spawn_options how = { .size = sizeof(how), .argv = argv };
	int pid, pid_fd = -1;

	if (group && fine(t, ration_group_spawn(group, &how, &pid, &pid_fd, &t->error), "ration_group_spawn")) {
		other = some_group(t, false);
		if (other)
			(void)fine(t, ration_group_attach(other, pid, NULL, NULL, &t->error), "ration_group_attach");
		ration_group_free(other);
		reap(pid, pid_fd);
	}
	ration_group_free(group);
}

static void remove_group(struct thread *t)
{
	static const enum ration_remove modes[] = { RATION_REMOVE_EMPTY, RATION_REMOVE_KILL, RATION_REMOVE_KILL,
		RATION_REMOVE_RELEASE };
	struct ration_group *group = some_group(t, true);

	if (group)
		(void)fine(t, ration_group_remove(group, modes[below(t, 4)], NULL, &t->error), "ration_group_remove");
	ration_group_free(group);
}

#define NO_GROUP { -ENOENT, RATION_CAUSE_NO_GROUP }
#define VANISHED { -ENOENT, RATION_CAUSE_VANISHED }
#define EXISTS { -EEXIST, RATION_CAUSE_EXISTS }
#define FROZEN { -EBUSY, RATION_CAUSE_IN_USE }
#define POPULATED { -EBUSY, RATION_CAUSE_HAS_PROCESSES }
#define IN_V1 { -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE }
#define GONE_PROCESS { -ESRCH, RATION_CAUSE_NO_PROCESS }

static const struct {
	const char *name;
	void (*act)(struct thread *t);
	unsigned weight;
	struct answer allowed[ALLOWED_MAX];
} ops[] = {
	{ "run in calm", run_calm, 6, { { 0, 0 } } },
	{ "run", run_shared, 6, { EXISTS, FROZEN, VANISHED } },
	{ "create", create, 6, { EXISTS, VANISHED } },
	{ "create tenant", create_tenant, 2, { EXISTS, VANISHED } },
	{ "update", update, 4, { NO_GROUP, VANISHED, IN_V1 } },
	{ "read", read_group, 6, { NO_GROUP, VANISHED } },
	{ "events", watch_group, 2, { NO_GROUP, VANISHED } },
	{ "list", list, 4, { { 0, 0 } } },
	{ "gc", gc, 2, { { 0, 0 } } },
	{ "freeze", freeze, 2, { NO_GROUP, VANISHED, FROZEN } },
	{ "kill", kill_group, 2, { NO_GROUP, VANISHED } },
	{ "spawn", spawn, 4, { NO_GROUP, VANISHED, FROZEN } },
	{ "attach", attach, 2, { NO_GROUP, VANISHED, FROZEN, GONE_PROCESS } },
	{ "remove", remove_group, 4, { NO_GROUP, POPULATED } },
};
#define OPS (sizeof(ops) / sizeof(ops[0]))

/* What a host keeps from its first run on, it has before anything is counted. */
static void first_run(struct thread *t)
{
	t->op = ops[0].name;
	t->allowed = ops[0].allowed;
	run_it(t, t->shared, "calm", NULL, true);
}

static void one_step(struct thread *t)
{
	unsigned sum = 0, choice;
	size_t i = 0;

	for (size_t j = 0; j < OPS; j++)
		sum += ops[j].weight;
	choice = below(t, sum);
	while (choice >= ops[i].weight)
		choice -= ops[i++].weight;
	t->op = ops[i].name;
	t->allowed = ops[i].allowed;
	t->address[0] = '\0';
	ops[i].act(t);
	t->step++;
}

/* ---------------------------------------------------------------------- main */

static void *work(void *argument)
{
	struct thread *t = argument;

	while (!over && now() < until)
		one_step(t);
	t->own = ration_host_free(t->own);
	return NULL;
}

static int count(const char *path)
{
	DIR *dir = opendir(path);
	int n = -3; /* ".", "..", and of fds that of the directory */

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static long anonymous_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file))
		(void)sscanf(line, "RssAnon: %ld", &kib);
	if (file)
		fclose(file);
	return kib;
}

static void rounds(struct thread *threads, int n, double seconds)
{
	pthread_t id[THREADS_MAX];

	until = now() + seconds;
	for (int i = 0; i < n; i++) {
		if (pthread_create(&id[i], NULL, work, &threads[i]) != 0)
			abort();
	}
	for (int i = 0; i < n; i++)
		pthread_join(id[i], NULL);
}

/* A thread that was joined can be seen for a moment yet. */
static void say_counts(const char *name)
{
	for (double end = now() + PATIENCE; count("/proc/self/task") + 1 > 1 && now() < end;)
		(void)poll(NULL, 0, 10);
	printf(", \"%s\": {\"fds\": %d, \"tasks\": %d, \"anonymous_kib\": %ld}", name, count("/proc/self/fd"),
			count("/proc/self/task") + 1, anonymous_kib());
}

static void show(int pid, const char *what)
{
	char path[64], text[1000];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	file = fopen(path, "re");
	n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\0' || text[i] == '\n')
			text[i] = ' ';
	}
	fprintf(stderr, "soak: process %d: %s: %s\n", pid, what, text);
	if (file)
		fclose(file);
}

/* Who is in the way of this process's end, and where it is. */
static bool child_left(void)
{
	FILE *file;
	int pid = waitpid(-1, NULL, WNOHANG);

	if (pid < 0 && errno == ECHILD)
		return false;
	fprintf(stderr, "soak: a child is left, %s\n", pid > 0 ? "which nobody has reaped" : "and lives");
	file = fopen("/proc/thread-self/children", "re");
	while (file && fscanf(file, "%d", &pid) == 1) {
		show(pid, "cmdline");
		show(pid, "status");
		show(pid, "wchan");
		show(pid, "stack");
	}
	if (file)
		fclose(file);
	return true;
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };
	unsigned seed = argc > 1 ? (unsigned)atol(argv[1]) : 1;
	double seconds = argc > 2 ? atof(argv[2]) : 10;
	int n = argc > 3 ? atoi(argv[3]) : 32;
	static struct thread threads[THREADS_MAX];
	unsigned long steps = 0, refused = 0, runs = 0, failures = 0;
	struct ration_host *shared = NULL;

	if (n < 1 || n > THREADS_MAX || ration_host_open(&where, &shared, NULL) < 0)
		return 2;
	for (int i = 0; i < n; i++)
		threads[i] = (struct thread){ .number = i, .random = seed * 1000003 + (unsigned)i, .shared = shared };
	printf("{\"seed\": %u, \"threads\": %d", seed, n);
	first_run(&threads[0]);
	rounds(threads, n, seconds / 10);
	say_counts("first");
	rounds(threads, n, seconds * 9 / 10);
	say_counts("last");
	ration_host_free(shared);
	for (int i = 0; i < n; i++) {
		steps += threads[i].step;
		refused += threads[i].refused;
		runs += threads[i].runs;
		failures += threads[i].failures;
	}
	failures += child_left();
	printf(", \"operations\": %lu, \"refused\": %lu, \"runs\": %lu, \"failures\": %lu}\n", steps, refused, runs, failures);
	return failures > 0;
}
