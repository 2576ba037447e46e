/* SPDX-License-Identifier: MIT */
/*
 * say.h - messages that don't wait for their reader
 *
 * Standard error is often a pipe that the command has as well, or a terminal that is
 * stopped. A supervisor that waits there supervises no longer. So a message waits a
 * little, and is dropped then: the receipt has all of it.
 */
#ifndef RATION_CLI_SAY_H
#define RATION_CLI_SAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A longer message of say() is cut. */
#define SAY_MAX 4096

/* How long all messages together may wait for a reader of standard error, in this process. */
#define SAY_WAIT_USEC 1000000

/* Prints on standard error, in one piece where the kernel lets that be. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints on standard error what `print` writes to a file. */
void say_printed(void (*print)(FILE *file, const void *data), const void *data);

/*
 * Writes to `fd`, and waits at most `*wait_usec` for whoever reads it; what has been waited is
 * taken off. Nothing is changed for others who have the same file open.
 * -ETIMEDOUT: part of it may have been written. -EPIPE, -EIO, …
 */
int say_to(int fd, const char *text, size_t length, uint64_t *wait_usec);

#endif
