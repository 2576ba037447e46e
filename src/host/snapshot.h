/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - a machine as it was found, once
 *
 * Made by probing, and never changed once a handle (host.h) shows it: any number of
 * threads read it at once, without a lock. What is done to the machine afterwards gives
 * another snapshot. A handle keeps all that it has shown until it is freed.
 */
#ifndef RATION_HOST_SNAPSHOT_H
#define RATION_HOST_SNAPSHOT_H

#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include "host/facts.h"
#include "ration.h"
#include "sys/bus.h"

/* The leaf below our own group into which its processes move: the same for every namespace. */
#define HOST_SELF BUS_LEAF

/* Nodes from BASE to the namespace: eight that the caller names, and the namespace. */
#define HOST_NODES_MAX 9

/* Hierarchies of cgroup v1 that we make use of: one for each of five controllers at most. */
#define HOST_V1_MAX 5

struct host_v1 {
	uint32_t controllers;
	int fd;                   /* of our own group there, below which groups are made */
	char path[PATH_MAX];
};

/* What those who run something on a host have with it: made and freed by them, changed with its lock. */
struct host_slot {
	pthread_mutex_t lock;
	void *data;               /* NULL: nothing yet */
	void (*free)(void *data);
};

struct host_snapshot {
	struct host_snapshot *older; /* the one that the handle has shown before */
	struct host_facts facts;
	struct host_slot *keeper; /* of run/keeper.c */
	int proc_fd;
	int base_fd;              /* BASE, or -EBADF */
	bool evacuate;            /* BASE is our own group: its processes move into a leaf first */
	bool unit_pending;        /* BASE will be a unit of ours that isn't there yet: base_fd is -EBADF */
	bool outside;             /* the kernel lets us bring nobody from our own group into BASE */
	char helpers[PATH_MAX];   /* the folder with the helper programs; "": none is used */
	char unit_program[PATH_MAX + sizeof("/" BUS_PROGRAM)]; /* ration-unit there; "": no unit is started */
	bool fork_helpers;        /* fork for a keeper rather than execute one */
	sigset_t mask;            /* signals that were blocked when the host was opened */
	char nspace[RATION_NAME_MAX + 1];
	char root[PATH_MAX];      /* "", or where /proc and /sys are for a test */
	/* The names from BASE down to the namespace: the caller's parents, then `nspace`. */
	size_t n_nodes;
	char node[HOST_NODES_MAX][RATION_NAME_MAX + 1];
	bool no_create;           /* the parents are there, or it is an error */
	char kernel[65];
	const char *kernel_kind;  /* "gvisor", …; "": as any Linux */
	char container_kind[32];  /* "docker", …; "" if not known, or there is none */
	char mount[PATH_MAX];
	char own[PATH_MAX];
	char base[PATH_MAX];
	bool own_known;
	size_t n_v1;
	struct host_v1 v1[HOST_V1_MAX];
	char memory_source[PATH_MAX];
};

/*
 * Makes one that knows the options and nothing of the machine yet. `root`: see host_open().
 * -EINVAL (names), -ENOMEM.
 */
int snapshot_new(const char *root, const struct ration_host_options *options, struct host_snapshot **ret_host,
		struct ration_error *reterr);

/* Makes one that knows the machine as `old` does, and no BASE and no hierarchies of cgroup v1 yet. -ENOMEM, -EMFILE, … */
int snapshot_renew(const struct host_snapshot *old, struct host_snapshot **ret_host, struct ration_error *reterr);

/*
 * Makes one of our own of the bytes of another process's, whose files are set already: what
 * points into that process is made anew. -ENOMEM.
 */
int snapshot_adopt(struct host_snapshot *host);

/* Files that it has open, at most. */
#define SNAPSHOT_FDS_MAX (2 + HOST_V1_MAX)

/* Lists them, for a process that closes all others; -EBADF in the place of one that isn't there. */
void snapshot_fds(const struct host_snapshot *host, int ret[static SNAPSHOT_FDS_MAX]);

/* Frees all that is in it, but not itself. */
void snapshot_disown(struct host_snapshot *host);

struct host_snapshot *snapshot_free(struct host_snapshot *host);

#endif
