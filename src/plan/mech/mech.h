/* SPDX-License-Identifier: MIT */
/*
 * mech.h - the mechanisms, behind one table of operations
 *
 * A mechanism answers one pure question while a plan is made: can it enforce this
 * limit on a host with these facts, for the group or each process, and if not, why?
 * The rows of the table of limits name their mechanisms in order of
 * preference; the plan takes the first that says yes.
 *
 * What has been planned is then applied in one of two places: in the files of
 * the group (apply_group, adding to a list of writes) or in the child between
 * clone and exec (apply_child, adding to what the child is to do). The watch
 * has neither: it lives in the supervisor.
 */
#ifndef RATION_PLAN_MECH_MECH_H
#define RATION_PLAN_MECH_MECH_H

#include "host/facts.h"
#include "ration.h"
#include "sys/spawn/spawn.h"

/* A yes or a no, with its reason. */
struct mech_answer {
	bool enforces;
	enum ration_scope scope;
	enum ration_mechanism backstop;
	enum ration_scope backstop_scope;
	uint64_t in_force;   /* in the limit's unit; preset to what was asked */
	char reason[320];    /* of a no, or what is weaker about a yes */
	char fix[256];
};

/*
 * One write to a file of a group. A keyed file (io.max) has a line for each key, and
 * a write changes one field of one line: "8:0 rbps=1048576".
 */
struct group_write {
	char file[32];
	char value[256];
	char key[24];        /* "8:0"; "": the file has one value */
	char field[8];       /* "rbps" */
	uint32_t v1;         /* its file is in the hierarchy of this controller; 0: in cgroup2 */
	bool optional;       /* its file may be missing: the plan has said so */
	enum ration_limit limit;
};

struct group_writes {
	size_t n;
	size_t failed;       /* of those, which one couldn't be written */
	struct group_write write[48];
};

struct mech_ops {
	enum ration_mechanism mechanism;
	void (*ask)(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
			struct mech_answer *answer);
	int (*apply_group)(const struct ration_plan_item *item, struct group_writes *writes);
	int (*apply_child)(const struct ration_plan_item *item, const struct host_facts *facts,
			struct spawn *spawn);
};

/* Adds a write, formatted. -E2BIG: the list is full. */
int mech_write(struct group_writes *writes, enum ration_limit limit, const char *file, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* Adds a write of one field of one line: "KEY FIELD=VALUE", formatted by its value. -E2BIG. */
int mech_write_keyed(struct group_writes *writes, enum ration_limit limit, const char *file, const char *key,
		const char *field, uint64_t value);

/* Answers no, with the reason and, where there is one, the way out. */
void mech_no(struct mech_answer *answer, const char *fix, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* Answers yes. `note`, or "", says what is weaker about it than a kernel's limit on the group. */
void mech_yes(struct mech_answer *answer, enum ration_scope scope, const char *note);

/* Which controller of cgroup v1 enforces a limit; 0: none. */
uint32_t mech_v1_controller(enum ration_limit limit);

extern const struct mech_ops mech_cgroup1;
extern const struct mech_ops mech_cgroup2;
extern const struct mech_ops mech_rlimit;
extern const struct mech_ops mech_affinity;
extern const struct mech_ops mech_nice;
extern const struct mech_ops mech_watch;

#endif
