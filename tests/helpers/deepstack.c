/* SPDX-License-Identifier: MIT */
/*
 * deepstack.c - use the stack: deepstack KIB
 */
#include <stdio.h>
#include <stdlib.h>

static int __attribute__((noinline)) dig(int kib)
{
	volatile char page[1024];

	page[0] = (char)kib;
	return kib > 0 ? dig(kib - 1) + page[0] : 0;
}

int main(int argc, char **argv)
{
	volatile int sum = dig(argc > 1 ? atoi(argv[1]) : 0);

	(void)sum;
	puts("done");
	return 0;
}
