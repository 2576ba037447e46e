/* SPDX-License-Identifier: MIT */
/*
 * keeper.c - ration-keeper, a process beside a program that uses the library
 *
 * Usage: ration-keeper NAMESPACE    by the library alone
 *
 * The library could fork for it, but a fork of a large program is large. It talks
 * over the socket that it is given; NAMESPACE is for those who read ps.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "run/keeper-main.h"
#include "sys/helper.h"

/* Executed by hand it has no such socket. */
static int has_socket(void)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(HELPER_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(void)
{
	if (has_socket()) {
		keeper_main(HELPER_FD);
		return 1;
	}
	(void)fprintf(stderr, "ration-keeper: this is a part of ration, see ration(1)\n");
	return 2;
}
