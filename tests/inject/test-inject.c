/* SPDX-License-Identifier: MIT */
/*
 * test-inject.c - whatever call fails, a run leaves nothing behind
 *
 * A whole run, from ration_host_open() to ration_run_free(), is repeated, and
 * each time the next of the calls that can fail does, until one time all of them
 * went through. So is the life of a group by hand: made, watched, changed, a process
 * moved in, removed. After each: what failed says so, or it went well; and there are
 * no group, no child, no open fd and no memory more than before.
 *
 * Each scenario runs in a process of its own, so that a run that hangs is ended
 * and named.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"
#include "ration.h"

/* Far more calls than a run makes. */
#define FAULTS_MAX 5000

/* No fault takes longer than this, the library's own deadlines included. */
#define HANG_SECONDS 300
/* Of 5 ms: less than that. */
#define NAPS_MAX 24000

struct scenario {
	const char *name;
	bool cgroups;      /* or none: the subreaper's way */
	int refuse;        /* clone3 and openat2 answer this errno; 0: they are there */
	bool give_up;      /* ration_run_free() in the middle */
	const char *script; /* NULL: a group by hand */
	const char *helpers; /* where the helper programs are; NULL: there is none, and helpers are forked */
};

static const struct scenario scenarios[] = {
	{ "cgroup", true, 0, false, "echo out; sleep 50 & exit 3", NULL },
	{ "cgroup, given up", true, 0, true, "sleep 50 & sleep 50", NULL },
	{ "cgroup, with ration-keeper", true, 0, false, "echo out; sleep 50 & exit 3", BUILT },
	{ "cgroup, with ration-keeper, given up", true, 0, true, "sleep 50 & sleep 50", BUILT },
	{ "cgroup, moved in", true, ENOSYS, false, "exit 3", NULL },
	{ "cgroup, moved in after EPERM", true, EPERM, true, "sleep 50", NULL },
	{ "group by hand", true, 0, false, NULL, NULL },
	{ "group by hand, no new calls", true, ENOSYS, false, NULL, NULL },
	{ "subreaper", false, 0, false, "echo out; sleep 50 & exit 3", NULL },
	{ "subreaper, given up", false, 0, true, "sleep 50 & sleep 50", NULL },
	{ "subreaper, with ration-reaper", false, 0, false, "echo out; sleep 50 & exit 3", BUILT },
	{ "subreaper, with ration-reaper, given up", false, 0, true, "sleep 50 & sleep 50", BUILT },
	{ "subreaper, no new calls", false, ENOSYS, false, "exit 3", NULL },
};

static struct state {
	const char *scenario;
	unsigned n;
	const char *problem;
	int detail;
	char text[512];
} now;

static const char *nspace, *helpers;

static bool problem(const char *what, int detail)
{
	if (!now.problem) {
		now.problem = what;
		now.detail = detail;
	}
	return false;
}

/* ---------------------------------------------------------- what is left */

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n;
}

static void nap(void)
{
	const struct timespec time = { .tv_nsec = 5000000 };

	(void)nanosleep(&time, NULL);
}

/* Whoever the library didn't wait for. */
static int children_left(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 1;
}

static bool exists(const char *path)
{
	return path[0] && access(path, F_OK) == 0;
}

/*
 * A directory that couldn't be removed at the first try is the keeper's, which
 * goes on after us and is no child of ours any more. Everything else must be as
 * it was at once.
 */
static bool nothing_left(const char *namespace_path, int fds, size_t memory, const char *failed)
{
	for (int i = 0; i < NAPS_MAX && exists(namespace_path); i++)
		nap();
	if (exists(namespace_path))
		return problem("a group is left", 0);
	/* waitid(2), too, goes by syscall(): with a child there it can't fail, but for us. One that was killed takes its time. */
	for (int i = 0; i < NAPS_MAX && failed && strcmp(failed, "syscall") == 0 && children_left(); i++)
		nap();
	if (children_left())
		return problem("a child is left", 0);
	if (count_fds() != fds)
		return problem("fds are left", count_fds() - fds);
	if (mallinfo2().uordblks != memory)
		return problem("memory is left", (int)(mallinfo2().uordblks - memory));
	return true;
}

/* So that the next run is judged by itself. */
static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	return kind == FTW_DP ? rmdir(path) : 0;
}

static void clean_up(const char *namespace_path)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (exists(namespace_path))
		(void)nftw(namespace_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ------------------------------------------------------------- one run */

/* A call that failed must say so, and one that didn't must not. */
static bool said(int r, const struct ration_error *error)
{
	if (r >= 0)
		return true;
	(void)snprintf(now.text, sizeof(now.text), "%s", error->message);
	if (error->code != r || !error->message[0])
		return problem("a failure without an explanation", r);
	return true;
}

static int open_host(const char *namespace_name, struct ration_host **ret, char *path, size_t size)
{
	const struct ration_host_options options = { .size = sizeof(options), .nspace = namespace_name,
		.helpers = helpers };
	struct ration_host_info info = { .size = sizeof(info) };
	struct ration_error error = { .code = 0 };
	int r = ration_host_open(&options, ret, &error);

	(void)said(r, &error);
	if (r < 0)
		return r;
	ration_host_info(*ret, &info);
	path[0] = '\0';
	if (info.base)
		(void)snprintf(path, size, "%s/%s", info.base, namespace_name);
	return 0;
}

static int make_plan(const struct ration_host *host, struct ration_plan **ret)
{
	static const struct {
		enum ration_limit limit;
		uint64_t soft, hard;
	} asked[] = {
		{ RATION_LIMIT_MEMORY, RATION_UNLIMITED, UINT64_C(1) << 30 },
		{ RATION_LIMIT_PIDS, RATION_UNLIMITED, 1000 },
		{ RATION_LIMIT_CPU_TIME, 20000000, 30000000 },
		{ RATION_LIMIT_TIMEOUT, RATION_UNLIMITED, 30000000 },
		{ RATION_LIMIT_OUTPUT, RATION_UNLIMITED, 100000 },
		{ RATION_LIMIT_RLIMIT_NOFILE, RATION_UNLIMITED, 100 },
	};
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_ANY };
	struct ration_limits *limits = NULL;
	struct ration_error error = { .code = 0 };
	int r = ration_limits_new(&limits);

	for (size_t i = 0; r == 0 && i < sizeof(asked) / sizeof(asked[0]); i++)
		r = ration_limits_set(limits, asked[i].limit, asked[i].soft, asked[i].hard, &error);
	if (r == 0) {
		r = ration_plan_new(host, limits, &how, ret, &error);
		(void)said(r, &error);
	}
	(void)ration_limits_free(limits);
	return r;
}

static int finish_run(const struct scenario *scenario, struct ration_run *run)
{
	const struct ration_receipt *receipt;
	struct ration_error error = { .code = 0 };
	int r;

	if (scenario->give_up)
		return 0;
	do
		r = ration_run_wait(run, &error);
	while (r == -EINTR);
	(void)said(r, &error);
	if (r < 0)
		return r;
	receipt = ration_run_receipt(run);
	if (!receipt)
		(void)problem("a run that is over has no receipt", 0);
	else if (ration_receipt_exit_code(receipt) != 3)
		(void)problem("a wrong exit status", ration_receipt_exit_code(receipt));
	return 0;
}

/* ------------------------------------------------------- a group by hand */

static int make_group_plan(const struct ration_host *host, uint64_t pids, struct ration_plan **ret)
{
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_ANY,
		.purpose = RATION_PURPOSE_GROUP, .tenant = "t" };
	struct ration_limits *limits = NULL;
	struct ration_error error = { .code = 0 };
	int r = ration_limits_new(&limits);

	if (r == 0)
		r = ration_limits_set(limits, RATION_LIMIT_PIDS, RATION_UNLIMITED, pids, &error);
	if (r == 0) {
		r = ration_plan_new(host, limits, &how, ret, &error);
		(void)said(r, &error);
	}
	(void)ration_limits_free(limits);
	return r;
}

/* Watched, by events and by a guard where that can be had. */
static int watch(struct ration_group *group, const struct ration_host *host, struct ration_events **ret_events)
{
	static const struct ration_guard_options how = { .size = sizeof(how), .share_pct = 60, .duration_usec = 2000000 };
	struct ration_guard *guard = NULL;
	struct ration_group *tenant = NULL;
	struct ration_error error = { .code = 0 };
	int r = ration_events_open(group, NULL, ret_events, &error);

	(void)said(r, &error);
	if (r == 0) {
		r = ration_group_open(host, "t", &tenant, &error);
		(void)said(r, &error);
	}
	if (r == 0) {
		r = ration_guard_open(tenant, &how, &guard, &error);
		(void)said(r, &error);
		if (r == -EOPNOTSUPP)
			r = 0;
	}
	(void)ration_guard_free(guard);
	(void)ration_group_free(tenant);
	return r;
}

static int hear(struct ration_events *events)
{
	struct ration_event event = { .size = sizeof(event) };
	struct ration_error error = { .code = 0 };
	int r;

	do
		r = ration_events_next(events, &event, &error);
	while (r > 0);
	(void)said(r, &error);
	return r;
}

/* How many figures there are: a fault may keep it from being told, but none is told as absent because of it. */
static int look(const struct ration_group *group)
{
	static size_t all;
	struct ration_stats *stats = NULL;
	struct ration_error error = { .code = 0 };
	size_t n = 0;
	int r = ration_stats_new(group, &stats, &error);

	(void)said(r, &error);
	if (r < 0)
		return r;
	for (size_t i = 0; ration_metric_at(i) != RATION_METRIC_NONE; i++)
		n += ration_stats_metric(stats, ration_metric_at(i), NULL) != RATION_SOURCE_ABSENT;
	n += ration_stats_processes(stats) != RATION_UNKNOWN;
	n += ration_stats_memory_pressure_pct100(stats) != RATION_UNKNOWN;
	if (all == 0)
		all = n;
	if (n != all)
		(void)problem("figures are missing", (int)(all - n));
	(void)ration_stats_free(stats);
	return 0;
}

/* The tenant and its group. */
static int list(const struct ration_host *host)
{
	struct ration_list *list = NULL;
	struct ration_error error = { .code = 0 };
	int r = ration_list_new(host, "t", &list, &error);

	(void)said(r, &error);
	if (r == 0 && ration_list_count(list) != 2)
		(void)problem("a group isn't listed", (int)ration_list_count(list));
	(void)ration_list_free(list);
	return r;
}

/* What is done to a group that is there. */
static int live(struct ration_group *group, const struct ration_host *host, const struct ration_plan *plan, pid_t pid)
{
	struct ration_events *events = NULL;
	struct ration_error error = { .code = 0 };
	int r = watch(group, host, &events);

	if (r == 0)
		r = look(group);
	if (r == 0)
		r = list(host);
	if (r == 0) {
		r = ration_group_update(group, plan, NULL, NULL, &error);
		(void)said(r, &error);
		/* Where cgroup v1 holds the limit. */
		if (r == -EOPNOTSUPP)
			r = 0;
	}
	if (r == 0) {
		r = ration_group_attach(group, (int)pid, NULL, NULL, &error);
		(void)said(r, &error);
	}
	if (r == 0)
		r = hear(events);
	if (r == 0) {
		r = ration_group_remove(group, RATION_REMOVE_KILL, NULL, &error);
		(void)said(r, &error);
	}
	if (r == 0)
		r = hear(events);
	(void)ration_events_free(events);
	return r;
}

static int whole_life(char *namespace_path, size_t size, pid_t pid)
{
	const struct ration_group_options how = { .size = sizeof(how), .command = "inject" };
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL, *other = NULL;
	struct ration_group *group = NULL;
	struct ration_error error = { .code = 0 };
	int r = open_host(nspace, &host, namespace_path, size);

	if (r == 0)
		r = make_group_plan(host, 100, &plan);
	if (r == 0)
		r = make_group_plan(host, 200, &other);
	if (r == 0) {
		r = ration_group_create(host, "t/g", plan, &how, &group, &error);
		(void)said(r, &error);
	}
	if (r == 0)
		r = live(group, host, other, pid);
	/* There is one fault: what it kept from being removed goes at the second try. */
	if (r < 0 && group && ration_group_remove(group, RATION_REMOVE_KILL, NULL, &error) < 0)
		(void)problem("a group that can't be removed", error.code);
	(void)ration_group_free(group);
	(void)ration_plan_free(other);
	(void)ration_plan_free(plan);
	(void)ration_host_free(host);
	return r;
}

static int group_by_hand(char *namespace_path, size_t size)
{
	pid_t pid = fork();
	int r;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	r = whole_life(namespace_path, size, pid);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return r;
}

/* 0: all went well. */
static int whole_run(const struct scenario *scenario, char *namespace_path, size_t size, const int fds[3])
{
	char *const argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)scenario->script, NULL };
	const struct ration_run_options options = { .size = sizeof(options), .argv = argv, .fds = fds };
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	struct ration_run *run = NULL;
	struct ration_error error = { .code = 0 };
	int r;

	if (!scenario->script)
		return group_by_hand(namespace_path, size);
	r = open_host(nspace, &host, namespace_path, size);
	if (r == 0)
		r = make_plan(host, &plan);
	if (r == 0) {
		r = ration_run_start(host, plan, &options, &run, &error);
		(void)said(r, &error);
		if (r < 0 && run)
			(void)problem("a run that failed to start is there", r);
	}
	if (r == 0)
		r = finish_run(scenario, run);
	(void)ration_run_free(run);
	(void)ration_plan_free(plan);
	(void)ration_host_free(host);
	return r;
}

/* --------------------------------------------------------- the scenarios */

static void report(const char *failed)
{
	printf("# %s: fault %u (%s): %s (%d)%s%s\n", now.scenario, now.n, failed ? failed : "none",
			now.problem ? now.problem : "it hangs", now.detail, now.text[0] ? "; said: " : "", now.text);
	(void)fflush(stdout);
}

static void on_alarm(int sig)
{
	const char *failed;

	(void)sig;
	(void)faults_end(&failed);
	report(failed);
	_exit(1);
}

/* All that a probe finds goes, in a mount namespace of our own. */
static bool hide_cgroups(void)
{
	char line[4096], point[4096];
	bool any = true;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	while (any) {
		FILE *file = fopen("/proc/self/mountinfo", "re");

		any = false;
		while (file && !any && fgets(line, sizeof(line), file))
			any = strstr(line, " - cgroup") && sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1;
		if (file)
			(void)fclose(file);
		if (any && umount2(point, MNT_DETACH) < 0)
			return false;
	}
	return true;
}

/* 77: this host can't show it. */
static int prepare(const struct scenario *scenario)
{
	const struct ration_host_options options = { .size = sizeof(options) };
	struct ration_host_info info = { .size = sizeof(info) };
	struct ration_host *host = NULL;
	bool has_base;

	if (!scenario->cgroups)
		(void)hide_cgroups();
	if (ration_host_open(&options, &host, NULL) < 0)
		return 1;
	ration_host_info(host, &info);
	has_base = info.base != NULL;
	(void)ration_host_free(host);
	if (has_base != scenario->cgroups)
		return 77;
	if (scenario->refuse && !faults_refuse_new_calls(scenario->refuse))
		return 77;
	return 0;
}

static int run_scenario(const struct scenario *scenario, bool verbose)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[3] = { null, null, null };
	char namespace_path[8192] = "";
	int r = prepare(scenario), problems = 0;

	if (r != 0)
		return r;
	(void)signal(SIGALRM, on_alarm);
	now.scenario = scenario->name;
	helpers = scenario->helpers ? scenario->helpers : "";
	/* The first warms up what the C library keeps. */
	for (now.n = 0; now.n < FAULTS_MAX && problems < 10; now.n++) {
		int before = count_fds();
		size_t memory = mallinfo2().uordblks;
		const char *failed;
		unsigned calls;

		now.problem = NULL;
		now.text[0] = '\0';
		(void)alarm(HANG_SECONDS);
		faults_begin(now.n);
		r = whole_run(scenario, namespace_path, sizeof(namespace_path), fds);
		calls = faults_end(&failed);
		if ((now.n == 0 || calls < now.n) && r < 0)
			(void)problem("it fails without a fault", r);
		/* A node that couldn't be removed goes with the next run; a group with a name of its own doesn't. */
		if (failed && strcmp(failed, "unlinkat") == 0)
			(void)whole_run(scenario, namespace_path, sizeof(namespace_path), fds);
		if (now.n > 0)
			(void)nothing_left(namespace_path, before, memory, failed);
		if (verbose)
			printf("# %u %s: %d %s\n", now.n, failed ? failed : "-", r, now.text);
		if (now.problem) {
			report(failed);
			problems++;
			clean_up(namespace_path);
		}
		if (now.n > 0 && calls < now.n)
			break;
	}
	(void)alarm(0);
	printf("# %s: %u faults\n", scenario->name, now.n - 1);
	(void)fflush(stdout);
	return problems > 0 || now.n == FAULTS_MAX;
}

int main(int argc, char *argv[])
{
	const size_t n = sizeof(scenarios) / sizeof(scenarios[0]);
	char name[64];
	int failures = 0;

	/* Freed memory that is kept for the next call would count as memory in use. */
	if (!getenv("GLIBC_TUNABLES")) {
		(void)setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
		(void)execv("/proc/self/exe", argv);
	}
	(void)snprintf(name, sizeof(name), "inject-%d", (int)getpid());
	nspace = name;
	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		int status = 1;
		pid_t pid;

		if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		(void)fflush(stdout);
		pid = fork();
		if (pid == 0)
			_exit(run_scenario(&scenarios[i], argc > 2));
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
			printf("ok %zu %s # SKIP this host isn't made for it\n", i + 1, scenarios[i].name);
			continue;
		}
		failures += status != 0;
		if (status && !WIFEXITED(status))
			printf("# %s: ended by signal %d\n", scenarios[i].name, WTERMSIG(status));
		printf("%sok %zu %s\n", status ? "not " : "", i + 1, scenarios[i].name);
	}
	return failures > 0;
}
