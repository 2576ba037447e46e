/* SPDX-License-Identifier: MIT */
/*
 * tsc.c - print how fast this machine's time stamp counter runs, in kHz
 *
 * The guest has the machine's own counter, and a kernel that boots on a busy
 * machine measures it wrong: the clock that it measures by is emulated and
 * stands still while QEMU doesn't run. Its time then ran 13 times too fast.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define TRIES 20
#define WHILE_NSEC 50000000

/* Both at the same moment: of some tries the one that was interrupted least. */
static void read_both(uint64_t *ret_ticks, uint64_t *ret_nsec)
{
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), after;
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC_RAW, &now);
		after = __rdtsc();
		if (after - before >= shortest)
			continue;
		shortest = after - before;
		*ret_ticks = before + shortest / 2;
		*ret_nsec = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	}
}

int main(void)
{
	uint64_t ticks[2] = { 0 }, nsec[2] = { 0 };

	read_both(&ticks[0], &nsec[0]);
	nanosleep(&(struct timespec){ .tv_nsec = WHILE_NSEC }, NULL);
	read_both(&ticks[1], &nsec[1]);
	printf("%.0f\n", (double)(ticks[1] - ticks[0]) * 1e6 / (double)(nsec[1] - nsec[0]));
	return 0;
}
