/* SPDX-License-Identifier: MIT */
/*
 * wait.c - --wait: one's turn for room in a budget
 */
#include "cli/commands/wait.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output/budgets.h"
#include "cli/patience.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/error.h"

static int set_wait(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	uint64_t usec = 0;
	int r = value ? ration_parse_duration(row->flag, value, &usec, reterr) : 0;

	if (r < 0)
		return r;
	if (value && usec == 0) {
		(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "%s=0: must be above 0, e.g. %s=10m", row->flag, row->flag);
		return error_hint(reterr, -ERANGE, "without %s ration doesn't wait; %s alone waits for ever", row->flag, row->flag);
	}
	options->wait_usec = value ? usec : RATION_UNLIMITED;
	return 0;
}

const struct option_set options_room = {
	.title = "Budgets",
	.rows = (const struct option[]) {
		{ .flag = "--wait", .argument = "DURATION", .optional = true, .set = set_wait,
			.help = "Wait for room in a budget, in turn",
			.details = "without: exit 122 if the budget is full" },
		{ .flag = NULL },
	},
};

/* On a terminal, whenever the place has changed. */
static void tell_place(const struct options *options, const struct ration_admission *admission, uint64_t *told)
{
	uint64_t place = ration_admission_ahead(admission) + 1;

	if (options->quiet || !isatty(STDERR_FILENO) || place == *told)
		return;
	*told = place;
	say("ration %s: waiting for room, place %" PRIu64 "%s in the queue: %s\n", options->command->name, place,
			place > RATION_AHEAD_EXACT + 1 ? " or less" : "", ration_admission_reason(admission));
}

static int wait_in(const struct options *options, struct ration_admission *admission, struct ration_error *reterr)
{
	struct pollfd fd = { .fd = ration_admission_fd(admission), .events = POLLIN };
	uint64_t told = 0;

	for (;;) {
		int r = ration_admission_dispatch(admission, reterr);

		if (r != 0)
			return r < 0 ? r : 0;
		tell_place(options, admission, &told);
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(-errno));
	}
}

int wait_for_room(const struct options *options, const struct ration_host *host, const struct ration_plan *plan,
		const char *tenant, struct ration_admission **ret_admission, struct ration_error *reterr)
{
	const struct ration_admission_options how = { .size = sizeof(how), .tenant = tenant, .wait_usec = options->wait_usec };
	struct ration_admission *admission = NULL;
	int r;

	*ret_admission = NULL;
	if (options->wait_usec == 0)
		return 0;
	patience_end();
	r = ration_admission_new(host, plan, &how, &admission, reterr);
	if (r >= 0)
		r = wait_in(options, admission, reterr);
	if (r < 0)
		admission = ration_admission_free(admission);
	*ret_admission = admission;
	return r;
}

int wait_for_group(const struct options *options, const struct ration_host *host, const struct ration_plan *plan,
		const char *address, struct ration_admission **ret_admission, struct ration_error *reterr)
{
	CLEANUP(freep) char *tenant = budgets_tenant(address);

	*ret_admission = NULL;
	if (!tenant)
		return error_oom(reterr);
	return strchr(address, '/') ? wait_for_room(options, host, plan, tenant, ret_admission, reterr) : 0;
}
