/* SPDX-License-Identifier: MIT */
/*
 * threads.c - be many threads: threads N
 *
 * Prints how many were made and the error of the first that was refused.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *stay(void *arg)
{
	pause();
	return arg;
}

int main(int argc, char **argv)
{
	int made = 0, refused = 0;

	for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--) {
		pthread_t thread;
		int r = pthread_create(&thread, NULL, stay, NULL);

		if (r == 0)
			made++;
		else if (!refused)
			refused = r;
	}
	printf("made %d errno %d\n", made, refused);
	return refused ? 1 : 0;
}
