/* SPDX-License-Identifier: MIT */
/*
 * zombies.c - leave N dead children unreaped: zombies N [SECONDS]
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	siginfo_t info;

	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 0; i--) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	}
	usleep((useconds_t)(1e6 * (argc > 2 ? atof(argv[2]) : 0)));
	return 0;
}
