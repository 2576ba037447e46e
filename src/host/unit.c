/* SPDX-License-Identifier: MIT */
/*
 * unit.c - BASE where systemd is process 1: the group of a unit of ours
 *
 * systemd owns the whole tree except the groups of units with Delegate=yes. So we have one such
 * unit, ration.service: the system's for root, and one in each user's own manager. One process,
 * ration-unit, sleeps in it, and our groups are below its group. Later programs find it by its
 * place and its mark, and ask nobody.
 *
 * The mark is our own, because systemd 252 sets its mark (user.delegate) only on units of the
 * system's manager.
 *
 * A user has one more obstacle. To move a process from one group into another, or to start one
 * there, the kernel requires write access to the nearest group above both. Above a session's scope
 * and the user's manager there are only root's groups. So systemd moves the caller, once for each
 * opened host.
 */
#include "host/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base.h"
#include "host/kinds.h"
#include "host/machine.h"
#include "host/notes.h"
#include "sys/bus.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* Where a manager keeps the unit: paths below the mount of cgroup2. */
struct unit_place {
	char manager[128];  /* the group that the manager manages: "" or "/user.slice/…/user@1000.service" */
	char unit[256];     /* the unit's own */
};

/* The place in the system's manager, or in that of our uid. */
static void find_place(struct unit_place *ret, bool user)
{
	unsigned uid = (unsigned)geteuid();

	if (user)
		(void)snprintf(ret->manager, sizeof(ret->manager), "/user.slice/user-%u.slice/user@%u.service", uid,
				uid);
	else
		ret->manager[0] = '\0';
	(void)snprintf(ret->unit, sizeof(ret->unit), "%s/%s/%s", ret->manager, user ? "app.slice" : "system.slice",
			BUS_UNIT);
}

/*
 * Whether `fd` is a manager's group, and we may ask that manager. A manager lives in init.scope, in the group
 * that it manages; a user's manager has been given its group.
 */
static bool managed(int fd, bool user)
{
	struct stat st;

	if (sys_access(fd, "init.scope", F_OK) < 0)
		return false;
	return !user || (fstat(fd, &st) == 0 && st.st_uid == geteuid());
}

/* Whether `fd` is the group of a unit of ours whose ration-unit is running. */
static bool marked(int fd)
{
	return notes_has(fd, NOTE_BASE);
}

/*
 * How many bytes of `own`, the path of a group, lead to a unit with our unit's name; 0: it isn't in one. The
 * mark says whether that is ours.
 */
static size_t prefix_of(const char *own)
{
	static const char name[] = "/" BUS_UNIT;
	const size_t length = sizeof(name) - 1;

	for (const char *at = own; (at = strstr(at, name)); at += length) {
		if (at[length] == '/' || at[length] == '\0')
			return (size_t)(at - own) + length;
	}
	return 0;
}

bool unit_inside_run(const struct mounts *mounts, const char *root)
{
	CLEANUP(closep) int fd = -EBADF;
	size_t length = prefix_of(mounts->own);
	char path[PATH_MAX];
	struct stat st;

	if (length == 0 || mounts->own[length] == '\0' || strcmp(mounts->own + length, "/" HOST_SELF) == 0)
		return false;
	if ((size_t)snprintf(path, sizeof(path), "%s%s%.*s", root, mounts->point, (int)length, mounts->own) >=
			sizeof(path))
		return false;
	fd = base_open(path, root);
	/* We can't see the mark of another uid's unit, but its limits apply to us all the same. */
	return fd >= 0 && (notes_has(fd, NOTE_BASE) || (fstat(fd, &st) == 0 && !notes_own(&st)));
}

/* ------------------------------------------------------------------- finding */

static void no_unit(struct host_snapshot *host, const char *fix, const char *reason)
{
	base_note(&host->facts, fix, "systemd owns %s and didn't delegate it%s%s", host->base, *reason ? "; " : "",
			reason);
	host->base[0] = '\0';
}

/* Controllers that a user's manager doesn't have, its units can't have. */
static void note_kept_back(struct host_snapshot *host, const struct unit_place *place)
{
	const uint32_t all = RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO |
		RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS;
	struct host_facts *facts = &host->facts;
	char have[64] = "none";
	size_t used = 0;

	if (facts->root || (facts->controllers & all) == all)
		return;
	for (size_t i = 0; i < HOST_CONTROLLERS; i++) {
		if (facts->controllers & host_controllers[i].bit)
			used += (size_t)snprintf(have + used, sizeof(have) - used, "%s%s", used ? " " : "",
					host_controllers[i].name);
	}
	base_note(facts, "as root: d=/etc/systemd/system/user@.service.d; mkdir -p $d; printf '[Service]\\n"
			"Delegate=cpu cpuset io memory pids\\n"
			"' >$d/ration.conf; systemctl daemon-reload; then log in again",
			"systemd delegated only these controllers to %s: %s", strrchr(place->manager, '/') + 1, have);
}

static bool lacks_program(struct host_snapshot *host)
{
	if (!host->unit_program[0])
		no_unit(host, "remove --helpers none", "--helpers none forbids to ask it for a unit");
	else if (access(host->unit_program, X_OK) < 0)
		no_unit(host, "install all of ration, or run it with: systemd-run --scope -p Delegate=yes ration run …",
				"the program ration-unit is missing");
	else
		return false;
	return true;
}

/* The unit isn't started yet: fills in what it will have. */
static void expect_unit(struct host_snapshot *host, const char *unit, int manager_fd, const char *manager,
		const char *root)
{
	struct host_facts *facts = &host->facts;

	if (lacks_program(host))
		return;
	(void)strcpy(host->base, unit);
	host->unit_pending = true;
	facts->base_kind = RATION_BASE_UNIT;
	/* systemd doesn't manage hugetlb. */
	facts->controllers = base_note_controllers(facts, manager_fd, manager) & ~RATION_CONTROLLER_HUGETLB;
	if (facts->controllers == 0)
		base_note_no_controllers(host);
	base_capacity(host, manager_fd, manager, root);
	machine_probe_group(facts, manager_fd, manager);
}

void unit_find(struct host_snapshot *host, const struct mounts *mounts, const char *root)
{
	CLEANUP(closep) int manager_fd = -EBADF;
	CLEANUP(closep) int fd = -EBADF;
	bool user = !host->facts.root;
	struct unit_place place;
	char manager[PATH_MAX], unit[PATH_MAX + sizeof(place.unit)];
	bool outside;

	host->evacuate = false;
	find_place(&place, user);
	if ((size_t)snprintf(manager, sizeof(manager), "%s%s%s", root, mounts->point, place.manager) <
			sizeof(manager) - sizeof(place.unit))
		manager_fd = base_open(manager, root);
	facts_note(&host->facts, manager_fd, "", manager);
	if (manager_fd < 0 || !managed(manager_fd, user) || mounts->read_only) {
		no_unit(host, user ? "start this user's manager: loginctl enable-linger; or set Delegate=yes "
				"in the unit of ration" :
				     "run it with: systemd-run --scope -p Delegate=yes ration run …",
				!user || mounts->read_only ? "" : "this user's manager isn't running");
		return;
	}
	(void)snprintf(unit, sizeof(unit), "%s%s", manager, place.unit + strlen(place.manager));
	fd = base_open(unit, root);
	facts_note(&host->facts, fd, "", unit);
	outside = user && !cg_path_within(mounts->own, place.manager);
	if (fd < 0 || !marked(fd)) {
		expect_unit(host, unit, manager_fd, manager, root);
	} else if (!outside || !bus_takes_program() || !lacks_program(host)) {
		(void)strcpy(host->base, unit);
		base_take(host, TAKE_FD(fd), RATION_BASE_UNIT, false);
	}
	if (host->facts.base_kind != RATION_BASE_UNIT)
		return;
	host->outside = outside;
	note_kept_back(host, &place);
}
