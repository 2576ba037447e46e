/* SPDX-License-Identifier: MIT */
/*
 * holdout.c - exit 0 and leave a grandchild that holds stdout and stderr
 *
 * Whoever reads that pipe to its end waits for the grandchild: 1000 s.
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	if (fork() == 0) {
		if (fork() == 0)
			sleep(1000);
		_exit(0);
	}
	wait(NULL);
	return 0;
}
