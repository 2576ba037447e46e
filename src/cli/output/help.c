/* SPDX-License-Identifier: MIT */
/*
 * help.c - the help texts
 *
 * All of them are made from the rows of commands, options and limits. The help
 * of a command with a list of common options begins with these; the table of
 * limits follows, then everything else. Each option is one line.
 */
#include "cli/output/help.h"

#include <stdbool.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/output.h"
#include "cli/say.h"
#include "util/cleanup.h"

/* Where the texts beside the flags begin. */
#define TEXT_COLUMN 30

/* Prints one line: "usage: ration run …"; `command` may be NULL. */
static void print_usage_of(FILE *file, const struct command *command)
{
	if (!command)
		(void)fprintf(file, "usage: ration [OPTIONS] COMMAND [ARGUMENT...]\n");
	else
		(void)fprintf(file, "usage: ration %s %s\n", command->name, command->arguments);
}

static void print_usage(FILE *file, const void *command)
{
	print_usage_of(file, command);
}

void help_missing(const struct command *command, const char *missing, const char *example)
{
	say_printed(print_usage, command);
	if (missing)
		say("ration %s: missing %s\n  hint: e.g. %s\n", command->name, missing, example);
}

/* Prints "-v, --verbose ARG" and leaves the cursor where the text begins. */
static void print_flag(FILE *file, const struct option *row)
{
	char argument[64];
	int n = fprintf(file, "  %s%s%s%s%s", row->letter ? row->letter : "", row->letter ? ", " : "",
			row->flag, row->optional ? "[=" : row->argument || row->words ? " " : "",
			option_argument(argument, sizeof(argument), row));

	if (row->optional)
		n += fprintf(file, "]");

	if (n + 2 > TEXT_COLUMN)
		n = fprintf(file, "\n") - 1;
	(void)fprintf(file, "%*s", TEXT_COLUMN - n, "");
}

/* The explanation of an option, a line for each of its values. */
static void print_details(FILE *file, const char *details)
{
	while (details && *details) {
		char line[128];
		size_t length = strcspn(details, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)length, details);
		(void)fprintf(file, "%*s%s\n", TEXT_COLUMN, "", line);
		details += length + (details[length] == '\n');
	}
}

static void print_rlimit_names(FILE *file)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (limit_is_rlimit(info))
			(void)fprintf(file, "    %-10s  %-12s  %s\n", limit_rlimit_name(info), info->example,
					info->help);
	}
}

static void print_option(FILE *file, const struct option *row)
{
	/* "1.5 or 150%" is an example, too. */
	const char *example = row->info && !strstr(row->help, row->info->example) ? row->info->example : NULL;
	char text[160];

	print_flag(file, row);
	(void)snprintf(text, sizeof(text), "%s%s%s", row->help, example ? ", e.g. " : "", example ? example : "");
	output_wrapped(file, TEXT_COLUMN, TEXT_COLUMN, text);
	print_details(file, row->details);
	if (strcmp(row->flag, "--rlimit") == 0)
		print_rlimit_names(file);
}

/* ----------------------------------------------------------- common options */

static bool is_common(const struct command *command, const char *flag)
{
	for (const char *const *at = command ? command->common : NULL; at && *at; at++) {
		if (strcmp(*at, flag) == 0)
			return true;
	}
	return false;
}

/* Prints the common limits, or the other common options, in the order of the command's list. */
static void print_common(FILE *file, const struct command *command, bool limits)
{
	const char *title;
	struct option row;

	(void)fprintf(file, "\nCommon %s:\n", limits ? "limits" : "options");
	for (const char *const *at = command->common; *at; at++) {
		size_t i = 0;

		while (options_at(command, i, &row, &title) && strcmp(row.flag, *at) != 0)
			i++;
		if (options_at(command, i, &row, &title) && (row.info != NULL) == limits)
			print_option(file, &row);
	}
}

/* ------------------------------------------------------- the table of limits */

/* The mechanisms that replace the first, or "none". */
static const char *fallback_names(char *buf, size_t size, const struct ration_limit_info *info)
{
	size_t used = 0;

	(void)snprintf(buf, size, "none");
	for (size_t i = 1; info->mechanisms[i] != RATION_MECHANISM_NONE && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
				ration_mechanism_name(info->mechanisms[i]));
	return buf;
}

static void print_table(FILE *file)
{
	static const char columns[] = "  %-15s  %-15s  %-22s  %s\n";
	const struct ration_limit_info *info;
	char names[64];

	(void)fprintf(file, "\nLimits and their enforcement:\n");
	(void)fprintf(file, columns, "limit", "kernel file", "without cgroup v2", "default");
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (limit_is_rlimit(info))
			continue;
		(void)fprintf(file, columns, info->flag + strlen("--"), info->kernel_file ? info->kernel_file : "-",
				info->kernel_file ? fallback_names(names, sizeof(names), info) : info->fallback,
				info->unset);
	}
}

/* ------------------------------------------------------------------ the rest */

/* The options that aren't common, set by set. */
static void print_options(FILE *file, const struct command *command)
{
	const char *title = NULL, *last = NULL;
	struct option row;

	for (size_t i = 0; options_at(command, i, &row, &title); i++) {
		if (is_common(command, row.flag))
			continue;
		if (title != last)
			(void)fprintf(file, "\n%s%s:\n", row.info && command->common ? "Other " : "",
					row.info && command->common ? "limits" : title);
		last = title;
		print_option(file, &row);
	}
}

static void print_paragraphs(FILE *file, const char *text)
{
	while (*text) {
		char line[1024];
		size_t length = strcspn(text, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)length, text);
		output_wrapped(file, 0, 0, line);
		text += length + (text[length] == '\n');
	}
}

void help_command(FILE *file, const struct command *command)
{
	print_usage_of(file, command);
	(void)fprintf(file, "\n%s.\n", command->help);
	if (command->details) {
		(void)fputc('\n', file);
		print_paragraphs(file, command->details);
	}
	if (command->common) {
		print_common(file, command, true);
		print_common(file, command, false);
	}
	if (command->limits && command->purpose == RATION_PURPOSE_RUN)
		print_table(file);
	print_options(file, command);
}

void help_overview(FILE *file)
{
	print_usage_of(file, NULL);
	(void)fprintf(file, "\nRun commands under resource limits, with receipts.\n\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		(void)fprintf(file, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	print_options(file, NULL);
	(void)fprintf(file, "\n`ration COMMAND --help` shows the help of a command.\n");
}
