/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - a machine as it was found, once
 *
 * Made by probing, and never changed once a handle (host.h) shows it: several threads can read it
 * at once, without a lock. A later change to the machine gives a new snapshot. A handle keeps all
 * snapshots that it has shown until it is freed.
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

/* Nodes from BASE down: up to eight that the caller names, and the namespace. */
#define HOST_NODES_MAX 9

/* Hierarchies of cgroup v1 that we use: at most one for each of five controllers. */
#define HOST_V1_MAX 5

struct host_v1 {
	uint32_t controllers;
	int fd;                   /* our own group there, below which groups are made */
	char path[PATH_MAX];
};

/* Data that other files attach to a host: they make, free and change it, holding its lock. */
struct host_slot {
	pthread_mutex_t lock;
	void *data;               /* NULL: nothing yet */
	void (*free)(void *data);
};

struct host_snapshot {
	struct host_snapshot *older; /* the one that the handle showed before */
	struct host_facts facts;
	struct host_slot *keeper; /* of run/keeper/keeper.c */
	int proc_fd;
	int base_fd;              /* BASE, or -EBADF */
	bool evacuate;            /* BASE is our own group: its processes must move into a leaf first */
	bool unit_pending;        /* BASE will be our unit, which isn't started yet: base_fd is -EBADF */
	bool outside;             /* the kernel doesn't let us move a process from our own group into BASE */
	char helpers[PATH_MAX];   /* the folder with the helper programs; "": none is used */
	char unit_program[PATH_MAX + sizeof("/" BUS_PROGRAM)]; /* ration-unit there; "": no unit is started */
	bool fork_helpers;        /* fork for a keeper rather than execute one */
	sigset_t mask;            /* signals that were blocked when the host was opened */
	char nspace[RATION_NAME_MAX + 1];
	char root[PATH_MAX];      /* "", or where /proc and /sys are for a test */
	/* The names from BASE down to the namespace: the caller's parents, then `nspace`. */
	size_t n_nodes;
	char node[HOST_NODES_MAX][RATION_NAME_MAX + 1];
	bool no_create;           /* the parents must exist */
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

/* Makes one that has the options, and no facts yet. `root`: see host_open(). -EINVAL (names), -ENOMEM. */
int snapshot_new(const char *root, const struct ration_host_options *options, struct host_snapshot **ret_host,
		struct ration_error *reterr);

/* Makes one with the facts of `old`, but without BASE and hierarchies of cgroup v1. -ENOMEM, -EMFILE, … */
int snapshot_renew(const struct host_snapshot *old, struct host_snapshot **ret_host, struct ration_error *reterr);

/*
 * Turns a copy of another process's snapshot into our own: its files are set already, and pointers into that
 * process are replaced. -ENOMEM.
 */
int snapshot_adopt(struct host_snapshot *host);

/* How many files it has open at most. */
#define SNAPSHOT_FDS_MAX (2 + HOST_V1_MAX)

/* Lists them, for a process that closes all others; -EBADF for one that doesn't exist. */
void snapshot_fds(const struct host_snapshot *host, int ret[static SNAPSHOT_FDS_MAX]);

/* Frees everything in it, but not the struct itself. */
void snapshot_disown(struct host_snapshot *host);

struct host_snapshot *snapshot_free(struct host_snapshot *host);

#endif
