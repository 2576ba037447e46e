/* SPDX-License-Identifier: MIT */
/*
 * examine.c - what only the doctor looks at
 */
#include "doctor/examine.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "host/base.h"
#include "host/kinds.h"
#include "sys/cgroup/cgroup.h"
#include "sys/proc/mounts.h"
#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void look_at_mount(const struct host_snapshot *host, struct examined *ret)
{
	char proc[PATH_MAX];
	struct mounts mounts;

	if ((size_t)snprintf(proc, sizeof(proc), "%s/proc/self", host->root) >= sizeof(proc) ||
			mounts_read(proc, &mounts) < 0 || !mounts.v2)
		return;
	ret->read_only = mounts.read_only;
	ret->favordynmods = mounts.favordynmods;
}

/* ------------------------------------------------------------- kernel's words */

/* Adds what one cgroup_disable= says. There may be several, and each may be a list. */
static void add_disabled(struct examined *ret, char *names)
{
	char *save = NULL;

	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		size_t used = strlen(ret->disabled);

		if (strcmp(name, "pressure") == 0)
			ret->pressure_off = true;
		else
			(void)snprintf(ret->disabled + used, sizeof(ret->disabled) - used, "%s%s", used ? "," : "", name);
	}
}

static void look_at_command_line(const struct host_snapshot *host, struct examined *ret)
{
	static const char disable[] = "cgroup_disable=";
	char text[4096], *save = NULL;

	if (proc_read(host->proc_fd, "cmdline", text, sizeof(text)) <= 0)
		return;
	for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		if (begins(word, disable))
			add_disabled(ret, word + strlen(disable));
		else if (strcmp(word, "swapaccount=0") == 0)
			ret->swap_off = true;
	}
}

/* Debian and others leave the configuration beside the kernel. In a container it is out of sight. */
static enum examined_config look_for_group_sched(const struct host_snapshot *host)
{
	CLEANUP(freep) char *line = NULL;
	enum examined_config found = EXAMINED_UNKNOWN;
	char path[PATH_MAX];
	size_t size = 0;
	FILE *file;

	if ((size_t)snprintf(path, sizeof(path), "%s/boot/config-%s", host->root, host->kernel) >= sizeof(path))
		return EXAMINED_UNKNOWN;
	file = fopen(path, "re");
	if (!file)
		return EXAMINED_UNKNOWN;
	while (getline(&line, &size, file) > 0) {
		/* What isn't set isn't said, as a rule; but some word of it says that this is such a file. */
		if (begins(line, "CONFIG_CGROUPS=y") && found == EXAMINED_UNKNOWN)
			found = EXAMINED_NO;
		if (begins(line, "CONFIG_RT_GROUP_SCHED=y"))
			found = EXAMINED_YES;
	}
	(void)fclose(file);
	return found;
}

/* ---------------------------------------------------------------------- BASE */

static void look_at_base(const struct host_snapshot *host, struct examined *ret)
{
	char text[CG_FILE_MAX];

	ret->kept_back = base_controllers(host->base_fd) & ~host->facts.controllers;
	ret->threaded = base_threaded(host->base_fd);
	if (cg_read(host->base_fd, "cgroup.stat", text, sizeof(text)) > 0) {
		(void)cg_text_key(text, "nr_descendants", &ret->groups);
		(void)cg_text_key(text, "nr_dying_descendants", &ret->dying);
	}
	if (cg_read_u64(host->base_fd, "cgroup.max.descendants", &ret->groups_max) < 0)
		ret->groups_max = UINT64_MAX;
}

/* ------------------------------------------------------------------- realtime */

/* A task that has one of these keeps a group's CPU from being divided. */
static bool is_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* How many threads of a process are realtime. */
static uint64_t count_realtime(const struct host_snapshot *host, pid_t pid)
{
	char path[32];
	const struct dirent *entry;
	uint64_t n = 0;
	DIR *dir;
	int fd, policy;

	(void)snprintf(path, sizeof(path), "%d/task", (int)pid);
	fd = openat(host->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		(void)close_fd(fd);
		return 0;
	}
	while ((entry = readdir(dir))) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		n += tid > 0 && proc_policy(host->proc_fd, pid, tid, &policy) == 0 && is_realtime(policy);
	}
	(void)closedir(dir);
	return n;
}

/*
 * Whether the kernel would move the processes of the group `path` when BASE enables cpu. In the real root
 * only those below it; in our own group also its own processes, which move into a leaf. Kernel threads are in
 * the real root.
 */
static bool is_below(const struct host_snapshot *host, const char *path)
{
	const char *base = host->base + strlen(host->root) + strlen(host->mount);

	if (begins(path, "/.."))
		return false;
	if (host->facts.base_kind == RATION_BASE_ROOT)
		return strcmp(path, "/") != 0;
	return cg_path_within(path, base);
}

static void look_at_process(const struct host_snapshot *host, pid_t pid, struct examined *ret)
{
	char path[PATH_MAX], name[32], comm[64];
	uint64_t n;

	if (proc_cgroup(host->proc_fd, pid, path, sizeof(path)) < 0 || !is_below(host, path))
		return;
	n = count_realtime(host, pid);
	if (n > 0 && ret->realtime == 0) {
		(void)snprintf(name, sizeof(name), "%d/comm", (int)pid);
		if (proc_read(host->proc_fd, name, comm, sizeof(comm)) < 0)
			comm[0] = '\0';
		comm[strcspn(comm, "\n")] = '\0';
		ret->realtime_pid = pid;
		(void)text_escape(ret->realtime_name, sizeof(ret->realtime_name), comm);
		(void)text_escape(ret->realtime_group, sizeof(ret->realtime_group), path);
	}
	ret->realtime += n;
}

static bool hands_down_cpu(const struct host_snapshot *host)
{
	char text[256];

	return cg_read(host->base_fd, "cgroup.subtree_control", text, sizeof(text)) >= 0 &&
		cg_text_has_word(text, "cpu");
}

static void look_for_realtime(const struct host_snapshot *host, struct examined *ret)
{
	int fd = openat(host->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		(void)close_fd(fd);
		return;
	}
	ret->group_sched = look_for_group_sched(host);
	while (ret->group_sched != EXAMINED_NO && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			look_at_process(host, (pid_t)atoi(entry->d_name), ret);
	}
	(void)closedir(dir);
}

/* "memory 32 MiB, pids 100" */
static void describe_caller(const struct host_caller *caller, char *text, size_t size)
{
	const struct host_bounds *bounds = &caller->bounds;
	const struct {
		const char *name;
		const struct host_bound *bound;
	} bytes[] = {
		{ "memory", &bounds->memory },
		{ "memory_high", &bounds->memory_high },
		{ "swap", &bounds->swap },
	};
	size_t n = 0;
	char value[RATION_TEXT_MAX];

	if (!caller->apart)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
		if (bytes[i].bound->known)
			n += (size_t)snprintf(text + n, size - n, ", %s %s", bytes[i].name,
					ration_format_size(value, bytes[i].bound->value));
	}
	if (bounds->pids.known)
		n += (size_t)snprintf(text + n, size - n, ", pids %" PRIu64, bounds->pids.value);
	if (bounds->cpus.known)
		n += (size_t)snprintf(text + n, size - n, ", cpus %.4g", (double)bounds->cpus.value / 100000);
	if (caller->cpus.known)
		n += (size_t)snprintf(text + n, size - n, ", cpuset_cpus %.60s", caller->cpus.list);
	if (caller->mems.known)
		n += (size_t)snprintf(text + n, size - n, ", cpuset_mems %.60s", caller->mems.list);
	(void)memmove(text, text + (n > 0 ? 2 : 0), n > 0 ? n - 1 : 0);
}

void examine(const struct host_snapshot *host, struct examined *ret)
{
	*ret = (struct examined) {
		.on_linux = !kernel_is(host->kernel_kind, KERNEL_GVISOR),
		.proc_foreign = host->facts.proc_foreign,
		.groups_max = UINT64_MAX,
	};
	describe_caller(&host->facts.caller, ret->caller_limits, sizeof(ret->caller_limits));
	look_at_mount(host, ret);
	look_at_command_line(host, ret);
	ret->pressure = sys_access(host->proc_fd, "pressure/memory", F_OK) == 0;
	if (host->base_fd < 0)
		return;
	look_at_base(host, ret);
	if (host->facts.controllers & RATION_CONTROLLER_CPU && !ret->proc_foreign && !hands_down_cpu(host))
		look_for_realtime(host, ret);
}
