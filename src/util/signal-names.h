/* SPDX-License-Identifier: MIT */
/*
 * signal-names.h - "TERM"
 */
#ifndef RATION_UTIL_SIGNAL_NAMES_H
#define RATION_UTIL_SIGNAL_NAMES_H

/* NULL: a number that has no name, as a realtime signal. */
const char *signal_name(int sig);

#endif
