/* SPDX-License-Identifier: MIT */
/*
 * owner.c - which process owns a group, noted on the group itself
 */
#include "group/owner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "host/facts.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "sys/proc/proc.h"
#include "sys/spawn/identity.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Far longer than anybody holds the lock of a directory that is being made. */
#define CLAIM_MSEC 5000

static int own_namespace(int proc_fd, const char *file, uint64_t *ret)
{
	struct stat st = { .st_ino = 0 };
	int r = fstatat(proc_fd, file, &st, 0) < 0 ? -errno : 0;

	*ret = r == 0 ? (uint64_t)st.st_ino : 0;
	return facts_doubt(r) ? r : 0;
}

/*
 * The namespaces of this process; 0: there are none. Fails if they can't be read just now: otherwise our
 * groups would look like those of another.
 */
static int own_namespaces(int proc_fd, struct owner *ret)
{
	int r = own_namespace(proc_fd, "self/ns/pid", &ret->pid_namespace);

	/* Since 5.6; 0 before. A start time is told by the clock of who reads it. */
	return r < 0 ? r : own_namespace(proc_fd, "self/ns/time", &ret->time_namespace);
}

int owner_say(int proc_fd, char ret_text[OWNER_TEXT_MAX])
{
	char boot[PROC_BOOT_ID_SIZE];
	struct owner own;
	uint64_t start;
	int r = proc_boot_id(proc_fd, boot);

	ret_text[0] = '\0';
	if (r >= 0)
		r = proc_self_start_ticks(proc_fd, &start);
	if (r < 0)
		return facts_doubt(r) ? r : 0;
	r = own_namespaces(proc_fd, &own);
	if (r < 0)
		return r;
	(void)snprintf(ret_text, OWNER_TEXT_MAX, "2 %d %" PRIu64 " %s %" PRIu64 " %" PRIu64 " %" PRIu64, (int)getpid(),
			start, boot, own.pid_namespace, own.time_namespace, sys_now_usec());
	return 0;
}

int owner_write(int group_fd, const char *text)
{
	int r = text[0] ? notes_write(group_fd, NOTE_OWNER, text) : 0;

	return r == -EOPNOTSUPP ? 0 : r;
}

int owner_record(int proc_fd, int group_fd)
{
	char text[OWNER_TEXT_MAX];
	int r = owner_say(proc_fd, text);

	return r < 0 ? r : owner_write(group_fd, text);
}

int owner_is(int group_fd, const char *text)
{
	char now[OWNER_TEXT_MAX];
	int r = notes_read(group_fd, NOTE_OWNER, now, sizeof(now));

	if (r == -EOPNOTSUPP)
		return 1;
	if (r >= 0)
		return strcmp(now, text) == 0;
	return r == -ENODATA && owner_kept(group_fd) ? 0 : r;
}

int owner_keep(int group_fd)
{
	return notes_mark(group_fd, NOTE_KEEP);
}

bool owner_kept(int group_fd)
{
	return notes_has(group_fd, NOTE_KEEP);
}

bool owner_recorded(int group_fd)
{
	return owner_kept(group_fd) || notes_has(group_fd, NOTE_OWNER);
}

/* 0: there is no such note, or we can't read or understand it. Negative: it couldn't be looked for. */
static int answer(int r)
{
	return r == -ENODATA || r == -EOPNOTSUPP || r == -EACCES || r == -EPERM || r == -ERANGE ? 0 : r;
}

/* What a note of an owner says. 0: nothing. Negative: `r`, where there is none because of that. */
static int take_record(int r, const char *text, struct owner *ret)
{
	r = answer(r);
	if (r <= 0)
		return r;
	return sscanf(text, "2 %d %" SCNu64 " %36s %" SCNu64 " %" SCNu64, &ret->pid, &ret->start_ticks, ret->boot,
			&ret->pid_namespace, &ret->time_namespace) == 5 && ret->pid > 0;
}

/*
 * It was begun but never finished: its maker died between two system calls. A time in the future means that
 * the clock was set back since.
 */
static bool abandoned(int group_fd, const struct stat *st)
{
	return notes_own(st) && llabs((long long)(time(NULL) - st->st_ctim.tv_sec)) > OWNER_UNRECORDED_SECONDS &&
		cg_populated(group_fd) == 0;
}

/* The boot and the namespaces of this process. */
static int know_own(struct owner_asker *asker)
{
	int r = asker->known ? 0 : proc_boot_id(asker->proc_fd, asker->own.boot);

	if (r >= 0 && !asker->known)
		r = own_namespaces(asker->proc_fd, &asker->own);
	asker->known = r >= 0;
	return r;
}

/* Returns one of enum ration_owner, of a group whose note is there. */
static int state_of(struct owner_asker *asker, const struct owner *owner, int *ret_pid)
{
	const struct owner *own = &asker->own;
	struct proc_stat stat;
	int r = know_own(asker);

	if (r < 0)
		return r;
	if (strcmp(own->boot, owner->boot) != 0)
		return RATION_OWNER_DEAD;
	if (owner->pid_namespace != own->pid_namespace)
		return RATION_OWNER_UNKNOWN;
	*ret_pid = owner->pid;
	r = proc_stat_read(asker->proc_fd, owner->pid, &stat);
	if (r == -ESRCH || r == -ENOENT)
		return RATION_OWNER_DEAD;
	if (r < 0)
		return r;
	if (owner->time_namespace != own->time_namespace && !proc_is_dead(&stat))
		return RATION_OWNER_UNKNOWN;
	/* A zombie that nobody reaps, as process 1 of some containers never does, won't end its groups any more. */
	return stat.start_ticks == owner->start_ticks && !proc_is_dead(&stat) ? RATION_OWNER_ALIVE : RATION_OWNER_DEAD;
}

static bool same_owner(const struct owner *a, const struct owner *b)
{
	return a->pid == b->pid && a->start_ticks == b->start_ticks && a->pid_namespace == b->pid_namespace &&
		a->time_namespace == b->time_namespace && strcmp(a->boot, b->boot) == 0;
}

/* A program has as many groups as it has runs. */
static int state_of_next(struct owner_asker *asker, const struct owner *owner, int *ret_pid)
{
	if (!same_owner(&asker->last, owner)) {
		asker->last_pid = 0;
		asker->last_state = state_of(asker, owner, &asker->last_pid);
		asker->last = *owner;
	}
	*ret_pid = asker->last_pid;
	return asker->last_state;
}

int owner_ask_next(struct owner_asker *asker, int group_fd, const struct stat *st, int *ret_pid)
{
	char text[OWNER_TEXT_MAX];
	struct owner owner;
	int r = answer(notes_read_by(&asker->notes, group_fd, st, NOTE_KEEP, text, sizeof(text)));

	*ret_pid = 0;
	if (r > 0)
		return RATION_OWNER_KEPT;
	if (r == 0)
		r = take_record(notes_read_by(&asker->notes, group_fd, st, NOTE_OWNER, text, sizeof(text)), text, &owner);
	if (r < 0)
		return r;
	if (r == 0)
		return abandoned(group_fd, st) ? RATION_OWNER_DEAD : RATION_OWNER_UNKNOWN;
	return state_of_next(asker, &owner, ret_pid);
}

int owner_ask(int proc_fd, int group_fd, int *ret_pid)
{
	struct owner_asker asker = { .proc_fd = proc_fd };
	struct stat st;

	*ret_pid = 0;
	if (fstat(group_fd, &st) < 0)
		return -errno;
	return owner_ask_next(&asker, group_fd, &st, ret_pid);
}

enum ration_owner owner_state(int proc_fd, int group_fd, int *ret_pid)
{
	int pid, r = owner_ask(proc_fd, group_fd, &pid);

	if (ret_pid)
		*ret_pid = pid;
	return r < 0 ? RATION_OWNER_UNKNOWN : (enum ration_owner)r;
}

int owner_remove_group(int tenant_fd, const char *name, int group_fd)
{
	int r = cg_end(group_fd, 2000);

	if (r == 0)
		r = cg_rmdir_tree_of(group_fd, tenant_fd, name);
	return r == -ETIMEDOUT ? -EBUSY : r;
}

int owner_claim(int proc_fd, int group_fd, const char *text)
{
	CLEANUP(lock_releasep) int lock_fd = lock_take(group_fd, CLAIM_MSEC);
	int r;

	if (lock_fd < 0)
		return lock_fd;
	/*
	 * The group itself has the note as well, and more; but a process that finds only this directory has
	 * to know the owner.
	 */
	r = text[0] ? owner_write(group_fd, text) : owner_record(proc_fd, group_fd);
	if (r < 0)
		return r;
	if (!owner_recorded(group_fd))
		(void)notes_mark(group_fd, NOTE_CREATED);
	return sys_access(group_fd, "cgroup.procs", F_OK) == 0 ? 0 : -ENOENT;
}

/*
 * Checks that the directory was begun by cgroup mkdir (cg_mkdir(), whose first steps show in the modes) and
 * has no note although it could. 0; -EALREADY: it is something else; or why that isn't known.
 */
static int check_unmade(int group_fd)
{
	static const enum note notes[] = { NOTE_KEEP, NOTE_OWNER, NOTE_CREATED };
	char text[OWNER_TEXT_MAX];
	struct stat st;

	if (fstat(group_fd, &st) < 0)
		return -errno;
	if (!notes_own(&st) || ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0 && !lock_is_shut(group_fd)))
		return -EALREADY;
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		int r = notes_read(group_fd, notes[i], text, sizeof(text));

		if (r != -ENODATA)
			return facts_doubt(r) ? r : -EALREADY;
	}
	return 0;
}

int owner_remove_unmade(int tenant_fd, const char *name, int group_fd)
{
	int r = check_unmade(group_fd);
	CLEANUP(lock_releasep) int lock_fd = r == 0 ? lock_take(group_fd, 0) : r;

	if (lock_fd < 0)
		return facts_doubt(lock_fd) ? lock_fd : -EALREADY;
	r = check_unmade(group_fd);
	if (r < 0)
		return r;
	r = cg_is(group_fd, tenant_fd, name) ? cg_rmdir(tenant_fd, name) : 0;
	if (r == -EBUSY)
		return -EALREADY;
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

bool owner_is_another(int group_fd)
{
	struct stat st;

	return fstat(group_fd, &st) == 0 && st.st_uid != geteuid();
}

int owner_error(int group_fd, int code, const char *what, const char *where, struct ration_error *reterr)
{
	struct stat st;

	if (!owner_is_another(group_fd) || fstat(group_fd, &st) < 0) {
		(void)error_set(reterr, code, RATION_CAUSE_NOT_DELEGATED, "can't %s %.200s: %s", what, where,
				error_text(code));
		return identity_lacks_override() ? error_hint(reterr, code, "root lacks %s here",
							   identity_lacks_override()) : code;
	}
	(void)error_set(reterr, code, RATION_CAUSE_NOT_DELEGATED, "can't %s %.200s: it belongs to uid %u", what, where,
			(unsigned)st.st_uid);
	/* Root in a container may have been left without it. */
	if (identity_lacks_override())
		return error_hint(reterr, code, "root lacks %s here; do it as that user, or as root with it",
				identity_lacks_override());
	return error_hint(reterr, code, "do it as that user or as root");
}
