/* SPDX-License-Identifier: MIT */
/*
 * owner.h - whose a group is, written on the group itself
 *
 * There are no state files. The directory of each group that a run makes has an
 * extended attribute, user.ration.owner, with the supervisor's pid, its start
 * time, the boot id and the pid namespace in which that pid means something. It
 * goes with the group, so it can't go stale.
 */
#ifndef RATION_LIB_OWNER_H
#define RATION_LIB_OWNER_H

#include <stdbool.h>

enum owner_state {
	OWNER_ALIVE,
	OWNER_DEAD,
	OWNER_UNKNOWN, /* no record, or one of another pid namespace: hands off */
};

/* Writes that the group is ours. Where the file system can't (before 5.7), it is unknown. */
void owner_record(int proc_fd, int group_fd);

/* Tells whether the supervisor that made the group lives. */
enum owner_state owner_state(int proc_fd, int group_fd);

/*
 * Kills what is in the group and removes it. Returns 0, or a negative errno:
 * -EBUSY, processes that don't die within two seconds.
 */
int owner_remove_group(int tenant_fd, const char *name, int group_fd);

#endif
