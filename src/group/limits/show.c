/* SPDX-License-Identifier: MIT */
/*
 * show.c - the limits of a group that lives: asked, here, effective
 *
 * The effective limit of a process is the lowest of its group's, of those of all groups above, and of
 * what the machine has. cgroup v2 has no file that says it, except for CPU sets. So the levels are
 * walked, as far as this process can see them.
 */
#include "group/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "group/cgroup1.h"
#include "group/leaf.h"
#include "group/levels.h"
#include "group/limits/in-force.h"
#include "group/record.h"
#include "host/facts.h"
#include "host/machine.h"
#include "host/notes.h"
#include "plan/mech/mech.h"
#include "sys/cgroup/cgroup.h"
#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/enum-index.h"
#include "util/error.h"

enum kind {
	KIND_NONE,     /* not a limit of groups */
	KIND_LOWEST,   /* a number: the lowest of all levels holds */
	KIND_QUOTA,    /* "QUOTA PERIOD": the same */
	KIND_OWN,      /* a number that matters only among siblings */
	KIND_SET,      /* a list, of which the kernel itself says what is effective */
	KIND_RATE,     /* io.max: a number for each disk, the lowest holds */
	KIND_PAGES,    /* hugetlb.*.max: a number for each page size, the same */
};

static const enum kind kinds[LIMIT_INDEX_COUNT] = {
	[LIMIT_INDEX_MEMORY] = KIND_LOWEST,
	[LIMIT_INDEX_SWAP] = KIND_LOWEST,
	[LIMIT_INDEX_MEMORY_HIGH] = KIND_LOWEST,
	/* A group's protection is at most that of all groups above it. */
	[LIMIT_INDEX_MEMORY_LOW] = KIND_LOWEST,
	[LIMIT_INDEX_MEMORY_MIN] = KIND_LOWEST,
	[LIMIT_INDEX_HUGETLB] = KIND_PAGES,
	[LIMIT_INDEX_IO_READ_BPS] = KIND_RATE,
	[LIMIT_INDEX_IO_WRITE_BPS] = KIND_RATE,
	[LIMIT_INDEX_IO_READ_IOPS] = KIND_RATE,
	[LIMIT_INDEX_IO_WRITE_IOPS] = KIND_RATE,
	[LIMIT_INDEX_CPUS] = KIND_QUOTA,
	[LIMIT_INDEX_CPU_IDLE] = KIND_OWN,
	[LIMIT_INDEX_CPU_BURST] = KIND_OWN,
	[LIMIT_INDEX_CPU_WEIGHT] = KIND_OWN,
	[LIMIT_INDEX_PIDS] = KIND_LOWEST,
	[LIMIT_INDEX_CPUSET_CPUS] = KIND_SET,
	[LIMIT_INDEX_CPUSET_MEMS] = KIND_SET,
};

/* ----------------------------------------------------------------- reading */

/* What the machine itself has of it; RATION_UNLIMITED where that says nothing. */
static uint64_t machine_has(const struct host_snapshot *host, enum ration_limit limit)
{
	const struct host_facts *facts = &host->facts;
	char text[32];

	if (limit == RATION_LIMIT_MEMORY && facts->memory_bytes > 0)
		return facts->memory_bytes;
	if (limit == RATION_LIMIT_SWAP)
		return facts->swap_bytes;
	if (limit == RATION_LIMIT_CPUS)
		return facts->cpus * UINT64_C(100000);
	if (limit == RATION_LIMIT_PIDS && proc_read(host->proc_fd, "sys/kernel/pid_max", text, sizeof(text)) > 0)
		return strtoull(text, NULL, 10);
	return RATION_UNLIMITED;
}

/* --------------------------------------------------------------- effective */

/* What is returned, and its texts. */
struct found {
	struct ration_group_limit limit;
	char where[sizeof(((struct ration_group *)0)->path)];
	char asked_text[LIMIT_TEXT_MAX], here_text[LIMIT_TEXT_MAX], effective_text[LIMIT_TEXT_MAX];
	int unread; /* a negative errno: something of this isn't known */
};

struct search {
	const struct ration_limit_info *info;
	struct found *found;
};

/* Whether it was read. A value that exists but can't be read just now isn't taken for no limit. */
static bool got(struct found *found, int code)
{
	if (!found->unread && facts_doubt(code))
		found->unread = code;
	return code >= 0;
}

static void visit_level(void *data, int fd, enum ration_level level, const char *where)
{
	struct search *search = data;
	uint64_t value;

	/* The real root has no such files: no limit, not a limit of 0. */
	if (!got(search->found, in_force_read(fd, search->info, &value)))
		return;
	search->found->limit.has_effective = true;
	if (value >= search->found->limit.effective)
		return;
	search->found->limit.effective = value;
	search->found->limit.level = level;
	(void)snprintf(search->found->where, sizeof(search->found->where), "%s", where);
}

static void find_lowest(const struct ration_group *group, struct search *search)
{
	struct found *found = search->found;
	uint64_t machine = machine_has(group->host, search->info->limit);

	found->limit.effective = RATION_UNLIMITED;
	found->limit.level = RATION_LEVEL_MACHINE;
	if (!group->tenant)
		visit_level(search, group->at.fd, RATION_LEVEL_GROUP, group->path + strlen(group->host->mount));
	levels_walk(&group->at, visit_level, search);
	if (found->limit.has_effective && machine < found->limit.effective) {
		found->limit.effective = machine;
		found->limit.level = RATION_LEVEL_MACHINE;
		found->where[0] = '\0';
	}
}

static void find_set(const struct ration_group *group, const struct ration_limit_info *info,
		struct found *found)
{
	char file[64];

	if (got(found, cg_read(group->at.fd, info->kernel_file, found->here_text, sizeof(found->here_text))))
		found->limit.has_here = true;
	(void)snprintf(file, sizeof(file), "%s.effective", info->kernel_file);
	if (got(found, cg_read(group->at.fd, file, found->effective_text, sizeof(found->effective_text))))
		found->limit.has_effective = true;
	found->limit.level = group->tenant ? RATION_LEVEL_TENANT : RATION_LEVEL_GROUP;
	/* A list of its own that is smaller than what was set has been cut by a level above. */
	if (strcmp(found->here_text, found->effective_text) != 0)
		found->limit.level = found->here_text[0] ? RATION_LEVEL_ANCESTOR : RATION_LEVEL_MACHINE;
}

/* ----------------------------------------------------------------- by key */

#define KEYS_MAX 16

/* The value of each key, the lowest that was seen. */
struct keyed {
	const struct ration_limit_info *info;
	size_t n;
	bool readable;
	struct {
		char key[32];
		uint64_t value;
	} at[KEYS_MAX];
};

static void add_key(struct keyed *keyed, const char *key, size_t length, uint64_t value)
{
	size_t i = 0;

	if (length >= sizeof(keyed->at[0].key) || value == RATION_UNLIMITED)
		return;
	while (i < keyed->n && (strncmp(keyed->at[i].key, key, length) != 0 || keyed->at[i].key[length]))
		i++;
	if (i == KEYS_MAX)
		return;
	if (i == keyed->n) {
		keyed->n++;
		(void)snprintf(keyed->at[i].key, sizeof(keyed->at[i].key), "%.*s", (int)length, key);
		keyed->at[i].value = value;
	}
	if (value < keyed->at[i].value)
		keyed->at[i].value = value;
}

static const char *rate_field(enum ration_limit limit)
{
	if (limit == RATION_LIMIT_IO_READ_BPS)
		return " rbps=";
	if (limit == RATION_LIMIT_IO_WRITE_BPS)
		return " wbps=";
	return limit == RATION_LIMIT_IO_READ_IOPS ? " riops=" : " wiops=";
}

/* "8:0 rbps=1048576 wbps=max riops=max wiops=max", a line for each disk that has a limit. */
static void add_rates(int fd, struct keyed *keyed)
{
	const char *field = rate_field(keyed->info->limit);
	char text[CG_FILE_MAX], *save = NULL;

	if (cg_read(fd, "io.max", text, sizeof(text)) < 0)
		return;
	keyed->readable = true;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *value = strstr(line, field);

		if (value && value[strlen(field)] != 'm')
			add_key(keyed, line, strcspn(line, " "), strtoull(value + strlen(field), NULL, 10));
	}
}

/* A file for each size of pages; which there are, the machine says. */
static void add_pages(int fd, struct keyed *keyed, const struct host_facts *facts)
{
	for (size_t i = 0; i < facts->n_huge; i++) {
		char size[RATION_TEXT_MAX], file[64];
		uint64_t value;

		(void)snprintf(file, sizeof(file), "hugetlb.%.12s.max", machine_page_size(size, facts->huge_bytes[i]));
		if (cg_read_u64(fd, file, &value) < 0)
			continue;
		keyed->readable = true;
		/* Unlimited is written as the highest number of whole pages. */
		add_key(keyed, size, strlen(size), value > INT64_MAX - facts->huge_bytes[i] ? RATION_UNLIMITED : value);
	}
}

struct key_search {
	const struct host_facts *facts;
	struct keyed *keyed;
};

static void look_at_keys(void *data, int fd, enum ration_level level, const char *where)
{
	struct key_search *search = data;

	(void)level;
	(void)where;
	if (search->keyed->info->key == RATION_KEY_DISK)
		add_rates(fd, search->keyed);
	else
		add_pages(fd, search->keyed, search->facts);
}

static void write_keys(char *buf, size_t size, const struct keyed *keyed)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < keyed->n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s:%" PRIu64, i ? " " : "", keyed->at[i].key,
				keyed->at[i].value);
}

static void find_keys(const struct ration_group *group, const struct ration_limit_info *info,
		struct found *found)
{
	struct keyed here = { .info = info }, all = { .info = info };
	struct key_search search = { .facts = &group->host->facts, .keyed = &here };

	look_at_keys(&search, group->at.fd, RATION_LEVEL_GROUP, "");
	found->limit.has_here = here.readable;
	write_keys(found->here_text, sizeof(found->here_text), &here);
	search.keyed = &all;
	look_at_keys(&search, group->at.fd, RATION_LEVEL_GROUP, "");
	levels_walk(&group->at, look_at_keys, &search);
	found->limit.has_effective = all.readable;
	write_keys(found->effective_text, sizeof(found->effective_text), &all);
	found->limit.level = group->tenant ? RATION_LEVEL_TENANT : RATION_LEVEL_GROUP;
	if (strcmp(found->here_text, found->effective_text) != 0)
		found->limit.level = RATION_LEVEL_ANCESTOR;
	else if (!all.n)
		found->limit.level = RATION_LEVEL_MACHINE;
}

/* The path of the group in a hierarchy of cgroup v1, from the root of the file system. */
static void path_in_v1(char *buf, size_t size, const struct ration_group *group, uint32_t controller)
{
	const struct host_snapshot *host = group->host;
	char nodes[NODES_PATH_MAX];

	buf[0] = '\0';
	for (size_t i = 0; i < host->n_v1; i++) {
		if (host->v1[i].controllers & controller)
			(void)snprintf(buf, size, "%s%s/%s", host->v1[i].path, nodes_path(nodes, sizeof(nodes), host),
					group->address);
	}
}

/* Upwards from a directory of cgroup v1 as far as it is one. */
static void look_upwards_v1(struct search *search, int dir_fd, char *path)
{
	CLEANUP(closep) int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum ration_level level = RATION_LEVEL_GROUP;

	while (fd >= 0 && sys_access(fd, "cgroup.procs", F_OK) == 0 && strrchr(path, '/')) {
		uint64_t value;

		if (got(search->found, in_force_read_v1(fd, search->info, &value)) && value < search->found->limit.effective) {
			search->found->limit.effective = value;
			search->found->limit.level = level;
			(void)snprintf(search->found->where, sizeof(search->found->where), "%s", path);
		}
		level = level == RATION_LEVEL_GROUP ? RATION_LEVEL_TENANT : RATION_LEVEL_ANCESTOR;
		*strrchr(path, '/') = '\0';
		(void)cg_step_up(&fd);
	}
}

static void find_v1(const struct ration_group *group, struct search *search)
{
	uint32_t controller = mech_v1_controller(search->info->limit);
	struct found *found = search->found;
	char path[sizeof(group->path)];

	found->limit.file = in_force_v1_file(search->info->limit);
	found->limit.has_effective = true;
	found->limit.effective = machine_has(group->host, search->info->limit);
	found->limit.level = RATION_LEVEL_MACHINE;
	path_in_v1(path, sizeof(path), group, controller);
	look_upwards_v1(search, v1_fd(&group->at, controller), path);
}

static void find_number(const struct ration_group *group, struct search *search, enum kind kind)
{
	struct found *found = search->found;
	enum ration_mechanism mechanism;

	found->limit.has_here = got(found, in_force_read_own(&group->at, search->info, &found->limit.here, &mechanism));
	if (found->limit.has_here)
		found->limit.mechanism = mechanism;
	if (found->limit.mechanism == RATION_MECHANISM_CGROUP1) {
		find_v1(group, search);
	} else if (kind == KIND_OWN) {
		found->limit.has_effective = found->limit.has_here;
		found->limit.effective = found->limit.here;
		found->limit.level = group->tenant ? RATION_LEVEL_TENANT : RATION_LEVEL_GROUP;
	} else {
		find_lowest(group, search);
	}
}

static void find_asked(const struct ration_group *group, enum ration_limit limit, struct found *found)
{
	char text[NOTE_MAX];
	struct record_limit asked;

	if (!got(found, notes_read(group->at.fd, NOTE_LIMITS, text, sizeof(text))) ||
			record_find_limit(text, limit, &asked) < 0)
		return;
	found->limit.has_asked = true;
	found->limit.asked = asked.value;
	(void)snprintf(found->asked_text, sizeof(found->asked_text), "%s", asked.text);
}

/* Reads what holds here, and what all levels together come to. */
static void find_in_force(const struct ration_group *group, struct search *search)
{
	const struct ration_limit_info *info = search->info;
	struct found *found = search->found;
	enum kind kind = kinds[limit_index(info->limit)];

	switch (kind) {
	case KIND_NONE:
		break;
	case KIND_LOWEST:
	case KIND_QUOTA:
	case KIND_OWN:
		find_number(group, search, kind);
		break;
	case KIND_SET:
		find_set(group, info, found);
		break;
	case KIND_RATE:
	case KIND_PAGES:
		find_keys(group, info, found);
		break;
	}
	if (found->limit.has_here && !found->limit.file) {
		found->limit.mechanism = RATION_MECHANISM_CGROUP2;
		found->limit.file = info->kernel_file;
	}
}

int ration_group_limit_new(const struct ration_group *group, enum ration_limit limit,
		struct ration_group_limit **ret_limit, struct ration_error *reterr)
{
	const struct ration_limit_info *info = ration_limit_info(limit);
	CLEANUP(freep) struct found *found = NULL;
	int r = handle_check(group, reterr);

	if (r < 0)
		return r;
	if (!info || kinds[limit_index(limit)] == KIND_NONE)
		return error_set(reterr, -ENODATA, RATION_CAUSE_INVALID, "%s isn't a limit of groups",
				info ? info->flag : "that");
	found = calloc(1, sizeof(*found));
	if (!found)
		return error_oom(reterr);
	found->limit = (struct ration_group_limit) {
		.size = sizeof(found->limit),
		.limit = limit,
		.where = found->where,
		.asked_text = found->asked_text,
		.here_text = found->here_text,
		.effective_text = found->effective_text,
	};
	find_asked(group, limit, found);
	find_in_force(group, &(struct search) { .info = info, .found = found });
	if (!leaf_alive(group->at.fd))
		return handle_error(group, -ENOENT, "read the limits of", reterr);
	if (found->unread)
		return handle_error(group, found->unread, "read the limits of", reterr);
	*ret_limit = &TAKE_PTR(found)->limit;
	return 0;
}

struct ration_group_limit *ration_group_limit_free(struct ration_group_limit *limit)
{
	free(limit);
	return NULL;
}
