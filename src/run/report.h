/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a run's caller and its subreaper say to each other
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
	char waiting[RATION_WAITING_MAX];
	pid_t pid;
	struct ration_error error;
	struct ration_receipt receipt;
};

/* Receives one message. -EPIPE: there are no more. Errors: of recv(2). */
int report_receive(int fd, struct report *ret, int flags);

/* Errors: of send(2). */
int report_send(int fd, const struct report *report, int flags);

#endif
