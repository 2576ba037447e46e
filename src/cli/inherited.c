/* SPDX-License-Identifier: MIT */
/*
 * inherited.c - warns of attributes of a process that make limits void
 *
 * The library resets them in each command that it starts (sys/spawn/inherit.h). A process that is
 * attached is another's, and keeps them.
 */
#include "cli/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/say.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* 0: nothing is known. */
static int read_oom_score_adj(int pid)
{
	char path[64], text[16];
	CLEANUP(closep) int fd = -EBADF;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	fd = open_readable(pid ? path : "/proc/self/oom_score_adj", 0);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (int)strtol(text, NULL, 10);
}

static struct attributes attributes_of(int pid)
{
	static const char *const names[] = { [SCHED_FIFO] = "SCHED_FIFO", [SCHED_RR] = "SCHED_RR",
		[SCHED_DEADLINE] = "SCHED_DEADLINE" };
	int policy = sched_getscheduler(pid) & ~SCHED_RESET_ON_FORK;
	struct attributes found = { .oom_score_adj = read_oom_score_adj(pid) };

	if (policy >= 0 && policy < (int)ARRAY_SIZE(names))
		found.policy = names[policy];
	return found;
}

struct attributes inherited_own(void)
{
	return attributes_of(0);
}

void inherited_tell(const struct attributes *ours)
{
	if (ours->policy)
		say("ration: the command starts without %s, which would void CPU limits\n", ours->policy);
	if (ours->oom_score_adj < 0)
		say("ration: the command starts without oom_score_adj %d, which would void memory limits\n",
				ours->oom_score_adj);
}

void inherited_warn(int pid)
{
	const struct attributes found = attributes_of(pid);

	if (found.policy)
		say("ration: process %d has %s: CPU limits may not hold it; use: chrt -o -p 0 %d\n", pid, found.policy, pid);
	if (found.oom_score_adj < 0)
		say("ration: process %d has oom_score_adj %d: a memory limit may not end it; use: choom -p %d -n 0\n", pid,
				found.oom_score_adj, pid);
}
