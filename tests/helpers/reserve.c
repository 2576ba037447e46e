/* SPDX-License-Identifier: MIT */
/*
 * reserve.c - reserve address space and leave it alone: reserve MIB
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	size_t size = (argc > 1 ? strtoul(argv[1], NULL, 10) : 0) << 20;

	if (mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
	    MAP_FAILED) {
		perror("reserve");
		return 1;
	}
	return 0;
}
