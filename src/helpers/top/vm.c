/* SPDX-License-Identifier: MIT */
/*
 * vm.c - what of a group's memory is a virtual machine's
 */
#include "helpers/top/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/proc/proc.h"
#include "sys/within.h"
#include "util/cleanup.h"

/* A QEMU has hundreds of mappings, of 700 bytes of text each. One with more than fits isn't looked at. */
#define MAPS_MAX ((size_t)4 << 20)

/* Far above the milliseconds that it takes; a terminal is redrawn meanwhile. */
#define PATIENCE_USEC 200000

/* The name that the kernel has of it ends after 15 bytes: "qemu-system-x86", "qemu-system-aar". */
#define PROGRAM "qemu-system-"

/* Of a line: what is behind it is of a long path. */
#define LINE_MAX_SEEN 256

struct maps {
	char path[32];
	int code;
	size_t length;
	char text[MAPS_MAX];
};

/* ----------------------------------------------------------------- parsing */

struct mapping {
	uint64_t size, resident;
	bool may_be_guest; /* TCG's code and malloc's reserves can be larger than a small guest */
};

/* The line that a mapping begins with: 7f12a000-7f12b000 rw-p 00000000 00:00 0 NAME. */
static bool begins_mapping(const char *line, struct mapping *ret)
{
	unsigned long long from, to;
	char flags[5] = "";

	if (sscanf(line, "%llx-%llx %4s", &from, &to, flags) != 3 || to < from)
		return false;
	*ret = (struct mapping){ .size = to - from,
		.may_be_guest = strncmp(flags, "rw-", 3) == 0 && !strchr(line, '[') && !strstr(line, "tcg-jit") };
	return true;
}

/* "Rss:   12 kB", and pages of hugetlbfs, which aren't in that. */
static uint64_t resident_of(const char *line)
{
	static const char *const keys[] = { "Rss:", "Shared_Hugetlb:", "Private_Hugetlb:" };
	unsigned long long kib;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strncmp(line, keys[i], strlen(keys[i])) == 0 && sscanf(line + strlen(keys[i]), "%llu kB", &kib) == 1)
			return kib << 10;
	}
	return 0;
}

/* Reads a text of /proc/PID/smaps. 0 or more: how many mappings it has; `ret->pid` stays as it is. -EBADMSG. */
static int vm_parse(const char *text, struct vm *ret)
{
	struct mapping now = { .size = 0 }, largest = { .size = 0 };
	uint64_t all = 0;
	int n = 0;

	for (size_t length; *text; text += length + (text[length] != '\0')) {
		uint64_t resident;
		char line[LINE_MAX_SEEN];

		length = strcspn(text, "\n");
		(void)snprintf(line, sizeof(line), "%.*s", (int)(length < sizeof(line) ? length : sizeof(line) - 1), text);
		resident = resident_of(line);
		if (resident == 0 && begins_mapping(line, &now)) {
			n++;
		} else if (n == 0) {
			return -EBADMSG;
		} else {
			all += resident;
			now.resident += resident;
		}
		if (now.may_be_guest && now.size >= largest.size)
			largest = now;
	}
	ret->guest_bytes = largest.size;
	ret->resident_bytes = largest.resident;
	ret->own_bytes = all - largest.resident;
	return n;
}

/* ----------------------------------------------------------------- reading */

/* System calls alone: see sys/within.h. */
static void read_maps(void *data)
{
	struct maps *maps = data;
	int fd = open(maps->path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : 0;

	while (fd >= 0 && maps->length < sizeof(maps->text) - 1) {
		got = read(fd, maps->text + maps->length, sizeof(maps->text) - 1 - maps->length);
		if (got <= 0)
			break;
		maps->length += (size_t)got;
	}
	maps->code = got == 0 ? 0 : -ENODATA;
	if (fd >= 0)
		(void)close(fd);
}

static bool is_qemu(int proc_fd, pid_t pid)
{
	char path[32], name[32];

	(void)snprintf(path, sizeof(path), "%d/comm", (int)pid);
	return proc_read(proc_fd, path, name, sizeof(name)) > 0 && strncmp(name, PROGRAM, strlen(PROGRAM)) == 0;
}

static int look_at(pid_t pid, struct vm *ret)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	bool left = false;
	int r;

	if (!maps)
		return 0;
	(void)snprintf(maps->path, sizeof(maps->path), "/proc/%d/smaps", (int)pid);
	r = sys_within(PATIENCE_USEC, read_maps, maps, &left);
	if (r >= 0 && maps->code >= 0 && vm_parse(maps->text, ret) > 0 && ret->guest_bytes > 0)
		ret->pid = pid;
	/* What still writes to it may do so for ever. */
	if (!left)
		free(maps);
	return r == -ETIMEDOUT ? r : 0;
}

int vm_look(int proc_fd, const int *pids, size_t n, struct vm *ret)
{
	*ret = (struct vm){ .pid = 0 };
	for (size_t i = 0; i < n; i++) {
		if (is_qemu(proc_fd, pids[i]))
			return look_at(pids[i], ret);
	}
	return 0;
}
