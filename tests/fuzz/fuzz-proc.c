/* SPDX-License-Identifier: MIT */
/*
 * fuzz-proc.c - what /proc tells of processes, and /etc of users
 *
 * A process chooses its own name, and whoever makes a container some of the files.
 */
#include "fuzz.h"

#include "sys/accounts.h"
#include "sys/proc/proc-list.h"
#include "sys/proc/proc-usage.h"
#include "sys/proc/proc.h"
#include "sys/proc/sysvipc.h"
#include "sys/proc/tree.h"

static const char *const dirs[] = { "proc/self", "proc/77/task/77", "proc/77/task/78", "proc/78", "proc/sys/kernel/random",
	"proc/sysvipc", "etc", NULL };

static void check_stat(int fd, const char *text)
{
	struct proc_stat stat;

	if (proc_stat_parse(text, &stat) == 0) {
		MUST(stat.pid >= 0 && stat.ppid >= 0 && stat.memory_pid == stat.pid);
		(void)proc_is_dead(&stat);
	}
	if (proc_stat_read(fd, 77, &stat) == 0) {
		MUST(stat.pid == 77);
		(void)proc_is_leaving(fd, &stat);
	}
}

static void check_process(int fd)
{
	char path[64], id[PROC_BOOT_ID_SIZE];
	uint64_t value;
	int number;

	(void)proc_exit_status(fd, 77, &number);
	(void)proc_policy(fd, 77, 78, &number);
	(void)proc_is_kernel(fd, 77);
	(void)proc_is_thread(fd, 77);
	(void)proc_self_start_ticks(fd, &value);
	(void)proc_pss_read(fd, 77, &value);
	(void)proc_uid_tasks(fd, 0, &value);
	(void)sysvipc_left(fd, 0);
	if (proc_cgroup(fd, 77, path, sizeof(path)) == 0)
		MUST(strlen(path) < sizeof(path) && !strchr(path, '\n'));
	if (proc_boot_id(fd, id) == 0)
		MUST(strlen(id) == PROC_BOOT_ID_SIZE - 1);
}

static void check_list(int fd)
{
	struct proc_stat one = { .pid = 77 };
	struct proc_list list = { .items = NULL };

	MUST(proc_list_push(&list, &one) == 0);
	one.pid = 78;
	MUST(proc_list_push(&list, &one) == 0);
	(void)proc_list_read(fd, &list);
	(void)proc_list_find(&list, 77);
	proc_list_free(&list);
}

static void check_accounts(const char *root)
{
	struct account account;
	gid_t *groups = NULL, gid;
	char etc[PATH_MAX];
	size_t n;

	(void)snprintf(etc, sizeof(etc), "%.4000s/etc", root);
	if (account_find(etc, "root", 0, &account) == 0) {
		MUST(strcmp(account.name, "root") == 0 && account.home && account.shell);
		account_done(&account);
	}
	if (account_find(etc, NULL, 1000, &account) == 0) {
		MUST(account.uid == 1000);
		account_done(&account);
	}
	(void)account_group(etc, "adm", &gid);
	if (account_groups(etc, "root", 0, &groups, &n) == 0)
		MUST(n >= 1 && groups[0] == 0);
	free(groups);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_tree tree;
	char *text = fuzz_text(data, size);
	int fd;

	fuzz_tree_begin(&tree, dirs);
	fuzz_tree_fill(&tree, data, size);
	MUST(proc_open(tree.root, &fd, NULL) == 0);
	check_stat(fd, text);
	check_process(fd);
	check_list(fd);
	check_accounts(tree.root);
	(void)close(fd);
	fuzz_tree_clear(&tree);
	free(text);
	return 0;
}
