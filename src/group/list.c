/* SPDX-License-Identifier: MIT */
/*
 * list.c - the tenants and groups that there are
 */
#include "ration.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group/nodes.h"
#include "group/owner.h"
#include "group/record.h"
#include "group/stats.h"
#include "group/whose.h"
#include "host/facts.h"
#include "host/host.h"
#include "host/names.h"
#include "host/notes.h"
#include "sys/cgroup.h"
#include "sys/walk.h"
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

struct walk {
	const struct host_snapshot *host;
	struct ration_list *list;
	const char *tenant;   /* that is being visited */
	const char *only;     /* NULL: all */
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

/* Whoever has a directory may shut it, which mustn't keep others from a list of what is theirs. */
static bool is_shut(int code, uid_t uid)
{
	return (code == -EACCES || code == -EPERM) && uid != geteuid();
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
	r = stats_read(fd, &entry->stats);
	if (is_shut(r, uid))
		return -ENOENT;
	if (r == 0 && !is_shut(entry->stats.usage.unread, uid))
		r = entry->stats.usage.unread;
	return r;
}

static int list_directory(struct walk *walk, const char *name, int fd, bool tenant)
{
	struct entry *entry = add_entry(walk->list);
	char address[NAMES_SHOWN_MAX];
	int r;

	if (!entry)
		return -ENOMEM;
	entry->item.size = sizeof(entry->item);
	entry->item.is_tenant = tenant;
	r = read_entry(entry, walk->host->proc_fd, fd);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	entry->address = strdup(names_show(address, tenant ? name : walk->tenant, tenant ? NULL : name));
	if (!entry->address)
		return -ENOMEM;
	walk->list->n++;
	return 0;
}

/* Returns an fd. -ENOENT: it has gone, or isn't ours to look at. */
static int open_listed(int dir_fd, const char *name)
{
	int fd = cg_open_dir(dir_fd, name);
	struct stat st;

	if (fd >= 0 || fd == -ENOENT || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fd;
	return is_shut(fd, st.st_uid) ? -ENOENT : fd;
}

static int visit_group(int tenant_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = open_listed(tenant_fd, name);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return list_directory(data, name, fd, false);
}

static int visit_tenant(int namespace_fd, const char *name, void *data)
{
	struct walk *walk = data;
	CLEANUP(closep) int fd = -EBADF;
	int r;

	if (walk->only && strcmp(walk->only, name) != 0)
		return 0;
	fd = open_listed(namespace_fd, name);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	walk->tenant = name;
	r = list_directory(walk, name, fd, true);
	return r < 0 ? r : cg_each_child(fd, visit_group, walk);
}

/* The slash sorts before anything else, so that a tenant's groups come right after it. */
static int compare(const void *a, const void *b)
{
	const unsigned char *x = (const unsigned char *)((const struct entry *)a)->address;
	const unsigned char *y = (const unsigned char *)((const struct entry *)b)->address;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return (*x == '/' ? 1 : *x) - (*y == '/' ? 1 : *y);
}

int ration_list_new(const struct ration_host *handle, const char *tenant, struct ration_list **ret_list,
		struct ration_error *reterr)
{
	const struct host_snapshot *host = host_now(handle);
	CLEANUP(closep) int namespace_fd = -EBADF;
	struct walk walk = { .host = host, .only = tenant };
	int r = tenant ? names_check("tenant", tenant, reterr) : 0;

	if (r < 0)
		return r;
	walk.list = calloc(1, sizeof(*walk.list));
	if (!walk.list)
		return error_oom(reterr);
	if (host->base_fd >= 0)
		namespace_fd = nodes_open(host);
	if (host->base_fd >= 0 && namespace_fd < 0 && !vanished(namespace_fd))
		r = namespace_fd;
	if (namespace_fd >= 0)
		r = cg_each_child(namespace_fd, visit_tenant, &walk);
	if (r < 0) {
		(void)ration_list_free(walk.list);
		return r == -ENOMEM ? error_oom(reterr)
				    : error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "can't read %.200s/%s: %s",
						      host->base, host->nspace, error_text(r));
	}
	if (walk.list->n > 0)
		qsort(walk.list->entry, walk.list->n, sizeof(walk.list->entry[0]), compare);
	/* Not before: the entries have moved until now. */
	for (size_t i = 0; i < walk.list->n; i++) {
		walk.list->entry[i].item.address = walk.list->entry[i].address;
		walk.list->entry[i].item.command = walk.list->entry[i].command;
		walk.list->entry[i].item.stats = &walk.list->entry[i].stats;
	}
	*ret_list = walk.list;
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
