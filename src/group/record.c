/* SPDX-License-Identifier: MIT */
/*
 * record.c - notes of when a group was made, of its command, and of what was asked for
 */
#include "group/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/notes.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/parse.h"
#include "util/text.h"

int record_created(int group_fd)
{
	char text[32];
	int r;

	(void)snprintf(text, sizeof(text), "%" PRIu64, clock_usec(CLOCK_REALTIME));
	r = notes_write(group_fd, NOTE_CREATED, text);
	return r == -EOPNOTSUPP ? 0 : r;
}

int record_created_usec(struct notes_reader *reader, int group_fd, const struct stat *st, uint64_t *ret_usec)
{
	char text[32];
	int r = notes_read_by(reader, group_fd, st, NOTE_CREATED, text, sizeof(text));

	if (r <= 0 || parse_count(text, ret_usec) < 0)
		*ret_usec = 0;
	return r < 0 ? r : 0;
}

void record_argv(int group_fd, char *const *argv)
{
	char text[256];
	size_t used = 0;

	for (size_t i = 0; argv[i] && used + 1 < sizeof(text); i++) {
		int n = snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", argv[i]);

		if (n < 0)
			return;
		used += (size_t)n;
	}
	(void)notes_write(group_fd, NOTE_COMMAND, text);
}

/* ------------------------------------------------------------------ limits */

/* Takes the next line "NAME VALUE" of `name` at or behind `*at`. */
static bool next_line(const char **at, const char *name, const char **ret_value, int *ret_length)
{
	size_t length = strlen(name);

	while (**at) {
		const char *line = *at;
		size_t n = strcspn(line, "\n");

		*at = line + n + (line[n] == '\n');
		if (strncmp(line, name, length) != 0 || line[length] != ' ')
			continue;
		*ret_value = line + length + 1;
		*ret_length = (int)(n - length - 1);
		return true;
	}
	return false;
}

int record_find_limit(const char *limits, enum ration_limit limit, struct record_limit *ret)
{
	const struct ration_limit_info *info = ration_limit_info(limit);
	struct record_limit found = { .value = RATION_UNLIMITED };
	const char *value;
	size_t used = 0;
	int length;

	/* One that has a key has a line for each. */
	while (next_line(&limits, info->name, &value, &length) && used < sizeof(found.text))
		used += (size_t)snprintf(found.text + used, sizeof(found.text) - used, "%s%.*s", used ? " " : "",
				length, value);
	if (used == 0)
		return -ENODATA;
	if (!limit_is_list(info) && info->key == RATION_KEY_NONE) {
		/* -ERANGE, too: no limit that can be asked for is as large. */
		if (parse_count(found.text, &found.value) < 0)
			return -ENODATA;
		found.text[0] = '\0';
	}
	*ret = found;
	return 0;
}

/* A text that grows, and is cut where there is no more room. */
struct lines {
	char *text;
	size_t used, size;
};

static void add_line(struct lines *lines, const char *name, const char *value, int length)
{
	if (lines->used < lines->size)
		lines->used += (size_t)snprintf(lines->text + lines->used, lines->size - lines->used, "%s%s %.*s",
				lines->used ? "\n" : "", name, length, value);
}

/* Up to the last colon, which separates the key from its value. */
static int key_length(const char *text, int length)
{
	const char *colon = memrchr(text, ':', (size_t)length);

	return colon ? (int)(colon - text) : length;
}

/* What `plan` asks for of a limit, and for that key; NULL: of any. */
static const struct ration_plan_item *find_item(const struct ration_plan *plan, enum ration_limit limit,
		const char *key, int length)
{
	for (size_t i = 0; plan && i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;

		if (item->limit != limit || item->implied)
			continue;
		if (!key || (key_length(item->text, (int)strlen(item->text)) == length &&
				strncmp(item->text, key, (size_t)length) == 0))
			return item;
	}
	return NULL;
}

static void add_item(struct lines *lines, const struct ration_plan_item *item)
{
	const struct ration_limit_info *info = ration_limit_info(item->limit);
	char text[NOTE_MAX];

	/* Lifted: nothing is asked for any more. A list isn't lifted. */
	if (item->asked == RATION_UNLIMITED && !limit_is_list(info))
		return;
	if (item->text)
		(void)text_escape(text, sizeof(text), item->text);
	else
		(void)snprintf(text, sizeof(text), "%" PRIu64, item->asked);
	add_line(lines, info->name, text, (int)strlen(text));
}

/* What is to be remembered of limits once `plan` has been added to `old`. */
static void write_limits(const char *old, const struct ration_plan *plan, struct lines *lines)
{
	const struct ration_limit_info *info;

	lines->text[0] = '\0';
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		bool keyed = info->key != RATION_KEY_NONE;
		const char *at = old, *value;
		int length;

		while (next_line(&at, info->name, &value, &length)) {
			if (!find_item(plan, info->limit, keyed ? value : NULL, key_length(value, length)))
				add_line(lines, info->name, value, length);
		}
		for (size_t k = 0; plan && k < plan->n; k++) {
			if (plan->entry[k].item.limit == info->limit && !plan->entry[k].item.implied)
				add_item(lines, &plan->entry[k].item);
		}
	}
}

static void read_limits(int group_fd, char text[NOTE_MAX])
{
	if (notes_read(group_fd, NOTE_LIMITS, text, NOTE_MAX) < 0)
		text[0] = '\0';
}

int record_limits(int group_fd, const struct ration_plan *plan)
{
	char old[NOTE_MAX], text[NOTE_MAX];
	struct lines lines = { .text = text, .size = sizeof(text) };

	read_limits(group_fd, old);
	write_limits(old, plan, &lines);
	return strcmp(old, text) == 0 ? 0 : notes_write(group_fd, NOTE_LIMITS, text);
}

int record_first_limits(int group_fd, const struct ration_plan *plan)
{
	char text[NOTE_MAX];
	struct lines lines = { .text = text, .size = sizeof(text) };

	write_limits("", plan, &lines);
	return text[0] ? notes_write(group_fd, NOTE_LIMITS, text) : 0;
}

bool record_limits_match(int group_fd, const struct ration_plan *plan)
{
	char old[NOTE_MAX], text[NOTE_MAX];
	struct lines lines = { .text = text, .size = sizeof(text) };

	read_limits(group_fd, old);
	write_limits("", plan, &lines);
	return strcmp(old, text) == 0;
}

bool record_has_limit(int group_fd, enum ration_limit limit)
{
	char text[NOTE_MAX];
	struct record_limit found;

	read_limits(group_fd, text);
	return record_find_limit(text, limit, &found) == 0;
}
