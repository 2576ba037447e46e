/* SPDX-License-Identifier: MIT */
/*
 * bus.h - the two things that only systemd can do for us
 *
 * systemd starts a unit with Delegate=yes, whose cgroup is ours. And it moves a user's
 * process out of a session's scope, which root owns, into that cgroup; the kernel
 * doesn't allow the user to do that.
 *
 * bus_ask() has two implementations. bus.c, in the shared library, loads libsystemd.
 * A static program can't load libraries, so bus-program.c, in the static library, runs
 * the program ration-unit, which contains bus.c.
 */
#ifndef RATION_SYS_BUS_H
#define RATION_SYS_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define BUS_UNIT "ration.service"
/* The leaf of the unit's group for processes that aren't in a group of ours. */
#define BUS_LEAF "ration.self"

/* The helper program that the unit runs. */
#define BUS_PROGRAM "ration-unit"

#define BUS_MESSAGE_MAX 300

struct bus_request {
	bool user;            /* the manager of this user, not the system's */
	bool start;           /* start the unit, and wait for it to be ready */
	pid_t move;           /* move this process into the unit's leaf; 0: none */
	const char *program;  /* ration-unit, an absolute path: what the unit runs */
	uint64_t until_usec;  /* the deadline of all of it, on CLOCK_MONOTONIC */
};

/*
 * Asks systemd, and waits for it to be done. A unit that is installed is started
 * as it is; else one is made that lives until the next boot, or until it is
 * stopped. Many may ask at once: there is one unit, and all wait for it.
 * Errors: -ETIMEDOUT; -EOPNOTSUPP (no libsystemd, or no ration-unit); others as
 * systemd says. `ret_message` then says what went wrong.
 */
int bus_ask(const struct bus_request *request, char ret_message[BUS_MESSAGE_MAX]);

/*
 * What ration-unit has answered, "0\n" or "13 text\n", as a result of bus_ask(); anything else
 * is -EIO. Changes `text`. In bus-program.c only.
 */
int bus_take_answer(char *text, char ret_message[BUS_MESSAGE_MAX]);

/* Whether it takes the program ration-unit to ask for anything at all. */
bool bus_takes_program(void);

#endif
