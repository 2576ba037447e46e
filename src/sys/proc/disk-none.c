/* SPDX-License-Identifier: MIT */
/*
 * disk-none.c - disks, where none can have a rate
 */
#include "sys/proc/disk.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* None, 0:0: the plan says that nothing can hold its rate. A path that isn't there is refused as anywhere. */
int disk_find(const char *root, const char *path, struct disk *ret, char ret_why[DISK_WHY_MAX])
{
	struct stat st;

	(void)root;
	if (stat(path, &st) < 0) {
		int code = -errno;

		(void)snprintf(ret_why, DISK_WHY_MAX, "can't be read");
		return code;
	}
	*ret = (struct disk) { .major = 0 };
	return 0;
}

int disk_first(const char *root, struct disk *ret)
{
	(void)root;
	(void)ret;
	return -ENODEV;
}
