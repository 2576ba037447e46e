/* SPDX-License-Identifier: MIT */
/*
 * pressure.c - how long a group was stalled in a window
 */
#include "group/stats/pressure.h"

#include "group/stats/metrics.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"

static struct pressure_sample take_sample(const struct pressure *pressure, int fd)
{
	struct pressure_sample sample = { .at_usec = sys_now_usec(), .total_usec = USAGE_ABSENT };
	char text[512];

	if (cg_read_fd(fd, text, sizeof(text)) >= 0)
		sample.total_usec = metrics_pressure(text, pressure->line);
	return sample;
}

void pressure_begin(struct pressure *pressure, int fd)
{
	pressure->older = pressure->newer = take_sample(pressure, fd);
}

bool pressure_measure(struct pressure *pressure, int fd, bool seen)
{
	struct pressure_sample now = take_sample(pressure, fd);
	uint64_t stalled;

	if (now.total_usec == USAGE_ABSENT)
		return false;
	if (pressure->older.total_usec == USAGE_ABSENT)
		pressure->older = pressure->newer = now;
	stalled = now.total_usec - pressure->older.total_usec;
	if (seen || stalled >= pressure->stall_usec) {
		pressure->stalled_usec = stalled;
		pressure->elapsed_usec = now.at_usec - pressure->older.at_usec;
		pressure->older = pressure->newer = now;
		return true;
	}
	if (now.at_usec - pressure->newer.at_usec >= pressure->window_usec) {
		pressure->older = pressure->newer;
		pressure->newer = now;
	}
	return false;
}
