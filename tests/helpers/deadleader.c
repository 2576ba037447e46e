/* SPDX-License-Identifier: MIT */
/*
 * deadleader.c - a process whose main thread is dead: deadleader MIB SECONDS
 *
 * The second thread touches MIB after the first has ended, spins for SECONDS
 * of CPU and exits 0. To /proc the process is a zombie all the while, without
 * memory, and yet it runs.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char **words;

static void *live_on(void *arg)
{
	size_t size = strtoul(words[1], NULL, 10) << 20;
	struct timespec t;
	volatile char *p = malloc(size + 1);

	usleep(100000);
	for (size_t i = 0; p && i < size; i += 4096)
		p[i] = 1;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	while ((double)t.tv_sec + (double)t.tv_nsec / 1e9 < atof(words[2]));
	exit(0);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	words = argv;
	if (argc < 3 || pthread_create(&thread, NULL, live_on, NULL))
		return 1;
	pthread_exit(NULL);
}
