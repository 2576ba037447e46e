/* SPDX-License-Identifier: MIT */
/*
 * admit-none.c - waiting for room where there are no budgets: it is always one's turn
 */
#include <stdlib.h>
#include <unistd.h>

#include "run/start/admit.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

struct ration_admission {
	struct budget_waiting waiting;
	int fd; /* of a pipe without a writer: always readable */
};

int ration_admission_new(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_admission_options *given, struct ration_admission **ret_admission,
		struct ration_error *reterr)
{
	struct ration_admission_options options;
	struct ration_admission *admission;
	int pair[2], r = TAKE_OPTIONS(struct ration_admission_options, &options, given, reterr);

	(void)host;
	(void)plan;
	if (r < 0)
		return r;
	if (pipe(pair) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(-errno));
	(void)close_fd(pair[1]);
	admission = calloc(1, sizeof(*admission));
	if (!admission) {
		(void)close_fd(pair[0]);
		return error_oom(reterr);
	}
	admission->fd = lift_fd(pair[0]);
	*ret_admission = admission;
	return 0;
}

struct ration_admission *ration_admission_free(struct ration_admission *admission)
{
	if (admission)
		(void)close_fd(admission->fd);
	free(admission);
	return NULL;
}

int ration_admission_fd(const struct ration_admission *admission)
{
	return admission->fd;
}

int ration_admission_dispatch(struct ration_admission *admission, struct ration_error *reterr)
{
	(void)admission;
	(void)reterr;
	return 1;
}

int ration_admission_wait(struct ration_admission *admission, struct ration_error *reterr)
{
	(void)admission;
	(void)reterr;
	return 0;
}

uint64_t ration_admission_ahead(const struct ration_admission *admission)
{
	(void)admission;
	return 0;
}

uint64_t ration_admission_waited_usec(const struct ration_admission *admission)
{
	(void)admission;
	return 0;
}

const char *ration_admission_reason(const struct ration_admission *admission)
{
	(void)admission;
	return "";
}

const char *ration_admission_doubt(const struct ration_admission *admission)
{
	(void)admission;
	return "";
}

void admit_done(struct ration_admission *admission)
{
	(void)admission;
}
