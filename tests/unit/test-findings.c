/* SPDX-License-Identifier: MIT */
/*
 * test-findings.c - what is found out about machines that aren't this one
 *
 * The captured ones first, then trees made by hand, both through the whole of
 * ration_findings_new(); then the pure part, for what a tree of files can't show.
 */
#include "unit.h"

#include <unistd.h>

#include "doctor/findings.h"
#include "files.h"
#include "host/base.h"
#include "host/host.h"
#include "util/cleanup.h"

/* Writes "bad:read-only warn:no-psi …": all that was found. */
static void list(const struct ration_findings *findings, char *buf, size_t size)
{
	size_t used = 0;
	const struct ration_finding *item;

	buf[0] = '\0';
	for (size_t i = 0; (item = ration_findings_item(findings, i)) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s:%s", used ? " " : "",
				ration_severity_name(item->severity), item->id);
}

static const struct ration_finding *find(const struct ration_findings *findings, const char *id)
{
	const struct ration_finding *item;

	for (size_t i = 0; (item = ration_findings_item(findings, i)); i++) {
		if (strcmp(item->id, id) == 0)
			return item;
	}
	return NULL;
}

/* What holds of all: each weaker limit is in a finding, and no finding is empty, or there twice. */
static void check_all(const char *name, const struct ration_host *host, const struct ration_findings *findings)
{
	const struct ration_plan_item *limit;
	const struct ration_finding *item;
	struct ration_plan *plan = NULL;
	uint64_t found = 0, weaker = 0;

	for (size_t i = 0; (item = ration_findings_item(findings, i)); i++) {
		assert_row(item->text[0] && item->fix && item->size == sizeof(*item), "%s: %s", name, item->id);
		assert_row(find(findings, item->id) == item, "%s: %s twice", name, item->id);
		for (size_t k = 0; k < LIMIT_INDEX_COUNT; k++)
			found |= (uint64_t)ration_findings_weakens(findings, i, limit_at(k)) << k;
	}
	assert_int_equal(ration_plan_survey(host, &plan, NULL), 0);
	for (size_t i = 0; (limit = ration_plan_item(plan, i)); i++)
		weaker |= (uint64_t)limit->weaker << limit_index(limit->limit);
	plan = ration_plan_free(plan);
	assert_row((weaker & ~found) == 0, "%s: in no finding: %llx", name, (unsigned long long)(weaker & ~found));
}

static struct ration_findings *findings_of(const char *name, const char *root, char *buf, size_t size)
{
	struct ration_findings *findings = NULL;
	struct ration_host *host = NULL;

	assert_row(host_open(root, NULL, &host, NULL) == 0, "%s", name);
	assert_row(ration_findings_new(host, &findings, NULL) == 0, "%s", name);
	check_all(name, host, findings);
	host = ration_host_free(host);
	list(findings, buf, size);
	return findings;
}

/* ------------------------------------------------------------------- captured */

/* " ID" for each that must be there, without those that depend on who runs the test. */
static const struct {
	const char *name;
	const char *with, *without;
	bool strict;
} worlds[] = {
	{ "6.1-v2", "note:favordynmods-off note:old-kernel", "bad: warn:", true },
	{ "6.12-v2", "note:favordynmods-off", "bad: warn: old-kernel", true },
	{ "6.1-mounted-elsewhere", "note:favordynmods-off", "bad: warn:", true },
	{ "6.1-nothing", "bad:no-cgroups", "favordynmods", false },
	{ "6.1-readonly", "bad:read-only", "favordynmods not-delegated", false },
	{ "6.1-hybrid", "warn:v1-controllers", "missing-controllers no-controllers v1-unusable", true },
	{ "6.1-v1", "warn:v1-only", "v1-unusable no-cgroups", true },
	{ "6.12-hybrid", "bad:missing-controllers", "v1-controllers", false },
	{ "6.1-v1", "warn:v1-only", "bad: v1-controllers", true },
	{ "6.1-user", "bad:no-controllers", "shared-group", false },
	{ "6.12-user", "bad:no-controllers", "old-kernel", false },
	{ "gvisor22-v1", "bad:gvisor", "v1-only v1-unusable old-kernel no-psi no-swap-limit filtered-calls", false },
	{ "gvisor24-nothing", "bad:gvisor", "no-cgroups old-kernel no-psi no-swap-limit filtered-calls", false },
};

static bool has_words(const char *text, const char *words, bool all)
{
	char copy[256], *save = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", words);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (!strstr(text, word) == all)
			return !all;
	}
	return all;
}

static void test_captured(void **state)
{
	(void)state;
	if (access(TREES "/6.1-v2/sys/fs/cgroup/cgroup.procs", W_OK) < 0) {
		skip_because("the captured trees belong to somebody else");
	}
	for (size_t i = 0; i < ARRAY_SIZE(worlds); i++) {
		char root[PATH_MAX], said[1024];
		struct ration_findings *findings;

		(void)snprintf(root, sizeof(root), "%s/%s", TREES, worlds[i].name);
		findings = findings_of(worlds[i].name, root, said, sizeof(said));
		assert_row(has_words(said, worlds[i].with, true), "%s: %s", worlds[i].name, said);
		assert_row(!has_words(said, worlds[i].without, false), "%s: %s", worlds[i].name, said);
		assert_row(ration_findings_strict(findings) == worlds[i].strict, "%s: %s", worlds[i].name, said);
		assert_null(ration_findings_free(findings));
	}
}

/* Groups have limits in cgroup v1 beside a cgroup2, and tenants never. */
static void test_who_can_use_v1(void **state)
{
	static const char *const cases[][3] = {
		{ "6.1-hybrid", "v1-controllers", "ration run and groups use those of v1, tenants can't" },
		{ "6.1-v1", "v1-only", "ration run uses those of v1, tenants and groups can't" },
	};

	(void)state;
	if (access(TREES "/6.1-v2/sys/fs/cgroup/cgroup.procs", W_OK) < 0)
		skip_because("the captured trees belong to somebody else");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char root[PATH_MAX], said[1024];
		const struct ration_finding *item;
		struct ration_findings *findings;

		(void)snprintf(root, sizeof(root), "%s/%s", TREES, cases[i][0]);
		findings = findings_of(cases[i][0], root, said, sizeof(said));
		item = find(findings, cases[i][1]);
		assert_row(item && strstr(item->text, cases[i][2]), "%s: %s", cases[i][0], item ? item->text : said);
		assert_null(ration_findings_free(findings));
	}
}

/* -------------------------------------------------------------------- by hand */

#define MOUNTED(options) "37 23 0:33 / /cg rw,relatime - cgroup2 cgroup2 rw" options "\n"
#define STAT(policy) "7 (a) b) S 1 7 7 0 -1 0 1 0 0 0 1 1 0 0 -2 0 1 0 5 1000 10 18446744073709551615 1 1 0 0 0 0 0 0 " \
		     "0 0 0 0 17 0 0 " policy " 0 0 0 0 0 0 0 0 0 0 0\n"

/* A machine with nothing to be found but what is OK; a file of the same name in a row replaces it. */
static const char *const common[][2] = {
	{ "proc/self/mountinfo", MOUNTED(",favordynmods") },
	{ "proc/self/cgroup", "0::/\n" },
	{ "proc/meminfo", "MemTotal: 67108864 kB\nSwapTotal: 1048576 kB\n" },
	{ "proc/sys/kernel/osrelease", "6.12.0\n" },
	{ "proc/version", "Linux\n" },
	{ "proc/swaps", "Filename\n" },
	{ "proc/cmdline", "quiet\n" },
	{ "proc/pressure/memory", "some avg10=0.00\n" },
	{ "cg/memory.pressure", "some avg10=0.00\n" },
	{ "sys/kernel/mm/hugepages/hugepages-2048kB", NULL },
	{ "cg/cgroup.controllers", "cpu cpuset hugetlb io memory pids\n" },
	{ "cg/cgroup.subtree_control", "memory\n" },
	{ "cg/cgroup.procs", "1\n" },
};

#define FILES_MAX 6

static const struct {
	const char *name;
	const char *file[FILES_MAX][2]; /* NULL: it isn't there */
	const char *id;                 /* what is found besides; "": nothing */
	enum ration_severity severity;
	const char *text, *fix;         /* a word of each */
} rows[] = {
	{ "nothing", { { 0 } }, "", RATION_SEVERITY_OK, "", "" },
	{ "favordynmods", { { "proc/self/mountinfo", MOUNTED("") } }, "favordynmods-off", RATION_SEVERITY_NOTE,
		"without favordynmods", "mount -o remount,favordynmods /cg" },
	{ "favordynmods came with 6.0", { { "proc/self/mountinfo", MOUNTED("") },
		{ "proc/sys/kernel/osrelease", "5.19.0\n" } }, "old-kernel", RATION_SEVERITY_NOTE, "pids.peak (6.1), memory.swap.peak",
		"6.5" },
	{ "an old kernel", { { "proc/sys/kernel/osrelease", "5.10.0\n" } }, "old-kernel", RATION_SEVERITY_WARN,
		"cgroup.kill (5.14), cpu.max.burst (5.14), cpu.idle (5.15), memory.peak (5.19)", "6.5" },
	{ "one that clones into no group", { { "proc/sys/kernel/osrelease", "5.6.0\n" } }, "slow-start",
		RATION_SEVERITY_NOTE, "10 ms", "" },
	{ "no psi", { { "proc/pressure/memory", NULL }, { "cg/memory.pressure", NULL } }, "no-psi", RATION_SEVERITY_WARN,
		"stall", "CONFIG_PSI" },
	{ "psi is off", { { "proc/pressure/memory", "" }, { "cg/memory.pressure", "" } }, "no-psi", RATION_SEVERITY_WARN,
		"stall", "psi=1" },
	{ "psi is off for groups", { { "cg/memory.pressure", NULL }, { "proc/cmdline", "cgroup_disable=pressure quiet\n" } },
		"no-psi", RATION_SEVERITY_WARN, "pressure of groups", "boot without cgroup_disable=pressure" },
	{ "psi is of groups", { { "proc/pressure/memory", NULL } }, "", 0, "", "" },
	{ "psi is off for one group", { { "cg/memory.pressure", NULL }, { "cg/cgroup.pressure", "0\n" } }, "", 0, "", "" },
	{ "a controller lacks, and not by the boot", { { "cg/cgroup.controllers", "cpu hugetlb io memory pids\n" },
		{ "proc/cmdline", "cgroup_disable=pressure\n" } }, "missing-controllers", RATION_SEVERITY_WARN,
		"unavailable controllers: cpuset", "" },
	{ "disabled, both", { { "cg/cgroup.controllers", "cpu cpuset io hugetlb\n" },
		{ "proc/cmdline", "cgroup_disable=memory,pressure,pids\n" } }, "missing-controllers", RATION_SEVERITY_BAD,
		"cgroup_disable=memory,pids", "boot without" },
	{ "swap isn't accounted", { { "proc/cmdline", "swapaccount=0 quiet\n" } }, "no-swap-limit", RATION_SEVERITY_WARN,
		"accounted", "without swapaccount=0" },
	{ "nor is there any", { { "proc/cmdline", "swapaccount=0\n" }, { "proc/meminfo", "MemTotal: 6710886 kB\n" } },
		"no-swap-limit", RATION_SEVERITY_NOTE, "accounted", "without swapaccount=0" },
	{ "a kernel without swap", { { "proc/swaps", NULL } }, "no-swap-limit", RATION_SEVERITY_WARN, "accounted",
		"CONFIG_SWAP" },
	{ "disabled", { { "cg/cgroup.controllers", "cpu cpuset io hugetlb\n" },
		{ "proc/cmdline", "cgroup_disable=memory cgroup_disable=pids\n" } }, "missing-controllers", RATION_SEVERITY_BAD,
		"memory pids; the kernel was booted with cgroup_disable=memory,pids", "boot without" },
	{ "no cpuset", { { "cg/cgroup.controllers", "cpu hugetlb io memory pids\n" } }, "missing-controllers",
		RATION_SEVERITY_WARN, "unavailable controllers: cpuset", "" },
	{ "no hugetlb", { { "cg/cgroup.controllers", "cpu cpuset io memory pids\n" } }, "missing-controllers",
		RATION_SEVERITY_NOTE, "unavailable controllers: hugetlb", "" },
	{ "half hybrid", { { "proc/self/mountinfo", MOUNTED(",favordynmods")
		"38 23 0:34 / /v1 rw - cgroup c rw,pids\n" }, { "cg/cgroup.controllers", "cpu cpuset io hugetlb memory\n" } },
		"missing-controllers", RATION_SEVERITY_BAD, "v1 has these controllers: pids", "cgroup_no_v1=all" },
	{ "dying groups", { { "cg/cgroup.stat", "nr_descendants 7\nnr_dying_descendants 200\n" } }, "dying-groups",
		RATION_SEVERITY_NOTE, "200 removed groups", "drop_caches" },
	{ "many", { { "cg/cgroup.stat", "nr_descendants 7\nnr_dying_descendants 2000\n" } }, "dying-groups",
		RATION_SEVERITY_WARN, "2000 removed groups", "drop_caches" },
	{ "few are usual", { { "cg/cgroup.stat", "nr_descendants 7\nnr_dying_descendants 199\n" } }, "", 0, "", "" },
	{ "room for few groups", { { "cg/cgroup.stat", "nr_descendants 7\n" }, { "cg/cgroup.max.descendants", "27\n" } },
		"few-groups", RATION_SEVERITY_WARN, "20 more", "echo max" },
	{ "room for none", { { "cg/cgroup.stat", "nr_descendants 27\n" }, { "cg/cgroup.max.descendants", "27\n" } },
		"few-groups", RATION_SEVERITY_BAD, "0 more", "echo max" },
	{ "room for any", { { "cg/cgroup.stat", "nr_descendants 27\n" }, { "cg/cgroup.max.descendants", "max\n" } }, "", 0,
		"", "" },
	{ "threaded", { { "cg/cgroup.type", "domain invalid\n" } }, "threaded-base", RATION_SEVERITY_BAD, "threaded", "--base" },
	{ "a realtime thread", { { "proc/7/cgroup", "0::/x\n" }, { "proc/7/task/8/stat", STAT("1") }, { "proc/7/comm", "a\nb" } },
		"rt-tasks", RATION_SEVERITY_NOTE, "a thread of process 7 (a) in /x is realtime", "chrt --all-tasks --other --pid 0 7" },
	{ "two, and a kernel that minds", { { "proc/7/cgroup", "0::/x\n" }, { "proc/7/task/7/stat", STAT("2") },
		{ "proc/7/task/8/stat", STAT("1") }, { "proc/7/comm", "a\n" },
		{ "boot/config-6.12.0", "CONFIG_CGROUPS=y\nCONFIG_RT_GROUP_SCHED=y\n" } }, "rt-tasks", RATION_SEVERITY_BAD,
		"(a) in /x and 1 more", "chrt" },
	{ "a kernel that doesn't", { { "proc/7/cgroup", "0::/x\n" }, { "proc/7/task/7/stat", STAT("1") },
		{ "boot/config-6.12.0", "CONFIG_CGROUPS=y\n# CONFIG_RT_GROUP_SCHED is not set\n" } }, "", 0, "", "" },
	{ "in the root", { { "proc/7/cgroup", "0::/\n" }, { "proc/7/task/7/stat", STAT("1") } }, "", 0, "", "" },
	{ "cpu is there already", { { "proc/7/cgroup", "0::/x\n" }, { "proc/7/task/7/stat", STAT("1") },
		{ "cg/cgroup.subtree_control", "cpu memory\n" } }, "", 0, "", "" },
	{ "not realtime", { { "proc/7/cgroup", "0::/x\n" }, { "proc/7/task/7/stat", STAT("3") } }, "", 0, "", "" },
	{ "in a group next to ours", { { "proc/self/cgroup", "0::/own\n" }, { "cg/own/cgroup.procs", "" },
		{ "proc/7/cgroup", "0::/owner\n" }, { "proc/7/task/7/stat", STAT("1") }, { "cg/own/memory.pressure", "some\n" },
		{ "cg/own/cgroup.controllers", "cpu cpuset hugetlb io memory pids\n" } }, "", 0, "", "" },
	{ "in our own", { { "proc/self/cgroup", "0::/own\n" }, { "cg/own/cgroup.procs", "" },
		{ "proc/7/cgroup", "0::/own\n" }, { "proc/7/task/7/stat", STAT("1") },
		{ "cg/own/cgroup.controllers", "cpu cpuset hugetlb io memory pids\n" } }, "rt-tasks", RATION_SEVERITY_NOTE,
		"in /own is", "" },
	{ "no huge pages", { { "sys/kernel/mm/hugepages/hugepages-2048kB", NULL } }, "no-huge-pages",
		RATION_SEVERITY_NOTE, "--hugetlb", "" },
	{ "none are mounted", { { "proc/self/mountinfo", "\n" } }, "no-cgroups", RATION_SEVERITY_BAD, "no cgroup file system",
		"mount -t cgroup2" },
	{ "v1 only", { { "proc/self/mountinfo", "38 23 0:34 / /v1 rw - cgroup c rw,pids\n" } }, "v1-only", RATION_SEVERITY_BAD,
		"v1", "cgroup_no_v1=all" },
	{ "v1 only, in Windows", { { "proc/self/mountinfo", "38 23 0:34 / /v1 rw - cgroup c rw,pids\n" },
		{ "proc/sys/kernel/osrelease", "6.6.87-microsoft-standard-WSL2\n" } }, "v1-only", RATION_SEVERITY_BAD, "v1",
		".wslconfig" },
	{ "half hybrid, in Windows", { { "proc/self/mountinfo", MOUNTED(",favordynmods")
		"38 23 0:34 / /v1 rw - cgroup c rw,pids\n" }, { "cg/cgroup.controllers", "cpu cpuset io hugetlb memory\n" },
		{ "proc/sys/kernel/osrelease", "6.6.87-microsoft-standard-WSL2\n" } }, "missing-controllers",
		RATION_SEVERITY_BAD, "v1 has these controllers: pids", "wsl --shutdown" },
	{ "WSL 2", { { "proc/sys/kernel/osrelease", "6.6.87-microsoft-standard-WSL2\n" } }, "wsl", RATION_SEVERITY_OK,
		"kernelCommandLine", "" },
	{ "WSL 1", { { "proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n" } }, "wsl", RATION_SEVERITY_NOTE,
		"are untested", "--set-version" },
	{ "gVisor with v2", { { "proc/sentry-meminfo", "" } }, "gvisor", RATION_SEVERITY_BAD, "enforce them", "from outside" },
	{ "a pod", { { "var/run/secrets/kubernetes.io/x", "" }, { "cg/cgroup.events", "populated 1\n" } }, "kubernetes",
		RATION_SEVERITY_NOTE, "aren't visible", "" },
	{ "a pod that sees all", { { "var/run/secrets/kubernetes.io/x", "" } }, "kubernetes", RATION_SEVERITY_OK, "for all its containers together", "" },
	{ "a pod's read-only", { { "proc/self/mountinfo", "37 23 0:33 / /cg ro - cgroup2 cgroup2 rw\n" },
		{ "var/run/secrets/kubernetes.io/x", "" } }, "read-only", RATION_SEVERITY_BAD, "read-only", "cgroup_writable" },
	{ "read-only", { { "proc/self/mountinfo", "37 23 0:33 / /cg ro - cgroup2 cgroup2 rw\n" } }, "read-only",
		RATION_SEVERITY_BAD, "read-only", "mount -o remount,rw '/cg'" },
	{ "hidden", { { "proc/self/cgroup", "0::/../x\n" } }, "own-group-hidden", RATION_SEVERITY_BAD, "doesn't show", "--base" },
	{ "gone", { { "proc/self/cgroup", "0::/gone\n" } }, "not-delegated", RATION_SEVERITY_BAD, "can't open ration's own group", "" },
	{ "systemd's", { { "run/systemd/system/x", "" } }, "systemd-owns", RATION_SEVERITY_BAD, "systemd owns", "" },
	{ "nothing handed down", { { "proc/self/cgroup", "0::/own\n" }, { "cg/own/cgroup.procs", "" },
		{ "cg/own/cgroup.controllers", "\n" } }, "no-controllers", RATION_SEVERITY_BAD, "enables none",
		"subtree_control" },
	{ "strangers", { { "proc/self/cgroup", "0::/own\n" }, { "cg/own/cgroup.procs", "0\n" },
		{ "cg/own/cgroup.controllers", "cpu cpuset hugetlb io memory pids\n" } }, "shared-group", RATION_SEVERITY_BAD,
		"another pid namespace", "of its own" },
};

static void plant(const char *dir, size_t row)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		files_put(dir, common[i][0], common[i][1]);
	for (size_t i = 0; i < FILES_MAX && rows[row].file[i][0]; i++) {
		assert_true(snprintf(path, sizeof(path), "%s/%s", dir, rows[row].file[i][0]) < (int)sizeof(path));
		if (rows[row].file[i][1])
			files_put(dir, rows[row].file[i][0], rows[row].file[i][1]);
		else
			assert_int_equal(remove(path), 0);
	}
}

/* What is found on any tree of files: no disk, and what depends on who runs the test. */
static bool is_usual(const char *id)
{
	static const char *const usual[] = { "no-disk", "root-nproc", "same-user" };

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		if (strcmp(id, usual[i]) == 0)
			return true;
	}
	return false;
}

static void test_by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char dir[PATH_MAX], said[1024];
		struct ration_findings *findings;
		const struct ration_finding *item;

		files_begin(dir);
		plant(dir, i);
		findings = findings_of(rows[i].name, dir, said, sizeof(said));
		files_end(dir);
		item = find(findings, rows[i].id);
		if (rows[i].id[0]) {
			assert_row(item, "%s: %s", rows[i].name, said);
			assert_row(item->severity == rows[i].severity, "%s: %s", rows[i].name, said);
			assert_row(strstr(item->text, rows[i].text), "%s: %s", rows[i].name, item->text);
			assert_row(strstr(item->fix, rows[i].fix), "%s: fix %s", rows[i].name, item->fix);
			assert_row(ration_findings_strict(findings) == (item->severity != RATION_SEVERITY_BAD), "%s: %s",
					rows[i].name, said);
		}
		for (size_t k = 0; !rows[i].id[0] && (item = ration_findings_item(findings, k)); k++)
			assert_row(item->severity == RATION_SEVERITY_OK || is_usual(item->id), "%s: %s", rows[i].name, said);
		assert_null(ration_findings_free(findings));
	}
}

/* The fix for `base` below a directory, which is taken out of it. cg and cg/a have these controllers. */
static void fix_above(const char *base, const char *top, const char *a, bool container, char ret_fix[PATH_MAX])
{
	/* Not where TMPDIR is: that may be too long a path to be told. */
	char dir[PATH_MAX] = "/tmp/ration-test-XXXXXX", *at;
	struct host_snapshot *host = calloc(1, sizeof(*host));

	assert_true(host && mkdtemp(dir));
	files_put(dir, "cg/cgroup.controllers", top);
	files_put(dir, "cg/a/cgroup.controllers", a);
	files_put(dir, base, NULL);
	(void)strcpy(host->root, dir);
	(void)strcpy(host->mount, "/cg");
	(void)snprintf(host->base, sizeof(host->base), "%.100s/%.1000s", dir, base);
	host->facts.hierarchy = RATION_HIERARCHY_V2;
	host->facts.cgroup_namespace = container;
	base_note_no_controllers(host);
	(void)strcpy(ret_fix, host->facts.base_fix);
	while ((at = strstr(ret_fix, dir)))
		(void)memmove(at, at + strlen(dir), strlen(at + strlen(dir)) + 1);
	files_end(dir);
	free(host);
}

#define LONG "a-name-that-is-as-long-as-some-are-that-others-give-to-their-groups"
#define EACH "enable cpu, memory and pids in cgroup.subtree_control of each group above"

/* What is pasted names the right groups, whole, or none. */
static void test_FC14_the_groups_that_enable_none(void **state)
{
	static const struct {
		const char *base, *top, *a;
		bool container;
		const char *fix;
	} above[] = {
		{ "cg/a/own", "cpu memory pids", "cpuset cpu memory pids", false,
			"echo '+cpu +memory +pids' | tee '/cg/a/cgroup.subtree_control'" },
		{ "cg/a/own", "cpu pids io", "pids", false,
			"echo '+cpu +pids' | tee '/cg/cgroup.subtree_control' '/cg/a/cgroup.subtree_control'" },
		{ "cg/a/b\\x2d c/own", "cpu", "cpu", false,
			"echo '+cpu' | tee '/cg/a/cgroup.subtree_control' '/cg/a/b\\x2d c/cgroup.subtree_control'" },
		{ "cg/a/b'c/own", "cpu", "cpu", false, EACH },
		{ "cg/a/b\nc/own", "cpu", "cpu", false, EACH },
		{ "cg/a/" LONG "/" LONG "/own", "cpu", "cpu", false, EACH },
		{ "cg/a/own", "", "", false, EACH },
		{ "cg", "", "", false, "boot a kernel that has the controllers cpu, memory and pids" },
		{ "cg", "", "", true, "have whoever started the container enable cpu, memory and pids for the group it is in" },
	};
	char fix[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(above); i++) {
		fix_above(above[i].base, above[i].top, above[i].a, above[i].container, fix);
		assert_row(strcmp(fix, above[i].fix) == 0, "row %zu: %s", i, fix);
	}
}

/* ------------------------------------------------------------------------ pure */

#define ALL_FEATURES 0xffffffffu

/* As good as can be. */
static const struct ration_host_info best = {
	.size = sizeof(best),
	.hierarchy = RATION_HIERARCHY_V2,
	.base_kind = RATION_BASE_ROOT,
	.controllers = 0x3f,
	.features = ALL_FEATURES,
	.kernel = "6.12.0",
	.mount = "/cg",
	.own = "/",
	.base = "/cg",
	.base_reason = "",
	.base_fix = "",
	.v1_reason = "",
	.container_kind = "",
	.kernel_kind = "",
	.swap_bytes = 1,
	.root = true,
};

static void judge(const struct ration_host_info *info, const struct examined *seen, char *buf, size_t size)
{
	static const struct ration_plan none;
	struct ration_findings *findings = calloc(1, sizeof(*findings));

	assert_non_null(findings);
	findings_judge(info, seen, &none, findings);
	list(findings, buf, size);
	free(findings);
}

static void test_pure(void **state)
{
	struct examined seen = { .on_linux = true, .groups_max = UINT64_MAX, .favordynmods = true };
	struct ration_host_info info = best;
	char said[1024];

	(void)state;
	judge(&info, &seen, said, sizeof(said));
	assert_string_equal(said, "");
	info.root = false;
	info.base_kind = RATION_BASE_UNIT;
	info.systemd = info.base_pending = info.base_outside = info.container = true;
	info.swap_bytes = 0;
	info.base_reason = "some";
	seen.proc_foreign = true;
	judge(&info, &seen, said, sizeof(said));
	assert_string_equal(said, "warn:foreign-proc note:partly-delegated note:same-user note:session-outside "
				  "ok:unit-pending ok:container ok:no-swap");
	info = best;
	info.features = ALL_FEATURES & ~(RATION_FEATURE_PIDFD | RATION_FEATURE_CLONE_INTO_CGROUP);
	judge(&info, &(struct examined) { .on_linux = true, .groups_max = UINT64_MAX, .favordynmods = true }, said, sizeof(said));
	assert_string_equal(said, "warn:filtered-calls note:slow-start");
	info = best;
	info.base_kind = RATION_BASE_REFUSED;
	info.base = NULL;
	info.base_reason = "somebody else's";
	judge(&info, &(struct examined) { .on_linux = true, .groups_max = UINT64_MAX, .read_only = true }, said, sizeof(said));
	assert_string_equal(said, "note:base-refused");
	info.base_kind = RATION_BASE_GIVEN;
	info.base = "/cg";
	judge(&info, &(struct examined) { .on_linux = true, .groups_max = UINT64_MAX, .favordynmods = true }, said, sizeof(said));
	assert_string_equal(said, "note:less-base");
	/* A system of another kind: nothing is said of its kernel. */
	info.base_kind = RATION_BASE_NONE;
	info.hierarchy = RATION_HIERARCHY_NONE;
	info.base = info.mount = NULL;
	info.features = 0;
	info.kernel = "25.0.0";
	judge(&info, &(struct examined) { .groups_max = UINT64_MAX }, said, sizeof(said));
	assert_string_equal(said, "note:no-cgroups");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_who_can_use_v1),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_FC14_the_groups_that_enable_none),
		cmocka_unit_test(test_pure),
	};

	return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
