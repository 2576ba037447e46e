/* SPDX-License-Identifier: MIT */
/*
 * hold - trace a process, stop it, and never look at it again
 *
 *     hold PID SECONDS
 *
 * Says "held" when it has it. Killed, the process stays a zombie until the end of
 * the SECONDS: who traces one, and he alone, gets to know that it has died.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t pid = argc == 3 ? atoi(argv[1]) : 0;
	int status;

	if (pid <= 0 || ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 ||
			ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 || waitpid(pid, &status, __WALL) != pid) {
		perror("hold");
		return 1;
	}
	/* A signal was faster. */
	if (!WIFSTOPPED(status)) {
		(void)fputs("hold: it has ended\n", stderr);
		return 1;
	}
	(void)puts("held");
	(void)fflush(stdout);
	(void)sleep((unsigned)atoi(argv[2]));
	return 0;
}
