/* SPDX-License-Identifier: MIT */
/*
 * frozen.c - which level keeps a group's processes from running
 */
#include "group/frozen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "group/cgroup1.h"
#include "group/levels.h"
#include "group/nodes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cgroup1.h"
#include "sys/proc/mounts.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static bool freezes(int fd)
{
	uint64_t frozen;

	return fd >= 0 && cg_read_u64(fd, "cgroup.freeze", &frozen) == 0 && frozen == 1;
}

/* ----------------------------------------------------------------- cgroup2 */

struct search {
	bool found;
	enum ration_level level;
	char where[PATH_MAX];
};

static void look(void *data, int fd, enum ration_level level, const char *where)
{
	struct search *search = data;

	if (search->found || !freezes(fd))
		return;
	search->found = true;
	search->level = level;
	(void)snprintf(search->where, sizeof(search->where), "%s", where);
}

#define ESCAPED_MAX 160

/* How often to check a frozen group before concluding that nothing visible freezes it. */
#define LOOKS 10
#define LOOK_MSEC 1

/* Blames a tenant or a group of ours, which ration can thaw. */
static int refuse_ours(const struct place *place, const char *what, const char *kind, const char *name,
		struct ration_error *reterr)
{
	char shown[PLACE_ADDRESS_MAX];

	(void)error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't %s %s: %s %s is frozen", what,
			place_address(place, shown), kind, name);
	return error_hint(reterr, -EBUSY, "ration thaw %s", name);
}

static int refuse_above(const struct place *place, const char *what, const char *where, struct ration_error *reterr)
{
	char shown[PLACE_ADDRESS_MAX], escaped[ESCAPED_MAX];

	(void)error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't %s %s: the group %s above it is frozen", what,
			place_address(place, shown), text_escape(escaped, sizeof(escaped), where));
	return error_hint(reterr, -EBUSY, "write 0 to its cgroup.freeze, below %.100s", place->host->mount);
}

struct state {
	uint64_t populated, frozen; /* UINT64_MAX: not known */
};

/* A group without processes counts as frozen as soon as a level above it is frozen, even one that we can't see. */
static struct state state_of(int fd)
{
	struct state state = { .populated = UINT64_MAX, .frozen = UINT64_MAX };
	char text[256];

	if (fd < 0 || cg_read(fd, "cgroup.events", text, sizeof(text)) < 0)
		return state;
	(void)cg_text_key(text, "populated", &state.populated);
	(void)cg_text_key(text, "frozen", &state.frozen);
	return state;
}

static int check_levels(const struct place *place, const char *what, struct ration_error *reterr)
{
	struct search search = { .found = false };
	char shown[PLACE_ADDRESS_MAX];

	if (place->fd >= 0 && freezes(place->fd))
		return refuse_ours(place, what, "group", place_address(place, shown), reterr);
	levels_walk(place, look, &search);
	if (search.found && search.level == RATION_LEVEL_TENANT)
		return refuse_ours(place, what, "tenant", place->tenant, reterr);
	return search.found ? refuse_above(place, what, search.where, reterr) : 0;
}

static int check_v2(const struct place *place, const char *what, struct ration_error *reterr)
{
	char shown[PLACE_ADDRESS_MAX];

	/* A level that is frozen after we looked at it is found by the next look. */
	for (int i = 0; i < LOOKS; i++) {
		int r = check_levels(place, what, reterr);

		if (r < 0 || state_of(place->fd).frozen != 1)
			return r;
		(void)poll(NULL, 0, LOOK_MSEC);
	}
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't %s %s: a group above it is frozen", what,
			place_address(place, shown));
	return error_hint(reterr, -EBUSY, "it is outside of this container; thaw the container");
}

/* --------------------------------------------------------------- cgroup v1 */

static bool is_held(const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char state[32];

	return fd >= 0 && cg_read(fd, "freezer.state", state, sizeof(state)) > 0 && strcmp(state, "THAWED") != 0;
}

/* Whether the directory itself freezes, not one above it. */
static bool holds(const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t self;

	return fd >= 0 && cg_read_u64(fd, "freezer.self_freezing", &self) == 0 && self == 1;
}

/* Finds the lowest directory that freezes what is in `path`; `path` itself if none that we can see does. */
static bool find_holder(const char *path, char *ret_holder, size_t size)
{
	char at[PATH_MAX];

	if (!is_held(path))
		return false;
	(void)snprintf(ret_holder, size, "%s", path);
	(void)snprintf(at, sizeof(at), "%s", path);
	for (char *end = at + strlen(at); end && end > at; end = strrchr(at, '/')) {
		*end = '\0';
		if (!holds(at))
			continue;
		(void)snprintf(ret_holder, size, "%s", at);
		break;
	}
	return true;
}

/* The path of a group in the freezer, by its names; "" if it has no directory there. */
static void own_path(const struct place *place, char *buf, size_t size)
{
	const struct host_snapshot *host = place->host;
	char nodes[NODES_PATH_MAX];

	buf[0] = '\0';
	for (size_t i = 0; host && i < host->n_v1; i++) {
		if (host->v1[i].controllers & RATION_CONTROLLER_FREEZER && place->v1_fd[i] >= 0)
			(void)snprintf(buf, size, "%s%s/%s/%s", host->v1[i].path,
					nodes_path(nodes, sizeof(nodes), host), place->tenant, place->name);
	}
}

static int check_v1(const struct place *place, const char *what, struct ration_error *reterr)
{
	char path[PATH_MAX], holder[PATH_MAX], shown[PLACE_ADDRESS_MAX], escaped[ESCAPED_MAX];

	own_path(place, path, sizeof(path));
	if (!path[0] || !find_holder(path, holder, sizeof(holder)))
		return 0;
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't %s %s: the cgroup v1 freezer has frozen %s", what,
			place_address(place, shown), text_escape(escaped, sizeof(escaped), holder));
	return error_hint(reterr, -EBUSY, "write THAWED to its freezer.state");
}

int frozen_check(const struct place *place, const char *what, struct ration_error *reterr)
{
	struct state state = state_of(place->fd);
	/* One that has processes may be about to be frozen. */
	bool is_free = state.populated == 0 && state.frozen == 0;
	int r = place->tenant_fd >= 0 && !is_free ? check_v2(place, what, reterr) : 0;

	return r < 0 ? r : check_v1(place, what, reterr);
}

/* ---------------------------------------------------------------- a process */

/* Finds the directory of a process in the freezer. */
static bool freezer_of(pid_t pid, char *ret_path, size_t size)
{
	CLEANUP(freep) struct mounts_v1 *mounts = NULL;
	char whose[32];
	int n;

	(void)snprintf(whose, sizeof(whose), "/proc/%d", (int)pid);
	n = mounts_read_v1_of("/proc/self", whose, &mounts);
	for (int i = 0; i < n; i++) {
		if (!mounts_has_controller(mounts[i].controllers, "freezer"))
			continue;
		return (size_t)snprintf(ret_path, size, "%s%s", mounts[i].point, mounts[i].own) < size;
	}
	return false;
}

bool frozen_by_v1(pid_t pid, char *ret_path, size_t size)
{
	char path[PATH_MAX];

	return freezer_of(pid, path, sizeof(path)) && find_holder(path, ret_path, size);
}

static void thaw(const char *path)
{
	CLEANUP(closep) int fd = cg1_open_base(path);

	if (fd >= 0)
		(void)cg1_thaw(fd);
}

void frozen_thaw(const struct place *place, pid_t pid)
{
	char own[PATH_MAX], path[PATH_MAX];
	size_t length;

	own_path(place, own, sizeof(own));
	length = strlen(own);
	if (length == 0 || !freezer_of(pid, path, sizeof(path)) || !cg_path_within(path, own))
		return;
	/* From the run's own downwards, each level that the process is in. */
	for (char *end = path + length;; end = strchr(end + 1, '/')) {
		char next = end ? *end : '\0';

		if (end)
			*end = '\0';
		thaw(path);
		if (!next)
			break;
		*end = next;
	}
}
