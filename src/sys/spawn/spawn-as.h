/* SPDX-License-Identifier: MIT */
/*
 * spawn-as.h - finds the command's program and files with the rights of its user
 *
 * A command that runs as another user, or in another directory, finds its program and its files
 * with the rights of that user and from that directory. Both are looked up before anything is made,
 * so that most failures cost nothing. Processes of that user can stop the child that does this at
 * any moment, and the user's files can hang. So no parent waits for it without a deadline, or
 * shares its memory.
 */
#ifndef RATION_SYS_SPAWN_SPAWN_AS_H
#define RATION_SYS_SPAWN_SPAWN_AS_H

#include "sys/spawn/identity.h"

#include <stdint.h>

/* How long one of its files may take to be opened: a FIFO has to be opened from its other end, too. */
#define SCOUT_OPEN_USEC 10000000

/* What is looked for. */
struct scout {
	const struct identity *identity; /* as whom; NULL: as we are */
	const char *cwd;                 /* in which directory; NULL: in ours */
	const char *argv0;               /* the program, as of spawn_find() */
	const char *files[3];            /* what is to become its 0, 1, 2; NULL: nothing */
	bool append[3];                  /* it is written at its end. What is there isn't cut here in any case */
	bool set_umask;                  /* a file that is made is made with `umask` */
	mode_t umask;
	uint64_t within_usec;            /* its limit of time. 0: none. Files are opened within SCOUT_OPEN_USEC in any case */
};

/* What is missing. */
enum scout_part {
	SCOUT_PART_IDENTITY, /* it can't become that user: `index` is the identity_step */
	SCOUT_PART_CWD,
	SCOUT_PART_PROGRAM,
	SCOUT_PART_FILE,     /* `index` is its number. -ETIMEDOUT: nobody opens the other end */
};

struct scouted {
	char *path;           /* of the program, a new string: relative to the directory */
	int fds[3];           /* -EBADF: nothing was asked for */
	/* Set when something fails: */
	enum scout_part part;
	int index;
};

/*
 * Looks for all of it; in a child, unless the program alone is asked for. On success, path and fds are the caller's.
 * Errors: those of spawn_find(), open(2) and chdir(2), with the part that failed. -ETIMEDOUT, of the program: a file
 * system doesn't answer. Where sys/within.h has no processes for that, it is waited for.
 */
int spawn_scout(const struct scout *scout, struct scouted *ret);

#endif
