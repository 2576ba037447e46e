/* SPDX-License-Identifier: MIT */
/*
 * stuck.c - why processes that were killed don't die
 */
#include "group/life/stuck.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "group/cgroup1.h"
#include "group/frozen.h"
#include "sys/cgroup/members.h"
#include "sys/proc/proc.h"
#include "util/text.h"

/* Reads a file of a process as one word; "" where it can't be read. */
static const char *read_word(int proc_fd, pid_t pid, const char *file, char *buf, size_t size)
{
	char path[48], text[128];

	buf[0] = '\0';
	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
	if (proc_read(proc_fd, path, text, sizeof(text)) <= 0)
		return buf;
	text[strcspn(text, "\n")] = '\0';
	return text_escape(buf, size, text);
}

static const char *state_words(char state)
{
	switch (state) {
	case 'D':
		return "uninterruptible sleep (state D)";
	case 'R':
		return "still running (state R), with little CPU time perhaps";
	case 't':
		return "held by a debugger (state t)";
	case PROC_HIDDEN:
		return "not visible to this user";
	default:
		return "about to die";
	}
}

/* What holds it: the freezer, or its state and where in the kernel. */
static void describe(struct stuck *stuck, const struct proc_stat *stat)
{
	char name[TEXT_SHOWN_MAX], where[TEXT_SHOWN_MAX], freezer[PATH_MAX], shown[160];
	int n = snprintf(stuck->first, sizeof(stuck->first), "process %d (%s): ", (int)stat->pid,
			read_word(stuck->proc_fd, stat->pid, "comm", name, sizeof(name)));
	char *rest = stuck->first + n;
	size_t size = sizeof(stuck->first) - (size_t)n;

	if (frozen_by_v1(stat->pid, freezer, sizeof(freezer))) {
		(void)snprintf(rest, size, "frozen by the cgroup v1 freezer at %s",
				text_escape(shown, sizeof(shown), freezer));
		return;
	}
	(void)read_word(stuck->proc_fd, stat->memory_pid > 0 ? stat->memory_pid : stat->pid, "wchan", where, sizeof(where));
	/* "0": it runs, or we may not know. */
	if (strcmp(where, "0") == 0)
		where[0] = '\0';
	(void)snprintf(rest, size, "%s%s%s", state_words(stat->state), where[0] ? " in " : "", where);
}

int stuck_look(void *data, pid_t pid)
{
	struct stuck *stuck = data;
	struct proc_stat stat;

	/* 0 is of another pid namespace. */
	if (pid <= 0 || proc_stat_read(stuck->proc_fd, pid, &stat) < 0 || proc_is_dead(&stat))
		return 0;
	frozen_thaw(stuck->place, pid);
	if (stuck->n++ == 0)
		describe(stuck, &stat);
	return 0;
}

const char *stuck_words(const struct stuck *stuck, char buf[STUCK_WORDS_MAX])
{
	buf[0] = '\0';
	if (stuck->n == 1)
		(void)snprintf(buf, STUCK_WORDS_MAX, "%s", stuck->first);
	else if (stuck->n > 1)
		(void)snprintf(buf, STUCK_WORDS_MAX, "%" PRIu64 " processes, e.g. %.280s", stuck->n, stuck->first);
	return buf;
}

const char *stuck_in(const struct place *place, char buf[STUCK_WORDS_MAX])
{
	struct stuck stuck = { .place = place, .proc_fd = place->host->proc_fd };

	if (place->fd >= 0)
		(void)cg_each_pid(place->fd, stuck_look, &stuck);
	if (stuck.n == 0 && v1_members_fd(place) >= 0)
		(void)cg_each_pid(v1_members_fd(place), stuck_look, &stuck);
	return stuck_words(&stuck, buf);
}
