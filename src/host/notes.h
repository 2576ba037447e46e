/* SPDX-License-Identifier: MIT */
/*
 * notes.h - what is remembered of a group, on the group itself
 *
 * There are no state files. Extended attributes of the group's own directory (user.* on cgroup2
 * since 5.7) hold what a later command must know. They disappear with the group, so they can't go
 * stale. A kernel without them remembers nothing: the group works, but less is known of it.
 *
 * No other file reads or writes attributes. The meaning of a note is known to the file that uses
 * it.
 *
 * A note is believed only if nobody but the caller can have written it. Root of the initial user
 * namespace has trusted.ration.* on any directory, which nobody else can write or read. Everybody
 * else, including root of another user namespace, has user.ration.*. The owner of a directory can
 * write these, and anybody with write permission; so they count only on directories of the own uid
 * that no other uid can write. A note that isn't believed doesn't exist for a reader.
 */
#ifndef RATION_HOST_NOTES_H
#define RATION_HOST_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stat;

enum note {
	NOTE_OWNER,   /* whose it is: group/owner.h */
	NOTE_KEEP,    /* a tenant or a group that stays without an owner, even if it is empty */
	NOTE_MADE,    /* a node above the namespace that we have made, and may remove */
	NOTE_BASE,    /* the group of a unit that systemd keeps for us, while its holder lives */
	NOTE_CREATED, /* when, in microseconds since the epoch; written last by a maker */
	NOTE_COMMAND, /* what runs in it */
	NOTE_LIMITS,  /* what was asked for: group/record.h */
	NOTE_FROM,    /* where processes came from, a line each: "PID START PATH"; on a directory of cgroup v1 the
		         path is one in the file system */
	NOTE_STOP,    /* somebody is ending the run in it: "SIGNAL USEC", the time from there to SIGKILL */
	NOTE_V1,      /* its directories in cgroup v1, a line each: "memory /sys/fs/cgroup/memory", the place below
		         which they are */
	NOTE_BUDGET,  /* what its groups can take together: group/budget/budget-text.h */
};

/* The longest note, with a final NUL that isn't written. */
#define NOTE_MAX 8192

/* Writes one; the empty text removes it. Errors: of fsetxattr(2). */
int notes_write(int dir_fd, enum note note, const char *text);

/*
 * Writes one that the owner of the directory believes as well: on another user's directory root writes it
 * twice. Errors: of fsetxattr(2).
 */
int notes_leave(int dir_fd, enum note note, const char *text);

/* Writes one without content, which says all by existing. Errors: of fsetxattr(2). */
int notes_mark(int dir_fd, enum note note);

/* Reads one as text. Returns its length; -ENODATA: there is none that is believed; -ERANGE: it is longer. */
int notes_read(int dir_fd, enum note note, char *buffer, size_t size);

/* Which notes this process believes, asked of the kernel once. Zeroed at first, except `many`. */
struct notes_reader {
	bool many;  /* many directories are read: mostly with one system call for a note */
	bool uid_known, roots_known;
	uid_t uid;
	bool roots; /* this is root of the initial user namespace: believes only root's notes */
};

/* As notes_read(), for a directory whose fstat(2) is `st`; NULL: calls fstat(2). */
int notes_read_by(struct notes_reader *reader, int dir_fd, const struct stat *st, enum note note, char *buffer, size_t size);

/* Tells whether there is a note that is believed. */
bool notes_has(int dir_fd, enum note note);

/* Tells whether a directory is the caller's own, and no other uid but root can write to it. */
bool notes_own(const struct stat *st);

/* Tells whether systemd has noted that a group is delegated: on a directory of root's or of our own. */
bool notes_delegated(int dir_fd);

#endif
