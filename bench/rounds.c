/* SPDX-License-Identifier: MIT */
/*
 * rounds.c - time some commands side by side
 *
 * Usage: rounds N + COMMAND [ARGUMENT...] [+ COMMAND [ARGUMENT...]]...
 *
 * Each of N rounds runs every command once, one after the other, so that
 * whatever else the machine does meets all of them alike. A run is timed from
 * posix_spawn(3) to the end of wait4(2). Prints a line for each command:
 * median, 99th percentile and least wall time, and median CPU time of it and
 * its waited-for children, all in microseconds.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define COMMANDS_MAX 16

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

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(double *wall, double *cpu, int n)
{
	qsort(wall, (size_t)n, sizeof(*wall), compare);
	qsort(cpu, (size_t)n, sizeof(*cpu), compare);
	printf("%.1f %.1f %.1f %.1f\n", wall[n / 2], wall[n * 99 / 100], wall[0], cpu[n / 2]);
}

int main(int argc, char **argv)
{
	char **command[COMMANDS_MAX];
	double *wall[COMMANDS_MAX], *cpu[COMMANDS_MAX];
	int n = argc > 1 ? atoi(argv[1]) : 0, n_commands = 0;

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
	for (int c = 0; c < n_commands; c++) {
		wall[c] = calloc((size_t)n, sizeof(double));
		cpu[c] = calloc((size_t)n, sizeof(double));
		if (!wall[c] || !cpu[c])
			return 1;
	}
	for (int round = 0; round < n; round++) {
		for (int c = 0; c < n_commands; c++) {
			if (time_one(command[c], &wall[c][round], &cpu[c][round]))
				continue;
			(void)fprintf(stderr, "rounds: %s failed\n", command[c][0]);
			return 1;
		}
	}
	for (int c = 0; c < n_commands; c++)
		print(wall[c], cpu[c], n);
	return 0;
}
