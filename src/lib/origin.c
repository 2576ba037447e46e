/* SPDX-License-Identifier: MIT */
/*
 * origin.c - where the processes of a group came from, and the way back
 *
 * A process that is moved into a group leaves a line there, "PID START PATH"; its
 * children have none, but find the line of their nearest ancestor. So a release
 * can bring everybody back, and none ends up where nobody has put it: least of
 * all in the group above, which has controllers and would refuse it (EBUSY), or
 * doesn't, and would leave it without any limit.
 */
#include "lib/origin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/record.h"
#include "lib/unit.h"
#include "sys/cgroup.h"
#include "sys/proc.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Ancestors of a process to look at: more than process trees are deep. */
#define ANCESTORS_MAX 64

/* Rounds of a release: each moves whom it sees, and a fork meanwhile needs another. */
#define ROUNDS_MAX 1000

/* Lines kept of one group; older ones of living processes go first. */
#define ORIGINS_MAX RECORD_MAX

static bool lives(const struct ration_host *host, pid_t pid, uint64_t start)
{
	uint64_t now;

	return proc_start_ticks(host->proc_fd, pid, &now) == 0 && now == start;
}

void origin_record(const struct ration_group *group, pid_t pid, const char *path)
{
	char old[ORIGINS_MAX], text[ORIGINS_MAX];
	const struct ration_host *host = group->host;
	uint64_t start;
	char *save = NULL;
	int used;

	if (proc_start_ticks(host->proc_fd, pid, &start) < 0)
		return;
	if (record_get(group->at.fd, RECORD_FROM, old, sizeof(old)) < 0)
		old[0] = '\0';
	used = snprintf(text, sizeof(text), "%d %" PRIu64 " %s", (int)pid, start, path);
	for (char *line = strtok_r(old, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t then;
		int who;

		if (sscanf(line, "%d %" SCNu64, &who, &then) != 2 || who == pid || !lives(host, who, then))
			continue;
		if (used < 0 || (size_t)used + strlen(line) + 2 > sizeof(text))
			break;
		used += snprintf(text + used, sizeof(text) - (size_t)used, "\n%s", line);
	}
	(void)record_set(group->at.fd, RECORD_FROM, text);
}

/* Finds the line of a process that started then. */
static bool find(const char *origins, pid_t pid, uint64_t start, char *path, size_t size)
{
	for (const char *line = origins; line && *line; line = strchr(line, '\n')) {
		uint64_t then;
		int who, length = 0;

		line += *line == '\n';
		if (sscanf(line, "%d %" SCNu64 " %n", &who, &then, &length) != 2 || who != pid || then != start)
			continue;
		line += length;
		if (strcspn(line, "\n") >= size)
			return false;
		(void)snprintf(path, size, "%.*s", (int)strcspn(line, "\n"), line);
		return true;
	}
	return false;
}

/* Where a process came from, or the nearest of its ancestors that came from anywhere. */
static bool find_origin(const struct ration_host *host, const char *origins, pid_t pid, char *path, size_t size)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		struct proc_stat stat;

		if (proc_stat_read(host->proc_fd, pid, &stat) < 0)
			return false;
		if (find(origins, pid, stat.start_ticks, path, size))
			return true;
		pid = stat.ppid;
	}
	return false;
}

int origin_move(const struct ration_host *host, pid_t pid, const char *path)
{
	CLEANUP(closep) int fd = -EBADF;
	char full[2 * PATH_MAX];

	/* Outside of what the mount shows, or with characters that /proc escapes. */
	if (path[0] != '/' || strncmp(path, "/..", 3) == 0 || strchr(path, '\\'))
		return -ENOENT;
	(void)snprintf(full, sizeof(full), "%s%s", host->mount, path);
	fd = cg_open_base(full);
	return fd < 0 ? fd : cg_attach(fd, pid);
}

struct release {
	const struct ration_group *group;
	struct ration_remove_report *report;
	const char *own;   /* the caller's own group */
	char origins[ORIGINS_MAX];
	pid_t stuck;       /* can't be moved */
	int moved, code;
};

/* Tells whether a path is the group itself or below it. */
static bool inside(const struct ration_group *group, const char *path)
{
	const char *own = group->path + strlen(group->host->mount);
	size_t length = strlen(own);

	return strncmp(path, own, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int release_one(void *data, pid_t pid)
{
	struct release *release = data;
	const struct ration_host *host = release->group->host;
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

int origin_release(const struct ration_group *group, struct ration_remove_report *report,
		struct ration_error *reterr)
{
	char own[PATH_MAX];
	struct release release = { .group = group, .report = report, .own = own };

	/* Into a session's scope a user can't move them: then the caller is to be where they can go. */
	if (group->host->outside)
		(void)unit_bring(group->host, getpid());
	if (proc_cgroup(group->host->proc_fd, getpid(), own, sizeof(own)) < 0)
		own[0] = '\0';
	if (record_get(group->at.fd, RECORD_FROM, release.origins, sizeof(release.origins)) < 0)
		release.origins[0] = '\0';
	for (int round = 0; round < ROUNDS_MAX && cg_populated(group->at.fd) == 1; round++) {
		release.moved = release.code = 0;
		(void)cg_each_pid(group->at.fd, release_one, &release);
		if (release.code < 0 && release.moved == 0)
			break;
	}
	if (cg_populated(group->at.fd) != 1)
		return 0;
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES,
			"process %d can be moved out of %s neither to where it came from nor to this process's group: %s",
			(int)release.stuck, group->address, error_text(release.code));
	return error_hint(reterr, -EBUSY, "without --release its processes are killed");
}
