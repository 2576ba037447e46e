/* SPDX-License-Identifier: MIT */
/*
 * nofiles.c - open N files: nofiles N
 *
 * Prints how many could be opened and the errno that ended it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, made = 0;

	while (made < n && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		made++;
	printf("made %d errno %d\n", made, made < n ? errno : 0);
	return made < n;
}
