/* SPDX-License-Identifier: MIT */
/*
 * machine.h - what the whole machine has and uses
 */
#ifndef RATION_HELPERS_TOP_MACHINE_H
#define RATION_HELPERS_TOP_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct machine {
	uint64_t memory_bytes, available_bytes; /* 0: not known */
	unsigned cpus;
	double cpus_used;                       /* < 0: not known */
	double pressure[3];                     /* percent of the last 10 s in which some task waited: cpu, memory, io; < 0: not known */
	uint64_t busy_ticks, all_ticks;         /* of the last reading */
};

/* Reads it anew; what it can't read isn't known. */
void machine_read(struct machine *machine);

#endif
