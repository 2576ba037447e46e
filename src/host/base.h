/* SPDX-License-Identifier: MIT */
/*
 * base.h - takes a group as BASE, or notes why it can't be
 *
 * Paths begin with `root`: "", or where a test has its tree.
 */
#ifndef RATION_HOST_BASE_H
#define RATION_HOST_BASE_H

#include <stdbool.h>

#include "host/snapshot.h"

/* Notes that there is no BASE, or that it can do less than it should, and what would help. */
void base_note(struct host_facts *facts, const char *fix, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* The same of one that has no controllers. */
void base_note_no_controllers(struct host_snapshot *host);

/* Opens a group; a tree of captured files is on no cgroup2. Errors: of cg_open_base(). */
int base_open(const char *path, const char *root);

/* The controllers, as bits, that a group may hand on to groups below it. None where that can't be read. */
uint32_t base_controllers(int fd);

/* The same of BASE, where not to know it is noted. */
uint32_t base_note_controllers(struct host_facts *facts, int fd, const char *base);

/* Is it a threaded group, or one that can only become one? Nobody can have memory limits in it. */
bool base_threaded(int fd);

/* Takes the directory `fd` at host->base as BASE, if it can be written; notes why not otherwise, and closes it. */
void base_take(struct host_snapshot *host, int fd, enum ration_base_kind kind, bool read_only);

/* The lowest memory.max from the group `base` upwards to the mount: what no group below can get past. */
void base_capacity(struct host_snapshot *host, int base_fd, const char *base, const char *root);

/* The same of our own group: without a BASE runs stay there, and it may have limits all the same. */
void base_capacity_of_own(struct host_snapshot *host, const char *root);

#endif
