/* SPDX-License-Identifier: MIT */
/*
 * proc-list.c - lists of processes
 */
#include "sys/proc/proc-list.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "util/array.h"

/* PID_MAX_LIMIT of a 64-bit kernel. More entries than that are a tree that bites its tail. */
#define PIDS_MAX 4194304u

void proc_list_free(struct proc_list *list)
{
	free(list->items);
	*list = (struct proc_list){0};
}

int proc_list_push(struct proc_list *list, const struct proc_stat *stat)
{
	struct proc_stat *items;

	if (list->n >= PIDS_MAX)
		return -E2BIG;
	items = array_grow(list->items, list->n, &list->allocated, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	list->items[list->n++] = *stat;
	return 0;
}

static int compare_pid(const void *a, const void *b)
{
	const struct proc_stat *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

void proc_list_sort(struct proc_list *list)
{
	size_t n = 0;

	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), compare_pid);
	for (size_t i = 0; i < list->n; i++)
		if (n == 0 || list->items[i].pid != list->items[n - 1].pid)
			list->items[n++] = list->items[i];
	list->n = n;
}

const struct proc_stat *proc_list_find(const struct proc_list *list, pid_t pid)
{
	struct proc_stat key = {.pid = pid};

	if (list->n == 0)
		return NULL;
	return bsearch(&key, list->items, list->n, sizeof(*list->items), compare_pid);
}

/* A dead child of our own says so, even where /proc hides it. */
static bool is_own_zombie(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

int proc_list_read_member(int proc_fd, pid_t pid, pid_t parent, struct proc_stat *ret_stat)
{
	int r = proc_stat_read(proc_fd, pid, ret_stat);

	if (r != -ESRCH && r != -EACCES && r != -EPERM)
		return r;
	if (pid <= 1 || (kill(pid, 0) < 0 && errno == ESRCH))
		return -ESRCH;
	*ret_stat = (struct proc_stat){
		.pid = pid,
		.ppid = parent,
		.state = is_own_zombie(pid) ? 'Z' : PROC_HIDDEN,
		.threads = 1,
	};
	return 0;
}

/* Those with pid 0 are the first, and one. */
void proc_list_finish(struct proc_list *list)
{
	proc_list_sort(list);
	if (list->n > 0 && list->items[0].pid == 0)
		memmove(list->items, list->items + 1, --list->n * sizeof(*list->items));
}

int proc_list_read(int proc_fd, struct proc_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct proc_stat *item = &list->items[i];
		int r = proc_list_read_member(proc_fd, item->pid, item->ppid, item);

		if (r == -ESRCH)
			item->pid = 0;
		else if (r < 0)
			return r;
	}
	proc_list_finish(list);
	return 0;
}
