/* SPDX-License-Identifier: MIT */
/*
 * container.c - are we in a container, whose, and what would it take to be given groups
 *
 * The kernel has no containers, so there is no one place to ask. Each runtime leaves
 * a mark of its own, or none, as those of Kubernetes. What all leave since cgroup v2 is
 * a cgroup namespace: its root looks like the hierarchy's, but it has cgroup.events,
 * which the real root alone lacks; or the mount was made outside and shows more.
 */
#include "lib/container.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/proc.h"
#include "util/cleanup.h"

/* What `container=` and the files say, and how such a container is started with groups. */
static const struct {
	const char *kind;
	const char *mark; /* a file that is there, or NULL */
	const char *writable;
} kinds[] = {
	{ "podman", "/run/.containerenv", "podman run --security-opt unmask=/sys/fs/cgroup …" },
	{ "docker", "/.dockerenv", "docker run --security-opt writable-cgroups=true … (Docker 28)" },
	{ "lxc", NULL, "lxc.mount.auto = cgroup:rw in its configuration" },
};

static bool is_there(const char *root, const char *path)
{
	char full[PATH_MAX];

	return (size_t)snprintf(full, sizeof(full), "%s%s", root, path) < sizeof(full) &&
	       access(full, F_OK) == 0;
}

/* Takes a word that others have written, if it is one. */
static void take_kind(struct ration_host *host, const char *word)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strspn(word, allowed);

	if (length > 0 && length < sizeof(host->container_kind) && (!word[length] || word[length] == '\n'))
		(void)snprintf(host->container_kind, sizeof(host->container_kind), "%.*s", (int)length, word);
}

/* The variable that systemd has asked runtimes to give their first process. */
static void ask_first_process(struct ration_host *host)
{
	char text[4096];
	int n = proc_read(host->proc_fd, "1/environ", text, sizeof(text));

	for (const char *at = text; n > 0 && at < text + n; at += strlen(at) + 1) {
		if (strncmp(at, "container=", 10) == 0)
			take_kind(host, at + 10);
	}
}

/* systemd tells in this file what it found itself in. */
static void ask_systemd(struct ration_host *host, const char *root)
{
	char path[PATH_MAX], text[64] = "";
	CLEANUP(closep) int fd = -EBADF;
	ssize_t n;

	if ((size_t)snprintf(path, sizeof(path), "%s/run/systemd/container", root) >= sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n > 0)
		take_kind(host, text);
}

static bool in_cgroup_namespace(const struct mounts *mounts, const char *root)
{
	char events[PATH_MAX];

	if (!mounts->v2 || mounts->outside)
		return mounts->outside;
	return mounts->whole &&
	       (size_t)snprintf(events, sizeof(events), "%s/cgroup.events", mounts->point) < sizeof(events) &&
	       is_there(root, events);
}

void container_probe(struct ration_host *host, const struct mounts *mounts, const char *root)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !host->container_kind[0]; i++) {
		if (kinds[i].mark && is_there(root, kinds[i].mark))
			take_kind(host, kinds[i].kind);
	}
	if (!host->container_kind[0])
		ask_systemd(host, root);
	if (!host->container_kind[0])
		ask_first_process(host);
	host->facts.cgroup_namespace = in_cgroup_namespace(mounts, root);
	host->facts.container = host->container_kind[0] || host->facts.cgroup_namespace;
}

const char *container_fix_read_only(const struct ration_host *host)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(host->container_kind, kinds[i].kind) == 0)
			return kinds[i].writable;
	}
	return "docker run --security-opt writable-cgroups=true … (Docker 28), or podman run --security-opt "
	       "unmask=/sys/fs/cgroup …";
}

const char *container_fix_outside(const struct ration_host *host)
{
	/* It has a namespace, and a mount that somebody has bound into it from outside of that. */
	return host->facts.cgroup_namespace ? "start the container without -v /sys/fs/cgroup:/sys/fs/cgroup, "
					      "or with --cgroupns=host; or name "
					      "a group: --base DIR"
					    : "name a group: --base DIR";
}
