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
#include "sys/bus.h"
#include "sys/syscalls.h"

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
