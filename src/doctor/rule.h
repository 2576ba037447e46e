/* SPDX-License-Identifier: MIT */
/*
 * rule.h - what a rule of the doctor looks at, and what it says
 */
#ifndef RATION_DOCTOR_RULE_H
#define RATION_DOCTOR_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doctor/examine.h"
#include "plan/plan.h"
#include "ration.h"
#include "util/enum-index.h"

#define BIT(limit) (UINT64_C(1) << limit_index(limit))
_Static_assert(LIMIT_INDEX_COUNT <= 64, "a limit has no bit");

/* The limits that every user expects: without one of them a host isn't good. */
#define ESSENTIAL (BIT(RATION_LIMIT_MEMORY) | BIT(RATION_LIMIT_CPUS) | BIT(RATION_LIMIT_PIDS))
/* Hardly anybody misses these, and many hosts can't have them. */
#define MINOR (BIT(RATION_LIMIT_HUGETLB) | BIT(RATION_LIMIT_RLIMIT_NPROC))
#define IO                                                                                              \
	(BIT(RATION_LIMIT_IO_READ_BPS) | BIT(RATION_LIMIT_IO_WRITE_BPS) | BIT(RATION_LIMIT_IO_READ_IOPS) | \
			BIT(RATION_LIMIT_IO_WRITE_IOPS))

/* Controllers that a whole BASE has; hugetlb is no more than a kernel's option. */
#define WHOLE                                                                                          \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO | RATION_CONTROLLER_MEMORY | \
			RATION_CONTROLLER_PIDS)

struct finding_entry {
	struct ration_finding item;
	uint64_t limits; /* that it weakens, as bits by limit_index() */
	char text[700];
	char fix[256];
};

/* What the rules know of the machine. */
struct machine {
	const struct ration_host_info *host;
	const struct examined *seen;
	const struct ration_plan *plan;
	uint64_t explained; /* limits that are in a finding already */
};

typedef void rule_finder(const struct machine *machine, struct finding_entry *entry);

/* An id, which programs and ration-doctor(1) know it by, and who finds it or doesn't. */
struct rule {
	const char *id;
	rule_finder *find;
};

/* Fills in an entry. */
void rule_say(struct finding_entry *entry, enum ration_severity severity, const char *fix, const char *format, ...)
		__attribute__((format(printf, 4, 5)));

/* How bad it is that these limits are weaker. */
enum ration_severity rule_severity(uint64_t limits);

/* The limits that are weaker for a reason with these words in it. */
uint64_t rule_weakened(const struct machine *machine, const char *words);

/* Whether this is a Linux without a feature. */
bool rule_lacks(const struct machine *machine, uint64_t feature);

/* Whether this is a Linux before a version. */
bool rule_kernel_before(const struct machine *machine, unsigned major, unsigned minor);

/* Writes the names of controllers: "cpu pids". Returns buf. */
const char *rule_controllers(char *buf, size_t size, uint32_t bits);

#endif
