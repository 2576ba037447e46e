/* SPDX-License-Identifier: MIT */
/* ration/error.h - why a call failed */
#ifndef RATION_ERROR_H
#define RATION_ERROR_H

#include <ration/base.h>

/* The cause behind an errno that the kernel uses for ten different causes. */
enum ration_cause {
	RATION_CAUSE_UNKNOWN = 0,           /* only the errno is known */
	/* What was passed in. */
	RATION_CAUSE_INVALID = 100,         /* a value that is malformed or out of range */
	RATION_CAUSE_CONTRADICTION = 101,   /* two values that exclude each other */
	RATION_CAUSE_BAD_NAME = 102,        /* a tenant's or a group's name */
	/* What this host offers. */
	RATION_CAUSE_NO_CGROUP = 200,       /* no writable cgroup v2 hierarchy */
	RATION_CAUSE_NO_CONTROLLER = 201,   /* the controller isn't available there */
	RATION_CAUSE_NOT_DELEGATED = 202,   /* the directory belongs to another user */
	RATION_CAUSE_KERNEL_TOO_OLD = 203,  /* the kernel has no such file or system call */
	RATION_CAUSE_NOT_ENFORCEABLE = 204, /* the policy forbids what this host offers */
	/* Groups. */
	RATION_CAUSE_EXISTS = 300,          /* a group of that name exists */
	RATION_CAUSE_VANISHED = 301,        /* the group was removed in the meantime */
	RATION_CAUSE_NO_GROUP = 302,        /* no group has that name */
	RATION_CAUSE_HAS_PROCESSES = 303,   /* processes in a group that must not have any */
	RATION_CAUSE_IN_USE = 304,          /* more is in use than a limit allows, or exactly as much */
	RATION_CAUSE_BUDGET = 305,          /* there is no room in a budget now: try again, or wait. Since 0.2.0 */
	/* Processes. */
	RATION_CAUSE_COMMAND = 400,         /* the command itself couldn't be executed */
	RATION_CAUSE_NO_PROCESS = 401,      /* no such process, or one that can't be in a group */
	/* The rest. */
	RATION_CAUSE_NO_MEMORY = 500,       /* this process is out of memory */
	RATION_CAUSE_TIMEOUT = 501,         /* it didn't happen in time */
};

/*
 * Why a call failed. Belongs to the caller, needs no initialisation and no freeing.
 * This is the one struct without a size: it never grows.
 */
struct ration_error {
	int code;                /* negative errno: what the call returned */
	enum ration_cause cause;
	char message[384];       /* one sentence without its full stop: what was tried, and on what */
	char hint[256];          /* what to do about it, or "" */
};

#endif /* RATION_ERROR_H */
