/* SPDX-License-Identifier: MIT */
/*
 * shortage.c - why the kernel refuses another process or another group
 *
 * The kernel counts in a group and in all groups above it, and refuses if one of them is at its
 * limit:
 *
 *   pids.max                EAGAIN from clone(2). A move into the group isn't refused.
 *   memory.max              ENOMEM if no process can be killed to free memory: from clone(2),
 *                           from mkdir(2) of a group, and from execve(2), which can also say
 *                           E2BIG. A child that shares our memory until its execve(2) can't be
 *                           killed for that, and may wait for memory without end
 *   cgroup.max.descendants  EAGAIN from mkdir(2)
 *   cgroup.max.depth        the same
 *
 * The errno doesn't say which group it is, so this checks each of them, upwards. By then a full
 * group may have room again; then only the errno is known.
 */
#include "group/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group/command.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/members.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

/*
 * How close to its limit a group's memory can be and still be too full for a start: memory charged for the
 * attempt is free again, and the kernel charges 64 pages in advance for each CPU.
 */
#define MEMORY_NEAR (1 << 20)
#define MEMORY_NEAR_CPU (256 << 10)

/* Of the last 10 s, in hundredths of a percent, that somebody waited for memory: a child that does nothing else. */
#define STALLED_PCT100 5000

/* What execve(2) takes of any process, and of one that may have a large stack: see its manual page. */
#define ARGUMENTS_LEAST (128 << 10)
#define ARGUMENTS_MOST (6 << 20)
#define ARGUMENT_MAX (128 << 10)

/* Room for a path in a message. */
#define PATH_SHOWN_MAX 180

enum shortage {
	SHORTAGE_TASKS = 1 << 0,
	SHORTAGE_MEMORY = 1 << 1,
	SHORTAGE_GROUPS = 1 << 2,
	SHORTAGE_STALL = 1 << 3, /* memory, for which somebody waits there */
};

/* A group that is full or, for memory, the one with the least left. */
struct full {
	enum shortage kind; /* 0: none was found */
	const char *file;   /* of the limit */
	uint64_t used, limit;
	struct stat group;
	char path[PATH_SHOWN_MAX];
};

/* --------------------------------------------------------------- one group */

static bool check_tasks(int fd, struct full *full)
{
	full->file = "pids.max";
	return cg_read_u64(fd, full->file, &full->limit) == 0 && cg_read_u64(fd, "pids.current", &full->used) == 0 &&
		full->used >= full->limit;
}

/* `level`: of the new group, below it. */
static bool check_groups(int fd, uint64_t level, struct full *full)
{
	char text[2048]; /* two lines a controller since 6.12 */

	full->file = "cgroup.max.descendants";
	if (cg_read_u64(fd, full->file, &full->limit) == 0 && cg_read(fd, "cgroup.stat", text, sizeof(text)) > 0 &&
			cg_text_key(text, "nr_descendants", &full->used) == 0 && full->used >= full->limit)
		return true;
	full->file = "cgroup.max.depth";
	return cg_read_u64(fd, full->file, &full->limit) == 0 && level > full->limit;
}

static uint64_t memory_left(const struct full *full)
{
	return full->limit > full->used ? full->limit - full->used : 0;
}

/* The errno may have another cause: a group that is far from its limit isn't it. */
static bool check_memory(int fd, struct full *full)
{
	static const struct {
		const char *limit, *used;
	} files[] = {
		{ "memory.max", "memory.current" },
		{ "memory.limit_in_bytes", "memory.usage_in_bytes" }, /* cgroup v1 */
	};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		full->file = files[i].limit;
		if (cg_read_u64(fd, full->file, &full->limit) == 0 && full->limit != RATION_UNLIMITED &&
				cg_read_u64(fd, files[i].used, &full->used) == 0)
			return memory_left(full) <= MEMORY_NEAR + (uint64_t)(cpus > 0 ? cpus : 1) * MEMORY_NEAR_CPU;
	}
	return false;
}

/* Page cache alone makes a group full, and slows down nobody. */
static bool check_stall(int fd, struct full *full)
{
	char text[512];
	uint64_t share;

	if (!check_memory(fd, full) || cg_read(fd, "memory.pressure", text, sizeof(text)) < 0)
		return false;
	return cg_text_share(text, "some", &share) == 0 && share >= STALLED_PCT100;
}

/* Keeps the first full group; of several with little memory, the one with the least left. */
static void keep_fullest(int fd, enum shortage kind, const struct full *found, struct full *best)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	if (best->kind && (kind != SHORTAGE_MEMORY || memory_left(found) >= memory_left(best)))
		return;
	*best = *found;
	best->kind = kind;
	(void)fstat(fd, &best->group);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	(void)text_escape(best->path, sizeof(best->path), path);
}

static void check(int fd, enum shortage kind, uint64_t level, struct full *best)
{
	struct full full = { .used = 0 };
	bool is_full = false;

	switch (kind) {
	case SHORTAGE_TASKS:
		is_full = check_tasks(fd, &full);
		break;
	case SHORTAGE_MEMORY:
		is_full = check_memory(fd, &full);
		break;
	case SHORTAGE_GROUPS:
		is_full = check_groups(fd, level, &full);
		break;
	case SHORTAGE_STALL:
		is_full = check_stall(fd, &full);
		break;
	}
	if (is_full)
		keep_fullest(fd, kind == SHORTAGE_STALL ? SHORTAGE_MEMORY : kind, &full, best);
}

/* ------------------------------------------------------------- those above */

/* From the group that is open as `dir_fd` upwards; -EBADF: there is none. */
static void climb(int dir_fd, enum shortage kind, struct full *best)
{
	CLEANUP(closep) int fd = dir_fd < 0 ? -EBADF : openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (uint64_t level = 1; fd >= 0; level++) {
		int above;

		check(fd, kind, level, best);
		above = cg_open_above(fd);
		(void)close_fd(fd);
		fd = above;
	}
}

/* From this process's own group upwards, which is charged for what it forks. */
static void climb_own(const struct host_snapshot *host, enum shortage kind, struct full *best)
{
	char path[2 * PATH_MAX];

	if (host->own_known && host->mount[0]) {
		CLEANUP(closep) int fd = -EBADF;

		(void)snprintf(path, sizeof(path), "%s%s", host->mount, host->own);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		climb(fd, kind, best);
	}
	for (size_t i = 0; i < host->n_v1; i++)
		climb(host->v1[i].fd, kind, best);
}

/* ------------------------------------------------------------------ telling */

static bool is_at(const struct full *full, int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == full->group.st_dev && st.st_ino == full->group.st_ino;
}

static int tell_how(const char *what, const char *who, const char *name, const struct full *full, int code,
		struct ration_error *reterr)
{
	char used[RATION_TEXT_MAX], limit[RATION_TEXT_MAX];

	switch (full->kind) {
	case SHORTAGE_TASKS:
		return error_set(reterr, code, RATION_CAUSE_IN_USE, "can't %s: %s%s has %" PRIu64 " of %" PRIu64 " tasks (%s)",
				what, who, name, full->used, full->limit, full->file);
	case SHORTAGE_MEMORY:
		return error_set(reterr, code, RATION_CAUSE_IN_USE, "can't %s: %s%s uses %s of %s memory (%s)", what, who,
				name, ration_format_size(used, full->used), ration_format_size(limit, full->limit),
				full->file);
	case SHORTAGE_GROUPS:
		return error_set(reterr, code, RATION_CAUSE_IN_USE, "can't %s: %s of %s%s is %" PRIu64, what, full->file, who,
				name, full->limit);
	case SHORTAGE_STALL:
		break;
	}
	return code;
}

/* `ours`: ration can set the limit of that tenant or group. Else it is a path, and a file is written. */
static int hint(const struct full *full, const char *ours, int code, struct ration_error *reterr)
{
	switch (full->kind) {
	case SHORTAGE_TASKS:
		return ours ? error_hint(reterr, code, "end some of them, or raise the limit: ration set %.257s --pids N", ours) :
			error_hint(reterr, code, "end some of them, or write a higher number to that file, or max");
	case SHORTAGE_MEMORY:
		return ours ? error_hint(reterr, code, "end processes there, remove its files in tmpfs, or raise the limit: "
					"ration set %.257s --memory SIZE", ours) :
			error_hint(reterr, code, "end processes there, remove its files in tmpfs, or write a higher number "
					"to that file");
	case SHORTAGE_GROUPS:
	case SHORTAGE_STALL:
		break;
	}
	return error_hint(reterr, code, "ration gc removes groups that nobody uses; or write a higher number to that file, "
			"or max");
}

/* `tenant`: of the tenant that is open as `tenant_fd`. */
static int refuse_full(const char *what, const struct full *full, int tenant_fd, const char *tenant, int code,
		struct ration_error *reterr)
{
	bool ours = full->kind != SHORTAGE_GROUPS && tenant && is_at(full, tenant_fd);

	(void)tell_how(what, ours ? "the tenant " : full->kind == SHORTAGE_GROUPS ? "" : "the group ", ours ? tenant : full->path,
			full, code, reterr);
	return hint(full, ours ? tenant : NULL, code, reterr);
}

/* ------------------------------------------------------------------- groups */

int shortage_error(int dir_fd, const char *tenant, const char *address, int code, struct ration_error *reterr)
{
	struct full full = { .used = 0 };
	char what[PLACE_ADDRESS_MAX + 32];

	(void)snprintf(what, sizeof(what), "create the group %s", address);
	climb(dir_fd, code == -ENOMEM ? SHORTAGE_MEMORY : SHORTAGE_GROUPS, &full);
	if (full.kind)
		return refuse_full(what, &full, dir_fd, tenant, code, reterr);
	/* Above what can be seen from here, or gone meanwhile. */
	(void)error_set(reterr, code, code == -ENOMEM ? RATION_CAUSE_UNKNOWN : RATION_CAUSE_IN_USE, "can't %s: %s", what,
			error_text(code));
	return code == -ENOMEM ? code : error_hint(reterr, code, "cgroup.max.descendants or cgroup.max.depth of a group "
			"above is reached");
}

/* ---------------------------------------------------------------- processes */

/* Adds what a list of strings takes. False: one of them is too long by itself. */
static bool add_size(char *const *list, uint64_t *sum)
{
	for (; *list; list++) {
		size_t length = strlen(*list) + 1;

		if (length > ARGUMENT_MAX)
			return false;
		*sum += length + sizeof(*list);
	}
	return true;
}

/* Whether execve(2) takes them. */
static bool arguments_fit(const struct spawn *spawn)
{
	struct rlimit stack = { .rlim_cur = 0 };
	uint64_t sum = strlen(spawn->path) + 1, most;

	(void)getrlimit(RLIMIT_STACK, &stack);
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		if (spawn->rlimits[i].resource == RLIMIT_STACK)
			stack.rlim_cur = (rlim_t)spawn->rlimits[i].soft;
	}
	most = stack.rlim_cur / 4 < ARGUMENTS_MOST ? stack.rlim_cur / 4 : ARGUMENTS_MOST;
	most = most > ARGUMENTS_LEAST ? most : ARGUMENTS_LEAST;
	return add_size(spawn->argv, &sum) && add_size(spawn->envp, &sum) && sum <= most;
}

/* What a start can lack; 0: nothing that a group has a limit of. */
static enum shortage lacks(const struct spawn *spawn, int code)
{
	if (spawn->failed_step != SPAWN_STEP_NONE && spawn->failed_step != SPAWN_STEP_EXEC)
		return code == -ENOMEM ? SHORTAGE_MEMORY : 0;
	if (code == -EAGAIN && spawn->failed_step == SPAWN_STEP_NONE)
		return SHORTAGE_TASKS;
	if (code == -ETIMEDOUT)
		return SHORTAGE_STALL;
	return code == -ENOMEM || (code == -E2BIG && arguments_fit(spawn)) ? SHORTAGE_MEMORY : 0;
}

/* The same of a start in `place`, whose own limits ration can set as well. */
static int tell_start(const struct place *place, const struct full *full, int code, struct ration_error *reterr)
{
	char address[PLACE_ADDRESS_MAX], what[PLACE_ADDRESS_MAX + 32];

	(void)snprintf(what, sizeof(what), "start a command in %s", place_address(place, address));
	(void)refuse_full(what, full, place->tenant_fd, place->tenant, code, reterr);
	return is_at(full, place->fd) ? hint(full, address, code, reterr) : code;
}

int shortage_start_error(const struct place *place, const struct spawn *spawn, int code, struct ration_error *reterr)
{
	enum shortage kind = lacks(spawn, code);
	struct full full = { .used = 0 };

	if (kind) {
		climb(place->fd, kind, &full);
		for (size_t i = 0; i < place->host->n_v1; i++)
			climb(place->v1_fd[i], kind, &full);
		if (!full.kind)
			climb_own(place->host, kind, &full);
	}
	if (!full.kind)
		return command_spawn_error(spawn, code, reterr);
	return tell_start(place, &full, code == -E2BIG || code == -ETIMEDOUT ? -ENOMEM : code, reterr);
}

int shortage_check_tasks(const struct place *place, struct ration_error *reterr)
{
	const int levels[] = { place->fd, place->tenant_fd };
	struct full full = { .used = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		struct full here = { .used = 0 };

		if (levels[i] >= 0 && check_tasks(levels[i], &here) && !cg_has_caller(levels[i]))
			keep_fullest(levels[i], SHORTAGE_TASKS, &here, &full);
	}
	for (size_t i = 0; i < place->host->n_v1; i++) {
		if (place->v1_fd[i] >= 0 && !cg_has_caller(place->v1_fd[i]))
			check(place->v1_fd[i], SHORTAGE_TASKS, 1, &full);
	}
	return full.kind ? tell_start(place, &full, -EAGAIN, reterr) : 0;
}

int shortage_fork_error(const struct host_snapshot *host, const char *what, int code, struct ration_error *reterr)
{
	struct full full = { .used = 0 };

	if (code == -EAGAIN || code == -ENOMEM)
		climb_own(host, code == -EAGAIN ? SHORTAGE_TASKS : SHORTAGE_MEMORY, &full);
	if (full.kind)
		return refuse_full(what, &full, -EBADF, NULL, code, reterr);
	(void)error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't %s: %s", what, error_text(code));
	/* With the flag it has children, of SCHED_OTHER. */
	if (code == -EAGAIN && sched_getscheduler(0) == SCHED_DEADLINE)
		return error_hint(reterr, code, "the kernel lets no process of SCHED_DEADLINE fork: start ration by chrt -R");
	return code == -EAGAIN ? error_hint(reterr, code, "the tasks of this user (ulimit -u) or of the machine "
			"(kernel.threads-max, kernel.pid_max) are used up") : code;
}
