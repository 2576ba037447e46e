/* SPDX-License-Identifier: MIT */
/*
 * help.c - the help texts
 *
 * All of them are made from the rows of commands, options and limits.
 */
#include "cli/help.h"

#include <stdbool.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"

/* Where the texts beside the flags begin. */
#define TEXT_COLUMN 30

void help_usage(FILE *file, const struct command *command)
{
	if (!command)
		(void)fprintf(file, "usage: ration [OPTIONS] COMMAND [ARGUMENT...]\n");
	else
		(void)fprintf(file, "usage: ration %s %s\n", command->name, command->arguments);
}

/* Prints "-v, --verbose ARG" and leaves the cursor where the text begins. */
static void print_flag(FILE *file, const struct option *row)
{
	char argument[64];
	int n = fprintf(file, "  %s%s%s%s%s", row->letter ? row->letter : "", row->letter ? ", " : "",
			row->flag, row->argument || row->words ? " " : "",
			option_argument(argument, sizeof(argument), row));

	if (n + 2 > TEXT_COLUMN)
		n = fprintf(file, "\n") - 1;
	(void)fprintf(file, "%*s", TEXT_COLUMN - n, "");
}

static void print_detail(FILE *file, const char *label, const char *text)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "%s%s", label, text);
	(void)fprintf(file, "%*s", TEXT_COLUMN, "");
	output_wrapped(file, TEXT_COLUMN, TEXT_COLUMN + 2, line);
}

static void describe_range(char *buf, size_t size, const struct ration_limit_info *info)
{
	char low[OUTPUT_VALUE_MAX], high[OUTPUT_VALUE_MAX];
	/* Beyond what anybody has: only the lower end tells something. */
	bool open = info->max >= (uint64_t)INT64_MAX;

	(void)snprintf(buf, size, "%s%s%s%s, e.g. %s", output_limit_value(low, info, info->min),
			open ? " or more" : " to ", open ? "" : output_limit_value(high, info, info->max),
			info->lifts ? ", or max" : "", info->example);
}

/* What the table says about a limit beside its help. */
static void print_limit_details(FILE *file, const struct ration_limit_info *info)
{
	char text[200];

	describe_range(text, sizeof(text), info);
	print_detail(file, "value: ", text);
	if (info->kernel_file) {
		(void)snprintf(text, sizeof(text), "%s%s%s%s", info->kernel_file,
				info->since ? " (Linux " : "", info->since ? info->since : "",
				info->since ? ")" : "");
		print_detail(file, "held by: ", text);
	}
	if (info->fallback)
		print_detail(file, info->kernel_file ? "without cgroup v2: " : "held: ", info->fallback);
	if (info->unset)
		print_detail(file, "not given: ", info->unset);
}

static void print_rlimit_names(FILE *file)
{
	for (int i = 0; i < RATION_LIMIT_COUNT; i++) {
		const struct ration_limit_info *info = ration_limit_info((enum ration_limit)i);
		char line[256];

		if (!info || !limit_is_rlimit(info))
			continue;
		(void)snprintf(line, sizeof(line), "%s (%s, e.g. %s)", info->help, info->argument,
				info->example);
		(void)fprintf(file, "%*s%-11s ", TEXT_COLUMN, "", limit_rlimit_name(info));
		output_wrapped(file, TEXT_COLUMN + 12, TEXT_COLUMN + 12, line);
	}
}

static void print_option(FILE *file, const struct option *row)
{
	print_flag(file, row);
	output_wrapped(file, TEXT_COLUMN, TEXT_COLUMN, row->help);
	if (row->info)
		print_limit_details(file, row->info);
	if (strcmp(row->flag, "--rlimit") == 0)
		print_rlimit_names(file);
}

static void print_options(FILE *file, const struct command *command)
{
	const char *title = NULL, *last = NULL;
	struct option row;

	for (size_t i = 0; options_at(command, i, &row, &title); i++) {
		if (title != last)
			(void)fprintf(file, "\n%s:\n", title);
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
	help_usage(file, command);
	(void)fprintf(file, "\n%s.\n", command->help);
	if (command->details) {
		(void)fputc('\n', file);
		print_paragraphs(file, command->details);
	}
	print_options(file, command);
}

void help_overview(FILE *file)
{
	help_usage(file, NULL);
	(void)fprintf(file, "\nGives a process its ration of memory, CPU, tasks and time, and a receipt.\n\n"
			"Commands:\n");
	for (size_t i = 0; commands[i]; i++)
		(void)fprintf(file, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	print_options(file, NULL);
	(void)fprintf(file, "\nration COMMAND --help tells more about a command.\n");
}
