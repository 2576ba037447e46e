/* SPDX-License-Identifier: MIT */
/*
 * concern.c - all that a supervisor has to mind, one after the other
 */
#include "run/concern.h"

#include <stdlib.h>

void *concern_new(struct ration_run *run, const struct concern_ops *ops, size_t size)
{
	struct concern *concern = calloc(1, size), **last = &run->concerns;

	if (!concern)
		return NULL;
	concern->ops = ops;
	concern->run = run;
	while (*last)
		last = &(*last)->next;
	*last = concern;
	return concern;
}

void concerns_enter(struct ration_run *run, struct spawn *spawn)
{
	for (struct concern *at = run->concerns; at; at = at->next) {
		if (at->ops->enter)
			at->ops->enter(at, spawn);
	}
}

void concerns_begin(struct ration_run *run)
{
	for (struct concern *at = run->concerns; at; at = at->next) {
		if (at->ops->begin)
			at->ops->begin(at);
	}
}

void concerns_woken(struct ration_run *run)
{
	for (struct concern *at = run->concerns; at; at = at->next) {
		if (at->ops->woken)
			at->ops->woken(at);
	}
}

bool concerns_done(struct ration_run *run)
{
	for (struct concern *at = run->concerns; at; at = at->next) {
		if (at->ops->done && !at->ops->done(at))
			return false;
	}
	return true;
}

void concerns_record(struct ration_run *run, struct counters *counters)
{
	for (struct concern *at = run->concerns; at; at = at->next) {
		if (at->ops->record)
			at->ops->record(at, counters);
	}
}

void concerns_free(struct ration_run *run)
{
	while (run->concerns) {
		struct concern *concern = run->concerns;

		run->concerns = concern->next;
		concern->ops->free(concern);
		free(concern);
	}
}
