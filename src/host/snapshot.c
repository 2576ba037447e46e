/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c - a machine as it was found: made, made anew, freed
 */
#include "host/snapshot.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/names.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

static struct host_slot *slot_new(void)
{
	struct host_slot *slot = calloc(1, sizeof(*slot));

	if (slot && pthread_mutex_init(&slot->lock, NULL) != 0) {
		free(slot);
		return NULL;
	}
	return slot;
}

static void slot_free(struct host_slot *slot)
{
	if (!slot)
		return;
	if (slot->data)
		slot->free(slot->data);
	(void)pthread_mutex_destroy(&slot->lock);
	free(slot);
}

static void snapshot_freep(struct host_snapshot **host)
{
	*host = snapshot_free(*host);
}

static int empty_name(const char *parent, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_BAD_NAME, "--parent \"%s\": a name between its slashes is empty",
			text_show(shown, sizeof(shown), parent));
	return error_hint(reterr, -EINVAL, "e.g. --parent a/b/c, without a slash at the beginning or the end");
}

/* Takes "a/b/c" and the namespace apart. */
static int take_nodes(struct host_snapshot *host, const char *parent, struct ration_error *reterr)
{
	char name[RATION_NAME_MAX + 2];
	int r;

	for (const char *at = parent; at && *at;) {
		size_t length = strcspn(at, "/");

		if (host->n_nodes == HOST_NODES_MAX - 1)
			return error_set(reterr, -EINVAL, RATION_CAUSE_BAD_NAME,
					"--parent has more than %d names", HOST_NODES_MAX - 1);
		/* One byte more than allowed shows that it is too long. */
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, at);
		if (length == 0)
			return empty_name(parent, reterr);
		r = names_check("--parent", name, reterr);
		if (r < 0)
			return r;
		(void)strcpy(host->node[host->n_nodes++], name);
		at += length;
		if (*at == '/' && !*++at)
			return empty_name(parent, reterr);
	}
	(void)strcpy(host->node[host->n_nodes++], host->nspace);
	return 0;
}

int snapshot_new(const char *root, const struct ration_host_options *options, struct host_snapshot **ret_host,
		struct ration_error *reterr)
{
	CLEANUP(snapshot_freep) struct host_snapshot *host = NULL;
	const char *nspace = options->nspace ? options->nspace : "ration";
	int r = names_check("--namespace", nspace, reterr);

	if (r < 0)
		return r;
	host = calloc(1, sizeof(*host));
	if (!host)
		return error_oom(reterr);
	host->proc_fd = host->base_fd = -EBADF;
	host->keeper = slot_new();
	if (!host->keeper)
		return error_oom(reterr);
	host->kernel_kind = "";
	(void)snprintf(host->root, sizeof(host->root), "%s", root ? root : "");
	(void)snprintf(host->helpers, sizeof(host->helpers), "%s", options->helpers ? options->helpers : HELPERS_DIR);
	if (host->helpers[0])
		(void)snprintf(host->unit_program, sizeof(host->unit_program), "%s/%s", host->helpers, BUS_PROGRAM);
	host->fork_helpers = options->fork_helpers;
	(void)sigemptyset(&host->mask);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &host->mask);
	(void)strcpy(host->nspace, nspace);
	r = take_nodes(host, options->parent, reterr);
	if (r < 0)
		return r;
	host->no_create = options->no_create;
	*ret_host = TAKE_PTR(host);
	return 0;
}

int snapshot_renew(const struct host_snapshot *old, struct host_snapshot **ret_host, struct ration_error *reterr)
{
	CLEANUP(snapshot_freep) struct host_snapshot *host = malloc(sizeof(*host));
	struct host_facts *facts;

	if (!host)
		return error_oom(reterr);
	*host = *old;
	host->older = NULL;
	host->base_fd = host->proc_fd = -EBADF;
	host->n_v1 = 0;
	host->base[0] = '\0';
	host->unit_pending = host->outside = host->evacuate = false;
	facts = &host->facts;
	facts->base_kind = RATION_BASE_NONE;
	facts->controllers = facts->v1_controllers = 0;
	facts->v1_swap = false;
	facts->base_reason[0] = facts->base_fix[0] = facts->v1_reason[0] = '\0';
	/* A different BASE needs a different keeper. */
	host->keeper = slot_new();
	if (!host->keeper)
		return error_oom(reterr);
	host->proc_fd = fcntl(old->proc_fd, F_DUPFD_CLOEXEC, 3);
	if (host->proc_fd < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't keep /proc open: %s", error_text(-errno));
	*ret_host = TAKE_PTR(host);
	return 0;
}

int snapshot_adopt(struct host_snapshot *host)
{
	host->older = NULL;
	/* Only a probe needs these, and that is done. */
	host->kernel_kind = "";
	host->keeper = slot_new();
	return host->keeper ? 0 : -ENOMEM;
}

void snapshot_fds(const struct host_snapshot *host, int ret[static SNAPSHOT_FDS_MAX])
{
	*ret++ = host->proc_fd;
	*ret++ = host->base_fd;
	for (size_t i = 0; i < HOST_V1_MAX; i++)
		*ret++ = i < host->n_v1 ? host->v1[i].fd : -EBADF;
}

void snapshot_disown(struct host_snapshot *host)
{
	slot_free(host->keeper);
	(void)close_fd(host->proc_fd);
	(void)close_fd(host->base_fd);
	for (size_t i = 0; i < host->n_v1; i++)
		(void)close_fd(host->v1[i].fd);
}

struct host_snapshot *snapshot_free(struct host_snapshot *host)
{
	if (host) {
		snapshot_disown(host);
		free(host);
	}
	return NULL;
}
