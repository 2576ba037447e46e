/* SPDX-License-Identifier: MIT */
/*
 * ending.h - checks the options that say how a run ends at its time limit
 */
#ifndef RATION_UTIL_ENDING_H
#define RATION_UTIL_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "ration.h"

/*
 * Checks what a run with a limit of wall time, with a soft value or without, is told of its signal and its
 * `kill_after`. For the library, and for the command before it does anything. -EINVAL.
 */
int ending_check(bool has_soft, int signal, uint64_t kill_after_usec, struct ration_error *reterr);

#endif
