/* SPDX-License-Identifier: MIT */
/*
 * verdicts.c - verdicts in a journal since the live view began
 */
#include "helpers/top/verdicts.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "sys/syscalls.h"

/* Of each second, so much is for a journal that was there before. */
#define LOOK_USEC 100000

static void count(struct verdicts *verdicts, const char *name)
{
	size_t i = 0;

	/* A line can say what it likes: a verdict is a word. */
	if (name[0] == '\0' || strlen(name) >= sizeof(verdicts->of[0].name) || strspn(name, "abcdefghijklmnopqrstuvwxyz-") != strlen(name))
		return;
	while (i < verdicts->n && strcmp(verdicts->of[i].name, name) != 0)
		i++;
	if (i == VERDICTS_MAX)
		return;
	if (i == verdicts->n)
		(void)strcpy(verdicts->of[verdicts->n++].name, name);
	verdicts->of[i].runs++;
	verdicts->all++;
}

static void on_line(void *data, const char *text, size_t length)
{
	struct verdicts *verdicts = data;
	json_t *line = verdicts->ready && text ? json_loadb(text, length, 0, NULL) : NULL;
	const char *name = json_string_value(json_object_get(line, "verdict"));

	if (name)
		count(verdicts, name);
	json_decref(line);
}

static void on_lost(void *data)
{
	(void)data;
}

int verdicts_begin(struct verdicts *verdicts, const char *journal, struct ration_error *reterr)
{
	int r = journal ? follow_begin(&verdicts->follow, journal, reterr) : 0;

	if (!journal || r < 0)
		return r;
	verdicts->follow.line = on_line;
	verdicts->follow.lost = on_lost;
	verdicts->follow.data = verdicts;
	verdicts->on = true;
	return 0;
}

void verdicts_look(struct verdicts *verdicts)
{
	if (verdicts->on && follow_look(&verdicts->follow, sys_now_usec() + LOOK_USEC, NULL) == 0)
		verdicts->ready = true;
}

void verdicts_done(struct verdicts *verdicts)
{
	if (verdicts->on)
		follow_done(&verdicts->follow);
}
