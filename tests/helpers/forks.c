/* SPDX-License-Identifier: MIT */
/*
 * forks.c - be many: forks N [SECONDS]
 *
 * Forks N children that live until all are there (and SECONDS longer, if none
 * was refused), and prints how many there were and the errno of the first that was.
 * Exit status 0 only if none was.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, made = 0, refused = 0;
	pid_t pids[1024];

	for (int i = 0; i < n && i < 1024; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(1000);
			pause();
			_exit(0);
		}
		if (pid > 0)
			pids[made++] = pid;
		else if (!refused)
			refused = errno;
	}
	printf("made %d errno %d\n", made, refused);
	fflush(stdout);
	usleep(argc > 2 && !refused ? (useconds_t)(atof(argv[2]) * 1e6) : 0);
	for (int i = 0; i < made; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return refused ? 1 : 0;
}
