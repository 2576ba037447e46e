/* SPDX-License-Identifier: MIT */
/*
 * subreaper-main.h - what the process that is the subreaper does
 */
#ifndef RATION_RUN_START_SUBREAPER_MAIN_H
#define RATION_RUN_START_SUBREAPER_MAIN_H

#include "run/run.h"

/*
 * The name of the program and of its process. The kernel keeps 15 characters of a name, too few for
 * "ration-subreaper".
 */
#define SUBREAPER_PROGRAM "ration-reaper"

/* Starts and supervises `run` for `parent`, which has the other end of the socket. */
void subreaper_main(struct ration_run *run, int peer_fd, pid_t parent) __attribute__((noreturn));

/*
 * The same in an executed process: receives the run's order over the socket, and answers with one byte.
 * Returns only if the order isn't valid.
 */
void subreaper_serve(int peer_fd);

#endif
