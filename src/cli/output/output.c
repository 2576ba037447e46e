/* SPDX-License-Identifier: MIT */
/*
 * output.c - text for people
 */
#include "cli/output/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <sys/ioctl.h>

#include "cli/command.h"
#include "cli/options/given.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

void output_error(const char *command, const struct ration_error *given)
{
	struct ration_error copy = *given, *error = &copy;

	given_reword(error);
	say("ration%s%s: %s\n%s%s%s", command ? " " : "", command ? command : "", error->message,
			error->hint[0] ? "  hint: " : "", error->hint, error->hint[0] ? "\n" : "");
}

int output_finish(const char *command, int status)
{
	struct ration_error error;

	/* Both have to be asked: a write that failed before leaves nothing to flush. */
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* For an earlier write that failed, only the fact is known. */
	(void)error_set(&error, -EIO, RATION_CAUSE_UNKNOWN, "can't write to standard output%s%s",
			errno ? ": " : "", errno ? error_text(-errno) : "");
	output_error(command, &error);
	return EXIT_RATION;
}

int output_json(char *text, struct ration_error *reterr)
{
	if (!text)
		return error_oom(reterr);
	(void)fputs(text, stdout);
	free(text);
	return 0;
}

/* Columns of the first `n` bytes: those that aren't the inside of a UTF-8 character. */
static size_t columns(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Returns how wide a text on `file` may be: COLUMNS, or the terminal's width, or 80. */
static size_t width_of(FILE *file)
{
	const char *asked = getenv("COLUMNS");
	uint64_t width = 0;
	struct winsize window;

	if ((!asked || parse_count(asked, &width) < 0) && ioctl(fileno(file), TIOCGWINSZ, &window) == 0)
		width = window.ws_col;
	if (width == 0)
		return OUTPUT_WIDTH;
	return width < OUTPUT_WIDTH_MIN ? OUTPUT_WIDTH_MIN : width > OUTPUT_WIDTH_MAX ? OUTPUT_WIDTH_MAX : width;
}

void output_wrapped(FILE *file, size_t column, size_t indent, const char *sentence)
{
	CLEANUP(freep) char *clean = strdup(sentence);
	const char *text = clean ? text_clean(clean) : "";
	size_t width = width_of(file);
	bool first = true;

	text += strspn(text, " ");
	while (*text) {
		size_t length = strcspn(text, " ");
		size_t wide = columns(text, length);

		if (!first && column + 1 + wide > width) {
			(void)fprintf(file, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			(void)fputc(' ', file);
			column++;
		}
		(void)fwrite(text, 1, length, file);
		column += wide;
		first = false;
		text += length;
		text += strspn(text, " ");
	}
	(void)fputc('\n', file);
}

/* ------------------------------------------------------------------- values */

const char *output_limit_value(char buf[OUTPUT_VALUE_MAX], const struct ration_limit_info *info,
		uint64_t value)
{
	if (value == RATION_UNLIMITED) {
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "%s", info->protects ? "all" : "no limit");
		return buf;
	}
	switch (info->unit) {
	case RATION_UNIT_BYTES:
		return ration_format_size(buf, value);
	case RATION_UNIT_USEC:
		return ration_format_duration(buf, value);
	case RATION_UNIT_CPUS:
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "%.10g", (double)value / 100000);
		return buf;
	case RATION_UNIT_COUNT:
	case RATION_UNIT_CPULIST:
	case RATION_UNIT_NODELIST:
		break;
	}
	(void)snprintf(buf, OUTPUT_VALUE_MAX, "%" PRIu64, value);
	return buf;
}

const char *output_asked(char buf[OUTPUT_VALUE_MAX], const struct ration_plan_item *item)
{
	const struct ration_limit_info *info = ration_limit_info(item->limit);
	char hard[OUTPUT_VALUE_MAX];
	size_t used;

	if (item->text)
		return text_escape(buf, OUTPUT_VALUE_MAX, item->text);
	if (!info->has_soft || item->asked_soft == RATION_UNLIMITED)
		return output_limit_value(buf, info, item->asked);
	used = strlen(output_limit_value(buf, info, item->asked_soft));
	(void)snprintf(buf + used, OUTPUT_VALUE_MAX - used, ":%s",
			output_limit_value(hard, info, item->asked));
	return buf;
}

/* "8:0 10 MiB" of a limit with a key. */
static const char *format_in_force(char buf[OUTPUT_VALUE_MAX], const struct ration_plan_item *item)
{
	char value[OUTPUT_VALUE_MAX];

	if (item->text && !item->in_force_key)
		return text_escape(buf, OUTPUT_VALUE_MAX, item->text);
	(void)snprintf(buf, OUTPUT_VALUE_MAX, "%.20s%s%.40s", item->in_force_key ? item->in_force_key : "",
			item->in_force_key ? " " : "",
			output_limit_value(value, ration_limit_info(item->limit), item->in_force));
	return buf;
}

static bool has_suffix(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	return n >= m && strcmp(text + n - m, suffix) == 0;
}

const char *output_metric(char buf[OUTPUT_VALUE_MAX], enum ration_metric metric, uint64_t value)
{
	const char *name = ration_metric_name(metric);

	if (has_suffix(name, "_bytes"))
		return ration_format_size(buf, value);
	if (has_suffix(name, "_usec"))
		return ration_format_duration(buf, value);
	(void)snprintf(buf, OUTPUT_VALUE_MAX, "%" PRIu64, value);
	return buf;
}

const char *output_time(char buf[OUTPUT_TIME_MAX], uint64_t usec)
{
	time_t seconds = (time_t)(usec / 1000000);
	struct tm utc = { .tm_mday = 1 };
	size_t n;

	(void)gmtime_r(&seconds, &utc);
	n = strftime(buf, OUTPUT_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(buf + n, OUTPUT_TIME_MAX - n, ".%06uZ", (unsigned)(usec % 1000000));
	return buf;
}

const char *output_metric_label(char buf[OUTPUT_VALUE_MAX], enum ration_metric metric)
{
	static const char *const units[] = { "_bytes", "_usec" };

	(void)snprintf(buf, OUTPUT_VALUE_MAX, "%s", ration_metric_name(metric));
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (has_suffix(buf, units[i]))
			buf[strlen(buf) - strlen(units[i])] = '\0';
	}
	for (char *at = strchr(buf, '_'); at; at = strchr(at, '_'))
		*at = ' ';
	return buf;
}

/* ------------------------------------------------------------------- limits */

const struct ration_plan_item *plan_item(const struct ration_plan *plan, enum ration_limit limit)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		if (item->limit == limit)
			return item;
	}
	return NULL;
}

bool plan_limit_is_new(const struct ration_plan *plan, size_t i)
{
	return i == 0 || ration_plan_item(plan, i - 1)->limit != ration_plan_item(plan, i)->limit;
}

bool plan_same_answer(const struct ration_plan_item *a, const struct ration_plan_item *b)
{
	return a->weaker == b->weaker && a->mechanism == b->mechanism && a->scope == b->scope &&
		a->backstop == b->backstop && a->backstop_scope == b->backstop_scope &&
		strcmp(a->reason, b->reason) == 0;
}

bool plan_answer_is_new(const struct ration_plan *plan, size_t i)
{
	const struct ration_plan_item *item = ration_plan_item(plan, i);

	for (size_t k = 0; k < i; k++) {
		if (plan_same_answer(ration_plan_item(plan, k), item))
			return false;
	}
	return true;
}

static const char *scope_words(enum ration_scope scope)
{
	switch (scope) {
	case RATION_SCOPE_GROUP:
		return ", whole group";
	case RATION_SCOPE_PROCESS:
		return ", each process";
	case RATION_SCOPE_USER:
		return ", all tasks of the user";
	case RATION_SCOPE_NONE:
		break;
	}
	return "";
}

const char *output_enforced_by(char *buf, size_t size, const struct ration_plan_item *item)
{
	bool backed = item->backstop != RATION_MECHANISM_NONE;

	if (item->mechanism == RATION_MECHANISM_NONE)
		(void)snprintf(buf, size, "not enforced");
	else
		(void)snprintf(buf, size, "%s%s%s%s%s", ration_mechanism_name(item->mechanism),
				scope_words(item->scope), backed ? "; backed by " : "",
				backed ? ration_mechanism_name(item->backstop) : "",
				backed ? scope_words(item->backstop_scope) : "");
	return buf;
}

#define LIMIT_COLUMNS "  %-17s  %-12s  %-10s  "
#define LIMIT_INDENT 47

static void print_limit(FILE *file, const struct ration_plan_item *item, bool acted, bool reasons)
{
	const struct ration_limit_info *info = ration_limit_info(item->limit);
	char asked[OUTPUT_VALUE_MAX], in_force[OUTPUT_VALUE_MAX] = "-", enforced_by[160];
	size_t used;

	if (item->mechanism != RATION_MECHANISM_NONE)
		(void)format_in_force(in_force, item);
	used = strlen(output_enforced_by(enforced_by, sizeof(enforced_by), item));
	(void)snprintf(enforced_by + used, sizeof(enforced_by) - used, "%s%s", item->implied ? " (implied)" : "",
			acted ? " <- ended the run" : "");
	(void)fprintf(file, LIMIT_COLUMNS, info->name, output_asked(asked, item), in_force);
	output_wrapped(file, LIMIT_INDENT, LIMIT_INDENT, enforced_by);
	if (reasons && item->reason[0] && (!item->implied || item->of_caller)) {
		(void)fprintf(file, "    reason: ");
		output_wrapped(file, 12, 12, item->reason);
	}
}

static bool has_acted(const struct ration_receipt *receipt, enum ration_limit limit)
{
	struct ration_outcome outcome = { .size = sizeof(outcome) };

	return ration_receipt_outcome(receipt, limit, &outcome) && outcome.acted;
}

void output_limits(FILE *file, const struct ration_plan *plan, const struct ration_receipt *receipt,
		bool reasons)
{
	const struct ration_plan_item *item;

	(void)fprintf(file, LIMIT_COLUMNS "%s\n", "limit", "asked", "in force", "enforced by");
	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++)
		print_limit(file, item, receipt && has_acted(receipt, item->limit), reasons);
}

void output_warnings(const struct ration_plan *plan)
{
	const struct ration_plan_item *item;
	char enforced_by[160];

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		if (!item->weaker || (item->implied && !item->of_caller))
			continue;
		say("ration: %s: %s%s%s%s\n", ration_limit_info(item->limit)->name,
				item->mechanism != RATION_MECHANISM_NONE ? "enforced by " : "",
				output_enforced_by(enforced_by, sizeof(enforced_by), item), item->reason[0] ? ": " : "",
				item->reason);
	}
}

/* ----------------------------------------------------------------- usage */

void output_usage(FILE *file, struct metrics metrics)
{
	char label[OUTPUT_VALUE_MAX], value[OUTPUT_VALUE_MAX];
	enum ration_metric metric;

	(void)fprintf(file, "  %-28s  %-16s  %s\n", "usage", "", "source");
	for (size_t i = 0; (metric = ration_metric_at(i)) != RATION_METRIC_NONE; i++) {
		uint64_t number;
		enum ration_source source = metrics_get(metrics, metric, &number);

		if (source == RATION_SOURCE_ABSENT)
			continue;
		(void)fprintf(file, "  %-28s  %-16s  %s\n", output_metric_label(label, metric),
				output_metric(value, metric, number), ration_source_name(source));
	}
}
