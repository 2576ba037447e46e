/* SPDX-License-Identifier: MIT */
/*
 * unit.c - BASE where systemd is process 1: the group of a unit of ours
 *
 * systemd owns the whole tree but for the groups of units with Delegate=yes. So
 * there is one such unit of ours, ration.service: the system's for root, and one
 * of each user's own manager. In its group sleeps one process, ration-unit, and
 * below it are our groups. Whoever comes later finds it by its place and its mark,
 * and asks nobody.
 *
 * The mark is one of ours, since 252 sets its own (user.delegate) on units of the
 * system's manager only.
 *
 * A user has one more obstacle: the kernel lets nobody move a process, nor have one
 * born, from one group into another without write access to what is above both. A
 * session's scope and the user's manager have only root's groups above them. There
 * systemd moves the caller, once for each host that is opened.
 */
#include "host/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* For all that systemd is asked in one go; it takes some 30 ms. */
#define ASK_USEC (15 * UINT64_C(1000000))

void unit_place(struct unit_place *ret, bool user)
{
	unsigned uid = (unsigned)geteuid();

	if (user)
		(void)snprintf(ret->manager, sizeof(ret->manager), "/user.slice/user-%u.slice/user@%u.service", uid,
				uid);
	else
		ret->manager[0] = '\0';
	(void)snprintf(ret->unit, sizeof(ret->unit), "%s/%s/%s", ret->manager, user ? "app.slice" : "system.slice",
			BUS_UNIT);
}

/* A manager lives in init.scope, in the group that it manages; a user's is given to the user. */
bool unit_managed(int fd, bool user)
{
	struct stat st;

	if (sys_access(fd, "init.scope", F_OK) < 0)
		return false;
	return !user || (fstat(fd, &st) == 0 && st.st_uid == geteuid());
}

bool unit_marked(int fd)
{
	struct stat st;
	char value[1];

	return fgetxattr(fd, CG_XATTR_BASE, value, sizeof(value)) == 1 && fstat(fd, &st) == 0 &&
		st.st_uid == geteuid();
}

size_t unit_prefix(const char *own)
{
	static const char name[] = "/" BUS_UNIT;
	const size_t length = sizeof(name) - 1;

	for (const char *at = own; (at = strstr(at, name)); at += length) {
		if (at[length] == '/' || at[length] == '\0')
			return (size_t)(at - own) + length;
	}
	return 0;
}

/* What we wanted to have isn't to be had: from now on there is no BASE. */
static int give_up(struct ration_host *host, int code, const char *message, struct ration_error *reterr)
{
	static const char fix[] = "see ration doctor, or name a group that is yours: --base DIR";

	host_drop_base(host, message, fix);
	(void)error_set(reterr, code, code == -ETIMEDOUT ? RATION_CAUSE_TIMEOUT : RATION_CAUSE_NO_CGROUP, "%s",
			message);
	return error_hint(reterr, code, "%s", fix);
}

int ration_host_prepare(struct ration_host *host, enum ration_purpose purpose, struct ration_error *reterr)
{
	char message[BUS_MESSAGE_MAX] = "";
	struct bus_request request = {
		.user = !host->facts.root,
		.start = host->unit_pending && purpose != RATION_PURPOSE_PROCESS,
		.program = host->unit_program,
		.until_usec = sys_now_usec() + ASK_USEC,
	};
	int r;

	if (host->outside && purpose != RATION_PURPOSE_GROUP && (request.start || !host->unit_pending))
		request.move = getpid();
	if (!request.start && request.move == 0)
		return 0;
	r = bus_ask(&request, message);
	if (r < 0)
		return give_up(host, r, message, reterr);
	r = host_probe_again(host, reterr);
	if (r < 0)
		return r;
	if (host->base_fd < 0 || (request.move > 0 && host->outside))
		return give_up(host, -EIO, "systemd has started " BUS_UNIT ", and it isn't to be seen", reterr);
	return 1;
}

/* A host is const to those who only use it, and was made by us all the same. */
int unit_need(const struct ration_host *host, enum ration_purpose purpose, struct ration_error *reterr)
{
	int r;

	if (!host->unit_pending && !host->outside)
		return 0;
	r = ration_host_prepare((struct ration_host *)host, purpose, reterr);
	return r < 0 ? r : 0;
}

int unit_bring(const struct ration_host *host, pid_t pid)
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
