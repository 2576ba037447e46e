/* SPDX-License-Identifier: MIT */
/*
 * watch.c - samples of the processes of a run, on Linux: of /proc, and of cgroups without controllers
 *
 * Memory is first summed up as RSS: one read a process, but a shared page counts once for each
 * process that maps it. So the sum can be too high, never too low. Only if it is above the limit is
 * PSS read, which divides shared pages and decides; reading it walks page tables. CPU time is the
 * cgroup's if there is one (cpu.stat needs no controller); else what the members have used, what
 * they have waited for, and what the root has waited for.
 *
 * A sum isn't taken at one moment. A process that ends between two reads gives its shared pages to
 * those read later. So a limit is passed only if a second sample says so, too.
 *
 * What a sample doesn't see:
 * - memory that nobody maps: page cache, tmpfs files, pipes and sockets, page
 *   tables and other kernel memory; and what is swapped out;
 * - a peak between two samples: a limit is passed by as much as can be done in
 *   next_usec, and in the time that killing takes;
 * - without a cgroup: CPU time of processes whose parent ignores SIGCHLD, once
 *   they are gone (the kernel adds it to nobody's); the time of a live process
 *   below a whole 10 ms;
 * - processes that hidepid= hides from us: they count as one task, and nothing else.
 */
#include "run/contain/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/walk.h"
#include "sys/cpus.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/proc.h"
#include "sys/proc/tree.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/clock.h"

/*
 * The kernel adds up RSS lazily: each CPU keeps a batch of max(32, 2 * CPUs)
 * pages to itself (6.2), each thread 64 (before). A thread is on one CPU most of
 * the time, so this is what its process's RSS may lack.
 */
#define RSS_LAG_PAGES 64u

struct watch {
	int proc_fd;   /* borrowed */
	int cgroup_fd; /* borrowed; or -EBADF */
	int cpu_fd;    /* cpu.stat */
	int groups_fd; /* cgroup.stat */
	pid_t root;
	struct sample_limits limits;
	unsigned cpus;
	uint64_t lag_bytes; /* RSS that may be missing, a thread */
	struct proc_list members;
	struct sample_peaks peaks;
};

static int open_files(struct watch *watch)
{
	watch->cpu_fd = cg_open_file(watch->cgroup_fd, "cpu.stat");
	if (watch->cpu_fd < 0)
		return watch->cpu_fd;
	/* cgroup.stat is since 4.14; without it, looking below costs a readdir. */
	watch->groups_fd = cg_open_file(watch->cgroup_fd, "cgroup.stat");
	return watch->groups_fd == -ENOENT ? 0 : watch->groups_fd;
}

static void freewatchp(struct watch **watch)
{
	watch_free(*watch);
}

int watch_new(int proc_fd, int cgroup_fd, pid_t root, const struct sample_limits *limits,
		struct watch **ret_watch)
{
	CLEANUP(freewatchp) struct watch *watch = calloc(1, sizeof(*watch));
	uint64_t lag_pages;

	if (!watch)
		return -ENOMEM;
	watch->proc_fd = proc_fd;
	watch->cgroup_fd = cgroup_fd;
	watch->cpu_fd = watch->groups_fd = -EBADF;
	watch->root = root;
	watch->limits = *limits;
	watch->cpus = cpus_online();
	lag_pages = 2 * watch->cpus > RSS_LAG_PAGES ? 2 * watch->cpus : RSS_LAG_PAGES;
	watch->lag_bytes = lag_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	if (cgroup_fd >= 0) {
		int r = open_files(watch);

		if (r < 0)
			return r;
	}
	*ret_watch = TAKE_PTR(watch);
	return 0;
}

struct watch *watch_free(struct watch *watch)
{
	if (!watch)
		return NULL;
	close_fd(watch->cpu_fd);
	close_fd(watch->groups_fd);
	proc_list_free(&watch->members);
	free(watch);
	return NULL;
}

void watch_set_limits(struct watch *watch, const struct sample_limits *limits)
{
	watch->limits = *limits;
}

/* ----------------------------------------------------------------- members */

static int add_member(void *userdata, pid_t pid)
{
	struct watch *watch = userdata;

	return proc_list_push(&watch->members, &(struct proc_stat){.pid = pid});
}

/* A group's own processes. EOPNOTSUPP: a threaded one, whose processes stand in a group above. */
static int add_processes(struct watch *watch, int dir_fd)
{
	CLEANUP(closep) int fd = cg_open_file(dir_fd, "cgroup.procs");
	int r;

	if (fd < 0)
		return fd == -ENOENT ? -ENODEV : fd;
	r = proc_read_pids(fd, add_member, watch);
	return r == -EOPNOTSUPP ? 0 : r;
}

static int add_group(int dir_fd, void *userdata)
{
	struct watch *watch = userdata;
	int r = add_processes(watch, dir_fd);

	/* If a group below is gone, so are its processes. */
	return r == -ENODEV && dir_fd != watch->cgroup_fd ? 0 : r;
}

static bool has_groups_below(const struct watch *watch)
{
	char text[512];
	uint64_t n;

	if (watch->groups_fd < 0)
		return true;
	if (cg_read_fd(watch->groups_fd, text, sizeof(text)) < 0 || cg_text_key(text, "nr_descendants", &n) < 0)
		return true;
	return n > 0;
}

static int find_members(struct watch *watch)
{
	int r;

	if (watch->cgroup_fd < 0)
		return proc_descendants_few(watch->proc_fd, watch->root, watch->limits.tasks, &watch->members);
	watch->members.n = 0;
	r = has_groups_below(watch) ? cg_each_group(watch->cgroup_fd, add_group, watch)
				    : add_processes(watch, watch->cgroup_fd);
	if (r < 0)
		return r;
	proc_list_sort(&watch->members);
	return 0;
}

/*
 * The processes of a fork bomb are only counted: reading each would take longer than it takes the bomb to
 * make as many again.
 */
static bool too_many(const struct watch *watch, struct sample *ret_sample)
{
	uint64_t n = 0;

	/* Among descendants there can be dead ones; a group lists live ones only. */
	for (size_t i = 0; i < watch->members.n; i++)
		n += watch->cgroup_fd >= 0 || !proc_is_dead(&watch->members.items[i]);
	if (n <= watch->limits.tasks)
		return false;
	*ret_sample = (struct sample) {
		.tasks = n,
		.processes = n,
		.cpu_usec = RATION_UNKNOWN,
		.over = SAMPLE_OVER_TASKS,
	};
	return true;
}

/* -------------------------------------------------------------------- sums */

/*
 * A child of vfork(2) is its parent's memory until it execs: all of it would
 * count twice, and a big process that spawns would be over by spawning.
 */
static bool is_counted_with_parent(const struct watch *watch, const struct proc_stat *member)
{
	return proc_list_find(&watch->members, member->ppid) && proc_same_memory(member->pid, member->ppid);
}

static int sum_pss(const struct watch *watch, struct sample *sample)
{
	uint64_t sum = 0;
	bool exact = true;

	for (size_t i = 0; i < watch->members.n; i++) {
		const struct proc_stat *member = &watch->members.items[i];
		uint64_t bytes;
		int r;

		if (proc_is_dead(member) || member->state == PROC_HIDDEN ||
				is_counted_with_parent(watch, member))
			continue;
		r = proc_pss_read(watch->proc_fd, member->memory_pid, &bytes);
		if (r == -ESRCH)
			continue;
		if (r == -ENOENT || r == -EACCES || r == -EPERM) {
			bytes = member->rss_bytes;
			exact = false;
		} else if (r < 0) {
			return r;
		}
		sum += bytes;
	}
	sample->memory_bytes = sum;
	sample->exact = exact;
	return 0;
}

struct zombies {
	const struct watch *watch;
	uint64_t n;
};

static int count_zombie(void *userdata, pid_t pid)
{
	struct zombies *zombies = userdata;
	struct proc_stat stat;

	if (!proc_list_find(&zombies->watch->members, pid) &&
			proc_stat_read(zombies->watch->proc_fd, pid, &stat) >= 0 && proc_is_dead(&stat))
		zombies->n++;
	return 0;
}

/*
 * The kernel's own limit on tasks counts the dead until they are waited for: a
 * program that forks, and never waits, fills the machine with them. cgroup.procs
 * leaves them out, so they are looked for below the members.
 */
static uint64_t zombies_of_group(const struct watch *watch)
{
	struct zombies zombies = {.watch = watch};

	for (size_t i = 0; i < watch->members.n; i++) {
		const struct proc_stat *member = &watch->members.items[i];

		if (!proc_is_dead(member) && member->state != PROC_HIDDEN)
			(void)proc_children(watch->proc_fd, member, count_zombie, &zombies);
	}
	return zombies.n;
}

/* Threads, processes and RSS. Returns how much RSS may be missing. */
static uint64_t sum_members(const struct watch *watch, struct sample *sample)
{
	uint64_t live = 0;

	for (size_t i = 0; i < watch->members.n; i++) {
		const struct proc_stat *member = &watch->members.items[i];

		if (proc_is_dead(member)) {
			/* Dead children of the root don't count: the supervisor is about to reap them. */
			sample->tasks += member->ppid != watch->root;
			continue;
		}
		sample->processes++;
		live += member->threads;
		sample->memory_bytes += member->rss_bytes;
		if (member->rss_bytes > sample->maxrss_bytes)
			sample->maxrss_bytes = member->rss_bytes;
	}
	sample->tasks += live;
	if (watch->cgroup_fd >= 0 && watch->limits.tasks != RATION_UNLIMITED)
		sample->tasks += zombies_of_group(watch);
	return live * watch->lag_bytes;
}

/* -------------------------------------------------------------------- time */

static int group_cpu(const struct watch *watch, uint64_t *ret_usec)
{
	char text[CG_FILE_MAX];
	int r = cg_read_fd(watch->cpu_fd, text, sizeof(text));

	return r < 0 ? r : cg_text_key(text, "usage_usec", ret_usec);
}

/* What the root has waited for, and theirs. Our own is exact; another's is in steps of 10 ms. */
static int root_cpu(const struct watch *watch, struct sample *sample, uint64_t *ret_usec)
{
	struct proc_stat stat;
	struct rusage usage;
	int r;

	if (watch->root == getpid()) {
		if (getrusage(RUSAGE_CHILDREN, &usage) < 0)
			return -errno;
		sample->maxrss_bytes = (uint64_t)usage.ru_maxrss * 1024;
		*ret_usec = clock_timeval_usec(usage.ru_utime) + clock_timeval_usec(usage.ru_stime);
		return 0;
	}
	r = proc_stat_read(watch->proc_fd, watch->root, &stat);
	if (r < 0)
		return r;
	*ret_usec = stat.cutime_usec + stat.cstime_usec;
	return 0;
}

static uint64_t members_cpu(const struct watch *watch)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < watch->members.n; i++) {
		const struct proc_stat *member = &watch->members.items[i];

		sum += member->utime_usec + member->stime_usec + member->cutime_usec + member->cstime_usec;
	}
	return sum;
}

/* ------------------------------------------------------------------ sample */

static int measure(struct watch *watch, struct sample *ret_sample, uint64_t *ret_lag_bytes)
{
	struct sample sample = {0};
	uint64_t waited_usec = 0, lag_bytes;
	int r = 0;

	/* Before the members: a child that is reaped meanwhile is then counted once, as a member. */
	if (watch->cgroup_fd < 0)
		r = root_cpu(watch, &sample, &waited_usec);
	if (r >= 0)
		r = find_members(watch);
	if (r >= 0 && too_many(watch, ret_sample)) {
		*ret_lag_bytes = 0;
		return 0;
	}
	if (r >= 0 && watch->cgroup_fd >= 0)
		r = proc_list_read(watch->proc_fd, &watch->members);
	if (r < 0)
		return r;
	lag_bytes = sum_members(watch, &sample);
	if (watch->limits.memory_bytes != RATION_UNLIMITED &&
			sample.memory_bytes + lag_bytes > watch->limits.memory_bytes) {
		r = sum_pss(watch, &sample);
		if (r < 0)
			return r;
		lag_bytes = sample.exact ? 0 : lag_bytes;
	}
	sample.cpu_usec = RATION_UNKNOWN;
	if (watch->cgroup_fd < 0)
		sample.cpu_usec = sample_never_less(&watch->peaks, waited_usec + members_cpu(watch));
	else if (watch->limits.cpu_usec != RATION_UNLIMITED)
		r = group_cpu(watch, &sample.cpu_usec);
	if (r < 0)
		return r;
	sample.over = sample_over(&watch->limits, &sample);
	*ret_lag_bytes = lag_bytes;
	*ret_sample = sample;
	return 0;
}

int watch_sample(struct watch *watch, struct sample *ret_sample)
{
	struct sample sample;
	uint64_t lag_bytes = 0, start = sys_now_usec();
	int r = measure(watch, &sample, &lag_bytes);

	/* An act that can't be undone is worth a second sample; with one process nothing can be counted twice. */
	if (r >= 0 && sample.processes > 1 && (sample.over == SAMPLE_OVER_MEMORY || sample.over == SAMPLE_OVER_TASKS))
		r = measure(watch, &sample, &lag_bytes);
	if (r < 0)
		return r;
	sample_conclude(&watch->peaks, &watch->limits, watch->cpus, lag_bytes, sys_now_usec() - start, &sample);
	*ret_sample = sample;
	return 0;
}

