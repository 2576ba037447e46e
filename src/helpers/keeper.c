/* SPDX-License-Identifier: MIT */
/*
 * keeper.c - ration-keeper, a process beside a program that uses the library
 *
 * Usage: ration-keeper NAMESPACE    by the library alone
 *
 * The library could fork for it, but a fork of a large program is large. They talk over the
 * socket that it is given; NAMESPACE is for those who read ps. It has only the keeper's code
 * in it, as it stays for as long as its program: see tests/cli/test_library.py.
 */
#include <stdio.h>

#include "run/keeper/keeper-main.h"
#include "sys/helper.h"

int main(void)
{
	if (helper_is_executed()) {
		keeper_main(HELPER_FD);
		return 1;
	}
	(void)fputs("ration-keeper: internal program of ration, see ration(1)\n", stderr);
	return 2;
}
