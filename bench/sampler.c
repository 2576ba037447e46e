/* SPDX-License-Identifier: MIT */
/*
 * sampler.c - time figures of many groups, beside what they can't cost less than
 *
 * Usage: sampler RATION LS_FLOOR GROUPS [ROUNDS]
 *
 * Makes GROUPS groups in a namespace of its own, a hundred in each tenant; removes them at the end. In each of ROUNDS
 * rounds (20), one after the other:
 *
 *   sampler   ration_sampler_read() of the tenants and groups, all files kept
 *   preads    one pread(2) of each of the same files, which a second process has open
 *   few       ration_sampler_read() with 64 files kept
 *   opens     open, pread and close of each of the same files, from the directory of their group, which is opened for it
 *   ls        RATION ls, to /dev/null
 *   ls_floor  ls-floor.c: opens and reads the same files and notes
 *
 * The files are those of CPU time, memory and tasks, or of pressure, where the groups don't have these; fewer where
 * RLIMIT_NOFILE is too low for three of each group. Prints the time of each in microseconds, as bench.h says.
 */
#include <errno.h>
#include <fcntl.h>
#include <ration.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IN_TENANT 100
#define FEW_FDS 64
#define FILES_MAX 3

extern char **environ;

static volatile sig_atomic_t stopped;

enum what { SAMPLER, PREADS, FEW, OPENS, LS, LS_FLOOR, WHATS };
static const char *const names[WHATS] = { "sampler", "floor, sampler", "sampler, few fds", "floor, few fds", "ration ls", "floor, ls" };

struct taken {
	double wall_usec, cpu_usec;
};

struct bench {
	const char *ration, *floor;
	size_t n, rounds;
	char nspace[64], path[4096];
	struct ration_host *host;
	int namespace_fd;
	size_t n_files;
	const char *file[FILES_MAX];
	enum ration_metric metric[FILES_MAX];
	size_t max_files;  /* of each group: so many can be open at once */
	pid_t twin;        /* has all files open, and reads them whenever it is told to */
	int ask_fd, answer_fd;
	struct ration_sampler *all, *few;
	uint64_t *values;
	struct taken *taken[WHATS];
};

static void stop(int sig)
{
	stopped = sig;
}

static double usec_of(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "sampler: %s: %s\n", what, why);
	return -1;
}

/* ------------------------------------------------------------------- groups */

static size_t tenants(const struct bench *bench)
{
	return (bench->n + IN_TENANT - 1) / IN_TENANT;
}

/* Number i of the tenants, and then of the groups. */
static const char *address(const struct bench *bench, size_t i, char buf[64])
{
	if (i < tenants(bench))
		(void)snprintf(buf, 64, "t%zu", i);
	else
		(void)snprintf(buf, 64, "t%zu/g%zu", (i - tenants(bench)) / IN_TENANT, i - tenants(bench));
	return buf;
}

static size_t rows(const struct bench *bench)
{
	return tenants(bench) + bench->n;
}

static int make_groups(struct bench *bench)
{
	const struct ration_group_options options = { .size = sizeof(options), .keep = true, .command = "bench" };
	struct ration_error error;
	char buf[64];

	for (size_t i = 0; i < rows(bench) && !stopped; i++) {
		struct ration_group *group = NULL;

		if (ration_group_create(bench->host, address(bench, i, buf), NULL, &options, &group, &error) < 0)
			return fail(buf, error.message);
		group = ration_group_free(group);
	}
	return stopped ? fail("stopped", "by a signal") : 0;
}

/* By what they are: nothing is in them. */
static int remove_groups(const struct bench *bench)
{
	char buf[64], parent[4096 + 8];
	int left = 0;

	for (size_t i = rows(bench); bench->namespace_fd >= 0 && i-- > 0;) {
		if (unlinkat(bench->namespace_fd, address(bench, i, buf), AT_REMOVEDIR) < 0 && errno != ENOENT)
			left++;
	}
	(void)snprintf(parent, sizeof(parent), "%s", bench->path);
	if (bench->path[0] && rmdir(parent) < 0 && errno != ENOENT)
		left++;
	return left ? fail(bench->path, "groups are left there") : 0;
}

/* ------------------------------------------------------------------ prepare */

static int open_host(struct bench *bench)
{
	const struct ration_host_options options = { .size = sizeof(options), .nspace = bench->nspace };
	struct ration_host_info info = { .size = sizeof(info) };
	struct ration_error error;

	(void)snprintf(bench->nspace, sizeof(bench->nspace), "ration-bench-%d", (int)getpid());
	if (ration_host_open(&options, &bench->host, &error) < 0)
		return fail("host", error.message);
	ration_host_info(bench->host, &info);
	if (!info.base)
		return fail("no groups here", info.base_reason);
	(void)snprintf(bench->path, sizeof(bench->path), "%s/%s", info.base, bench->nspace);
	return 0;
}

static void choose_files(struct bench *bench)
{
	static const struct {
		const char *file;
		enum ration_metric metric;
	} all[] = {
		{ "cpu.stat", RATION_METRIC_CPU_USEC },
		{ "memory.current", RATION_METRIC_MEMORY_CURRENT_BYTES },
		{ "pids.current", RATION_METRIC_PIDS_CURRENT },
		{ "memory.pressure", RATION_METRIC_MEMORY_PRESSURE_SOME_USEC },
		{ "cpu.pressure", RATION_METRIC_CPU_PRESSURE_SOME_USEC },
	};
	char buf[64], path[128];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && bench->n_files < bench->max_files; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", address(bench, rows(bench) - 1, buf), all[i].file);
		if (faccessat(bench->namespace_fd, path, R_OK, 0) < 0)
			continue;
		bench->file[bench->n_files] = all[i].file;
		bench->metric[bench->n_files++] = all[i].metric;
	}
}

/* Opens all files of all tenants and groups. */
static int open_files(const struct bench *bench, int *fd)
{
	char buf[64], path[128];

	for (size_t i = 0; i < rows(bench); i++) {
		for (size_t k = 0; k < bench->n_files; k++) {
			(void)snprintf(path, sizeof(path), "%s/%s", address(bench, i, buf), bench->file[k]);
			*fd = openat(bench->namespace_fd, path, O_RDONLY | O_CLOEXEC);
			if (*fd++ < 0)
				return fail(path, strerror(errno));
		}
	}
	return 0;
}

static int read_open(const int *fd, size_t n)
{
	char text[4096];

	for (size_t i = 0; i < n; i++) {
		if (pread(fd[i], text, sizeof(text), 0) <= 0)
			return fail("pread", strerror(errno));
	}
	return 0;
}

/* One process can't have the files open twice: there may be too many. */
static int be_twin(const struct bench *bench, int ask_fd, int answer_fd)
{
	size_t n = rows(bench) * bench->n_files;
	int *fd = calloc(n, sizeof(*fd));
	char asked;
	int r = fd ? open_files(bench, fd) : -1;

	while (r == 0 && read(ask_fd, &asked, 1) == 1) {
		double wall = usec_of(CLOCK_MONOTONIC), cpu = usec_of(CLOCK_PROCESS_CPUTIME_ID);
		struct taken taken;

		r = read_open(fd, n);
		taken.wall_usec = usec_of(CLOCK_MONOTONIC) - wall;
		taken.cpu_usec = usec_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		if (write(answer_fd, &taken, sizeof(taken)) != sizeof(taken))
			r = -1;
	}
	return r < 0;
}

static int start_twin(struct bench *bench)
{
	int ask[2], answer[2];

	if (pipe2(ask, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0)
		return fail("pipe", strerror(errno));
	bench->twin = fork();
	if (bench->twin < 0)
		return fail("fork", strerror(errno));
	if (bench->twin == 0) {
		(void)close(ask[1]);
		(void)close(answer[0]);
		_exit(be_twin(bench, ask[0], answer[1]));
	}
	(void)close(ask[0]);
	(void)close(answer[1]);
	bench->ask_fd = ask[1];
	bench->answer_fd = answer[0];
	return 0;
}

static void end_twin(const struct bench *bench)
{
	if (bench->twin <= 0)
		return;
	(void)close(bench->ask_fd);
	(void)waitpid(bench->twin, NULL, 0);
}

static int ask_twin(const struct bench *bench, struct taken *taken)
{
	if (write(bench->ask_fd, "", 1) == 1 && read(bench->answer_fd, taken, sizeof(*taken)) == sizeof(*taken))
		return 0;
	return fail("preads", "the process has ended");
}

static int new_sampler(const struct bench *bench, size_t max_fds, struct ration_sampler **ret)
{
	const struct ration_sampler_options options = { .size = sizeof(options), .metrics = bench->metric,
		.n_metrics = bench->n_files, .max_fds = max_fds };
	struct ration_error error;

	if (ration_sampler_new(bench->host, &options, ret, &error) < 0)
		return fail("sampler", error.message);
	return ration_sampler_count(*ret) == rows(bench) ? 0 : fail("sampler", "groups are missing");
}

/* What else is open has room as well. */
static void allow_fds(struct bench *bench)
{
	struct rlimit limit, more;
	size_t per_file = rows(bench) + 32;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	more.rlim_cur = more.rlim_max = (rlim_t)(per_file * FILES_MAX);
	if (limit.rlim_max < more.rlim_max && setrlimit(RLIMIT_NOFILE, &more) == 0)
		limit = more;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	bench->max_files = (size_t)limit.rlim_cur / per_file;
	if (bench->max_files > FILES_MAX)
		bench->max_files = FILES_MAX;
}

static int prepare(struct bench *bench)
{
	allow_fds(bench);
	if (bench->max_files == 0)
		return fail("RLIMIT_NOFILE", "too low for a file of each group");
	if (make_groups(bench) < 0)
		return -1;
	bench->namespace_fd = open(bench->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bench->namespace_fd < 0)
		return fail(bench->path, strerror(errno));
	choose_files(bench);
	bench->values = calloc(rows(bench) * FILES_MAX, sizeof(bench->values[0]));
	for (size_t i = 0; i < WHATS; i++) {
		bench->taken[i] = calloc(bench->rounds, sizeof(*bench->taken[i]));
		if (!bench->taken[i] || !bench->values)
			return fail("results", strerror(errno));
	}
	if (start_twin(bench) < 0 || new_sampler(bench, rows(bench) * FILES_MAX, &bench->all) < 0)
		return -1;
	return new_sampler(bench, FEW_FDS, &bench->few);
}

/* ------------------------------------------------------------------ measure */

static int read_sampler(const struct bench *bench, struct ration_sampler *sampler)
{
	struct ration_error error;
	int r = ration_sampler_read(sampler, bench->values, rows(bench) * FILES_MAX, NULL, &error);

	if (r < 0)
		return fail("read", error.message);
	return r == 0 ? 0 : fail("read", "groups have gone");
}

static int read_closed(const struct bench *bench)
{
	char text[4096], buf[64];

	for (size_t i = 0; i < rows(bench); i++) {
		int dir = openat(bench->namespace_fd, address(bench, i, buf), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		for (size_t k = 0; k < bench->n_files; k++) {
			int fd = openat(dir, bench->file[k], O_RDONLY | O_CLOEXEC);

			if (pread(fd, text, sizeof(text), 0) <= 0)
				return fail("open", strerror(errno));
			(void)close(fd);
		}
		(void)close(dir);
	}
	return 0;
}

static int run(char *const argv[], double *ret_cpu_usec)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int r, status;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	r = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r != 0 || wait4(pid, &status, 0, &usage) != pid || status != 0)
		return fail(argv[0], r != 0 ? strerror(r) : "failed");
	*ret_cpu_usec = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	return 0;
}

static int time_one(struct bench *bench, enum what what, struct taken *taken)
{
	char *ls[] = { (char *)bench->ration, (char *)"ls", (char *)"--namespace", bench->nspace, NULL };
	char *ls_floor[] = { (char *)bench->floor, bench->path, NULL };
	double wall = usec_of(CLOCK_MONOTONIC), cpu = usec_of(CLOCK_PROCESS_CPUTIME_ID), child = 0;
	int r = -1;

	switch (what) {
	case SAMPLER:
	case FEW:
		r = read_sampler(bench, what == FEW ? bench->few : bench->all);
		break;
	case PREADS:
		return ask_twin(bench, taken);
	case OPENS:
		r = read_closed(bench);
		break;
	case LS:
	case LS_FLOOR:
		r = run(what == LS ? ls : ls_floor, &child);
		break;
	case WHATS:
		break;
	}
	taken->wall_usec = usec_of(CLOCK_MONOTONIC) - wall;
	taken->cpu_usec = child > 0 ? child : usec_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	return r;
}

static int measure(struct bench *bench)
{
	struct taken warm;

	/* Once each before, since the first to look makes what the kernel keeps of a file. */
	for (size_t what = 0; what < WHATS; what++) {
		if (time_one(bench, (enum what)what, &warm) < 0)
			return -1;
	}
	for (size_t i = 0; i < bench->rounds; i++) {
		for (size_t what = 0; what < WHATS; what++) {
			if (stopped)
				return fail("stopped", "by a signal");
			if (time_one(bench, (enum what)what, &bench->taken[what][i]) < 0)
				return -1;
		}
	}
	return 0;
}

/* -------------------------------------------------------------------- print */

/* A line for each sample, as bench.h has it. */
static void print(const struct bench *bench)
{
	for (size_t what = 0; what < WHATS; what++) {
		for (size_t i = 0; i < bench->rounds; i++)
			(void)printf("%s, %zu groups\t%.1f\n", names[what], rows(bench), bench->taken[what][i].wall_usec);
	}
}

int main(int argc, char **argv)
{
	struct bench bench = { .namespace_fd = -1 };
	int r = -1;

	if (argc >= 4) {
		bench.ration = argv[1];
		bench.floor = argv[2];
		bench.n = strtoul(argv[3], NULL, 10);
		bench.rounds = argc > 4 ? strtoul(argv[4], NULL, 10) : 20;
	}
	if (!bench.n || !bench.rounds) {
		(void)fprintf(stderr, "usage: sampler RATION LS_FLOOR GROUPS [ROUNDS]\n");
		return 2;
	}
	for (size_t i = 0; i < 4; i++)
		(void)signal((const int[]){ SIGINT, SIGTERM, SIGHUP, SIGPIPE }[i], stop);
	if (open_host(&bench) == 0 && prepare(&bench) == 0 && measure(&bench) == 0)
		r = 0, print(&bench);
	end_twin(&bench);
	bench.few = ration_sampler_free(bench.few);
	bench.all = ration_sampler_free(bench.all);
	if (bench.path[0] && bench.namespace_fd < 0)
		bench.namespace_fd = open(bench.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (remove_groups(&bench) < 0)
		r = -1;
	bench.host = ration_host_free(bench.host);
	return r < 0;
}
