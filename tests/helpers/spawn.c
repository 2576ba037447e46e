/* SPDX-License-Identifier: MIT */
/*
 * spawn.c - run N copies of a command at once: spawn N COMMAND...
 *
 * Exits 0 when all did, 1 when one failed, 2 when a signal killed one.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status, result = 0;

	for (int i = argc > 2 ? atoi(argv[1]) : 0; i > 0; i--)
		if (fork() == 0) {
			execvp(argv[2], argv + 2);
			_exit(127);
		}
	while (wait(&status) > 0)
		if (WIFSIGNALED(status))
			result = 2;
		else if (status && !result)
			result = 1;
	return result;
}
