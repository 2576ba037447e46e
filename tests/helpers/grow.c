/* SPDX-License-Identifier: MIT */
/*
 * grow.c - use one MiB of memory more, and more: grow [USEC-BETWEEN]
 *
 * Stops at 4 GiB, should nothing stop it before.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	useconds_t pause_usec = argc > 1 ? (useconds_t)atoi(argv[1]) : 0;

	for (int i = 0; i < 4096; i++) {
		char *p = malloc(1 << 20);

		if (!p)
			return 1;
		memset(p, 1, 1 << 20);
		if (pause_usec)
			usleep(pause_usec);
	}
	return 3;
}
