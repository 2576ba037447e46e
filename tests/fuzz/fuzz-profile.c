/* SPDX-License-Identifier: MIT */
/*
 * fuzz-profile.c - any text as a profile, for each command that takes one
 *
 * Each line is a name and a value without blanks around them, or is refused with a clean message that
 * says where it is.
 */
#include "fuzz.h"

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/profile.h"
#include "util/cleanup.h"

#define BLANKS " \t\r\v\f\n"

static bool is_trimmed(const char *text)
{
	size_t length = strlen(text);

	return length == 0 || (!strchr(BLANKS, text[0]) && !strchr(BLANKS, text[length - 1]));
}

static void check_lines(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct profile_reader reader = { .at = text };
	struct profile_line line;
	struct ration_error error;
	unsigned last = 0;
	int r;

	while ((r = profile_next(&reader, &line, &error)) > 0) {
		MUST(reader.number > last);
		last = reader.number;
		MUST(line.name[0] && line.name[0] != '#' && !strpbrk(line.name, BLANKS "="));
		MUST(!line.value || is_trimmed(line.value));
	}
	if (r < 0)
		must_be_clean_error(&error);
	free(text);
}

static void check_options(const struct command *command, const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct options typed, fresh, checked;
	struct ration_error error;
	int n = (int)size + 1;

	MUST(options_init(&typed, n, NULL) == 0 && options_init(&fresh, n, NULL) == 0);
	MUST(options_init(&checked, n, NULL) == 0);
	typed.command = fresh.command = checked.command = command;
	if (profile_take(&typed, &fresh, &checked, "p", text, &error) < 0) {
		must_be_clean_error(&error);
		MUST(strncmp(error.message, "p:", 2) == 0);
	}
	MUST(!fresh.profile && !fresh.help && !fresh.version);
	options_done(&checked);
	options_done(&fresh);
	options_done(&typed);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct command *const takers[] = { &cmd_run, &cmd_exec, &cmd_create, &cmd_plan };

	check_lines(data, size);
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		check_options(takers[i], data, size);
	return 0;
}
