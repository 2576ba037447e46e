/* SPDX-License-Identifier: MIT */
/*
 * owner.h - which process owns a group, noted on the group itself
 *
 * There are no state files. The directory of each group of a run has a note (host/notes.h) with the
 * pid of its owner, that process's start time, the boot id, the pid and time namespaces in which
 * these are valid, and the time of writing, so that no two groups have the same note. It is removed
 * with the group, so it can't go stale.
 */
#ifndef RATION_GROUP_OWNER_H
#define RATION_GROUP_OWNER_H

#include <stdbool.h>

#include "host/notes.h"
#include "ration.h"
#include "sys/proc/proc.h"

/* A leaf without a record is being made, unless it is older than this. */
#define OWNER_UNRECORDED_SECONDS 10

/* Room for a record with its final NUL. */
#define OWNER_TEXT_MAX 160

/* The record that says that a group is ours; "" if nothing can be known. Fails if it isn't known just now. */
int owner_say(int proc_fd, char ret_text[OWNER_TEXT_MAX]);

/* Writes a record on a group. Where the file system can't (before 5.7), nothing is known of it. Errors: of fsetxattr(2). */
int owner_write(int group_fd, const char *text);

/*
 * Tells whether a group is the one that has this record, whatever its name. 1 also where none can be written.
 * -ENODATA: it has none, and isn't kept: it was made just now, by anybody. Errors: of fgetxattr(2).
 */
int owner_is(int group_fd, const char *text);

/* Writes that the group is ours. */
int owner_record(int proc_fd, int group_fd);

/*
 * Tells whether the process that owns the group lives. Unknown means hands off: there is no record, or one of
 * another pid namespace. `ret_pid`, may be NULL, is that process; 0: not known.
 */
enum ration_owner owner_state(int proc_fd, int group_fd, int *ret_pid);

/* The same, or a negative errno where it couldn't be found out, which isn't known for long. */
int owner_ask(int proc_fd, int group_fd, int *ret_pid);

struct owner {
	int pid;
	uint64_t start_ticks;
	char boot[PROC_BOOT_ID_SIZE];
	uint64_t pid_namespace, time_namespace; /* inodes */
};

/* Who asks for the owners of many groups at a time. All zero but for the first two: nothing is known yet. */
struct owner_asker {
	int proc_fd;
	struct notes_reader notes;
	bool known;
	struct owner own;  /* this process's boot and namespaces */
	struct owner last; /* who was asked for last; pid 0: nobody */
	int last_state, last_pid;
};

/* As owner_ask(), of a directory whose fstat(2) is `st`. What is the same for all groups, or for two in a row, is asked once. */
int owner_ask_next(struct owner_asker *asker, int group_fd, const struct stat *st, int *ret_pid);

/* Writes that the group stays without an owner. Errors: of notes_write(). */
int owner_keep(int group_fd);

/* Tells whether that is so. */
bool owner_kept(int group_fd);

/* Tells whether somebody created it explicitly. A tenant that a run needed has no owner. */
bool owner_recorded(int group_fd);

/*
 * Kills what is in the group and removes it. Returns 0, or a negative errno:
 * -EBUSY, processes that don't die within two seconds.
 */
int owner_remove_group(int tenant_fd, const char *name, int group_fd);

/*
 * Writes the record `text`, or "" for this process, under the lock of the group, before gc takes the group
 * for one that nobody finished. -ENOENT: gc has removed it already. Other errors: of lock_take().
 */
int owner_claim(int proc_fd, int group_fd, const char *text);

/*
 * Removes an empty group that ration began to make but has noted nothing on: its maker died before. A process
 * that makes one notes the owner under its lock, and begins again if it is gone by then. 0: it is gone.
 * -EALREADY: it is being made just now, or it is something else.
 */
int owner_remove_unmade(int tenant_fd, const char *name, int group_fd);

/* Tells whether the group's directory is another user's. */
bool owner_is_another(int group_fd);

/*
 * "can't WHAT WHERE: it belongs to uid 0", where the directory of a group that we may
 * not change is another user's. Returns `code`, -EACCES or -EPERM.
 */
int owner_error(int group_fd, int code, const char *what, const char *where, struct ration_error *reterr);

#endif
