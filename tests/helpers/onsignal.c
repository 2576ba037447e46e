/* SPDX-License-Identifier: MIT */
/*
 * onsignal.c - say which signals come: onsignal STATUS [FILE]
 *
 * Prints (or appends to FILE) "ready" and then each signal's number as it
 * comes. Exits with STATUS at the first, or stays if STATUS is "-".
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int out = argc > 2 ? open(argv[2], O_CREAT | O_WRONLY | O_APPEND, 0644) : 1;
	sigset_t all;
	int sig;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	alarm(1000);
	dprintf(out, "ready\n");
	while (sigwait(&all, &sig) == 0) {
		if (sig == SIGALRM)
			return 99;
		dprintf(out, "%d\n", sig);
		if (argc > 1 && strcmp(argv[1], "-"))
			return atoi(argv[1]);
	}
	return 98;
}
