/* SPDX-License-Identifier: MIT */
/*
 * bigbss.c - be 800 MiB large from the first instruction: bigbss [touch]
 */
#include <string.h>

static char room[800 << 20];

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		memset(room, 1, sizeof(room));
	return room[sizeof(room) / 2] == 2;
}
