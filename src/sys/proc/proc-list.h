/* SPDX-License-Identifier: MIT */
/*
 * proc-list.h - lists of processes
 */
#ifndef RATION_SYS_PROC_PROC_LIST_H
#define RATION_SYS_PROC_PROC_LIST_H

#include <stddef.h>
#include <sys/types.h>

#include "sys/proc/proc.h"

/* Processes, ascending by pid, none twice. Zeroed is empty; its memory is used again by the next look. */
struct proc_list {
	struct proc_stat *items;
	size_t n, allocated;
};

void proc_list_free(struct proc_list *list);

/* Adds a copy of `stat`, at the end. Errors: -ENOMEM, -E2BIG (more than there can be pids). */
int proc_list_push(struct proc_list *list, const struct proc_stat *stat);

/* Sorts, and drops what is there twice. */
void proc_list_sort(struct proc_list *list);

/* Sorts, and drops those with pid 0: they had gone. */
void proc_list_finish(struct proc_list *list);

/* As proc_stat_read(), but one that is merely hidden is found, as such, with this parent. */
int proc_list_read_member(int proc_fd, pid_t pid, pid_t parent, struct proc_stat *ret_stat);

/*
 * Reads anew what each entry's pid is now, drops those that are gone, and sorts.
 * Errors: -EMFILE, -EBADMSG, …
 */
int proc_list_read(int proc_fd, struct proc_list *list);

/* Returns the entry of `pid` in a sorted list, or NULL. */
const struct proc_stat *proc_list_find(const struct proc_list *list, pid_t pid);

#endif
