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

/* What `code` says of one in between: `waiting` is new. */
#define REPORT_WAITING 1

/* What the subreaper says: once when the command has started, or not, and what it waits for at the end. */
struct report {
	int code;
	char waiting[RATION_WAITING_MAX]; /* with a failure: it can't end now */
	pid_t pid;
	struct ration_error error;
};

/* What it says last. The receipt is as long as all else that is said of a run. */
struct last_report {
	struct report report;
	struct ration_receipt receipt;
};

/*
 * Takes one message apart. -EPROTO: it isn't one. Whatever the bytes are, in what is taken
 * every text ends, every number is within its array, and every bool and enum has a value that
 * there is. Of a last report that isn't one of success, the receipt isn't sent nor taken.
 */
int report_take(const void *data, size_t size, struct report *ret);
int report_take_last(const void *data, size_t size, struct last_report *ret);
int wish_take(const void *data, size_t size, struct wish *ret);

/* Receives one message. -EPIPE: there are no more. -EPROTO. Errors: of recv(2). */
int report_receive(int fd, struct report *ret, int flags);

/*
 * Receives one, be it the last or not. Only one of code 0 has a receipt, which is long: it is received where
 * it is to be, and after -EPROTO that counts for nothing.
 */
int report_receive_any(int fd, struct report *ret, struct ration_receipt *ret_receipt, int flags);

/* Sends one, with a receipt if there is one. Errors: of sendmsg(2). */
int report_send(int fd, const struct report *report, const struct ration_receipt *receipt, int flags);

#endif
