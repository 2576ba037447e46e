/* SPDX-License-Identifier: MIT */
/*
 * findings.h - what is found out about a host, for the tests
 */
#ifndef RATION_DOCTOR_FINDINGS_H
#define RATION_DOCTOR_FINDINGS_H

#include "doctor/examine.h"
#include "doctor/rule.h"
#include "plan/plan.h"
#include "ration.h"
#include "util/enum-index.h"

/* More than there are rules. */
#define FINDINGS_MAX 40

struct ration_findings {
	size_t n;
	struct finding_entry entry[FINDINGS_MAX];
};

/* The pure part of ration_findings_new(): `plan` is that of ration_plan_survey(). `ret` is all zero. */
void findings_judge(const struct ration_host_info *host, const struct examined *seen,
		const struct ration_plan *plan, struct ration_findings *ret);

#endif
