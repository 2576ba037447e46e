/* SPDX-License-Identifier: MIT */
/*
 * oom-v1.c - an OOM in a group of cgroup v1
 *
 * Before it kills, the kernel reports an OOM to all listeners of the group and of the groups below.
 * So an OOM that we hear of, but that listeners of the group above don't, was caused by our limit.
 * (memory.failcnt would say the same, but stays 0 on 6.18.)
 *
 * With cgroup2 an OOM kill ends the whole group (memory.oom.group), with cgroup v1 one process; we
 * kill the others.
 */
#include "group/cgroup1.h"
#include "run/concern.h"
#include "run/end.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>

/*
 * How often to look for a kill after an OOM was reported. It follows in a moment, or not at all if memory was
 * freed meanwhile.
 */
#define READ_USEC 2000
#define READS_MAX 500

struct oom_v1 {
	struct concern concern;
	struct loop_source source;
	struct loop_deadline deadline;
	int fd, above_fd;
	uint64_t events, events_above; /* how many these two have reported */
	unsigned reads;                /* reads left in which a kill can show */
};

static int listen_to(int dir_fd)
{
	CLEANUP(closep) int event = lift_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	CLEANUP(closep) int control = cg_open_file(dir_fd, "memory.oom_control");
	char text[32];
	int r;

	if (event < 0 || control < 0)
		return event < 0 ? -errno : control;
	(void)snprintf(text, sizeof(text), "%d %d", event, control);
	r = cg_write(dir_fd, "cgroup.event_control", text);
	return r < 0 ? r : TAKE_FD(event);
}

static void hear(struct oom_v1 *oom)
{
	uint64_t count;

	if (oom->fd >= 0 && read(oom->fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		oom->events += count;
	if (oom->above_fd >= 0 && read(oom->above_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		oom->events_above += count;
}

/* Kills the others if the kernel has killed one; else reads again in a moment. */
static void on_deadline(void *userdata, uint64_t now_usec)
{
	struct oom_v1 *oom = userdata;
	struct ration_run *run = oom->concern.run;
	uint64_t kills = counters_v1_oom_kill(&run->group);

	if (run->killed)
		return;
	if (kills != USAGE_ABSENT && kills > 0)
		end_kill(run);
	else if (oom->reads-- > 0)
		loop_set(&run->loop, &oom->deadline, loop_after(now_usec, READ_USEC));
}

static void on_source(void *userdata, bool failed)
{
	struct oom_v1 *oom = userdata;

	(void)failed;
	hear(oom);
	if (oom->concern.run->options.no_oom_group)
		return;
	oom->reads = READS_MAX;
	loop_clear(&oom->concern.run->loop, &oom->deadline);
	on_deadline(oom, sys_now_usec());
}

/* Adds the OOMs that we have heard of to the counters. */
static void record(struct concern *concern, struct counters *counters)
{
	struct oom_v1 *oom = (struct oom_v1 *)concern;
	const struct host_snapshot *host = concern->run->host;
	const char *where = "/";

	hear(oom);
	if (!counters->v1)
		return;
	counters->oom = oom->events_above > 0 ? 0 : oom->events;
	if (oom->events_above == 0)
		return;
	/* With memory in cgroup v1, the levels of cgroup2 have only counters of other limits. */
	if (counters->n_levels == COUNTER_LEVELS_MAX)
		counters->n_levels--;
	counters->level[counters->n_levels] = (struct counter_level) { .level = RATION_LEVEL_ANCESTOR,
		.oom = oom->events_above, .high = USAGE_ABSENT, .pids = USAGE_ABSENT, .throttled = USAGE_ABSENT };
	for (size_t i = 0; i < host->n_v1; i++) {
		if (host->v1[i].controllers & RATION_CONTROLLER_MEMORY)
			where = host->v1[i].path;
	}
	counters_put_where(counters, where);
}

static void oom_v1_free(struct concern *concern)
{
	struct oom_v1 *oom = (struct oom_v1 *)concern;

	oom->fd = close_fd(oom->fd);
	oom->above_fd = close_fd(oom->above_fd);
}

static const struct concern_ops ops = { .record = record, .free = oom_v1_free };

static int begin_to_listen(struct oom_v1 *oom, int dir_fd)
{
	CLEANUP(closep) int above = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = above < 0 ? -errno : 0;

	if (r == 0)
		r = oom->above_fd = listen_to(above);
	if (r >= 0)
		r = oom->fd = listen_to(dir_fd);
	return r < 0 ? r : loop_add(&oom->concern.run->loop, &oom->source, oom->fd, LOOP_READABLE);
}

int oom_v1_prepare(struct ration_run *run, struct ration_error *reterr)
{
	int dir_fd = v1_fd(&run->group, RATION_CONTROLLER_MEMORY), r;
	struct oom_v1 *oom;

	if (dir_fd < 0)
		return 0;
	oom = concern_new(run, &ops, sizeof(*oom));
	if (!oom)
		return error_oom(reterr);
	oom->source = LOOP_SOURCE(on_source, oom);
	oom->deadline = LOOP_DEADLINE(on_deadline, oom);
	oom->fd = oom->above_fd = -EBADF;
	run->end.oom_takes_all = !run->options.no_oom_group;
	r = begin_to_listen(oom, dir_fd);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't watch memory.oom_control of %s: %s",
				       run->receipt.group, error_text(r))
		     : 0;
}
