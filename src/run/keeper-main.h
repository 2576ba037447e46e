/* SPDX-License-Identifier: MIT */
/*
 * keeper-main.h - what the process that is the keeper does, and what is said to it
 */
#ifndef RATION_RUN_KEEPER_MAIN_H
#define RATION_RUN_KEEPER_MAIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "group/place.h"

#define KEEPER_PROGRAM "ration-keeper"

/* "+TENANT/NAME OWNER": a name can be another group's by then, what is written of its owner can't. */
#define KEEPER_MESSAGE_MAX (2 * RATION_NAME_MAX + OWNER_TEXT_MAX + 4)

/* The first byte of a message. */
#define KEEPER_ADD '+'     /* this group is about to be made */
#define KEEPER_REMOVE '-'  /* it is removed */
#define KEEPER_INHERIT '!' /* it is yours to remove */

/* The order of the fds in the hello. */
enum keeper_fd {
	KEEPER_FD_BASE,
	KEEPER_FD_PROC,
	KEEPER_FD_PARENT, /* its pidfd; the base's once more where there is none */
	KEEPER_FD_V1,     /* one for each hierarchy */
};
#define KEEPER_FDS_MAX (KEEPER_FD_V1 + HOST_V1_MAX)

/* The first message to one that was executed: what it needs to know of the host. It answers with one byte. The program and the library may be of different versions. */
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
	char owner[OWNER_TEXT_MAX];     /* as it is written on it: owner_is() */
};

/* Takes "TENANT/NAME OWNER" apart. False: it isn't that. */
bool keeper_parse(const char *text, struct keeper_kept *ret);

/* Tells whether a message of `n` bytes is a hello that can be believed. */
bool keeper_understood(const struct keeper_hello *hello, ssize_t n);

void keeper_hello(const struct host_snapshot *host, struct keeper_hello *ret);

/* Serves until there is nothing to do any more. Returns only if the hello isn't understood. */
void keeper_main(int fd);

/* The same in a fork of `parent`, which has the host's files already, and isn't told of it. */
void keeper_forked_main(int fd, const struct host_snapshot *host, pid_t parent);

/* What it does for a group of a program that is gone: kills all in it; and ends and removes it. */
void keeper_kill_group(const struct place *place);
bool keeper_end_group(const struct place *place);

#endif
