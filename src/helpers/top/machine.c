/* SPDX-License-Identifier: MIT */
/*
 * machine.c - what the whole machine has and uses
 */
#include "helpers/top/machine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/cgroup/cgroup.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"

static bool read_text(const char *path, char *buf, size_t size)
{
	CLEANUP(closep) int fd = open_readable(path, 0);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static void read_cpu(struct machine *machine)
{
	char text[512];
	uint64_t tick[8], all = 0, busy;

	machine->cpus_used = -1;
	if (!read_text("/proc/stat", text, sizeof(text)) ||
			sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
					&tick[0], &tick[1], &tick[2], &tick[3], &tick[4], &tick[5], &tick[6], &tick[7]) != 8)
		return;
	for (size_t i = 0; i < 8; i++)
		all += tick[i];
	/* Idle, and idle until a disk answers. */
	busy = all - tick[3] - tick[4];
	if (machine->all_ticks && all > machine->all_ticks && busy >= machine->busy_ticks)
		machine->cpus_used = (double)(busy - machine->busy_ticks) / (double)(all - machine->all_ticks) * machine->cpus;
	machine->busy_ticks = busy;
	machine->all_ticks = all;
}

static double read_pressure(const char *path)
{
	char text[256];
	uint64_t share;

	return read_text(path, text, sizeof(text)) && cg_text_share(text, "some", &share) == 0 ? (double)share / 100 : -1;
}

void machine_read(struct machine *machine)
{
	static const char *const files[3] = { "/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io" };
	char text[4096];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	machine->cpus = cpus > 0 ? (unsigned)cpus : 1;
	machine->memory_bytes = machine->available_bytes = 0;
	if (read_text("/proc/meminfo", text, sizeof(text))) {
		(void)proc_meminfo(text, "MemTotal", &machine->memory_bytes);
		(void)proc_meminfo(text, "MemAvailable", &machine->available_bytes);
	}
	read_cpu(machine);
	for (size_t i = 0; i < 3; i++)
		machine->pressure[i] = read_pressure(files[i]);
}
