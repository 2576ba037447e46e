/* SPDX-License-Identifier: MIT */
/*
 * disk.h - the disk that a path is on
 */
#ifndef RATION_SYS_PROC_DISK_H
#define RATION_SYS_PROC_DISK_H

struct disk {
	unsigned major, minor;
};

/* Room for why a path has no disk. */
#define DISK_WHY_MAX 128

/*
 * Finds the whole disk behind `path`: a file or directory on it, its node or that of a
 * partition in /dev, or a number, "8:0". /proc and /sys are those below `root` ("": the
 * machine's own).
 * Errors, all with the end of a sentence that begins with the path in `ret_why`:
 * -ENOTBLK: it is on no disk, or on several; -ENODEV: no such disk is here; those of
 * stat(2).
 */
int disk_find(const char *root, const char *path, struct disk *ret, char ret_why[DISK_WHY_MAX]);

/* Finds any disk, the lowest by number. -ENODEV: none is seen. */
int disk_first(const char *root, struct disk *ret);

#endif
