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
 * that the command is to have. Errors: those of signalfd(2).
 */
int signals_open(int *ret_fd, struct ration_error *reterr);

/* Answers all signals that wait. May stop this process, as Ctrl-Z means to. */
int signals_handle(int fd, struct ration_run *run, struct ration_error *reterr);

/* Returns the number of "TERM", "sigterm" or "15", or -EINVAL. */
int signal_number(const char *text);

#endif
