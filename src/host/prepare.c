/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - what systemd has to do before BASE can be used
 *
 * It starts the unit whose group is BASE, and moves this process to where it can start others. It
 * doesn't change a snapshot that another thread may be reading; the result is a new one. The first
 * thread that needs it does it, holding the handle's lock. Threads that come meanwhile wait and
 * find it done.
 */
#include "host/prepare.h"

#include <errno.h>
#include <unistd.h>

#include "host/probe.h"
#include "sys/bus.h"
#include "sys/syscalls.h"
#include "util/error.h"

/* The time limit for everything that systemd is asked; it takes about 30 ms. */
#define ASK_USEC (15 * UINT64_C(1000000))

/* systemd didn't do it: from now on there is no BASE. */
static int give_up(struct ration_host *host, struct host_snapshot *next, int code, const char *message,
		struct ration_error *reterr)
{
	static const char fix[] = "see ration doctor, or set --base DIR to a group of yours";

	probe_drop_base(next, message, fix);
	host_show(host, next);
	(void)error_set(reterr, code, code == -ETIMEDOUT ? RATION_CAUSE_TIMEOUT : RATION_CAUSE_NO_CGROUP, "%s",
			message);
	return error_hint(reterr, code, "%s", fix);
}

/* What systemd must be asked for this purpose. False: nothing. */
static bool needs(const struct host_snapshot *now, enum ration_purpose purpose, struct bus_request *ret)
{
	*ret = (struct bus_request) {
		.user = !now->facts.root,
		.start = now->unit_pending && purpose != RATION_PURPOSE_PROCESS,
		.program = now->unit_program,
		.until_usec = sys_now_usec() + ASK_USEC,
	};
	if (now->outside && purpose != RATION_PURPOSE_GROUP && (ret->start || !now->unit_pending))
		ret->move = getpid();
	return ret->start || ret->move > 0;
}

static int prepare(struct ration_host *host, enum ration_purpose purpose, struct ration_error *reterr)
{
	const struct host_snapshot *now = host_now(host);
	char message[BUS_MESSAGE_MAX] = "";
	struct host_snapshot *next;
	struct bus_request request;
	int r, asked;

	if (!needs(now, purpose, &request))
		return 0;
	r = snapshot_renew(now, &next, reterr);
	if (r < 0)
		return r;
	asked = bus_ask(&request, message);
	r = probe_again(next, reterr);
	if (r < 0) {
		(void)snapshot_free(next);
		return r;
	}
	if (asked < 0)
		return give_up(host, next, asked, message, reterr);
	if (next->base_fd < 0 || (request.move > 0 && next->outside))
		return give_up(host, next, -EIO, "systemd has started " BUS_UNIT ", but its group doesn't exist", reterr);
	host_show(host, next);
	return 1;
}

int ration_host_prepare(struct ration_host *host, enum ration_purpose purpose, struct ration_error *reterr)
{
	int r = error_check_null("host", host, reterr);

	if (r == 0)
		r = error_check_enum("purpose", (int)purpose, RATION_PURPOSE_PROCESS, reterr);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&host->lock);
	r = prepare(host, purpose, reterr);
	(void)pthread_mutex_unlock(&host->lock);
	return r;
}

int host_need(const struct ration_host *host, enum ration_purpose purpose, const struct host_snapshot **ret_host,
		struct ration_error *reterr)
{
	const struct host_snapshot *now = host_now(host);
	int r = 0;

	/* Users have a const handle, but the object isn't const: we allocated it. */
	if (now->unit_pending || now->outside)
		r = ration_host_prepare((struct ration_host *)host, purpose, reterr);
	if (r < 0)
		return r;
	*ret_host = host_now(host);
	return 0;
}

int host_bring(const struct host_snapshot *host, pid_t pid)
{
	char ignored[BUS_MESSAGE_MAX];
	const struct bus_request request = {
		.user = true,
		.move = pid,
		.program = host->unit_program,
		.until_usec = sys_now_usec() + ASK_USEC,
	};

	if (host->facts.root || host->facts.base_kind != RATION_BASE_UNIT || host->unit_pending)
		return -EOPNOTSUPP;
	return bus_ask(&request, ignored);
}
