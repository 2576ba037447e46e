/* SPDX-License-Identifier: MIT */
/*
 * order.h - what a subreaper that was executed is told: all of a run that isn't started yet
 *
 * It goes over the socket in pieces, with the files that the run needs. Both sides are
 * of the same version, or it is refused: most of it is as it stands in memory.
 */
#ifndef RATION_RUN_ORDER_H
#define RATION_RUN_ORDER_H

#include "group/budget.h"
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
	void *memory;                      /* in which all this is, but for the files */
};

/*
 * Sends it, with copies of its files. Errors: -EPIPE (who should take it is gone), -ENOMEM,
 * -EAGAIN (it takes nothing), -EOPNOTSUPP (the command gets more fds than 0 to 2, whose numbers
 * can be taken in another process), …
 */
int order_send(int fd, const struct order *order);

/*
 * Receives one, with files of its own. What it is in lives as long as the process: there
 * is one in a process. Errors: -EPROTO (of another version, or damaged), -EPIPE, -ENOMEM, …
 */
int order_receive(int fd, struct order *ret_order);

#endif
