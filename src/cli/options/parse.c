/* SPDX-License-Identifier: MIT */
/*
 * parse.c - read the command line
 *
 * Long options are written out in full, `--flag VALUE` or `--flag=VALUE`, letters can be
 * bundled, `-vk5`, before or behind operands; `--` ends them, and for a command whose operands are
 * somebody else's command, the first operand does: so `ration run` never reads
 * the options of what it runs. An option that takes one value is given once.
 */
#include "cli/options/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/foreign.h"
#include "cli/options/nearest.h"
#include "cli/options/rows.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static bool takes_value(const struct option *row)
{
	return row->argument || row->words;
}

/* A limit of a run given to `create`, or one of a group to `attach`: the hint names the commands that have it. */
static bool name_owners(const char *flag, char *buffer, size_t size)
{
	struct option row;
	size_t used = 0;

	buffer[0] = 0;
	for (size_t i = 0; strncmp(flag, "--", 2) == 0 && commands[i] && used < size; i++) {
		if (options_find(commands[i], flag + strlen("--"), &row))
			used += (size_t)snprintf(buffer + used, size - used, "%s%s", used > 0 ? ", " : "", commands[i]->name);
	}
	return used > 0;
}

static int refuse_unknown(const struct command *command, const char *flag, struct ration_error *reterr)
{
	const struct foreign *foreign = foreign_find(flag);
	char shown[TEXT_SHOWN_MAX], owners[128];
	struct nearest nearest = { .word = flag };
	struct option row;
	const char *title;

	for (size_t i = 0; options_at(command, i, &row, &title); i++)
		nearest_try(&nearest, row.flag);
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "unknown option %s",
			text_show(shown, sizeof(shown), flag));
	if (foreign && options_find(command, foreign->ours + strlen("--"), &row))
		return error_hint(reterr, -EINVAL, "did you mean %s%s?", foreign->ours, foreign->value);
	if (name_owners(flag, owners, sizeof(owners)))
		return error_hint(reterr, -EINVAL, "%s: %s", command ? "commands that have it" :
				"write it behind a command that has it", owners);
	if (nearest.best)
		return error_hint(reterr, -EINVAL, "did you mean %s?", nearest.best);
	if (!command)
		return error_hint(reterr, -EINVAL, "ration --help lists the commands");
	return error_hint(reterr, -EINVAL, "ration %s --help lists the options", command->name);
}

/* Behind all dashes, whatever kind; `ret_other` tells whether one isn't that of ASCII. */
static const char *behind_dashes(const char *word, bool *ret_other)
{
	*ret_other = false;
	for (;;) {
		size_t n = text_dash(word);

		*ret_other |= n > 0;
		if (n == 0 && *word != '-')
			return word;
		word += n > 0 ? n : 1;
	}
}

/*
 * Word processors make a long dash of two hyphens, and what is copied from there looks
 * like an option. As an operand, it would be somebody's command.
 */
static int check_dashes(const struct command *command, const char *word, struct ration_error *reterr)
{
	bool other;
	const char *rest = behind_dashes(word, &other);
	size_t length = strcspn(rest, "=");
	char shown[TEXT_SHOWN_MAX];
	const char *title, *meant = *rest ? NULL : "--";
	struct option row;

	for (size_t i = 0; other && !meant && options_at(command, i, &row, &title); i++) {
		if (strncmp(row.flag, "--", 2) == 0 && strlen(row.flag) == length + 2 &&
				strncmp(row.flag + 2, rest, length) == 0)
			meant = row.flag;
	}
	if (!other || !meant)
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s begins with a dash that isn't a hyphen",
			text_show(shown, sizeof(shown), word));
	return error_hint(reterr, -EINVAL, "did you mean %s? Type the hyphens: editors turn them into dashes", meant);
}

/* Finds the row of a word such as "--flag" or "--flag=VALUE". */
static int find_option(const struct command *command, const char *word, struct option *ret_row,
		struct ration_error *reterr)
{
	CLEANUP(freep) char *flag = strndup(word, strcspn(word, "="));

	if (!flag)
		return error_oom(reterr);
	return options_find(command, flag + strlen("--"), ret_row) ? 0 : refuse_unknown(command, flag, reterr);
}

static int refuse_value(const struct option *row, const char *problem, struct ration_error *reterr)
{
	char argument[64];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s", row->flag, problem);
	if (!takes_value(row))
		return -EINVAL;
	return error_hint(reterr, -EINVAL, "%s %s%s%s", row->flag,
			option_argument(argument, sizeof(argument), row),
			row->info ? ", e.g. " : "", row->info ? row->info->example : "");
}

/* Nobody can know which of two values is meant: a script's default, or what was typed behind it. */
static int give(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	const struct option_given *given = options_given(options, row->flag);
	char first[TEXT_SHOWN_MAX], second[TEXT_SHOWN_MAX];

	if (given) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s is given twice: %s and %s", row->flag,
				text_show(first, sizeof(first), given->value), text_show(second, sizeof(second), value));
		return error_hint(reterr, -EINVAL, "leave one of them out");
	}
	options->given[options->n_given++] = (struct option_given) { .flag = row->flag, .value = value };
	return 0;
}

int options_give(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	int r = 0;

	if (!takes_value(row) && value)
		return refuse_value(row, "takes no value", reterr);
	if (takes_value(row) && !value && !row->optional)
		return refuse_value(row, "needs a value", reterr);
	if (takes_value(row) && value && !*value)
		return refuse_value(row, "has an empty value", reterr);
	if (takes_value(row) && !row->repeats)
		r = give(options, row, value, reterr);
	return r < 0 ? r : row->set(options, row, value, reterr);
}

static bool find_letter(const struct command *command, char letter, struct option *ret_row)
{
	const char *title;

	for (size_t i = 0; options_at(command, i, ret_row, &title); i++) {
		if (ret_row->letter && ret_row->letter[1] == letter)
			return true;
	}
	return false;
}

/* A lone `--` isn't meant as a value: the value was forgotten, or was empty in a script. */
static bool is_value(const char *word)
{
	return word && strcmp(word, "--") != 0;
}

/* Reads "-v", "-vq", "-k5", "-k=5", "-vk 5". Returns how many words it took. */
static int parse_letters(struct options *options, const struct command *command, char **words,
		struct ration_error *reterr)
{
	const char *at = words[0] + 1;
	struct option row;

	while (*at) {
		const char *value;
		bool apart;
		int r;

		if (!find_letter(command, *at, &row))
			return refuse_unknown(command, words[0], reterr);
		at++;
		apart = takes_value(&row) && !row.optional && !*at && is_value(words[1]);
		value = apart ? words[1] : *at == '=' ? at + 1 : takes_value(&row) && *at ? at : NULL;
		r = options_give(options, &row, value, reterr);
		if (r < 0 || value || options->help)
			return r < 0 ? r : 1 + apart;
	}
	return 1;
}

/* Reads the option at `words`. Returns how many words it took. */
static int parse_one(struct options *options, const struct command *command, char **words,
		struct ration_error *reterr)
{
	struct option row = { .flag = NULL };
	const char *value = strchr(words[0], '=');
	int taken = 1;
	int r;

	if (words[0][1] != '-')
		return parse_letters(options, command, words, reterr);
	r = find_option(command, words[0], &row, reterr);
	if (r < 0)
		return r;
	if (value)
		value++;
	if (takes_value(&row) && !row.optional && !value && is_value(words[1])) {
		value = words[1];
		taken = 2;
	}
	r = options_give(options, &row, value, reterr);
	return r < 0 ? r : taken;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/* Moves `n` words from behind `n_operands` operands to before them. */
static void move_before(char **operands, int n_operands, int n)
{
	for (int i = 0; i < n; i++, operands++) {
		char *word = operands[n_operands];

		memmove(operands + 1, operands, (size_t)n_operands * sizeof(*operands));
		operands[0] = word;
	}
}

int options_parse(struct options *options, const struct command *command, char **words,
		struct ration_error *reterr)
{
	bool operand_ends = !command || command->foreign;
	int n = 0, n_operands = 0;

	if (options->n_parts < OPTION_PARTS_MAX)
		options->part[options->n_parts++] = (struct option_part) { .command = command, .words = words };
	while (words[n + n_operands] && !options->help) {
		char **word = words + n + n_operands;
		bool end = strcmp(word[0], "--") == 0;
		int r = check_dashes(command, word[0], reterr);

		if (r < 0)
			return r;
		/* A number is meant as an operand, even if a wrong one: no option is a number. */
		if (!is_option(word[0]) || (!operand_ends && isdigit((unsigned char)word[0][1]))) {
			if (operand_ends)
				break;
			n_operands++;
			continue;
		}
		r = end ? 1 : parse_one(options, command, word, reterr);
		if (r < 0)
			return r;
		move_before(words + n, n_operands, r);
		n += r;
		if (end)
			break;
	}
	return n;
}
