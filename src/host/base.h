/* SPDX-License-Identifier: MIT */
/*
 * base.h - takes a group as BASE, or notes why it can't
 *
 * Paths begin with `root`: "", or the directory of a test's tree.
 */
#ifndef RATION_HOST_BASE_H
#define RATION_HOST_BASE_H

#include <stdbool.h>

#include "host/snapshot.h"

/* Notes why there is no BASE or why it can do less than it should, and what would help. */
void base_note(struct host_facts *facts, const char *fix, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* The same for a BASE without controllers. */
void base_note_no_controllers(struct host_snapshot *host);

/* Opens a group. A tree of captured files isn't on cgroup2, which is accepted. Errors: of cg_open_base(). */
int base_open(const char *path, const char *root);

/* Returns the controllers, as bits, that a group can enable for groups below it; none if that can't be read. */
uint32_t base_controllers(int fd);

/* The same for BASE; a failure to read them is noted. */
uint32_t base_note_controllers(struct host_facts *facts, int fd, const char *base);

/* Whether it is a threaded group, or one that can only become threaded: memory limits aren't possible there. */
bool base_threaded(int fd);

/* Takes the directory `fd` at host->base as BASE, if it is writable. Otherwise notes why not, and closes it. */
void base_take(struct host_snapshot *host, int fd, enum ration_base_kind kind, bool read_only);

/* Finds the lowest memory.max from the group `base` up to the mount: no group below can use more. */
void base_capacity(struct host_snapshot *host, int base_fd, const char *base, const char *root);

/* The same for our own group: without a BASE runs stay there, and it may have limits. */
void base_capacity_of_own(struct host_snapshot *host, const char *root);

#endif
