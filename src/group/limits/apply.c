/* SPDX-License-Identifier: MIT */
/*
 * apply.c - a plan becomes writes to a group
 *
 * All or nothing: each write is made with the old value at hand, and the first
 * that fails takes those before it back.
 */
#include "group/limits/apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group/cgroup1.h"
#include "plan/mech/table.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cpus.h"
#include "util/cleanup.h"
#include "util/error.h"

uint32_t apply_controllers(const struct ration_plan *plan, const struct host_facts *facts)
{
	uint32_t wanted = RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS |
		RATION_CONTROLLER_IO;
	static const struct {
		enum ration_limit limit;
		uint32_t controller;
	} on_request[] = {
		/* The CPU set controller counts nothing, and costs each group a scheduling domain. */
		{ RATION_LIMIT_CPUSET_CPUS, RATION_CONTROLLER_CPUSET },
		{ RATION_LIMIT_CPUSET_MEMS, RATION_CONTROLLER_CPUSET },
		{ RATION_LIMIT_HUGETLB, RATION_CONTROLLER_HUGETLB },
	};

	for (size_t i = 0; i < ARRAY_SIZE(on_request); i++) {
		const struct ration_plan_item *item = plan_enforced(plan, on_request[i].limit);

		if (item && item->mechanism == RATION_MECHANISM_CGROUP2)
			wanted |= on_request[i].controller;
	}
	return wanted & facts->controllers;
}

uint32_t apply_v1_controllers(const struct ration_plan *plan, const struct host_facts *facts)
{
	/* Without a cgroup2, other programs find, freeze and kill a run by the processes in its freezer group. */
	uint32_t wanted = facts->base_kind == RATION_BASE_NONE || facts->base_kind == RATION_BASE_REFUSED ?
		RATION_CONTROLLER_FREEZER : 0;

	for (size_t i = 0; plan && i < plan->n; i++) {
		if (plan->entry[i].item.mechanism == RATION_MECHANISM_CGROUP1)
			wanted |= mech_v1_controller(plan->entry[i].item.limit);
	}
	return wanted & facts->v1_controllers;
}

/* Finds "FIELD=VALUE" in the line of `key`: returns the value, or "max" if there is no such line. */
static void old_field(const char *text, const struct group_write *write, char *buf, size_t size)
{
	char key[sizeof(write->key) + 1], field[sizeof(write->field) + 2];
	const char *line = text, *at;

	(void)snprintf(key, sizeof(key), "%s ", write->key);
	(void)snprintf(field, sizeof(field), " %s=", write->field);
	while (line && strncmp(line, key, strlen(key)) != 0) {
		line = strchr(line, '\n');
		line += line ? 1 : 0;
	}
	at = line ? strstr(line, field) : NULL;
	if (at && memchr(line, '\n', (size_t)(at - line)))
		at = NULL;
	at = at ? at + strlen(field) : "max";
	(void)snprintf(buf, size, "%s %s=%.*s", write->key, write->field, (int)strcspn(at, " \n"), at);
}

/* Reads the value that undoes `write`: a list of CPUs can be long. */
static int read_old(int group_fd, const struct group_write *write, char **ret_text)
{
	char text[CG_FILE_MAX], field[256];
	int r = cg_read(group_fd, write->file, text, sizeof(text));

	if (r < 0)
		return r;
	if (write->key[0])
		old_field(text, write, field, sizeof(field));
	*ret_text = strdup(write->key[0] ? field : text);
	return *ret_text ? 0 : -ENOMEM;
}

/* The directory that a file is in. */
static int dir_of(const struct place *place, const struct group_write *write)
{
	return write->v1 ? v1_fd(place, write->v1) : place->fd;
}

int apply_read(const struct place *place, const struct group_write *write, char **ret_text)
{
	int dir_fd = dir_of(place, write);

	return dir_fd < 0 ? -ENOENT : read_old(dir_fd, write, ret_text);
}

static void undo(const struct place *place, const struct group_writes *writes, char *const *old, size_t n)
{
	/* An empty list of CPUs or nodes: the kernel ignores a write of no bytes. */
	while (n-- > 0)
		(void)cg_write(dir_of(place, &writes->write[n]), writes->write[n].file,
				old[n][0] ? old[n] : "\n");
}

/* If a file is missing, its controller may be disabled ("pids" for "pids.max"), not only its kernel too old. */
static bool controller_missing(int group_fd, const char *file, char name[32])
{
	char have[256];

	(void)snprintf(name, 32, "%.*s", (int)strcspn(file, "."), file);
	return cg_read(group_fd, "cgroup.controllers", have, sizeof(have)) >= 0 && !cg_text_has_word(have, name);
}

static int write_error(int dir_fd, const struct group_write *write, int code, struct ration_error *reterr)
{
	const struct ration_limit_info *info = ration_limit_info(write->limit);
	const char *since = write->v1 ? NULL : info->since;
	char controller[32];

	/* When the plan was made, BASE was expected; but systemd didn't start its unit. */
	if (dir_fd < 0) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CGROUP,
				"can't set %s: the plan needs a cgroup, and this host has none any more", info->flag);
		return error_hint(reterr, -EOPNOTSUPP, "make a new plan; see ration doctor");
	}
	if (code == -ENOENT && controller_missing(dir_fd, write->file, controller)) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CONTROLLER,
				"can't set %s: the group above doesn't enable the %s controller for this one", info->flag,
				controller);
		return error_hint(reterr, -EOPNOTSUPP, "as the owner of the group above: echo +%s "
				">cgroup.subtree_control",
				controller);
	}
	(void)error_set(reterr, code, code == -ENOENT ? RATION_CAUSE_KERNEL_TOO_OLD : RATION_CAUSE_UNKNOWN,
			"can't write \"%s\" to %s for %s: %s", write->value, write->file, info->flag,
			error_text(code));
	switch (code) {
	case -ENOENT:
		return error_hint(reterr, code, "this kernel has no %s%s%s", write->file,
				since ? "; since " : "", since ? since : "");
	case -EINVAL:
	case -ERANGE:
		return error_hint(reterr, code, "the kernel rejects this value; try e.g. %s %s",
				info->flag, info->example ? info->example : "");
	case -EACCES:
	case -EPERM:
		return error_hint(reterr, code, "the group's files belong to another user; see ration doctor");
	default:
		return code;
	}
}

int apply_writes_then(const struct place *place, struct group_writes *writes,
		int (*then)(void *data, struct ration_error *reterr), void *data, struct ration_error *reterr)
{
	char *old[ARRAY_SIZE(writes->write)] = { NULL };
	int r = 0;

	for (size_t i = 0; i < writes->n && r >= 0; i++) {
		const struct group_write *write = &writes->write[i];
		int dir_fd = dir_of(place, write);

		r = read_old(dir_fd, write, &old[i]);
		if (r >= 0)
			r = cg_write(dir_fd, write->file, write->value);
		if (r < 0) {
			undo(place, writes, old, i);
			writes->failed = i;
			r = write_error(dir_fd, write, r, reterr);
		}
	}
	if (r >= 0 && then) {
		r = then(data, reterr);
		if (r < 0) {
			undo(place, writes, old, writes->n);
			writes->failed = writes->n;
		}
	}
	for (size_t i = 0; i < writes->n; i++)
		free(old[i]);
	return r < 0 ? r : 0;
}

int apply_writes(const struct place *place, struct group_writes *writes, struct ration_error *reterr)
{
	return apply_writes_then(place, writes, NULL, NULL, reterr);
}

int apply_collect(const struct ration_plan *plan, struct group_writes *writes, struct ration_error *reterr)
{
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;
		const struct mech_ops *ops = mech_ops(item->mechanism);

		if (ops && ops->apply_group)
			r = ops->apply_group(item, writes);
	}
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "too many limits for one group") : 0;
}

/* Finds the first CPU or node of `asked` that isn't in `has`. */
static bool first_missing(const struct cpus *asked, const struct cpus *has, unsigned *ret)
{
	for (unsigned i = 0; i < CPUS_MAX; i++) {
		if (cpus_has(asked, i) && !cpus_has(has, i)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/*
 * The kernel takes any list, and uses what a group above has of it, or all that that group has if nothing is
 * left. A plan with such a list is refused, unless it was made for another place.
 */
static int check_set(const struct ration_plan *plan, enum ration_limit limit, const struct place *place,
		const char *file, struct ration_error *reterr)
{
	const struct ration_plan_item *item = plan_enforced(plan, limit);
	struct cpus asked, has;
	char list[CG_FILE_MAX];
	unsigned missing;
	int r;

	if (!item || item->mechanism != RATION_MECHANISM_CGROUP2 || !item->text || cpus_parse(item->text, &asked) < 0)
		return 0;
	r = cg_read(place->fd, file, list, sizeof(list));
	/* If it isn't known to hold, it doesn't. */
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't see whether %s holds, in %s: %s",
				ration_limit_info(limit)->flag, file, error_text(r));
	if (r == 0 || cpus_parse(list, &has) < 0 || !first_missing(&asked, &has, &missing))
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %.60s: %u isn't available in the tenant %s, only %.60s",
			ration_limit_info(limit)->flag, item->text, missing, place->tenant, list);
	return error_hint(reterr, -EINVAL, "choose from %.60s", list);
}

static int check_sets(const struct ration_plan *plan, const struct place *place, struct ration_error *reterr)
{
	int r = check_set(plan, RATION_LIMIT_CPUSET_CPUS, place, "cpuset.cpus.effective", reterr);

	return r < 0 ? r : check_set(plan, RATION_LIMIT_CPUSET_MEMS, place, "cpuset.mems.effective", reterr);
}

/* A separate function, because of its large stack frame: a run without limits doesn't touch it. */
static __attribute__((noinline)) int apply_limits(const struct ration_plan *plan, const struct place *place, bool oom_group,
		struct ration_error *reterr)
{
	struct group_writes writes = { .n = 0 };
	const struct ration_plan_item *memory = plan_enforced(plan, RATION_LIMIT_MEMORY);
	int r = apply_collect(plan, &writes, reterr);

	/* Since 4.19. A run that has lost one of its processes isn't the run that was asked for. */
	if (r == 0 && oom_group && memory && memory->mechanism == RATION_MECHANISM_CGROUP2)
		r = mech_write(&writes, RATION_LIMIT_MEMORY, "memory.oom.group", "1");
	r = r < 0 ? r : apply_writes(place, &writes, reterr);
	return r < 0 ? r : check_sets(plan, place, reterr);
}

int apply_group(const struct ration_plan *plan, const struct place *place, bool oom_group, struct ration_error *reterr)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct mech_ops *ops = mech_ops(plan->entry[i].item.mechanism);

		if (ops && ops->apply_group)
			return apply_limits(plan, place, oom_group, reterr);
	}
	return 0;
}
