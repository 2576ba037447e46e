/* SPDX-License-Identifier: MIT */
/*
 * origin.c - where the processes of a group came from, and the way back
 *
 * When a process is moved into a group, a line is added to a note there: "PID START PATH". Its
 * children have none, and use the line of their nearest ancestor. So a release can bring all of
 * them back to a place that somebody chose. The group above wouldn't do: if it has controllers it
 * refuses them (EBUSY), if not they would lose every limit.
 */
#include "group/life/origin.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "group/cgroup1.h"
#include "group/record.h"
#include "group/whose.h"
#include "host/notes.h"
#include "host/prepare.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How many ancestors of a process to look at: more than process trees are deep. */
#define ANCESTORS_MAX 64

/* Rounds of a release: each moves the processes that it sees, and a fork meanwhile needs another. */
#define ROUNDS_MAX 1000

/* The most bytes kept for one group; older lines are dropped first, even of live processes. */
#define ORIGINS_MAX NOTE_MAX

static bool lives(const struct host_snapshot *host, pid_t pid, uint64_t start)
{
	uint64_t now;

	return proc_start_ticks(host->proc_fd, pid, &now) == 0 && now == start;
}

/* The number there, which a blank follows, and nothing of the next line. Returns where it goes on, or NULL. */
static const char *take_number(const char *at, uint64_t *ret)
{
	char *end;

	if (*at < '0' || *at > '9')
		return NULL;
	*ret = strtoull(at, &end, 10);
	return *end == ' ' ? end + 1 : NULL;
}

/* Returns where the path of a line "PID START PATH" begins; NULL: it isn't one. */
static const char *take_line(const char *line, pid_t *ret_pid, uint64_t *ret_start)
{
	uint64_t pid, start;
	const char *at = take_number(line, &pid);

	if (at)
		at = take_number(at, &start);
	if (!at || *at != '/' || pid == 0 || pid > INT_MAX)
		return NULL;
	*ret_pid = (pid_t)pid;
	*ret_start = start;
	return at;
}

/* How long to wait for the lock. The process that was moved is in the group, even if this can't be recorded. */
#define RECORD_MSEC 1000

/* Without the lock, two processes that write at once would lose one of the new lines. */
static int lock(const struct ration_group *group)
{
	return group->at.fd < 0 ? -EBADF : lock_take(group->at.fd, RECORD_MSEC);
}

/* Adds a line to the record of one directory, with the lock of the group. */
static void record_on(const struct host_snapshot *host, int fd, pid_t pid, const char *path)
{
	char old[ORIGINS_MAX], text[ORIGINS_MAX];
	uint64_t start;
	char *save = NULL;
	int used;

	if (proc_start_ticks(host->proc_fd, pid, &start) < 0)
		return;
	if (notes_read(fd, NOTE_FROM, old, sizeof(old)) < 0)
		old[0] = '\0';
	used = snprintf(text, sizeof(text), "%d %" PRIu64 " %s", (int)pid, start, path);
	for (char *line = strtok_r(old, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t then;
		pid_t who;

		if (!take_line(line, &who, &then) || who == pid || !lives(host, who, then))
			continue;
		if (used < 0 || (size_t)used + strlen(line) + 2 > sizeof(text))
			break;
		used += snprintf(text + used, sizeof(text) - (size_t)used, "\n%s", line);
	}
	(void)notes_write(fd, NOTE_FROM, text);
}

/* Tells whether a path is the group itself or below it. */
static bool inside(const struct ration_group *group, const char *path)
{
	return cg_path_within(path, group->path + strlen(group->host->mount));
}

void origin_record(const struct ration_group *group, pid_t pid, const char *path)
{
	CLEANUP(lock_releasep) int lock_fd = -EBADF;

	/* If it is moved in again, the existing line says where it came from. */
	if (inside(group, path))
		return;
	lock_fd = lock(group);
	record_on(group->host, group->at.fd, pid, path);
}

unsigned origin_record_v1(const struct ration_group *group, pid_t pid)
{
	CLEANUP(lock_releasep) int lock_fd = group->host->n_v1 > 0 ? lock(group) : -EBADF;
	const struct place *at = &group->at;
	unsigned outside = 0;

	for (size_t i = 0; i < group->host->n_v1; i++) {
		char path[PATH_MAX];
		bool known;

		if (at->v1_fd[i] < 0)
			continue;
		known = v1_place(group->host, i, pid, path, sizeof(path)) == 0;
		if (known && v1_inside(at, i, path))
			continue;
		outside |= 1u << i;
		if (known)
			record_on(group->host, at->v1_fd[i], pid, path);
	}
	return outside;
}

bool origin_find(const char *origins, pid_t pid, uint64_t start, char *path, size_t size)
{
	for (const char *line = origins; line; line = strchr(line, '\n')) {
		const char *from;
		uint64_t then;
		pid_t who;

		line += *line == '\n';
		from = take_line(line, &who, &then);
		if (!from || who != pid || then != start)
			continue;
		if (strcspn(from, "\n") >= size)
			return false;
		(void)snprintf(path, size, "%.*s", (int)strcspn(from, "\n"), from);
		return true;
	}
	return false;
}

/* Where a process came from, or the nearest of its ancestors that came from anywhere. */
static bool find_origin(const struct host_snapshot *host, const char *origins, pid_t pid, char *path, size_t size)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		struct proc_stat stat;

		if (proc_stat_read(host->proc_fd, pid, &stat) < 0)
			return false;
		if (origin_find(origins, pid, stat.start_ticks, path, size))
			return true;
		pid = stat.ppid;
	}
	return false;
}

int origin_move(const struct host_snapshot *host, pid_t pid, const char *path)
{
	CLEANUP(closep) int fd = -EBADF;
	char full[2 * PATH_MAX];

	/* The path is outside of what the mount shows, or has characters that /proc escapes. */
	if (path[0] != '/' || strncmp(path, "/..", 3) == 0 || strchr(path, '\\'))
		return -ENOENT;
	(void)snprintf(full, sizeof(full), "%s%s", host->mount, path);
	fd = cg_open_base(full);
	return fd < 0 ? fd : cg_attach(fd, pid);
}

/* Moves one process out of one directory of cgroup v1. */
static int return_v1(const struct ration_group *group, size_t i, const char *origins, pid_t pid)
{
	char path[PATH_MAX];
	int r = -ENOENT;

	if (find_origin(group->host, origins, pid, path, sizeof(path)))
		r = v1_move(pid, path);
	return r < 0 && r != -ESRCH ? cg_attach(group->host->v1[i].fd, pid) : r;
}

static void read_origins(int fd, char origins[ORIGINS_MAX])
{
	if (notes_read(fd, NOTE_FROM, origins, ORIGINS_MAX) < 0)
		origins[0] = '\0';
}

void origin_return_v1(const struct ration_group *group, pid_t pid, unsigned hierarchies)
{
	char origins[ORIGINS_MAX];

	for (size_t i = 0; i < group->host->n_v1; i++) {
		if (!(hierarchies & 1u << i))
			continue;
		read_origins(group->at.v1_fd[i], origins);
		(void)return_v1(group, i, origins, pid);
	}
}

struct release {
	const struct ration_group *group;
	struct ration_remove_report *report;
	const char *own;   /* the caller's own group */
	char origins[ORIGINS_MAX];
	size_t v1;         /* the hierarchy that is being left */
	pid_t stuck;       /* can't be moved */
	int moved, code;
};

static int release_one(void *data, pid_t pid)
{
	struct release *release = data;
	const struct host_snapshot *host = release->group->host;
	char path[PATH_MAX];
	int r = -ENOENT;

	if (pid <= 0) {
		release->stuck = pid;
		release->code = -EXDEV;
		return 0;
	}
	if (find_origin(host, release->origins, pid, path, sizeof(path)) && !inside(release->group, path))
		r = origin_move(host, pid, path);
	if (r < 0 && r != -ESRCH && !inside(release->group, release->own)) {
		r = origin_move(host, pid, release->own);
		release->report->released_to_caller += r == 0;
	}
	if (r == -ESRCH)
		return 0;
	if (r < 0) {
		release->stuck = pid;
		release->code = r;
		return 0;
	}
	release->moved++;
	release->report->released++;
	return 0;
}

static int release_one_v1(void *data, pid_t pid)
{
	struct release *release = data;
	int r = pid > 0 ? return_v1(release->group, release->v1, release->origins, pid) : -EXDEV;

	release->moved += r >= 0;
	if (r < 0 && r != -ESRCH) {
		release->stuck = pid;
		release->code = r;
	}
	return 0;
}

static int stuck_error(const struct release *release, struct ration_error *reterr)
{
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES,
			"can't move process %d out of %s, neither to its original group nor to this process's "
			"group: %s",
			(int)release->stuck, release->group->address, error_text(release->code));
	return error_hint(reterr, -EBUSY, "without --release, ration kills the processes");
}

/* Each group of a tenant knows where its own processes came from. */
static int release_member(int tenant_fd, const char *name, void *data)
{
	struct release *release = data;
	CLEANUP(closep) int fd = cg_open_dir(tenant_fd, name);

	if (fd < 0)
		return 0;
	read_origins(fd, release->origins);
	(void)cg_each_pid(fd, release_one, release);
	return 0;
}

/* Finds a directory of another uid with processes: we can't trust its notes about where those came from. */
static int find_stranger(int dir_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(dir_fd, name);

	return fd >= 0 && whose_is(fd, data) != WHOSE_OWN && cg_populated(fd) == 1;
}

int origin_check(const struct ration_group *group, struct ration_error *reterr)
{
	uid_t uid = 0;
	int r = find_stranger(group->at.fd, ".", &uid);

	if (r == 0 && group->tenant)
		r = cg_each_child(group->at.fd, find_stranger, &uid);
	/* The kernel says what can't be done with root's. */
	if (r <= 0 || (uid == 0 && geteuid() != 0))
		return 0;
	(void)error_set(reterr, -EPERM, RATION_CAUSE_NOT_DELEGATED,
			"can't release the processes of %s: uid %u can write to their group, so where they came from "
			"isn't known",
			group->address, (unsigned)uid);
	return error_hint(reterr, -EPERM, "ration rm --force %s kills them, or release them as that user",
			group->address);
}

int origin_release(const struct ration_group *group, struct ration_remove_report *report,
		struct ration_error *reterr)
{
	char own[PATH_MAX];
	struct release release = { .group = group, .report = report, .own = own };

	/* A user can't move them into a session's scope: move the caller to where they can go. */
	if (host_now(group->handle)->outside)
		(void)host_bring(group->host, getpid());
	if (proc_cgroup(group->host->proc_fd, getpid(), own, sizeof(own)) < 0)
		own[0] = '\0';
	for (int round = 0; round < ROUNDS_MAX && cg_populated(group->at.fd) == 1; round++) {
		release.moved = release.code = 0;
		if (group->tenant)
			(void)cg_each_child(group->at.fd, release_member, &release);
		read_origins(group->at.fd, release.origins);
		(void)cg_each_pid(group->at.fd, release_one, &release);
		if (release.code < 0 && release.moved == 0)
			break;
	}
	return cg_populated(group->at.fd) != 1 ? 0 : stuck_error(&release, reterr);
}

int origin_release_v1(const struct ration_group *group, struct ration_error *reterr)
{
	const struct place *at = &group->at;
	struct release release = { .group = group };

	for (size_t i = 0; i < group->host->n_v1; i++) {
		if (at->v1_fd[i] < 0)
			continue;
		release.v1 = i;
		read_origins(at->v1_fd[i], release.origins);
		for (int round = 0; round < ROUNDS_MAX && cg_count(at->v1_fd[i]) > 0; round++) {
			release.moved = release.code = 0;
			(void)cg_each_pid(at->v1_fd[i], release_one_v1, &release);
			if (release.code < 0 && release.moved == 0)
				return stuck_error(&release, reterr);
		}
	}
	return 0;
}
