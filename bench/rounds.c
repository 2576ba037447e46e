/* SPDX-License-Identifier: MIT */
/*
 * rounds.c - time some commands side by side
 *
 * Usage: rounds N + COMMAND [ARGUMENT...] [+ COMMAND [ARGUMENT...]]...
 *
 * Each of N rounds, and of some more for a warm-up before them, runs every command once, one after the other,
 * so that whatever else the machine does meets all of them alike; each round begins with another. A run is
 * timed from posix_spawn(3) to the end of wait4(2). Prints a line for each: the command's number, its wall time,
 * and the CPU time of it and its waited-for children, in microseconds.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define COMMANDS_MAX 32

extern char **environ;

static double now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu_usec(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
		(double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* Returns false where the command couldn't be started or didn't exit with 0. */
static int time_one(char **argv, double *ret_wall, double *ret_cpu)
{
	double begin = now_usec();
	struct rusage usage;
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0)
		return 0;
	if (wait4(pid, &status, 0, &usage) != pid || status != 0)
		return 0;
	*ret_wall = now_usec() - begin;
	*ret_cpu = cpu_usec(&usage);
	return 1;
}

int main(int argc, char **argv)
{
	char **command[COMMANDS_MAX];
	int n = argc > 1 ? atoi(argv[1]) : 0, n_commands = 0, warmup = n / 20 + 1;
	double wall, cpu;

	for (int i = 2; i < argc && n_commands < COMMANDS_MAX; i++) {
		if (strcmp(argv[i], "+") != 0)
			continue;
		argv[i] = NULL;
		command[n_commands++] = argv + i + 1;
	}
	if (n < 1 || n_commands == 0) {
		(void)fprintf(stderr, "usage: rounds N + COMMAND [ARGUMENT...] [+ COMMAND [ARGUMENT...]]...\n");
		return 2;
	}
	for (int round = 0; round < warmup + n; round++) {
		for (int i = 0; i < n_commands; i++) {
			int c = (i + round) % n_commands;

			if (!time_one(command[c], &wall, &cpu)) {
				(void)fprintf(stderr, "rounds: %s failed\n", command[c][0]);
				return 1;
			}
			if (round >= warmup)
				printf("%d %.1f %.1f\n", c, wall, cpu);
		}
	}
	return 0;
}
