/* SPDX-License-Identifier: MIT */
/*
 * hugemap.c - use huge pages: hugemap N
 *
 * Maps N pages of 2 MiB that were reserved for it, and writes to each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE ((size_t)2 << 20)

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (p == MAP_FAILED) {
		perror("hugemap");
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		p[i * PAGE] = 1;
		printf("%zu\n", i + 1);
		fflush(stdout);
	}
	return 0;
}
