/* SPDX-License-Identifier: MIT */
/*
 * subreaper-main.h - what the process that is the subreaper does
 */
#ifndef RATION_RUN_SUBREAPER_MAIN_H
#define RATION_RUN_SUBREAPER_MAIN_H

#include "run/run.h"

/* The program, and the name of its process: the kernel keeps 15 characters of a name, which "ration-subreaper" exceeds. */
#define SUBREAPER_PROGRAM "ration-reaper"

/* Starts and supervises `run` for `parent`, who is at the other end of the socket. */
void subreaper_main(struct ration_run *run, int peer_fd, pid_t parent) __attribute__((noreturn));

/*
 * The same where the process has been executed: takes the run's order from the socket, and
 * answers with one byte. Returns only if it isn't understood.
 */
void subreaper_serve(int peer_fd);

#endif
