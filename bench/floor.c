/* SPDX-License-Identifier: MIT */
/*
 * floor.c - the least that `ration run` can cost: floor [--limits] [--receipt FILE] BASE TENANT COMMAND [ARGUMENT...]
 *
 * One run of bare.h by a program that is started anew for it and linked as ration is, with what such a program
 * has to do beside: find its group, forward signals, be the one to whom lost descendants fall, have the helper
 * (which bare.c forks), write a receipt. COMMAND is a path: it isn't looked up.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare.h"

/* As long as ration's receipt of a run without limits. */
#define RECEIPT_BYTES 1500

/* Where groups can be made is found, never assumed. */
static void find_base(void)
{
	bare_read(AT_FDCWD, "/proc/self/mountinfo");
	bare_read(AT_FDCWD, "/proc/self/cgroup");
}

static void take_signals(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	bare_must(sigprocmask(SIG_BLOCK, &all, NULL) == 0 && signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK) >= 0, "signals");
}

/* The old one is gone before, and the new one is whole or not there. */
static void write_receipt(const char *path)
{
	char temporary[4096], text[RECEIPT_BYTES];
	int fd;

	(void)snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	memset(text, ' ', sizeof(text));
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	bare_must(fd >= 0 && write(fd, text, sizeof(text)) == (ssize_t)sizeof(text), temporary);
	close(fd);
	bare_must(rename(temporary, path) == 0, path);
}

int main(int argc, char **argv)
{
	const char *receipt = NULL;
	struct bare bare;
	bool limited = false;
	int status;

	for (argv++; argc > 1 && strncmp(*argv, "--", 2) == 0; argv++, argc--) {
		if (strcmp(*argv, "--limits") == 0)
			limited = true;
		else if (strcmp(*argv, "--receipt") == 0 && argc > 2)
			receipt = *++argv, argc--;
	}
	if (argc < 4) {
		(void)fprintf(stderr, "usage: floor [--limits] [--receipt FILE] BASE TENANT COMMAND [ARGUMENT...]\n");
		return 125;
	}
	find_base();
	take_signals();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (receipt)
		(void)unlink(receipt);
	if (!bare_open(&bare, argv[0], argv[1], limited)) {
		(void)fprintf(stderr, "floor: nothing enforces limits here\n");
		bare_close(&bare);
		return 125;
	}
	status = bare_run(&bare, argv + 2);
	bare_close(&bare);
	if (receipt)
		write_receipt(receipt);
	return status;
}
