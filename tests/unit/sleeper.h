/* SPDX-License-Identifier: MIT */
/*
 * sleeper.h - a child that does nothing until it is killed
 */
#ifndef RATION_TESTS_SLEEPER_H
#define RATION_TESTS_SLEEPER_H

#include <sys/types.h>
#include <unistd.h>

/* To be reaped by the caller. */
static inline pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		for (;;)
			(void)pause();
	}
	assert_true(pid > 0);
	return pid;
}

#endif
