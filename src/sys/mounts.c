/* SPDX-License-Identifier: MIT */
/*
 * mounts.c - where the cgroup hierarchies are mounted, and where we are in them
 *
 * A line of mountinfo, with the fields that count here (proc(5)):
 *
 *     38 31 0:34 /ROOT /POINT rw,OPTIONS [TAG…] - cgroup2 SOURCE rw,OPTIONS
 *
 * ROOT is the part of the hierarchy that is seen at POINT, as a path from the
 * root of our cgroup namespace: "/" as a rule, "/a/b" for a bind mount, and
 * "/../.." where the mount was made outside of our namespace. Then the groups
 * above ours have names that nobody here can know.
 */
#include "sys/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"

static void fclosep(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static FILE *open_in(const char *proc, const char *name)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", proc, name) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "re");
}

/*
 * Reads the next line. Returns its length; 0 at the end; a negative errno: half of a file must not
 * be taken for all of it, with hierarchies that aren't there.
 */
static ssize_t next_line(FILE *file, char **line, size_t *size)
{
	ssize_t n;

	errno = 0;
	n = getline(line, size, file);
	if (n >= 0)
		return n;
	return feof(file) && errno != ENOMEM ? 0 : -(errno ? errno : EIO);
}

/* Undoes the \040 of a blank, \134 of a backslash, … in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool has_option(const char *options, const char *option)
{
	size_t length = strlen(option);

	for (const char *at = options; at; at = strchr(at, ',')) {
		if (*at == ',')
			at++;
		if (strncmp(at, option, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

struct mount_line {
	char *id, *device, *root, *point, *options, *type, *source, *super;
};

static bool mount_line_split(char *line, struct mount_line *ret)
{
	char *save = NULL, *field[6], *rest;
	char *dash = strstr(line, " - ");

	if (!dash)
		return false;
	*dash = '\0';
	rest = dash + 3;
	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
		if (!field[i])
			return false;
	}
	ret->id = field[0];
	ret->device = field[2];
	ret->root = field[3];
	ret->point = field[4];
	ret->options = field[5];
	/* One blank each: the source between these two may be empty. */
	ret->type = strsep(&rest, " ");
	ret->source = strsep(&rest, " ");
	ret->super = strsep(&rest, "\n");
	if (!ret->type || !ret->super)
		return false;
	unescape(ret->root);
	unescape(ret->point);
	unescape(ret->source);
	return true;
}

/* Our group from /proc/self/cgroup: the line "0::/a/b". */
static int read_own(const char *proc, char own[PATH_MAX])
{
	CLEANUP(fclosep) FILE *file = open_in(proc, "cgroup");
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;
	ssize_t length;

	if (!file)
		return -errno;
	own[0] = '\0';
	while ((length = next_line(file, &line, &size)) > 0) {
		if (line[length - 1] == '\n')
			line[--length] = '\0';
		if (strncmp(line, "0::/", 4) == 0 && length < PATH_MAX)
			memcpy(own, line + 3, (size_t)length - 2);
	}
	return (int)length;
}

/* Begins above the root of our cgroup namespace: "/..", "/../..", "/../a". */
static bool is_outside(const char *path)
{
	return strncmp(path, "/..", 3) == 0 && (path[3] == '/' || path[3] == '\0');
}

/*
 * A group that was removed is shown with this behind its name. A name can end so, too:
 * then the group is there.
 */
static bool is_deleted(const char *point, const char *own)
{
	static const char deleted[] = " (deleted)";
	size_t length = strlen(own), suffix = strlen(deleted);
	char path[2 * PATH_MAX];
	struct stat st;

	if (length < suffix || strcmp(own + length - suffix, deleted) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s%s", point, own);
	return stat(path, &st) < 0 ? errno == ENOENT : !S_ISDIR(st.st_mode);
}

/*
 * Works out our group's path from the mount point, if the mount shows it.
 * `own` is seen from the namespace root, `root` is where the mount begins.
 */
static bool own_below(const struct mount_line *line, const char *own, const char **ret)
{
	const char *root = line->root;
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (own[0] == '\0' || is_outside(own))
		return false;
	if (strncmp(own, root, length) != 0 || (own[length] != '/' && own[length] != '\0'))
		return false;
	if (is_deleted(line->point, own + length))
		return false;
	*ret = strcmp(own + length, "/") == 0 ? "" : own + length;
	return true;
}

/* Takes this mount unless an earlier one is as good. */
static void consider(struct mounts *found, const struct mount_line *line, const char *own)
{
	bool read_only = has_option(line->options, "ro") || has_option(line->super, "ro");
	const char *below = "";
	bool known = own_below(line, own, &below);

	if (found->v2 && (found->own_known > known || (found->own_known == known && !found->read_only)))
		return;
	if (strlen(line->point) >= sizeof(found->point))
		return;
	found->v2 = true;
	found->read_only = read_only;
	found->favordynmods = has_option(line->super, "favordynmods");
	found->own_known = known;
	found->whole = strcmp(line->root, "/") == 0;
	found->outside = is_outside(line->root);
	strcpy(found->point, line->point);
	strcpy(found->own, below);
}

int mounts_read(const char *proc, struct mounts *ret)
{
	CLEANUP(fclosep) FILE *file = open_in(proc, "mountinfo");
	CLEANUP(freep) char *line = NULL;
	struct mounts found = { .v1 = false };
	char own[PATH_MAX];
	size_t size = 0;
	ssize_t length;
	int r;

	if (!file)
		return -errno;
	r = read_own(proc, own);
	/* A kernel without cgroups has no such file. */
	if (r == -ENOENT)
		own[0] = '\0';
	else if (r < 0)
		return r;
	while ((length = next_line(file, &line, &size)) > 0) {
		struct mount_line fields;

		if (!mount_line_split(line, &fields))
			continue;
		if (strcmp(fields.type, "cgroup2") == 0)
			consider(&found, &fields, own);
		else if (strcmp(fields.type, "cgroup") == 0 && !has_option(fields.super, "none") &&
				strstr(fields.super, "name=") == NULL)
			found.v1 = true;
	}
	if (length < 0)
		return (int)length;
	*ret = found;
	return 0;
}

/* ------------------------------------------------------------------- cgroup v1 */

bool mounts_has_controller(const char *controllers, const char *name)
{
	return has_option(controllers, name);
}

/*
 * Our groups from /proc/self/cgroup: lines "4:cpu,cpuacct:/a/b". One without
 * controllers is cgroup2's, or has a name ("1:name=systemd:/a/b") and limits nothing.
 */
static int read_own_v1(const char *proc, struct mounts_v1 *found)
{
	CLEANUP(fclosep) FILE *file = open_in(proc, "cgroup");
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;
	ssize_t length = 0;
	int n = 0;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while (n < MOUNTS_V1_MAX && (length = next_line(file, &line, &size)) > 0) {
		char *rest = line, *controllers, *path;

		(void)strsep(&rest, ":");
		controllers = strsep(&rest, ":");
		path = strsep(&rest, "\n");
		if (!path || !controllers[0] || strstr(controllers, "name=") ||
				strlen(controllers) >= sizeof(found->controllers) || strlen(path) >= PATH_MAX)
			continue;
		(void)strcpy(found[n].controllers, controllers);
		(void)strcpy(found[n].own, path);
		found[n++].point[0] = '\0';
	}
	return length < 0 ? (int)length : n;
}

/* Takes the first mount that shows our group. */
static void consider_v1(struct mounts_v1 *found, const struct mount_line *line)
{
	char first[sizeof(found->controllers)];
	const char *below;

	(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(found->controllers, ","), found->controllers);
	if (found->point[0] || !has_option(line->super, first) || strlen(line->point) >= sizeof(found->point) ||
			!own_below(line, found->own, &below))
		return;
	memmove(found->own, below, strlen(below) + 1);
	found->read_only = has_option(line->options, "ro") || has_option(line->super, "ro");
	(void)strcpy(found->point, line->point);
}

int mounts_read_v1(const char *proc, struct mounts_v1 **ret)
{
	return mounts_read_v1_of(proc, proc, ret);
}

int mounts_read_v1_of(const char *proc, const char *whose, struct mounts_v1 **ret)
{
	CLEANUP(freep) struct mounts_v1 *found = calloc(MOUNTS_V1_MAX, sizeof(*found));
	CLEANUP(fclosep) FILE *file = open_in(proc, "mountinfo");
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;
	ssize_t length = 0;
	int n, seen = 0;

	if (!found)
		return -ENOMEM;
	if (!file)
		return -errno;
	n = read_own_v1(whose, found);
	while (n > 0 && (length = next_line(file, &line, &size)) > 0) {
		struct mount_line fields;

		if (!mount_line_split(line, &fields) || strcmp(fields.type, "cgroup") != 0)
			continue;
		for (int i = 0; i < n; i++)
			consider_v1(&found[i], &fields);
	}
	for (int i = 0; i < n; i++) {
		if (found[i].point[0] && seen++ != i)
			found[seen - 1] = found[i];
	}
	if (n < 0 || length < 0)
		return n < 0 ? n : (int)length;
	*ret = TAKE_PTR(found);
	return seen;
}

/* ------------------------------------------------------------------------------- */

static bool is_mount(const struct mount_line *line, long long id, const char *device)
{
	return id >= 0 ? strtoll(line->id, NULL, 10) == id : strcmp(line->device, device) == 0;
}

int mounts_source(const char *proc, long long id, unsigned major, unsigned minor, struct mount_source *ret)
{
	CLEANUP(fclosep) FILE *file = open_in(proc, "mountinfo");
	CLEANUP(freep) char *line = NULL;
	char device[32];
	size_t size = 0;
	ssize_t length;

	if (!file)
		return -errno;
	(void)snprintf(device, sizeof(device), "%u:%u", major, minor);
	while ((length = next_line(file, &line, &size)) > 0) {
		struct mount_line fields;

		if (!mount_line_split(line, &fields) || !is_mount(&fields, id, device) ||
				strlen(fields.source) >= sizeof(ret->source))
			continue;
		(void)snprintf(ret->type, sizeof(ret->type), "%s", fields.type);
		(void)strcpy(ret->source, fields.source);
		return 0;
	}
	return length < 0 ? (int)length : -ENOENT;
}
