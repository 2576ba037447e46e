/* SPDX-License-Identifier: MIT */
/*
 * notes.h - what is remembered of a group, on the group itself
 *
 * There are no state files. Extended attributes of the group's own directory
 * (user.* on cgroup2 since 5.7) hold what a later command must know, and go with
 * the group, so they can't go stale. Where the kernel has none, nothing is
 * remembered: the group works, and less can be told of it.
 *
 * Nothing else reads or writes attributes. What a note means, its user knows.
 *
 * A note is believed only if nobody but the caller can have written it. Root of the
 * initial user namespace has trusted.ration.*, which nobody else can write or read, on
 * any directory. Everybody else, and root of another user namespace, has
 * user.ration.*, which the owner of a directory can write, and whoever has write
 * permission: it counts on directories of the own uid that no other uid can write. To
 * a reader, a note that isn't believed isn't there.
 */
#ifndef RATION_HOST_NOTES_H
#define RATION_HOST_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stat;

enum note {
	NOTE_OWNER,   /* whose it is: group/owner.h */
	NOTE_KEEP,    /* a tenant or a group that stays without an owner, and when it is empty */
	NOTE_MADE,    /* a node above the namespace that we have made, and may remove */
	NOTE_BASE,    /* the group of a unit that systemd keeps for us, while its holder lives */
	NOTE_CREATED, /* when, in microseconds since the epoch; written last by a maker */
	NOTE_COMMAND, /* what runs in it */
	NOTE_LIMITS,  /* what was asked for: group/record.h */
	NOTE_FROM,    /* where processes came from, a line each: "PID START PATH"; on a directory of
			 cgroup v1 the path is one of the file system */
	NOTE_STOP,    /* somebody ends the run in it: "SIGNAL USEC", the time from there to SIGKILL */
	NOTE_V1,      /* its directories in cgroup v1, a line each: "memory /sys/fs/cgroup/memory",
			 below which place */
	NOTE_BUDGET,  /* what its groups may take together: group/budget-text.h */
};

/* Longest note that is written, with the final NUL that isn't. */
#define NOTE_MAX 8192

/* Writes one; the empty text removes it. Errors: of fsetxattr(2). */
int notes_write(int dir_fd, enum note note, const char *text);

/*
 * Writes one that who owns the directory can believe as well: root's on somebody else's directory is written twice.
 * Errors: of fsetxattr(2).
 */
int notes_leave(int dir_fd, enum note note, const char *text);

/* Writes one that says all by being there. Errors: of fsetxattr(2). */
int notes_mark(int dir_fd, enum note note);

/* Reads one as text. Returns its length; -ENODATA: there is none that counts; -ERANGE: it is longer. */
int notes_read(int dir_fd, enum note note, char *buffer, size_t size);

/* Who reads notes, asked of the kernel once. All zero at first, but for `many`. */
struct notes_reader {
	bool many;  /* of many directories: with one system call for a note mostly */
	bool uid_known, roots_known;
	uid_t uid;
	bool roots; /* of the initial user namespace: believes no other note than root's */
};

/* As notes_read(), of a directory whose fstat(2) is `st`; NULL: it is asked for. */
int notes_read_by(struct notes_reader *reader, int dir_fd, const struct stat *st, enum note note, char *buffer, size_t size);

/* Tells whether one is there that counts. */
bool notes_has(int dir_fd, enum note note);

/* Tells whether a directory is the caller's own, and no other uid but root can write to it. */
bool notes_own(const struct stat *st);

/* Tells whether systemd has noted that a group is for others to divide: on a directory of root's or of our own. */
bool notes_delegated(int dir_fd);

#endif
