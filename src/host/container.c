/* SPDX-License-Identifier: MIT */
/*
 * container.c - are we in a container, whose, on whose kernel, and what would it take to be given groups
 *
 * The kernel has no containers, so there is no single place to ask. Each runtime leaves a mark of
 * its own, or none. Kubernetes has other runtimes start its containers; it leaves a variable, a
 * secret or the name of a group. With cgroup v2 all of them use a cgroup namespace: its root looks
 * like the hierarchy's, but has cgroup.events, which only the real root lacks; or the mount was
 * made outside and shows more.
 *
 * Two kernels aren't ordinary Linux. WSL 2 runs a Linux kernel, but Windows sets its command line.
 * gVisor is a program that answers Linux system calls. Its groups, v1 or v2, take a limit of memory
 * or CPU and remember it, but don't enforce it (as of July 2026, when it got v2): values written
 * there mustn't be taken for limits.
 */
#include "host/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/text.h"

/* The kubelet sets it in every container, with those of all services of its namespace. */
#define KUBERNETES_VARIABLE "KUBERNETES_SERVICE_HOST="

/* Values of `container=` and the files that mean the same, and how to start such a container with groups. */
static const struct {
	const char *kind;
	const char *mark; /* a file that is there, or NULL */
	const char *writable;
} kinds[] = {
	/* First: its runtimes leave their own marks, too. */
	{ CONTAINER_KUBERNETES, "/var/run/secrets/kubernetes.io",
		"configure its runtime to mount cgroups writable (containerd 2.1: cgroup_writable = true; "
		"CRI-O: annotation io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw), or set privileged: true "
		"in its securityContext" },
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

/* Takes a word that others wrote, if it is a known one. */
static void take_kind(struct host_snapshot *host, const char *word)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strspn(word, allowed);

	/* systemd says "wsl" here, but that is a kernel, not a container. */
	if (length == 3 && strncmp(word, "wsl", length) == 0)
		return;
	if (length > 0 && length < sizeof(host->container_kind) && (!word[length] || word[length] == '\n'))
		(void)snprintf(host->container_kind, sizeof(host->container_kind), "%.*s", (int)length, word);
}

/*
 * The environment with which a process was started, as far as it fits. It isn't on the stack, where each page
 * would be touched.
 */
struct environment {
	char *text; /* NULL: it isn't known */
	ssize_t n;
};

#define ENVIRONMENT_MAX 32768

static void environment_done(struct environment *environment)
{
	free(environment->text);
}

/* -ENOMEM. We can't read that of most processes; then no memory is taken. */
static int read_environment(const struct host_snapshot *host, const char *path, struct environment *ret)
{
	CLEANUP(closep) int fd = openat(host->proc_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*ret = (struct environment) { .text = NULL };
	if (fd < 0)
		return 0;
	ret->text = malloc(ENVIRONMENT_MAX);
	if (!ret->text)
		return -ENOMEM;
	ret->n = proc_read_fd(fd, ret->text, ENVIRONMENT_MAX);
	return 0;
}

/* Finds a variable, "NAME=". Returns its value, or NULL. */
static const char *variable_of(const struct environment *environment, const char *name)
{
	const char *end;

	if (!environment->text || environment->n <= 0)
		return NULL;
	end = environment->text + environment->n;
	for (const char *at = environment->text; at < end; at += strlen(at) + 1) {
		if (strncmp(at, name, strlen(name)) == 0)
			return at + strlen(name);
	}
	return NULL;
}

/* Looks for the variable that systemd asks runtimes to set for their first process. */
static void ask_first_process(struct host_snapshot *host, const struct environment *first)
{
	const char *value = variable_of(first, "container=");

	if (value)
		take_kind(host, value);
}

/*
 * Whether a variable says that this is a pod. People set it by hand to try things outside of one; so our own
 * counts only if the kernel, too, shows a container.
 */
static int kubernetes_variable(const struct host_snapshot *host, const struct environment *first)
{
	CLEANUP(environment_done) struct environment own = { .text = NULL };
	int r;

	if (variable_of(first, KUBERNETES_VARIABLE))
		return 1;
	if (!host->facts.cgroup_namespace)
		return 0;
	r = read_environment(host, "self/environ", &own);
	return r < 0 ? r : variable_of(&own, KUBERNETES_VARIABLE) != NULL;
}

/* Whether we are in the kubelet's group for all pods, "kubepods" or "kubepods.slice". Only a namespace hides it. */
static bool kubernetes_group(const struct host_snapshot *host)
{
	char text[4096];

	return proc_read(host->proc_fd, "self/cgroup", text, sizeof(text)) > 0 && strstr(text, "kubepods");
}

/* In this file systemd writes what kind of container it found itself in. */
static void ask_systemd(struct host_snapshot *host, const char *root)
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

int container_probe(struct host_snapshot *host, const struct mounts *mounts, const char *root)
{
	CLEANUP(environment_done) struct environment first = { .text = NULL };
	int kubernetes, r = read_environment(host, "1/environ", &first);

	if (r < 0)
		return r;
	host->facts.cgroup_namespace = in_cgroup_namespace(mounts, root);
	kubernetes = kubernetes_variable(host, &first);
	if (kubernetes < 0)
		return kubernetes;
	if (kubernetes)
		take_kind(host, CONTAINER_KUBERNETES);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !host->container_kind[0]; i++) {
		if (kinds[i].mark && is_there(root, kinds[i].mark))
			take_kind(host, kinds[i].kind);
	}
	/*
	 * After the marks: a container inside a pod's container is Docker's, for example, and is below that
	 * group as well.
	 */
	if (!host->container_kind[0] && kubernetes_group(host))
		take_kind(host, CONTAINER_KUBERNETES);
	if (!host->container_kind[0])
		ask_systemd(host, root);
	if (!host->container_kind[0])
		ask_first_process(host, &first);
	host->facts.container = host->container_kind[0] || host->facts.cgroup_namespace;
	return 0;
}

/* ------------------------------------------------------------------ kernels */

/* gVisor has reported this build of 2016 since 2018, whatever release it reports. */
#define GVISOR_BUILD "#1 SMP Sun Jan 10 15:06:54 PST 2016"

static bool is_gvisor(const struct host_snapshot *host, const char *version)
{
	/* Only gVisor has this file, since 2022; the name is of 2026. */
	return sys_access(host->proc_fd, "sentry-meminfo", F_OK) == 0 || strstr(version, GVISOR_BUILD) ||
		strstr(host->kernel, "-gvisor");
}

static const char *kind_of_kernel(const struct host_snapshot *host, const char *version)
{
	if (is_gvisor(host, version))
		return KERNEL_GVISOR;
	if (strstr(host->kernel, "microsoft"))
		return KERNEL_WSL2;
	/* WSL 1 is Windows' own kernel, without Linux. */
	return strstr(host->kernel, "Microsoft") ? KERNEL_WSL1 : "";
}

void kernel_probe(struct host_snapshot *host)
{
	char version[512] = "";

	if (proc_read(host->proc_fd, "version", version, sizeof(version)) < 0)
		version[0] = '\0';
	if (proc_read(host->proc_fd, "sys/kernel/osrelease", host->kernel, sizeof(host->kernel)) > 0)
		host->kernel[strcspn(host->kernel, "\n")] = '\0';
	else if (sscanf(version, "Linux version %64s", host->kernel) != 1)
		host->kernel[0] = '\0';
	(void)text_clean(host->kernel);
	host->kernel_kind = kind_of_kernel(host, version);
}

/* -------------------------------------------------------------- what helps */

const char *container_fix_read_only(const struct host_snapshot *host)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(host->container_kind, kinds[i].kind) == 0)
			return kinds[i].writable;
	}
	return "docker run --security-opt writable-cgroups=true … (Docker 28), or podman run --security-opt "
	       "unmask=/sys/fs/cgroup …";
}

const char *container_fix_outside(const struct host_snapshot *host)
{
	/* It has a namespace, and a mount that was bound into it from outside of that. */
	return host->facts.cgroup_namespace ? "start the container without -v /sys/fs/cgroup:/sys/fs/cgroup, "
			"or with --cgroupns=host; or set --base DIR"
					    : "set --base DIR";
}
