/* SPDX-License-Identifier: MIT */
/*
 * alloc.c - use memory: alloc SIZE [stay]
 *
 * Maps SIZE (MiB, or KiB with a K) and writes to every page; exits, or stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *unit = NULL;
	size_t size = argc > 1 ? strtoul(argv[1], &unit, 10) : 0;

	size <<= unit && *unit == 'K' ? 10 : 20;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		perror("alloc");
		return 1;
	}
	for (size_t i = 0; i < size; i += 4096)
		p[i] = 1;
	if (argc > 2 && !strcmp(argv[2], "stay")) {
		puts("ready");
		fflush(stdout);
		alarm(1000);
		pause();
	}
	return 0;
}
