/* SPDX-License-Identifier: MIT */
/*
 * fds.c - print what a command inherits: open fds, ignored and blocked signals
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

int main(void)
{
	sigset_t blocked;

	printf("fds");
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("\nignored");
	for (int sig = 1; sig < 32; sig++) {
		struct sigaction sa;

		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			printf(" %d", sig);
	}
	printf("\nblocked");
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int sig = 1; sig < 32; sig++)
		if (sigismember(&blocked, sig) == 1)
			printf(" %d", sig);
	puts("");
	return 0;
}
