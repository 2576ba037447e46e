/* SPDX-License-Identifier: MIT */
/*
 * keeper.c - ration-keeper, a process beside a program that uses the library
 *
 * Usage: ration-keeper NAMESPACE    by the library alone
 *        ration-reaper NAMESPACE    the same program, executed under this name
 *
 * The library could fork for these, but a fork of a large program is large. They talk
 * over the socket that they are given; NAMESPACE is for those who read ps.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "run/keeper-main.h"
#include "run/subreaper-main.h"
#include "sys/helper.h"

/* Executed by hand it has no such socket. */
static int has_socket(void)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(HELPER_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	if (has_socket()) {
		if (argc > 0 && strcmp(argv[0], SUBREAPER_NAME) == 0)
			subreaper_serve(HELPER_FD);
		else
			keeper_main(HELPER_FD);
		return 1;
	}
	(void)fprintf(stderr, "ration-keeper: internal program of ration, see ration(1)\n");
	return 2;
}
