/* SPDX-License-Identifier: MIT */
/*
 * model.h - all groups, and what they do from one reading to the next
 *
 * Of all groups a sampler reads the few figures that the order of rows takes. What else a row shows is read of
 * those that are shown alone (model_look): of 10,000 groups a screen has fifty.
 */
#ifndef RATION_HELPERS_TOP_MODEL_H
#define RATION_HELPERS_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helpers/top/vm.h"
#include "ration.h"

/* Readings that a group's page shows. */
#define MODEL_HISTORY 120

/* What is read of all groups, and of a group that is looked at. */
enum model_figure {
	MODEL_CPU,
	MODEL_MEMORY,
	MODEL_TASKS,
	MODEL_OF_ALL, /* how many these are */
	MODEL_MEMORY_PEAK = MODEL_OF_ALL,
	MODEL_SWAP,
	MODEL_THROTTLED,
	MODEL_OOM_KILLS,
	MODEL_REFUSED,
	MODEL_READ,
	MODEL_WRITTEN,
	MODEL_CPU_PRESSURE,
	MODEL_MEMORY_PRESSURE,
	MODEL_IO_PRESSURE,
	MODEL_FIGURES,
};

enum model_limit {
	MODEL_LIMIT_CPUS,
	MODEL_LIMIT_MEMORY,
	MODEL_LIMIT_HIGH,
	MODEL_LIMIT_SWAP,
	MODEL_LIMIT_TASKS,
	MODEL_LIMITS,
};

/* One reading. */
struct model_reading {
	uint64_t usec; /* CLOCK_MONOTONIC; 0: none */
	uint64_t value[MODEL_FIGURES]; /* RATION_UNKNOWN: not counted here, or not read */
};

/* How much of a tenant's budget is taken. */
struct model_budget {
	struct {
		bool is;
		uint64_t limit, taken; /* RATION_UNLIMITED: a group has no such limit */
	} of[RATION_RESOURCE_CPUS + 1];
};

/* What is known of a group that was looked at. */
struct model_details {
	struct model_reading now, before;
	bool frozen, empty;
	enum ration_owner owner;
	int owner_pid;
	uint64_t created_usec; /* since the epoch; 0: not known */
	enum ration_mechanism mechanism; /* what enforces its first limit; NONE: it has none */
	char command[256];     /* any bytes */
	struct model_budget budget;
	struct vm vm;
	bool vm_hangs;         /* it didn't answer, and isn't asked again */
};

struct model_group {
	char *address;
	uint64_t id;
	bool is_tenant;
	bool folded;           /* the groups of this tenant aren't shown */
	struct model_reading now, before;
	bool limits_read;
	uint64_t limit[MODEL_LIMITS];  /* its own; RATION_UNLIMITED: none. CPUs in hundred-thousandths */
	float cpus[MODEL_HISTORY], memory[MODEL_HISTORY]; /* a ring; < 0: not known */
	unsigned n_history;    /* ever */
	struct model_details *details; /* NULL: it wasn't looked at */
};

struct model {
	struct ration_host *host;
	struct ration_sampler *sampler;
	struct model_group *groups; /* sorted by address, each tenant before its groups */
	size_t n;
	uint64_t *values, *usec;    /* of a reading */
	size_t room;
	size_t next_limits;         /* whose limits are read next */
};

/* Opens what is below `tenant`, or all. Takes the host. Errors: those of ration_sampler_new(). */
int model_open(struct model *model, struct ration_host *host, const char *tenant, struct ration_error *reterr);
void model_close(struct model *model);

/* Reads all groups anew. Errors: those of ration_sampler_scan() and _read(). */
int model_read(struct model *model, struct ration_error *reterr);

/* Reads all that there is of one group, for its row. One that has gone keeps what it had. */
void model_look(struct model *model, struct model_group *group);

/* Reads the budget of a tenant that was looked at: it takes a look at each of its groups. */
void model_look_at_budget(struct model *model, struct model_group *group);

/* Reads what of a group that was looked at is a virtual machine's, if it runs one; it walks over the page tables of that. */
void model_look_at_vm(struct model *model, struct model_group *group);

/* What a figure has risen by in a second. < 0: not known. */
double model_rate(const struct model_reading *before, const struct model_reading *now, enum model_figure figure);

/* CPUs in use. < 0: not known. */
double model_cpus(const struct model_group *group);

/* The sum of a limit: of each tenant its own, or that of its groups. `ret_open` is how many have none. False: some weren't read yet. */
bool model_sum(const struct model *model, enum model_limit limit, uint64_t *ret_sum, size_t *ret_open);

#endif
