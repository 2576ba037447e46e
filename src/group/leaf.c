/* SPDX-License-Identifier: MIT */
/*
 * leaf.c - the leaf in which a run's processes live
 *
 *     BASE / NAMESPACE / TENANT / NAME
 *
 * Nodes have limits and never processes (nodes.c), leaves have processes and
 * never children of ours: so the kernel's rule against processes in inner groups
 * can't bite.
 */
#include "group/leaf.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "group/cgroup1.h"
#include "group/nodes.h"
#include "group/outside.h"
#include "group/owner.h"
#include "group/record.h"
#include "group/shortage.h"
#include "host/facts.h"
#include "host/names.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/walk.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

int leaf_prepare(const struct host_snapshot *host, const char *tenant, const char *name, uint32_t wanted,
		struct place *ret_place, struct ration_error *reterr)
{
	struct place place = PLACE_NONE;
	int r;

	place.host = host;
	r = names_choose(tenant, name, place.tenant, place.name, reterr);
	if (r < 0)
		return r;
	/* Otherwise the run would silently be beside the intended tenant, and without its limits. */
	r = host->base_fd < 0 ? outside_error(host, place.tenant, "", reterr) : 0;
	if (r < 0)
		return r;
	r = owner_say(host->proc_fd, place.owner);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't tell whose %s/%s is going to be: %s", place.tenant, place.name,
				error_text(r));
	if (host->base_fd >= 0)
		r = nodes_make(host, place.tenant, wanted, &place.namespace_fd, &place.tenant_fd, reterr);
	if (r < 0)
		return r;
	*ret_place = place;
	return 0;
}

/* ----------------------------------------------------------------- leaf */

/* Far longer than anybody holds the lock of a group. */
#define LOCK_MSEC 30000

/* How long a group takes to be made or removed, however busy the machine. */
#define SETTLE_MSEC 5000

/* It belongs to another user, whoever that is, and isn't claimed. */
static int stranger_error(const struct place *place, uid_t uid, struct ration_error *reterr)
{
	(void)error_set(reterr, -EEXIST, RATION_CAUSE_EXISTS, "%s/%s exists already: it belongs to uid %u",
			place->tenant, place->name, (unsigned)uid);
	return error_hint(reterr, -EEXIST, "choose another name; ration rm --force %s/%s removes it", place->tenant,
			place->name);
}

int leaf_remove_dead(const struct host_snapshot *host, const char *tenant, int tenant_fd, const char *name, int fd,
		int wait_msec)
{
	CLEANUP(lock_releasep) int lock_fd = lock_take(fd, wait_msec);
	int r;

	if (lock_fd == -EBUSY)
		return -EALREADY;
	/* Somebody else has removed it, and its name may belong to another group by now. */
	if (!cg_is(fd, tenant_fd, name))
		return 0;
	/* Without the lock, another process could take over the name meanwhile. */
	if (facts_doubt(lock_fd))
		return lock_fd;
	/* First v1: as long as the group in cgroup2 exists, the next gc finds what is left. */
	r = v1_remove_dead(host, tenant, name);
	return r < 0 ? r : owner_remove_group(tenant_fd, name, fd);
}

/* A leaf of that name exists: we can remove it if its owner is dead. */
static int make_room(struct place *place, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = cg_open_dir(place->tenant_fd, place->name);
	uid_t uid;
	int r;

	if (fd < 0)
		return vanished(fd) ? 0 : nodes_error(fd, "open", place->name, reterr);
	if (whose_is(fd, &uid) == WHOSE_OTHER)
		return stranger_error(place, uid, reterr);
	if (owner_state(place->host->proc_fd, fd, NULL) == RATION_OWNER_DEAD) {
		r = leaf_remove_dead(place->host, place->tenant, place->tenant_fd, place->name, fd, SETTLE_MSEC);
		if (r >= 0)
			return 0;
		if (facts_doubt(r))
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't remove the group %s/%s of a dead owner: %s",
					place->tenant, place->name, error_text(r));
	}
	(void)error_set(reterr, -EEXIST, RATION_CAUSE_EXISTS, "the group %s/%s exists already", place->tenant,
			place->name);
	return error_hint(reterr, -EEXIST, "choose another --name, or omit it for a unique one");
}

static int lock_error(const struct place *place, int code, struct ration_error *reterr)
{
	char address[PLACE_ADDRESS_MAX];
	pid_t pid = code == -EBUSY ? lock_holder(place->fd) : 0;

	(void)place_address(place, address);
	if (code == -EACCES || code == -EPERM)
		return owner_error(place->fd, code, "change", address, reterr);
	if (code != -EBUSY)
		return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't lock %s: %s", address, error_text(code));
	if (pid == 0)
		return error_set(reterr, -ETIMEDOUT, RATION_CAUSE_TIMEOUT,
				"another process has been changing %s for %d s", address, LOCK_MSEC / 1000);
	return error_set(reterr, -ETIMEDOUT, RATION_CAUSE_TIMEOUT, "process %d has been changing %s for %d s",
			(int)pid, address, LOCK_MSEC / 1000);
}

int leaf_lock(struct place *place, struct ration_error *reterr)
{
	int r = lock_take(place->fd, LOCK_MSEC);

	if (r < 0)
		return vanished(r) ? -ENOENT : lock_error(place, r, reterr);
	place->lock_fd = r;
	return 0;
}

void leaf_unlock(struct place *place)
{
	place->lock_fd = lock_release(place->lock_fd);
}

void leaf_settle(int fd)
{
	/* Doesn't wait for another user, who can hold the lock for ever. */
	if (whose_is(fd, NULL) != WHOSE_OTHER)
		(void)lock_release(lock_take(fd, SETTLE_MSEC));
}

/*
 * Several processes may be making a group of this name. The one that holds the lock of it, and finds that
 * nobody has finished it, makes it. So a single process makes all of it, even if the first maker has died in
 * between.
 */
int leaf_claim(struct place *place, bool mine, struct ration_error *reterr)
{
	char text[32];
	int r = leaf_lock(place, reterr);

	if (r < 0)
		return r;
	r = notes_read(place->fd, NOTE_CREATED, text, sizeof(text));
	/* If nothing can be remembered (before 5.7), the directory alone decides. */
	if (r == -ENODATA || (r < 0 && mine))
		return 0;
	leaf_unlock(place);
	return -EEXIST;
}

/*
 * A directory of that name exists, without a note: its maker died, or is at work and begins again if we
 * remove it; or something else left it. It may have limits that nobody asked for. So remove it if it is
 * empty, and make it anew. -ENOENT: it is removed. -EEXIST: it has processes, or groups below.
 */
static int make_afresh(struct place *place)
{
	int r = leaf_alive(place->fd) ? cg_rmdir(place->tenant_fd, place->name) : -ENOENT;

	leaf_unlock(place);
	if (r == 0 || vanished(r))
		return -ENOENT;
	return r == -EBUSY ? -EEXIST : r;
}

/* Takes the existing directory of that name. -ENOENT: it is gone. -EEXIST: it belongs to somebody. */
static int take_existing(struct place *place, bool mine, struct ration_error *reterr)
{
	int r = place->fd = cg_open_dir(place->tenant_fd, place->name);

	if (mine && r < 0 && !vanished(r))
		(void)cg_rmdir(place->tenant_fd, place->name);
	if (r < 0)
		return r;
	/* Don't take the lock of a directory of another user. */
	r = mine || whose_is(place->fd, NULL) == WHOSE_OWN ? leaf_claim(place, mine, reterr) : -EEXIST;
	if (r == 0 && !mine)
		r = make_afresh(place);
	/* The previous holder of the lock may have removed it. */
	if (r == 0 && !leaf_alive(place->fd))
		r = -ENOENT;
	if (r < 0) {
		leaf_unlock(place);
		place->fd = close_fd(place->fd);
	}
	/* It is ours and can't be locked: nobody needs it, unless others use it by now. */
	if (mine && r < 0 && !vanished(r) && r != -EEXIST && r != -ETIMEDOUT)
		(void)cg_rmdir(place->tenant_fd, place->name);
	return r;
}

/* The tenant may have been delegated since its directory was opened. */
static int check_still_ours(struct place *place, struct ration_error *reterr)
{
	int r = whose_check(place->tenant_fd, place->tenant, WHOSE_NOBODY, reterr);

	if (r < 0) {
		(void)cg_rmdir(place->tenant_fd, place->name);
		leaf_unlock(place);
		place->fd = close_fd(place->fd);
	}
	return r;
}

int leaf_create(struct place *place, uint32_t wanted, struct ration_error *reterr)
{
	char address[PLACE_ADDRESS_MAX];
	int r = -EEXIST;

	for (int round = 0; round < NODES_ROUNDS_MAX && (vanished(r) || r == -EEXIST); round++) {
		int again = 0;

		r = cg_mkdir(place->tenant_fd, place->name);
		if (vanished(r)) {
			/* The last run of this tenant ended, and removed the tenant. */
			place_close(place);
			again = nodes_make(place->host, place->tenant, wanted, &place->namespace_fd,
					&place->tenant_fd, reterr);
			/* By now it may be one with a budget, which nobody has asked. */
			if (again == 0)
				return error_set(reterr, -ESTALE, RATION_CAUSE_VANISHED, "the tenant %s keeps vanishing",
						place->tenant);
		} else if (r == 0 || r == -EEXIST) {
			r = take_existing(place, r == 0, reterr);
			again = r == -EEXIST ? make_room(place, reterr) : 0;
		}
		if (again < 0)
			return again;
	}
	if (r == -ETIMEDOUT)
		return r;
	if (r == -EACCES || r == -EPERM)
		return owner_error(place->tenant_fd, r, "create a group in", place->tenant, reterr);
	if (r == -EAGAIN || r == -ENOMEM)
		return shortage_error(place->tenant_fd, place->tenant, place_address(place, address), r, reterr);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't create the group %s/%s: %s", place->tenant,
				place->name, error_text(r));
	return check_still_ours(place, reterr);
}

int leaf_complete(struct place *place)
{
	int r = record_created(place->fd);

	if (r >= 0)
		leaf_unlock(place);
	return r;
}

bool leaf_recorded(int fd)
{
	char text[32];

	return notes_read(fd, NOTE_CREATED, text, sizeof(text)) != -ENODATA;
}

bool leaf_alive(int fd)
{
	return sys_access(fd, "cgroup.procs", F_OK) == 0;
}

int leaf_create_owned(struct place *place, uint32_t wanted, struct ration_error *reterr)
{
	int r = leaf_create(place, wanted, reterr);

	if (r < 0)
		return r;
	/* By this note the keeper recognises the group that it must end. */
	r = owner_write(place->fd, place->owner);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't write notes on the group %s/%s: %s", place->tenant,
				       place->name, error_text(r))
		     : 0;
}

int leaf_bound(int fd)
{
	int r = cg_write(fd, "cgroup.max.depth", LEAF_DEPTH_MAX);

	if (r == 0)
		r = cg_write(fd, "cgroup.max.descendants", LEAF_DESCENDANTS_MAX);
	return r;
}

bool leaf_gone(const struct place *place)
{
	/* A process that removes the group begins in cgroup v1, and holds its lock: wait for that. */
	if (place->lock_fd < 0 && leaf_alive(place->fd))
		leaf_settle(place->fd);
	/*
	 * The kernel begins with the files of the controllers. A write, here without effect, waits until it
	 * is done.
	 */
	if (leaf_alive(place->fd))
		(void)cg_write(place->fd, "cgroup.subtree_control", "\n");
	return !leaf_alive(place->fd);
}

/*
 * How long to wait for the lock of a group that is to be removed. The holder is making, changing or removing
 * the group. Without the lock there is a small risk that another process makes a group of that name between
 * our check of the name and its removal. A run doesn't wait until `ration set` is done.
 */
#define REMOVE_MSEC 50

int leaf_remove(struct place *place)
{
	CLEANUP(lock_releasep) int lock_fd = place->fd >= 0 && place->lock_fd < 0 ?
		lock_take(place->fd, REMOVE_MSEC) : -EBADF;
	/* First v1: as long as the group in cgroup2 exists, nobody else has one of that name. */
	int r = v1_remove(place);

	if (r == 0 && place->fd >= 0)
		r = cg_rmdir_tree_of(place->fd, place->tenant_fd, place->name);
	leaf_unlock(place);
	if (r == 0 && place->tenant_fd >= 0)
		nodes_remove(place->host, place->namespace_fd, place->tenant, place->tenant_fd);
	return r;
}

const char *leaf_unremoved(int code)
{
	return code == -EXDEV ? "something is mounted over its directory; unmount that, then run ration gc" : error_text(code);
}
