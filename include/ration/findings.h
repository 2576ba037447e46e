/* SPDX-License-Identifier: MIT */
/* ration/findings.h - what weakens limits on a host, and how to fix it */
#ifndef RATION_FINDINGS_H
#define RATION_FINDINGS_H

#include <ration/host.h>
#include <ration/limits.h>

/* How much a finding matters. A higher number is worse. */
enum ration_severity {
	RATION_SEVERITY_OK = 0,     /* as it should be */
	RATION_SEVERITY_NOTE = 100, /* good to know; weakens no limit, or hardly one */
	RATION_SEVERITY_WARN = 200, /* a limit is enforced by something weaker, or not at all */
	RATION_SEVERITY_BAD = 300,  /* memory, cpus or pids isn't enforced as RATION_ENFORCE_STRICT requires */
};

/* One finding. Its strings are valid as long as the findings. */
struct ration_finding {
	size_t size;              /* sizeof(struct ration_finding) */
	const char *id;           /* "no-psi": for programs, and a paragraph of ration-doctor(1) */
	enum ration_severity severity;
	const char *text;         /* what it is and what it does: a sentence without its full stop */
	const char *fix;          /* what would make it better, mostly a command, or "" */
};

struct ration_findings;

RATION_BEGIN

/*
 * Finds what makes limits weaker or runs slower on this host, and how to fix it. Each limit that
 * ration_plan_survey() calls weaker is in a finding. Reads mount options, the kernel's command line
 * and, if the cpu controller isn't enabled yet, the scheduling policy of each thread below BASE:
 * about 30 microseconds for each process. Changes nothing. Causes that can't be read aren't
 * reported.
 * Errors: -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_findings_new(const struct ration_host *host,
		struct ration_findings **ret_findings, struct ration_error *reterr);
RATION_PUBLIC struct ration_findings *ration_findings_free(struct ration_findings *findings);

/* Returns whether RATION_ENFORCE_STRICT works for memory, cpus and pids here: no finding is bad. */
RATION_PUBLIC bool ration_findings_strict(const struct ration_findings *findings);

/* Returns the number of findings. */
RATION_PUBLIC size_t ration_findings_count(const struct ration_findings *findings);

/* Returns finding `i`, the worst first, or NULL. */
RATION_PUBLIC const struct ration_finding *ration_findings_item(const struct ration_findings *findings, size_t i);

/* Returns whether finding `i` weakens a limit; false if there is no such finding. Since 0.2.0. */
RATION_PUBLIC bool ration_findings_weakens(const struct ration_findings *findings, size_t i,
		enum ration_limit limit);

/* "ok", "note", "warn", "bad". */
RATION_PUBLIC const char *ration_severity_name(enum ration_severity severity);

RATION_END

#endif /* RATION_FINDINGS_H */
