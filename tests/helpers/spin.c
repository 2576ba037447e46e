/* SPDX-License-Identifier: MIT */
/*
 * spin.c - burn CPU: spin SECONDS [THREADS]
 *
 * SECONDS are those of the process's own CPU clock, on all threads together.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static double used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *burn(void *arg)
{
	double until = *(double *)arg, now = used(), last;
	int loops = 20000;

	do {
		/* Reading the clock is the kernel's work: about once in a ms of our own, on any machine. */
		for (volatile int i = 0; i < loops; i++)
			;
		last = now;
		now = used();
		if (now - last < 0.0005 && loops < 1 << 30)
			loops *= 2;
	} while (now < until);
	return NULL;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	pthread_t thread;

	for (int i = argc > 2 ? atoi(argv[2]) : 1; i > 1; i--)
		if (pthread_create(&thread, NULL, burn, &seconds))
			return 1;
	burn(&seconds);
	return 0;
}
