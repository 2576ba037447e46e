/* SPDX-License-Identifier: MIT */
/*
 * watchdog.h - a watchdog for a child that doesn't become the command
 *
 * The parent sleeps until its child has execed (sys/spawn/spawn.h), and reacts to nothing meanwhile. If a
 * level above the group is frozen at that moment, the child never execs. A thread watches for that:
 * it sleeps for a second, longer than any start takes, and then kills the child, which wakes the
 * parent. It also does so when the run's time limit has been over for a while, or after a minute:
 * the command's file may be on a file system that doesn't answer, or its owner may hold a lease on
 * it.
 *
 * The parent can't do this itself, without CLONE_VFORK: the OOM killer spares a child that shares
 * its memory only while the parent sleeps in vfork. Born into a group whose memory is used up, the
 * child would be killed at its first page, and with it all processes that share that memory: the
 * supervisor.
 */
#ifndef RATION_GROUP_LIFE_WATCHDOG_H
#define RATION_GROUP_LIFE_WATCHDOG_H

#include <pthread.h>
#include <stdbool.h>

#include "group/place.h"
#include "ration.h"
#include "sys/spawn/spawn.h"

/* At the same place until the start has returned. */
struct watchdog {
	const struct place *place;
	struct spawn *spawn;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool over;
	bool killed;
	bool late;             /* that is why */
	uint64_t killed_usec;  /* when it was, as its time was up; 0: it isn't */
	bool told;             /* it doesn't die */
	uint64_t deadline_usec;
};

/*
 * Before spawn_start() of a child in the group at `place`: opens what the child joins in
 * cgroup v1, and watches it. Where there can be no thread, nobody does.
 */
int watchdog_begin(struct watchdog *watchdog, const struct place *place, struct spawn *spawn, struct ration_error *reterr);

/*
 * spawn_start() has returned `r`, or watchdog_begin() or what was done instead has failed with it. Returns it, or
 * -EBUSY: the group was frozen; -ETIMEDOUT: it took a minute. Then the child has been killed. It is to be reaped,
 * unless `r` says that it has been.
 */
int watchdog_end(const struct watchdog *watchdog, struct spawn *spawn, int r, struct ration_error *reterr);

#endif
