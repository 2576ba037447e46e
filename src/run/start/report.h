/* SPDX-License-Identifier: MIT */
/*
 * report.h - what a run's caller and its subreaper say to each other
 *
 * Messages are plain structs, because both sides are of the same version. But the two are separate processes:
 * damage to one of them, or somebody who gets its end of the socket, mustn't damage the other.
 */
#ifndef RATION_RUN_START_REPORT_H
#define RATION_RUN_START_REPORT_H

#include "run/run.h"

/* The caller's wishes. */
struct wish {
	enum { WISH_SIGNAL, WISH_INTERRUPT } kind;
	int sig;
	bool delivered;
};

/* A value of `code` for an intermediate report: `waiting` is new. */
#define REPORT_WAITING 1

/*
 * A message of the subreaper: once when the command has started, or hasn't; later whenever what the run waits
 * for changes.
 */
struct report {
	int code;
	char waiting[RATION_WAITING_MAX]; /* with a failure: why it can't end now */
	pid_t pid;
	struct ration_error error;
};

/* The last message. The receipt is as long as all other messages together. */
struct last_report {
	struct report report;
	struct ration_receipt receipt;
};

int report_take_last(const void *data, size_t size, struct last_report *ret);
int wish_take(const void *data, size_t size, struct wish *ret);

/* Receives one message. -EPIPE: there are no more. -EPROTO. Errors: of recv(2). */
int report_receive(int fd, struct report *ret, int flags);

/*
 * Receives a message, the last one or another. Only one with code 0 has a receipt. That is long, so it is
 * received directly into `ret_receipt`, which is invalid after -EPROTO.
 */
int report_receive_any(int fd, struct report *ret, struct ration_receipt *ret_receipt, int flags);

/* Sends one, with a receipt if there is one. Errors: of sendmsg(2). */
int report_send(int fd, const struct report *report, const struct ration_receipt *receipt, int flags);

#endif
