/* SPDX-License-Identifier: MIT */
/*
 * table.c - print commands and options as a table for the completions
 *
 * A generator that runs while the project is built: what a shell offers is what
 * the command's own rows say, so the two can't differ. One line each:
 *
 *     c|COMMAND|FIRST|REST|HELP            a command, its operands
 *     o|COMMAND|FLAG|LETTER|KIND|WORDS|HELP  an option of it; COMMAND may be empty
 *
 * FIRST and REST say what an operand is: group, tenant, node (either), command
 * (one of ours), program (it and all behind it), pid, or nothing. KIND says what a
 * value is: words (of WORDS), policies (some of WORDS, with commas between them; those that
 * end with = have another behind), rlimit (WORDS, with a value behind), signal, file (WORDS, too),
 * dir, group, tenant (WORDS, too), or `value`, which nothing is known of; empty: the option
 * takes none.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/policies.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "ration.h"

/* In fish it becomes one string between single quotes. */
static bool escaping;

static void put(const char *text)
{
	for (; *text; text++) {
		if (escaping && (*text == '\'' || *text == '\\'))
			(void)putchar('\\');
		(void)putchar(*text);
	}
}

/* The beginning of a help text, up to a semicolon: menus have one line. */
static void put_help(const char *help)
{
	char text[256];
	size_t n = 0;
	int depth = 0;

	for (; help[n] && (help[n] != ';' || depth > 0) && n + 1 < sizeof(text); n++) {
		depth += (help[n] == '(') - (help[n] == ')');
		text[n] = help[n];
	}
	text[n] = '\0';
	put(text);
	(void)putchar('\n');
}

/* ----------------------------------------------------------------- commands */

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *first_operand(const struct command *command)
{
	if (!command->operand)
		return "";
	if (starts(command->operand, "GROUP"))
		return "group";
	if (starts(command->operand, "TENANT"))
		return strchr(command->operand, '/') ? "node" : "tenant";
	if (starts(command->operand, "COMMAND"))
		return command->foreign ? "program" : "command";
	return "";
}

static const char *other_operands(const struct command *command)
{
	if (command->foreign)
		return "program";
	if (strstr(command->arguments, "PID"))
		return "pid";
	return command->max_operands == 0 ? first_operand(command) : "";
}

static void print_command(const struct command *command)
{
	(void)printf("c|%s|%s|%s|", command->name, first_operand(command), other_operands(command));
	put_help(command->help);
}

/* ------------------------------------------------------------------ options */

static const char *kind_of(const struct option *row)
{
	static const struct {
		const char *argument, *kind;
	} kinds[] = { { "DIR", "dir" }, { "FILE", "file" }, { "[+]FILE", "file" }, { "NAME|FILE", "file" }, { "PATH", "file" },
		{ "SIGNAL", "signal" }, { "TENANT/NAME", "group" }, { "GROUP", "group" }, { "TENANT", "tenant" } };

	if (row->set == option_set_policies)
		return "policies";
	/* What may follow behind = isn't the next word. */
	if (!row->argument || row->optional)
		return row->words ? "words" : "";
	if (strcmp(row->flag, "--rlimit") == 0)
		return "rlimit";
	if (strcmp(row->flag, "--tenant") == 0)
		return "tenant";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (starts(row->argument, kinds[i].argument))
			return kinds[i].kind;
	}
	return "value";
}

static void print_words(const struct option *row)
{
	/* Those that are installed with ration; what the machine has besides is for it to know. */
	if (strcmp(row->flag, "--profile") == 0)
		(void)printf("%s", PROFILES);
	for (const struct option_word *at = row->words; at && at->word; at++)
		(void)printf("%s%s", at == row->words ? "" : " ", at->word);
}

/* What can stand before a policy. */
static void print_limits(void)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		(void)putchar(' ');
		for (const char *at = info->name; *at; at++)
			(void)putchar(*at == '_' ? '-' : *at);
		(void)putchar('=');
	}
}

static void print_rlimits(void)
{
	const struct ration_limit_info *info;
	const char *blank = "";

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (!limit_is_rlimit(info))
			continue;
		(void)printf("%s%s", blank, limit_rlimit_name(info));
		blank = " ";
	}
}

static void print_options(const struct command *command)
{
	struct option row;
	const char *title;

	for (size_t i = 0; options_at(command, i, &row, &title); i++) {
		const char *kind = kind_of(&row);

		(void)printf("o|%s|%s|%s|%s|", command ? command->name : "", row.flag, row.letter ? row.letter : "",
				kind);
		if (strcmp(kind, "rlimit") == 0)
			print_rlimits();
		print_words(&row);
		if (strcmp(kind, "policies") == 0)
			print_limits();
		(void)putchar('|');
		put_help(row.help);
	}
}

int main(int argc, char **argv)
{
	escaping = argc > 1 && strcmp(argv[1], "fish") == 0;
	for (size_t i = 0; commands[i]; i++)
		print_command(commands[i]);
	print_options(NULL);
	for (size_t i = 0; commands[i]; i++)
		print_options(commands[i]);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
