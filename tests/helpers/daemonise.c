/* SPDX-License-Identifier: MIT */
/*
 * daemonise.c - leave a daemon behind: daemonise [SECONDS [FILE]]
 *
 * Forks twice, in a session of its own, without the caller's fds. The daemon
 * sleeps SECONDS (1000), then writes FILE if it has lived that long. The first
 * process prints the daemon's pid and exits 0.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int p[2];
	pid_t pid = -1;

	if (pipe(p) < 0)
		return 1;
	if (fork() == 0) {
		setsid();
		pid = fork();
		if (pid > 0) {
			(void)!write(p[1], &pid, sizeof(pid));
			_exit(0);
		}
		for (int fd = 0; fd < 64; fd++)
			close(fd);
		usleep((useconds_t)(1e6 * (argc > 1 ? atof(argv[1]) : 1000)));
		if (argc > 2)
			open(argv[2], O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		_exit(0);
	}
	(void)!read(p[0], &pid, sizeof(pid));
	wait(NULL);
	printf("%d\n", pid);
	return 0;
}
