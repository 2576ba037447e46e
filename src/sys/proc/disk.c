/* SPDX-License-Identifier: MIT */
/*
 * disk.c - the disk that a path is on
 *
 * st_dev is the device of a file system. Major number 0 means that the kernel invented
 * the number: tmpfs, overlay, 9p and proc have no device. btrfs has an invented number
 * for each subvolume although it has disks; there, the source in mountinfo is used if it
 * is the only block device.
 *
 * The kernel counts and throttles requests for whole disks, so a partition is replaced
 * by its disk: its directory in /sys is inside that of the disk.
 */
#include "sys/proc/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/proc/mounts.h"
#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"

/* "8:0" and nothing else. */
static bool read_number(const char *text, struct disk *ret)
{
	char end;

	return strspn(text, "0123456789:") == strlen(text) &&
		sscanf(text, "%9u:%9u%c", &ret->major, &ret->minor, &end) == 2;
}

/* Reads what the directory of a device in /sys says, in `name`; "" asks whether it is there. */
static int read_sys(const char *root, const struct disk *disk, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;

	if ((size_t)snprintf(path, sizeof(path), "%s/sys/dev/block/%u:%u/%s", root, disk->major, disk->minor,
			name) >= sizeof(path))
		return -ENAMETOOLONG;
	if (!*name)
		return access(path, F_OK) < 0 ? -errno : 0;
	n = proc_read(AT_FDCWD, path, buf, size);
	if (n < 0)
		return (int)n;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* The disk of a partition; a disk is its own. */
static int whole(const char *root, const struct disk *device, struct disk *ret, char why[DISK_WHY_MAX])
{
	char text[32];
	int r = read_sys(root, device, "", NULL, 0);

	if (r < 0) {
		(void)snprintf(why, DISK_WHY_MAX, "needs device %u:%u, missing in /sys/dev/block", device->major,
				device->minor);
		return -ENODEV;
	}
	if (read_sys(root, device, "partition", text, sizeof(text)) < 0) {
		*ret = *device;
		return 0;
	}
	r = read_sys(root, device, "../dev", text, sizeof(text));
	if (r == 0 && read_number(text, ret))
		return 0;
	(void)snprintf(why, DISK_WHY_MAX, "is on partition %u:%u of a disk missing in /sys", device->major,
			device->minor);
	return -ENODEV;
}

/* How many disks a btrfs has that has this one; 0: unknown. */
static unsigned count_btrfs(const char *root, const struct disk *disk)
{
	char path[PATH_MAX], link[PATH_MAX];
	unsigned count = 0;
	struct dirent *entry;
	ssize_t n;
	DIR *all;

	(void)snprintf(path, sizeof(path), "%.1000s/sys/dev/block/%u:%u", root, disk->major, disk->minor);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return 0;
	link[n] = '\0';
	(void)snprintf(path, sizeof(path), "%.1000s/sys/fs/btrfs", root);
	all = opendir(path);
	while (all && count == 0 && (entry = readdir(all))) {
		char name[PATH_MAX];
		DIR *devices;

		(void)snprintf(name, sizeof(name), "%.256s/devices/%.256s", entry->d_name,
				strrchr(link, '/') ? strrchr(link, '/') + 1 : link);
		if (sys_access(dirfd(all), name, F_OK) < 0)
			continue;
		*strrchr(name, '/') = '\0';
		(void)snprintf(path, sizeof(path), "%.1000s/sys/fs/btrfs/%.600s", root, name);
		devices = opendir(path);
		while (devices && (entry = readdir(devices)))
			count += entry->d_name[0] != '.';
		if (devices)
			(void)closedir(devices);
	}
	if (all)
		(void)closedir(all);
	return count;
}

static bool block_device(const char *path, struct disk *ret)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISBLK(st.st_mode))
		return false;
	*ret = (struct disk) { .major = major(st.st_rdev), .minor = minor(st.st_rdev) };
	return true;
}

/* The device of a file system whose own number is made up. */
static int of_mount(const char *root, const struct statx *st, struct disk *ret, char why[DISK_WHY_MAX])
{
	struct mount_source mount;
	char proc[PATH_MAX];
	struct disk found;
	int r;

	(void)snprintf(proc, sizeof(proc), "%.1000s/proc/self", root);
	/* Since 5.8; the number serves where each mount has only one. */
	r = mounts_source(proc, st->stx_mask & STATX_MNT_ID ? (long long)st->stx_mnt_id : -1, st->stx_dev_major,
			st->stx_dev_minor, &mount);
	if (r < 0) {
		(void)strcpy(why, "is not on a block device");
		return -ENOTBLK;
	}
	if (strncmp(mount.source, "/dev/", 5) != 0 || !block_device(mount.source, &found)) {
		(void)snprintf(why, DISK_WHY_MAX, "is on %.40s, not on a block device", mount.type);
		return -ENOTBLK;
	}
	if (strcmp(mount.type, "btrfs") == 0 && count_btrfs(root, &found) > 1) {
		(void)strcpy(why, "is on btrfs with several disks, not on a block device");
		return -ENOTBLK;
	}
	*ret = found;
	return 0;
}

/*
 * As statx(2), since 4.11; or by stat(2) where that is missing or refused.
 */
static int stat_path(const char *path, struct statx *ret)
{
	struct stat st;

	if (syscall(SYS_statx, AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, ret) == 0)
		return 0;
	if (!sys_refused(-errno) || stat(path, &st) < 0)
		return -errno;
	*ret = (struct statx) {
		.stx_mask = STATX_TYPE,
		.stx_mode = (uint16_t)st.st_mode,
		.stx_dev_major = major(st.st_dev),
		.stx_dev_minor = minor(st.st_dev),
		.stx_rdev_major = major(st.st_rdev),
		.stx_rdev_minor = minor(st.st_rdev),
	};
	return 0;
}

/* The device that `path` is or is on, which may be a partition. */
static int device_of(const char *root, const char *path, struct disk *ret, char why[DISK_WHY_MAX])
{
	struct statx st;
	int r;

	if (read_number(path, ret))
		return 0;
	r = stat_path(path, &st);
	if (r < 0) {
		(void)snprintf(why, DISK_WHY_MAX, "can't be read: %s", error_text(r));
		return r;
	}
	if (S_ISBLK(st.stx_mode)) {
		*ret = (struct disk) { .major = st.stx_rdev_major, .minor = st.stx_rdev_minor };
		return 0;
	}
	if (st.stx_dev_major == 0)
		return of_mount(root, &st, ret, why);
	*ret = (struct disk) { .major = st.stx_dev_major, .minor = st.stx_dev_minor };
	return 0;
}

int disk_find(const char *root, const char *path, struct disk *ret, char ret_why[DISK_WHY_MAX])
{
	struct disk device;
	int r = device_of(root, path, &device, ret_why);

	return r < 0 ? r : whole(root, &device, ret, ret_why);
}

int disk_first(const char *root, struct disk *ret)
{
	struct disk found = { .major = UINT_MAX, .minor = UINT_MAX }, at;
	char path[PATH_MAX], text[32];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%.1000s/sys/dev/block", root);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (read_number(entry->d_name, &at) && read_sys(root, &at, "partition", text, sizeof(text)) < 0 &&
				(at.major < found.major || (at.major == found.major && at.minor < found.minor)))
			found = at;
	}
	if (dir)
		(void)closedir(dir);
	if (found.major == UINT_MAX)
		return -ENODEV;
	*ret = found;
	return 0;
}
