/* SPDX-License-Identifier: MIT */
/*
 * order.h - what a subreaper that was executed is told: all of a run that isn't started yet
 *
 * It is sent over the socket in pieces, with the files that the run needs. Most of it is a copy of the
 * structs in memory, so both sides must be of the same version; otherwise it is refused.
 */
#ifndef RATION_RUN_START_ORDER_H
#define RATION_RUN_START_ORDER_H

#include "group/budget/budget.h"
#include "group/place.h"
#include "host/names.h"
#include "host/snapshot.h"
#include "plan/plan.h"
#include "ration.h"

struct order {
	struct host_snapshot *host;
	struct ration_plan *plan;
	struct ration_run_options options; /* whole: argv, envp and fds are set */
	struct identity identity;          /* as whom the command runs */
	bool as_user;                      /* … if not as the caller */
	char *program;                     /* the file that argv[0] means */
	char *cwd;                         /* of the command; "": that of both processes */
	unsigned opened, cut;              /* which of `fds` were opened for it, and which it empties, as bits */
	struct place place;
	char address[2 * RATION_NAME_MAX + 2]; /* "TENANT/NAME" */
	char id[NAMES_UNIQUE_MAX];             /* of the run */
	int fds[3];                        /* the command's; -EBADF: there is no such */
	pid_t caller;                      /* who asks for the run */
	struct budget_turn turn;           /* its places in the queues of its budgets */
	bool guarded;                      /* a process stays above the subreaper */
	void *memory;                      /* holds all of this, except the files */
};

/*
 * Sends it, with copies of its files. Errors: -EPIPE (the receiver is gone), -ENOMEM, -EAGAIN (the receiver
 * doesn't read), -EOPNOTSUPP (the command gets fds above 2, and the numbers of these may be taken in another
 * process), …
 */
int order_send(int fd, const struct order *order);

/*
 * Receives one, with files of its own. Its memory lives as long as the process, which receives only one.
 * Errors: -EPROTO (another version, or damaged), -EPIPE, -ENOMEM, …
 */
int order_receive(int fd, struct order *ret_order);

#endif
