/* SPDX-License-Identifier: MIT */
/*
 * list.c - the tenants and groups that there are
 */
#include "ration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "group/listed.h"
#include "group/owner.h"
#include "group/record.h"
#include "group/stats.h"
#include "group/whose.h"
#include "host/facts.h"
#include "host/host.h"
#include "host/names.h"
#include "host/notes.h"
#include "util/cleanup.h"
#include "util/error.h"

struct entry {
	struct ration_list_item item;
	struct ration_stats stats;
	char *address;
	char command[256];
};

struct ration_list {
	size_t n, room;
	struct entry *entry;
};

struct listing {
	int proc_fd;
	struct ration_list *list;
};

static struct entry *add_entry(struct ration_list *list)
{
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct entry *entry = reallocarray(list->entry, room, sizeof(*entry));

		if (!entry)
			return NULL;
		list->entry = entry;
		list->room = room;
	}
	return memset(&list->entry[list->n], 0, sizeof(list->entry[0]));
}

static int read_notes(struct entry *entry, int proc_fd, int fd)
{
	struct ration_list_item *item = &entry->item;
	int r = owner_ask(proc_fd, fd, &item->owner_pid);

	if (facts_doubt(r))
		return r;
	/* A tenant that nobody has made belongs to its groups. */
	if (r < 0 || (r == RATION_OWNER_DEAD && item->is_tenant && !owner_recorded(fd)))
		r = RATION_OWNER_UNKNOWN;
	item->owner = (enum ration_owner)r;
	r = record_created_usec(fd, &item->created_usec);
	if (facts_doubt(r))
		return r;
	r = notes_read(fd, NOTE_COMMAND, entry->command, sizeof(entry->command));
	if (r < 0)
		entry->command[0] = '\0';
	return facts_doubt(r) ? r : 0;
}

/* Reads what is noted of the group and what it uses. -ENOENT: it has gone meanwhile. */
static int read_entry(struct entry *entry, int proc_fd, int fd)
{
	uid_t uid = 0;
	int r;

	entry->item.delegated = whose_is(fd, &uid) == WHOSE_DELEGATED;
	entry->item.uid = uid;
	r = read_notes(entry, proc_fd, fd);
	if (r < 0)
		return r;
	r = stats_read(fd, &STATS_ALL, &entry->stats);
	if (listed_is_shut(r, uid))
		return -ENOENT;
	if (r == 0 && !listed_is_shut(entry->stats.usage.unread, uid))
		r = entry->stats.usage.unread;
	return r;
}

static int list_directory(const struct listed *at, void *data)
{
	const struct listing *listing = data;
	struct entry *entry = add_entry(listing->list);
	char address[NAMES_SHOWN_MAX];
	int r;

	if (!entry)
		return -ENOMEM;
	entry->item.size = sizeof(entry->item);
	entry->item.is_tenant = !at->name;
	r = read_entry(entry, listing->proc_fd, at->fd);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	entry->address = strdup(names_show(address, at->tenant, at->name));
	if (!entry->address)
		return -ENOMEM;
	listing->list->n++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return listed_compare(((const struct entry *)a)->address, ((const struct entry *)b)->address);
}

static void freelistp(struct ration_list **list)
{
	*list = ration_list_free(*list);
}

int ration_list_new(const struct ration_host *handle, const char *tenant, struct ration_list **ret_list,
		struct ration_error *reterr)
{
	const struct host_snapshot *host = host_now(handle);
	CLEANUP(freelistp) struct ration_list *list = NULL;
	struct listing listing = { .proc_fd = host->proc_fd };
	int r = tenant ? names_check("tenant", tenant, reterr) : 0;

	if (r < 0)
		return r;
	list = listing.list = calloc(1, sizeof(*list));
	if (!list)
		return error_oom(reterr);
	r = listed_each(host, tenant, list_directory, &listing, reterr);
	if (r < 0)
		return r;
	if (list->n > 0)
		qsort(list->entry, list->n, sizeof(list->entry[0]), compare);
	/* Not before: the entries have moved until now. */
	for (size_t i = 0; i < list->n; i++) {
		list->entry[i].item.address = list->entry[i].address;
		list->entry[i].item.command = list->entry[i].command;
		list->entry[i].item.stats = &list->entry[i].stats;
	}
	*ret_list = TAKE_PTR(list);
	return 0;
}

struct ration_list *ration_list_free(struct ration_list *list)
{
	if (list) {
		for (size_t i = 0; i < list->n; i++)
			free(list->entry[i].address);
		free(list->entry);
		free(list);
	}
	return NULL;
}

size_t ration_list_count(const struct ration_list *list)
{
	return list->n;
}

const struct ration_list_item *ration_list_item(const struct ration_list *list, size_t i)
{
	return i < list->n ? &list->entry[i].item : NULL;
}
