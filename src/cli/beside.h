/* SPDX-License-Identifier: MIT */
/*
 * beside.h - helper programs in the folder of the command itself, as in a build tree
 */
#ifndef RATION_CLI_BESIDE_H
#define RATION_CLI_BESIDE_H

#include <stddef.h>

/* Returns the folder of this program, if the helper programs are there; else NULL. */
const char *beside_us(char *buf, size_t size);

#endif
