/* SPDX-License-Identifier: MIT */
/*
 * pool.c - groups that are ready before there is a command for them
 *
 * Each group has its limits, its notes and its entry in the keeper's list, like the group of a run
 * before its command is born. A used group isn't returned: nobody else may see its counters or what
 * a command has left in it.
 */
#include "run/pool/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "group/leaf.h"
#include "group/life/gc.h"
#include "group/limits/apply.h"
#include "host/host.h"
#include "host/names.h"
#include "host/prepare.h"
#include "run/pool/pool-options.h"
#include "run/pool/ready.h"
#include "sys/cgroup/members.h"
#include "util/cleanup.h"
#include "util/error.h"

/* It stays at the same address as long as the keeper has it: the list consists of pointers. */
struct entry {
	struct entry *next;
	struct place group;
	struct keeper keeper;
};

struct ration_pool {
	const struct ration_host *host;
	const struct ration_plan *plan;
	char tenant[RATION_NAME_MAX + 1];
	size_t wanted;
	bool oom_group;
	pid_t owner;          /* the process that has made it, not a copy of that */
	pthread_mutex_t lock; /* of what is below; never held while a group is made or removed */
	struct entry *ready;
	size_t n_ready;
	size_t n_making;      /* so that two threads that fill it don't make twice as many */
};

/* Removes its group, or leaves it to the keeper. */
static struct entry *entry_free(struct entry *entry)
{
	if (!entry)
		return NULL;
	if (leaf_remove(&entry->group) == 0)
		keeper_dismiss(&entry->keeper);
	else
		keeper_inherit(&entry->keeper);
	place_close(&entry->group);
	free(entry);
	return NULL;
}

static void freeentryp(struct entry **entry)
{
	*entry = entry_free(*entry);
}

static int make_entry(const struct ration_pool *pool, const struct host_snapshot *host, struct entry **ret_entry,
		struct ration_error *reterr)
{
	const struct ready_request request = { pool->plan, true, pool->oom_group, NULL };
	CLEANUP(freeentryp) struct entry *entry = calloc(1, sizeof(*entry));
	int r;

	if (!entry)
		return error_oom(reterr);
	entry->group = PLACE_NONE;
	entry->keeper = KEEPER_NONE;
	r = leaf_prepare(host, pool->tenant, NULL, apply_controllers(pool->plan, &host->facts), &entry->group, reterr);
	if (r == 0)
		r = ready_make(&request, &entry->group, &entry->keeper, reterr);
	if (r < 0)
		return r;
	*ret_entry = TAKE_PTR(entry);
	return 0;
}

/* Whether one is missing; if so, the caller makes it. */
static bool begin_one(struct ration_pool *pool)
{
	bool missing;

	(void)pthread_mutex_lock(&pool->lock);
	missing = pool->n_ready + pool->n_making < pool->wanted;
	pool->n_making += missing;
	(void)pthread_mutex_unlock(&pool->lock);
	return missing;
}

static void end_one(struct ration_pool *pool, struct entry *entry)
{
	(void)pthread_mutex_lock(&pool->lock);
	pool->n_making--;
	if (entry) {
		entry->next = pool->ready;
		pool->ready = entry;
		pool->n_ready++;
	}
	(void)pthread_mutex_unlock(&pool->lock);
}

int ration_pool_fill(struct ration_pool *pool, size_t most, struct ration_error *reterr)
{
	const struct host_snapshot *host;
	size_t made = 0;
	int r;

	if (pool->owner != getpid())
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "this pool belongs to process %d, of which this one is "
				"a fork", (int)pool->owner);
	r = host_need(pool->host, RATION_PURPOSE_RUN, &host, reterr);
	if (r < 0 || host->base_fd < 0)
		return r;
	while ((most == 0 || made < most) && begin_one(pool)) {
		struct entry *entry = NULL;

		r = make_entry(pool, host, &entry, reterr);
		/* Before it is there for others: who takes it frees it. */
		if (r == 0 && made++ == 0)
			gc_sweep(&entry->group, GC_SWEEP_AT_START);
		end_one(pool, entry);
		if (r < 0)
			return r;
	}
	return (int)made;
}

static struct entry *pop(struct ration_pool *pool)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&pool->lock);
	entry = pool->ready;
	if (entry) {
		pool->ready = entry->next;
		pool->n_ready--;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return entry;
}

/* Nobody has removed it or put a process into it. */
static bool is_new(const struct entry *entry)
{
	return leaf_alive(entry->group.fd) && cg_populated(entry->group.fd) == 0;
}

bool pool_take(struct ration_pool *pool, struct place *ret_group, struct keeper *ret_keeper)
{
	struct entry *entry;

	if (pool->owner != getpid())
		return false;
	while ((entry = pop(pool))) {
		if (!is_new(entry)) {
			(void)entry_free(entry);
			continue;
		}
		*ret_group = entry->group;
		keeper_move(ret_keeper, &entry->keeper);
		free(entry);
		return true;
	}
	return false;
}

int pool_check(const struct ration_pool *pool, const struct host_snapshot *host, const struct ration_plan *plan,
		const struct ration_run_options *options, struct ration_error *reterr)
{
	if (pool->plan != plan || host->keeper != host_now(pool->host)->keeper)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "a pool is for runs with its own plan, on its own host");
	if (options->name)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "a group of a pool has a name already: %s can't be its name",
				options->name);
	if (strcmp(options->tenant ? options->tenant : NAMES_DEFAULT_TENANT, pool->tenant) != 0)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "the groups of this pool are those of tenant %s",
				pool->tenant);
	return 0;
}

int ration_pool_new(const struct ration_host *host, const struct ration_plan *plan, const struct ration_pool_options *given,
		struct ration_pool **ret_pool, struct ration_error *reterr)
{
	struct ration_pool_options options;
	int r = pool_take_options(host, plan, given, &options, reterr);
	struct ration_pool *pool;

	if (r < 0)
		return r;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return error_oom(reterr);
	pool->host = host;
	pool->plan = plan;
	(void)strcpy(pool->tenant, options.tenant);
	pool->wanted = options.groups;
	pool->oom_group = !options.no_oom_group;
	pool->owner = getpid();
	(void)pthread_mutex_init(&pool->lock, NULL);
	*ret_pool = pool;
	return 0;
}

struct ration_pool *ration_pool_free(struct ration_pool *pool)
{
	struct entry *entry;

	if (!pool)
		return NULL;
	while ((entry = pop(pool))) {
		if (pool->owner == getpid()) {
			(void)entry_free(entry);
		} else {
			place_close(&entry->group);
			free(entry);
		}
	}
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool);
	return NULL;
}

size_t ration_pool_ready(const struct ration_pool *pool)
{
	struct ration_pool *it = (struct ration_pool *)pool;
	size_t n;

	(void)pthread_mutex_lock(&it->lock);
	n = pool->n_ready;
	(void)pthread_mutex_unlock(&it->lock);
	return n;
}
