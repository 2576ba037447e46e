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
#include "sys/proc/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/cleanup.h"

/* Reads a file of /proc as text, whatever its length. -ENOENT, -EACCES, …, -ENOMEM. */
static int read_text(const char *proc, const char *name, char **ret)
{
	CLEANUP(buffer_done) struct buffer text = { .text = NULL };
	CLEANUP(closep) int fd = -EBADF;
	char path[PATH_MAX], piece[4096];
	ssize_t n;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", proc, name) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open_readable(path, 0);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && buffer_add(&text, piece, (size_t)n) < 0)
			return -ENOMEM;
	}
	*ret = buffer_take(&text);
	return *ret ? 0 : -ENOMEM;
}

/* Takes the next line off a text, without its end. NULL: that was all. */
static char *next_line(char **text)
{
	char *line = strsep(text, "\n");

	return line && (*line || *text) ? line : NULL;
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

/* The hierarchies of cgroup v1 while they are looked for. */
struct search_v1 {
	size_t n;
	struct mounts_v1 at[MOUNTS_V1_MAX];
};

/*
 * Finds groups in the text of /proc/PID/cgroup, which it takes apart: cgroup2's own from the line "0::/a/b", ""
 * if there is none; those of v1 from lines "4:cpu,cpuacct:/a/b". One without controllers has a name
 * ("1:name=systemd:/a/b") and limits nothing.
 */
static const char *find_own(char *text, struct search_v1 *v1)
{
	const char *own = "";

	for (char *line; (line = next_line(&text));) {
		char *rest = line, *id = strsep(&rest, ":"), *controllers = strsep(&rest, ":");

		if (!rest || strlen(rest) >= PATH_MAX)
			continue;
		if (strcmp(id, "0") == 0 && !controllers[0] && rest[0] == '/')
			own = rest;
		else if (v1->n < MOUNTS_V1_MAX && controllers[0] && !strstr(controllers, "name="))
			v1->at[v1->n++] = (struct mounts_v1) { .controllers = controllers, .own = rest, .point = "" };
	}
	return own;
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

/* Takes the first mount that shows our group. */
static void consider_v1(struct mounts_v1 *found, const struct mount_line *line)
{
	char first[128];
	const char *below;

	(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(found->controllers, ","), found->controllers);
	if (found->point[0] || !has_option(line->super, first) || strlen(line->point) >= PATH_MAX ||
			!own_below(line, found->own, &below))
		return;
	found->own = below;
	found->read_only = has_option(line->options, "ro") || has_option(line->super, "ro");
	found->point = line->point;
}

bool mounts_has_controller(const char *controllers, const char *name)
{
	return has_option(controllers, name);
}

static size_t pack_text(char *to, const char **text)
{
	size_t size = strlen(*text) + 1;

	*text = memcpy(to, *text, size);
	return size;
}

/* Those that are mounted, with their texts behind them: freed as one. */
static int pack(const struct search_v1 *v1, struct mounts_v1 **ret)
{
	size_t size = 1, n = 0;
	struct mounts_v1 *list;
	char *to;

	for (size_t i = 0; i < v1->n; i++) {
		const struct mounts_v1 *at = &v1->at[i];

		size += sizeof(*at) + strlen(at->controllers) + strlen(at->point) + strlen(at->own) + 3;
		n += at->point[0] != '\0';
	}
	list = malloc(size);
	if (!list)
		return -ENOMEM;
	to = (char *)(list + n);
	n = 0;
	for (size_t i = 0; i < v1->n; i++) {
		struct mounts_v1 *at = &list[n];

		if (!v1->at[i].point[0])
			continue;
		*at = v1->at[i];
		to += pack_text(to, &at->controllers);
		to += pack_text(to, &at->point);
		to += pack_text(to, &at->own);
		n++;
	}
	*ret = list;
	return (int)n;
}

/* Both files of `proc`, the groups of `whose`. What isn't asked for is NULL. Returns how many hierarchies of v1. */
static int read_both(const char *proc, const char *whose, struct mounts *ret, struct mounts_v1 **ret_v1)
{
	CLEANUP(freep) char *info = NULL;
	CLEANUP(freep) char *cgroup = NULL;
	struct mounts found = { .v1 = false };
	struct search_v1 v1 = { .n = 0 };
	const char *own = "";
	char *rest;
	int r = read_text(proc, "mountinfo", &info);

	if (r < 0)
		return r;
	r = read_text(whose, "cgroup", &cgroup);
	/* A kernel without cgroups has no such file. */
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0)
		own = find_own(cgroup, &v1);
	rest = info;
	for (char *line; (line = next_line(&rest));) {
		struct mount_line fields;

		if (!mount_line_split(line, &fields))
			continue;
		if (strcmp(fields.type, "cgroup2") == 0)
			consider(&found, &fields, own);
		if (strcmp(fields.type, "cgroup") != 0)
			continue;
		found.v1 |= !has_option(fields.super, "none") && !strstr(fields.super, "name=");
		for (size_t i = 0; i < v1.n; i++)
			consider_v1(&v1.at[i], &fields);
	}
	if (ret)
		*ret = found;
	return ret_v1 ? pack(&v1, ret_v1) : 0;
}

int mounts_read(const char *proc, struct mounts *ret)
{
	return read_both(proc, proc, ret, NULL);
}

int mounts_read_both(const char *proc, struct mounts *ret, struct mounts_v1 **ret_v1)
{
	return read_both(proc, proc, ret, ret_v1);
}

int mounts_read_v1_of(const char *proc, const char *whose, struct mounts_v1 **ret)
{
	return read_both(proc, whose, NULL, ret);
}

/* ------------------------------------------------------------------------------- */

static bool is_mount(const struct mount_line *line, long long id, const char *device)
{
	return id >= 0 ? strtoll(line->id, NULL, 10) == id : strcmp(line->device, device) == 0;
}

int mounts_source(const char *proc, long long id, unsigned major, unsigned minor, struct mount_source *ret)
{
	CLEANUP(freep) char *info = NULL;
	char device[32], *rest;
	int r = read_text(proc, "mountinfo", &info);

	if (r < 0)
		return r;
	(void)snprintf(device, sizeof(device), "%u:%u", major, minor);
	rest = info;
	for (char *line; (line = next_line(&rest));) {
		struct mount_line fields;

		if (!mount_line_split(line, &fields) || !is_mount(&fields, id, device) ||
				strlen(fields.source) >= sizeof(ret->source))
			continue;
		(void)snprintf(ret->type, sizeof(ret->type), "%s", fields.type);
		(void)strcpy(ret->source, fields.source);
		return 0;
	}
	return -ENOENT;
}
