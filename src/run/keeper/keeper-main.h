/* SPDX-License-Identifier: MIT */
/* keeper-main.h - the keeper's process: what it does, and the messages to it */
#ifndef RATION_RUN_KEEPER_KEEPER_MAIN_H
#define RATION_RUN_KEEPER_KEEPER_MAIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "group/place.h"

#define KEEPER_PROGRAM "ration-keeper"

/* "+TENANT/NAME OWNER": the name can belong to another group later; the owner's note can't. */
#define KEEPER_MESSAGE_MAX (2 * RATION_NAME_MAX + OWNER_TEXT_MAX + 4)

/* The first byte of a message. */
#define KEEPER_ADD '+'     /* this group is about to be made */
#define KEEPER_REMOVE '-'  /* it is removed */
#define KEEPER_INHERIT '!' /* it is yours to remove */

/* The order of the fds in the hello. */
enum keeper_fd {
	KEEPER_FD_BASE,
	KEEPER_FD_PROC,
	KEEPER_FD_PARENT, /* the program's pidfd; without one, the base's fd again */
	KEEPER_FD_V1,     /* one for each hierarchy */
};
#define KEEPER_FDS_MAX (KEEPER_FD_V1 + HOST_V1_MAX)

/*
 * The first message to an executed keeper: the host. It answers with one byte. The program and the library
 * may be of different versions.
 */
struct keeper_hello {
	char version[16];
	uint32_t size;            /* of this struct */
	uint32_t n_nodes, n_v1;
	uint32_t v1_controllers[HOST_V1_MAX];
	unsigned char parent_fd;  /* 1: there is a pidfd. 0; any byte can be read */
	char node[HOST_NODES_MAX][RATION_NAME_MAX + 1];
};

/* A group that is kept. */
struct keeper_kept {
	char tenant[RATION_NAME_MAX + 1];
	char name[RATION_NAME_MAX + 1]; /* "": it is removed */
	char owner[OWNER_TEXT_MAX];     /* as it is written on the group: owner_is() */
};

/* Takes "TENANT/NAME OWNER" apart. False: it isn't that. */
bool keeper_parse(const char *text, struct keeper_kept *ret);

/* Tells whether a message of `n` bytes is a valid hello. */
bool keeper_understood(const struct keeper_hello *hello, ssize_t n);

void keeper_hello(const struct host_snapshot *host, struct keeper_hello *ret);

/* Serves until there is nothing to do any more. Returns only if the hello isn't understood. */
void keeper_main(int fd);

/* The same in a fork of `parent`. It has the host's files already and gets no hello. */
void keeper_forked_main(int fd, const struct host_snapshot *host, pid_t parent);

/*
 * What the keeper does for a group of a program that is gone: kill all processes in it; end them and remove
 * the group.
 */
void keeper_kill_group(const struct place *place);
bool keeper_end_group(const struct place *place);

#endif
