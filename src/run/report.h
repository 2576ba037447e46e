/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a run's caller and its subreaper say to each other
 *
 * Structs as they are, since both are of the same version. But the two are processes, and what
 * damages one, or takes its end of the socket, isn't to damage the other.
 */
#ifndef RATION_RUN_REPORT_H
#define RATION_RUN_REPORT_H

#include "run/run.h"

/* The caller's wishes. */
struct wish {
	enum { WISH_SIGNAL, WISH_INTERRUPT } kind;
	int sig;
	bool delivered;
};

/* What report.code says of one in between: `waiting` is new. */
#define REPORT_WAITING 1

/* What the subreaper says: once when the command has started, or not, and once at the end. */
struct report {
	int code;
	char waiting[RATION_WAITING_MAX]; /* with a failure: it can't end now */
	pid_t pid;
	struct ration_error error;
	struct ration_receipt receipt;
};

/*
 * Takes one message apart. -EPROTO: it isn't one. Whatever the bytes are, in what is taken
 * every text ends, every number is within its array, and every bool and enum has a value that
 * there is.
 */
int report_take(const void *data, size_t size, struct report *ret);
int wish_take(const void *data, size_t size, struct wish *ret);

/* Receives one message. -EPIPE: there are no more. -EPROTO. Errors: of recv(2). */
int report_receive(int fd, struct report *ret, int flags);

/* Errors: of send(2). */
int report_send(int fd, const struct report *report, int flags);

#endif
