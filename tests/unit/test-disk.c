/* SPDX-License-Identifier: MIT */
/*
 * test-disk.c - the disk that a path is on
 *
 * Paths are this machine's own; which disks and mounts there are say captured files,
 * or some made by hand.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "files.h"
#include "sys/proc/disk.h"
#include "util/cleanup.h"

#define PARTITIONS TREES "/6.12-partitions"

static void check(const char *root, const char *path, int expected, unsigned minor, const char *why)
{
	struct disk disk = { 0, 0 };
	char text[DISK_WHY_MAX] = "";
	int r = disk_find(root, path, &disk, text);

	assert_row(r == expected, "%s: %d %s", path, r, text);
	assert_row(r < 0 || (disk.major == 254 && disk.minor == minor), "%s: %u:%u", path, disk.major, disk.minor);
	assert_row(strstr(text, why) != NULL, "%s: %s", path, text);
}

/* A disk of two partitions, as 6.12 shows it. */
static void test_partitions(void **state)
{
	struct disk disk = { 0, 0 };

	(void)state;
	check(PARTITIONS, "254:0", 0, 0, "");
	check(PARTITIONS, "254:1", 0, 0, "");
	check(PARTITIONS, "254:2", 0, 0, "");
	check(PARTITIONS, "254:3", -ENODEV, 0, "needs device 254:3, missing in /sys/dev/block");
	check(PARTITIONS, "254:0:1", -ENOENT, 0, "can't be read: No such file");
	check(PARTITIONS, "254:", -ENOENT, 0, "");
	check(PARTITIONS, ":", -ENOENT, 0, "");
	check(PARTITIONS, "99999999999:0", -ENOENT, 0, "");
	check(PARTITIONS, "", -ENOENT, 0, "");
	assert_int_equal(disk_first(PARTITIONS, &disk), 0);
	assert_true(disk.major == 254 && disk.minor == 0);
	assert_int_equal(disk_first("/nowhere", &disk), -ENODEV);
}

/* A partition whose disk isn't to be seen is no disk. */
static void test_partition_without_disk(void **state)
{
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	files_put(dir, "sys/dev/block/254:1/partition", "1\n");
	check(dir, "254:1", -ENODEV, 0, "a disk missing in /sys");
	files_put(dir, "sys/dev/block/dev", "nonsense\n");
	check(dir, "254:1", -ENODEV, 0, "a disk missing in /sys");
	files_put(dir, "sys/dev/block/dev", "254:16\n");
	check(dir, "254:1", 0, 16, "");
	files_end(dir);
}

/* What this machine's own files are on. */
static void test_real_files(void **state)
{
	static const char *const paths[] = { "/", ".", "/tmp", "/usr", "/proc", "/sys", "/dev/null", "/proc/self/exe" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct disk disk;
		struct stat st;
		char why[DISK_WHY_MAX] = "", partition[64];
		int r = disk_find("", paths[i], &disk, why);

		assert_int_equal(stat(paths[i], &st), 0);
		if (major(st.st_dev) == 0) {
			/* A btrfs has a disk all the same. */
			assert_row(r == 0 || (r == -ENOTBLK && strstr(why, "not on a block device")), "%s: %d %s",
					paths[i], r, why);
			continue;
		}
		assert_row(r == 0, "%s: %d %s", paths[i], r, why);
		(void)snprintf(partition, sizeof(partition), "/sys/dev/block/%u:%u/partition", major(st.st_dev),
				minor(st.st_dev));
		assert_row((disk.major == major(st.st_dev) && disk.minor == minor(st.st_dev)) ==
				(access(partition, F_OK) < 0), "%s: %u:%u", paths[i], disk.major, disk.minor);
	}
	check("", "/proc", -ENOTBLK, 0, "is on proc, not on a block device");
	check("", "/nowhere", -ENOENT, 0, "No such file");
	check("", "/dev/null/x", -ENOTDIR, 0, "Not a directory");
}

/* Writes a mountinfo in which the mount of `path` has this type and source. */
static void put_mount(const char *dir, const char *path, const char *type, const char *source)
{
	char text[PATH_MAX + 128];
	struct statx st;

	assert_int_equal(statx(AT_FDCWD, path, 0, STATX_MNT_ID, &st), 0);
	(void)snprintf(text, sizeof(text), "1 0 8:1 / / rw - ext4 /dev/wrong rw\n%llu 1 0:99 / %s rw - %s %s rw\n",
			(unsigned long long)st.stx_mnt_id, path, type, source);
	files_put(dir, "proc/self/mountinfo", text);
}

/* Any node in /dev of a whole disk or of a loop device. */
static bool find_node(char path[PATH_MAX], struct stat *st)
{
	static const char *const names[] = { "vda", "sda", "nvme0n1", "loop0", "zram0", "ram0", "dm-0", "xvda" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, PATH_MAX, "/dev/%s", names[i]);
		if (stat(path, st) == 0 && S_ISBLK(st->st_mode))
			return true;
	}
	return false;
}

/* A made-up device with a disk behind it, and those that only look like one. /proc stands for each. */
static void test_made_up_devices(void **state)
{
	char dir[PATH_MAX], node[PATH_MAX], name[PATH_MAX], why[DISK_WHY_MAX];
	struct disk disk = { 0, 0 };
	struct stat st;

	(void)state;
	files_begin(dir);
	put_mount(dir, "/proc", "overlay", "overlay");
	check(dir, "/proc", -ENOTBLK, 0, "is on overlay, not on a block device");
	put_mount(dir, "/proc", "zfs", "tank/home");
	check(dir, "/proc", -ENOTBLK, 0, "is on zfs, not");
	put_mount(dir, "/proc", "btrfs", "/dev/nosuchdisk");
	check(dir, "/proc", -ENOTBLK, 0, "is on btrfs, not");
	put_mount(dir, "/proc", "9p", "/dev/null");
	check(dir, "/proc", -ENOTBLK, 0, "is on 9p, not");
	files_put(dir, "proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
	check(dir, "/proc", -ENOTBLK, 0, "is not on a block device");
	if (find_node(node, &st)) {
		put_mount(dir, "/proc", "btrfs", node);
		(void)snprintf(name, sizeof(name), "sys/dev/block/%u:%u/size", major(st.st_rdev), minor(st.st_rdev));
		files_put(dir, name, "1\n");
		assert_int_equal(disk_find(dir, "/proc", &disk, why), 0);
		assert_true(disk.major == major(st.st_rdev) && disk.minor == minor(st.st_rdev));
		assert_int_equal(disk_find(dir, node, &disk, why), 0);
	}
	files_end(dir);
}

/* Half of what such a btrfs reads would be limited, and half not. */
static void test_btrfs_over_several_disks(void **state)
{
	char dir[PATH_MAX], node[PATH_MAX], link[PATH_MAX + 64], why[DISK_WHY_MAX];
	struct disk disk;
	struct stat st;

	(void)state;
	if (!find_node(node, &st)) {
		skip_because("no block device in /dev");
	}
	files_begin(dir);
	put_mount(dir, "/proc", "btrfs", node);
	files_put(dir, "sys/devices/one/sdx/dev", "1:1\n");
	files_put(dir, "sys/dev/block", NULL);
	(void)snprintf(link, sizeof(link), "%s/sys/dev/block/%u:%u", dir, major(st.st_rdev), minor(st.st_rdev));
	assert_int_equal(symlink("../../devices/one/sdx", link), 0);
	files_put(dir, "sys/fs/btrfs/features/x", "");
	files_put(dir, "sys/fs/btrfs/uuid/devices/sdx", "");
	assert_int_equal(disk_find(dir, "/proc", &disk, why), 0);
	files_put(dir, "sys/fs/btrfs/uuid/devices/sdy", "");
	assert_int_equal(disk_find(dir, "/proc", &disk, why), -ENOTBLK);
	assert_non_null(strstr(why, "several disks, not on a block device"));
	files_end(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partitions),
		cmocka_unit_test(test_partition_without_disk),
		cmocka_unit_test(test_real_files),
		cmocka_unit_test(test_made_up_devices),
		cmocka_unit_test(test_btrfs_over_several_disks),
	};

	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
