/* SPDX-License-Identifier: MIT */
/*
 * ignoreterm.c - ignore every signal that can be ignored: ignoreterm [SECONDS]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec left = { .tv_sec = argc > 1 ? atoi(argv[1]) : 1000 };

	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_IGN);
	puts("ready");
	fflush(stdout);
	while (nanosleep(&left, &left) < 0)
		;
	return 0;
}
