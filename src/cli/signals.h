/* SPDX-License-Identifier: MIT */
/*
 * signals.h - what `ration run` does with the signals that it gets
 */
#ifndef RATION_CLI_SIGNALS_H
#define RATION_CLI_SIGNALS_H

#include "ration.h"

/*
 * From now on the signals that a run answers to wait to be read from the fd
 * returned. To be called after ration_host_open(), which remembers the mask
 * that the command is to have. Errors: those of signalfd(2) or pipe(2).
 */
int signals_open(int *ret_fd, struct ration_error *reterr);

/* What is done before this process stops: the terminal is somebody else's until it goes on. */
void signals_before_stop(void (*hook)(void *data), void *data);

/* Answers all signals that wait. May stop this process, as Ctrl-Z means to. */
int signals_handle(int fd, struct ration_run *run, struct ration_error *reterr);

/* Returns the number of "TERM", "sigterm", "15" or "RTMIN+3", or -EINVAL. */
int signal_number(const char *text);

/* ------------------------------------ between signals.c and signals-fd.c, signals-pipe.c */

/* Signal `i` of those that are answered to, unless they are ignored. -1: there are no more. */
int signals_want(int i);

/* Answers one. `delivered`: the command has had it, too. */
int signals_answer(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr);

/* Stops this process as Ctrl-Z would have; returns when it is continued. */
void signals_stop(void);

#endif
