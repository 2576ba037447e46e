/* SPDX-License-Identifier: MIT */
/*
 * waiters.c - who waits for room in a budget
 *
 * The kernel knows the places (sys/cgroup/queue.h) but not whose they are. /proc shows which process has the file open.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "group/nodes.h"
#include "group/stats/listed.h"
#include "group/whose.h"
#include "host/host.h"
#include "ration.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/queue.h"
#include "sys/proc/proc.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define COMMAND_MAX 160

struct entry {
	struct ration_waiter waiter;
	char tenant[RATION_NAME_MAX + 1];
	char command[COMMAND_MAX];
	dev_t device;
	ino_t inode;
	uint64_t number;
};

struct ration_waiters {
	size_t n, room;
	struct entry *entry;
};

struct listing {
	struct ration_waiters *waiters;
	const char *tenant;
	struct stat st;
	uint64_t place;
	bool failed; /* there is no memory */
};

static bool add(uint64_t number, void *data)
{
	struct listing *listing = data;
	struct ration_waiters *waiters = listing->waiters;
	struct entry *entry;

	entry = array_grow(waiters->entry, waiters->n, &waiters->room, sizeof(*entry));
	listing->failed |= !entry;
	if (!entry)
		return false;
	waiters->entry = entry;
	entry += waiters->n++;
	memset(entry, 0, sizeof(*entry));
	(void)strncpy(entry->tenant, listing->tenant, sizeof(entry->tenant) - 1);
	entry->device = listing->st.st_dev;
	entry->inode = listing->st.st_ino;
	entry->number = number;
	entry->waiter = (struct ration_waiter) { .size = sizeof(entry->waiter), .place = ++listing->place };
	return true;
}

static int list_queue(struct listing *listing, int dir_fd)
{
	CLEANUP(closep) int fd = lock_open(dir_fd);
	int r;

	if (fd < 0 || fstat(fd, &listing->st) < 0)
		return fd < 0 && fd != -EACCES && !vanished(fd) ? fd : 0;
	listing->place = 0;
	r = queue_each(fd, add, listing);
	return listing->failed ? -ENOMEM : r;
}

static int list_tenant(const struct listed *at, void *data)
{
	struct listing *listing = data;

	/* What others have made has no queue of ours. */
	if (at->name || whose_of(at->fd, &at->st) != WHOSE_OWN)
		return 0;
	listing->tenant = at->tenant;
	return list_queue(listing, at->fd);
}

static void read_command(int proc_fd, struct entry *entry)
{
	char name[32], text[COMMAND_MAX];
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%d/cmdline", entry->waiter.pid);
	n = proc_read(proc_fd, name, text, sizeof(text));
	for (ssize_t i = 0; i + 1 < n; i++) {
		if (!text[i])
			text[i] = ' ';
	}
	(void)text_escape(entry->command, sizeof(entry->command), n > 0 ? text : "");
}

static bool note_holder(const struct lock_seen *seen, void *data)
{
	struct ration_waiters *waiters = data;

	for (size_t i = 0; i < waiters->n; i++) {
		struct entry *entry = &waiters->entry[i];

		if (entry->waiter.pid == 0 && entry->inode == seen->inode && entry->device == seen->device &&
				entry->number == seen->begin)
			entry->waiter.pid = seen->pid;
	}
	return false;
}

static void find_processes(const struct host_snapshot *host, struct ration_waiters *waiters)
{
	if (waiters->n > 0)
		lock_each(note_holder, waiters);
	for (size_t i = 0; i < waiters->n; i++) {
		struct entry *entry = &waiters->entry[i];

		if (entry->waiter.pid > 0)
			read_command(host->proc_fd, entry);
		entry->waiter.tenant = entry->tenant;
		entry->waiter.command = entry->command;
	}
}

int ration_waiters_new(const struct ration_host *handle, struct ration_waiters **ret_waiters, struct ration_error *reterr)
{
	const struct host_snapshot *host = host_now(handle);
	struct ration_waiters *waiters = calloc(1, sizeof(*waiters));
	struct listing listing = { .waiters = waiters, .tenant = "" };
	CLEANUP(closep) int namespace_fd = host->base_fd >= 0 ? nodes_open(host) : -EBADF;
	int r = waiters ? 0 : error_oom(reterr);

	if (r == 0 && namespace_fd >= 0 && list_queue(&listing, namespace_fd) < 0)
		r = error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "can't read the queue of namespace %s", host->nspace);
	if (r == 0 && namespace_fd >= 0)
		r = listed_each(host, NULL, &(struct listed_visitor){ .visit = list_tenant, .data = &listing }, reterr);
	if (r < 0) {
		(void)ration_waiters_free(waiters);
		return r;
	}
	find_processes(host, waiters);
	*ret_waiters = waiters;
	return 0;
}

struct ration_waiters *ration_waiters_free(struct ration_waiters *waiters)
{
	if (waiters)
		free(waiters->entry);
	free(waiters);
	return NULL;
}

size_t ration_waiters_count(const struct ration_waiters *waiters)
{
	return waiters->n;
}

const struct ration_waiter *ration_waiters_item(const struct ration_waiters *waiters, size_t i)
{
	return i < waiters->n ? &waiters->entry[i].waiter : NULL;
}
