/* SPDX-License-Identifier: MIT */
/*
 * fuzz-host.c - a machine of any files: mountinfo, /proc, the files of its groups
 *
 * The host is opened as on a real machine, and what the doctor and a plan say of it is
 * shown: clean text, and valid JSON.
 */
#include "fuzz.h"

#include "cli/output/json.h"
#include "group/record.h"
#include "host/host.h"
#include "sys/proc/mounts.h"

static const char *const dirs[] = {
	"proc/self", "proc/1/task/1", "proc/77/task/77", "proc/pressure", "proc/sys/kernel", "sys/fs/cgroup/a/b",
	"sys/fs/cgroup/unified", "sys/fs/cgroup/memory/a", "sys/fs/cgroup/cpu,cpuacct/a", "sys/fs/cgroup/pids/a",
	"sys/fs/cgroup/freezer", "sys/devices/system/node", "sys/kernel/mm/hugepages", "sys/dev/block", "run/systemd/system",
	"boot", "cg/a/b", NULL,
};
/* That one says whether systemd runs the machine: the input does. */
#define SYSTEMD "run/systemd/system"

static void check_info(const struct ration_host_info *info)
{
	must_be_clean(info->kernel);
	must_be_clean(info->base_reason);
	must_be_clean(info->base_fix);
	must_be_clean(info->v1_reason);
	must_be_clean(info->memory_source);
	must_be_clean(info->container_kind);
	MUST(info->cpus > 0);
}

static void check_findings(const struct ration_findings *findings)
{
	for (size_t i = 0; i < ration_findings_count(findings); i++) {
		must_be_clean(ration_findings_item(findings, i)->text);
		must_be_clean(ration_findings_item(findings, i)->fix);
	}
}

static void check_plan(const struct ration_plan *plan)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		must_be_clean(item->reason);
		must_be_clean(item->fix);
	}
}

static void check_host(const struct ration_host *host)
{
	struct ration_host_info info = { .size = sizeof(info) };
	struct ration_findings *findings = NULL;
	struct ration_plan *plan = NULL;
	struct ration_error error;

	ration_host_info(host, &info);
	check_info(&info);
	MUST(ration_plan_survey(host, &plan, &error) == 0);
	check_plan(plan);
	MUST(ration_findings_new(host, &findings, &error) == 0);
	check_findings(findings);
	must_be_json(json_doctor(&info, plan, findings, "none"));
	must_be_json(json_plan(plan, info.memory_bytes, info.memory_source, "strict", NULL));
	findings = ration_findings_free(findings);
	plan = ration_plan_free(plan);
}

static void check_mounts(const char *root)
{
	struct mount_source source;
	struct mounts_v1 *v1 = NULL;
	struct mounts mounts;
	char proc[PATH_MAX];
	int n;

	(void)snprintf(proc, sizeof(proc), "%.4000s/proc/self", root);
	n = mounts_read_both(proc, &mounts, &v1);
	if (n >= 0)
		MUST(memchr(mounts.point, '\0', sizeof(mounts.point)) && memchr(mounts.own, '\0', sizeof(mounts.own)));
	MUST(n <= MOUNTS_V1_MAX);
	for (int i = 0; i < n; i++)
		MUST(v1[i].point[0] && v1[i].controllers[0]);
	free(v1);
	(void)mounts_source(proc, 37, 0, 0, &source);
	(void)mounts_source(proc, -1, 0, 33, &source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_tree tree;
	struct ration_host *host = NULL;
	struct ration_error error;

	fuzz_tree_begin(&tree, dirs);
	(void)unlinkat(tree.fd, SYSTEMD, AT_REMOVEDIR);
	fuzz_tree_fill(&tree, data, size);
	check_mounts(tree.root);
	if (host_open(tree.root, NULL, &host, &error) < 0)
		must_be_clean_error(&error);
	else
		check_host(host);
	host = ration_host_free(host);
	fuzz_tree_clear(&tree);
	return 0;
}
