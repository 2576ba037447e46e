/* SPDX-License-Identifier: MIT */
/*
 * list.c - the tenants and groups that there are
 */
#include "ration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group/owner.h"
#include "group/place.h"
#include "group/record.h"
#include "group/stats/listed.h"
#include "group/stats/metrics.h"
#include "group/stats/sampler-options.h"
#include "group/stats/stats.h"
#include "group/whose.h"
#include "host/facts.h"
#include "host/host.h"
#include "host/names.h"
#include "host/notes.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/enum-index.h"
#include "util/error.h"

struct entry {
	struct ration_list_item item;
	struct ration_stats stats;
	char *text; /* the address, and behind its NUL the command */
};

struct ration_list {
	size_t n, room;
	struct entry *entry;
	const struct entry **sorted;
};

/* The length of the longest note of a command, with its NUL. */
#define COMMAND_MAX 256

struct listing {
	const struct host_snapshot *host;
	struct stats_wanted wanted;
	struct owner_asker owners;
	struct ration_list *list;
};

static struct entry *add_entry(struct ration_list *list)
{
	struct entry *entry = array_grow(list->entry, list->n, &list->room, sizeof(*entry));

	if (!entry)
		return NULL;
	list->entry = entry;
	return memset(&entry[list->n], 0, sizeof(*entry));
}

static int read_notes(struct listing *listing, const struct listed *at, enum whose whose, struct ration_list_item *item,
		char command[COMMAND_MAX])
{
	struct notes_reader *reader = &listing->owners.notes;
	int r = owner_ask_next(&listing->owners, at->fd, &at->st, &item->owner_pid);

	if (facts_doubt(r))
		return r;
	if (r < 0)
		r = RATION_OWNER_UNKNOWN;
	/* Notes by other users on their directories aren't known. */
	if (item->is_tenant && whose != WHOSE_OTHER && (r == RATION_OWNER_DEAD || r == RATION_OWNER_UNKNOWN) && !owner_recorded(at->fd))
		r = RATION_OWNER_IMPLIED;
	item->owner = (enum ration_owner)r;
	r = record_created_usec(reader, at->fd, &at->st, &item->created_usec);
	if (facts_doubt(r))
		return r;
	r = notes_read_by(reader, at->fd, &at->st, NOTE_COMMAND, command, COMMAND_MAX);
	if (r < 0)
		command[0] = '\0';
	return facts_doubt(r) ? r : 0;
}

/* Reads what cgroup v1 counts, for groups with directories there. */
static int read_v1(struct listing *listing, const struct listed *at, struct usage *usage)
{
	CLEANUP(place_close) struct place place = PLACE_NONE;
	char none[1];
	int r;

	if (listing->host->n_v1 == 0 || listing->wanted.metrics == 0 ||
			notes_read_by(&listing->owners.notes, at->fd, &at->st, NOTE_V1, none, sizeof(none)) == -ENODATA)
		return 0;
	r = listed_open_v1(listing->host, at, &place);
	if (r == 0)
		metrics_read_v1(&place, listing->wanted.metrics, usage);
	return r;
}

/* Reads what the group uses. -ENOENT: it has gone meanwhile. */
static int read_stats(struct listing *listing, const struct listed *at, struct ration_stats *ret)
{
	struct stats_wanted wanted = listing->wanted;
	int r;

	/* A tenant's processes are those of its groups, which are looked at next: tell_state(). */
	wanted.stopped = wanted.stopped && (at->name || wanted.members);
	r = stats_read(at->fd, &wanted, ret);

	if (r == 0)
		r = read_v1(listing, at, &ret->usage);
	if (listed_is_shut(r, at->st.st_uid))
		return -ENOENT;
	if (r == 0 && !listed_is_shut(ret->usage.unread, at->st.st_uid))
		r = ret->usage.unread;
	return r;
}

static int name_entry(struct entry *entry, const struct listed *at, const char *command)
{
	char address[NAMES_SHOWN_MAX];
	size_t length = strlen(names_show(address, at->tenant, at->name)) + 1;

	entry->text = malloc(length + strlen(command) + 1);
	if (!entry->text)
		return -ENOMEM;
	(void)memcpy(entry->text, address, length);
	(void)strcpy(entry->text + length, command);
	return 0;
}

static int list_directory(const struct listed *at, void *data)
{
	struct listing *listing = data;
	struct entry *entry = add_entry(listing->list);
	enum whose whose = whose_of(at->fd, &at->st);
	char command[COMMAND_MAX];
	int r;

	if (!entry)
		return -ENOMEM;
	entry->item.size = sizeof(entry->item);
	entry->item.is_tenant = !at->name;
	entry->item.uid = at->st.st_uid;
	entry->item.delegated = whose == WHOSE_DELEGATED;
	r = read_notes(listing, at, whose, &entry->item, command);
	if (r == 0)
		r = read_stats(listing, at, &entry->stats);
	if (r == 0)
		r = name_entry(entry, at, command);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	listing->list->n++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return listed_compare((*(const struct entry *const *)a)->text, (*(const struct entry *const *)b)->text);
}

/* What the processes of a tenant do, by its groups, which follow it: it is stopped if each of them is. */
static void tell_state(const struct entry *const *groups, struct ration_stats *tenant)
{
	enum ration_state state = RATION_STATE_RUNNING;

	for (; *groups && !(*groups)->item.is_tenant; groups++) {
		const struct ration_stats *stats = &(*groups)->stats;

		if (stats->state == RATION_STATE_RUNNING)
			return;
		if (stats->populated && state != RATION_STATE_STOPPED)
			state = stats->state;
	}
	tenant->state = state;
}

/* Only when all entries are there: until then they move. */
static int sort_entries(struct ration_list *list)
{
	list->sorted = reallocarray(NULL, list->n + 1, sizeof(list->sorted[0]));
	if (!list->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		struct entry *entry = &list->entry[i];

		entry->item.address = entry->text;
		entry->item.command = entry->text + strlen(entry->text) + 1;
		entry->item.stats = &entry->stats;
		list->sorted[i] = entry;
	}
	list->sorted[list->n] = NULL;
	qsort(list->sorted, list->n, sizeof(list->sorted[0]), compare);
	for (size_t i = 0; i < list->n; i++) {
		if (list->sorted[i]->item.is_tenant && list->sorted[i]->stats.state == RATION_STATE_RUNNING)
			tell_state(list->sorted + i + 1, &list->entry[list->sorted[i] - list->entry].stats);
	}
	return 0;
}

static void freelistp(struct ration_list **list)
{
	*list = ration_list_free(*list);
}

static int list_new(const struct ration_host *handle, const char *tenant, const struct stats_wanted *wanted,
		struct ration_list **ret_list, struct ration_error *reterr)
{
	const struct host_snapshot *host = host_now(handle);
	CLEANUP(freelistp) struct ration_list *list = calloc(1, sizeof(*list));
	struct listing listing = { .host = host, .wanted = *wanted, .owners = { .proc_fd = host->proc_fd, .notes = { .many = true } }, .list = list };
	const struct listed_visitor visitor = { .visit = list_directory, .data = &listing };
	int r;

	listing.wanted.proc_fd = host->proc_fd;
	r = list ? listed_each(host, tenant, &visitor, reterr) : error_oom(reterr);

	if (r < 0)
		return r;
	if (sort_entries(list) < 0)
		return error_oom(reterr);
	*ret_list = TAKE_PTR(list);
	return 0;
}

int ration_list_new(const struct ration_host *handle, const char *tenant, struct ration_list **ret_list,
		struct ration_error *reterr)
{
	int r = tenant ? names_check("tenant", tenant, reterr) : 0;

	return r < 0 ? r : list_new(handle, tenant, &STATS_ALL(-EBADF), ret_list, reterr);
}

int ration_list_new_with(const struct ration_host *handle, const struct ration_list_options *given, struct ration_list **ret_list,
		struct ration_error *reterr)
{
	struct ration_list_options options;
	struct stats_wanted wanted = { .metrics = 0 };
	int r = list_take_options(given, &options, reterr);

	if (r < 0)
		return r;
	for (size_t i = 0; options.metrics && i < options.n_metrics; i++)
		wanted.metrics |= UINT64_C(1) << metric_index(options.metrics[i]);
	wanted.share = options.pressure;
	wanted.members = options.processes;
	wanted.state = wanted.stopped = options.processes || options.state;
	return list_new(handle, options.tenant, &wanted, ret_list, reterr);
}

struct ration_list *ration_list_free(struct ration_list *list)
{
	if (list) {
		for (size_t i = 0; i < list->n; i++)
			free(list->entry[i].text);
		free(list->entry);
		free(list->sorted);
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
	return i < list->n ? &list->sorted[i]->item : NULL;
}
