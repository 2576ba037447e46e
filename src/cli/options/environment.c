/* SPDX-License-Identifier: MIT */
/*
 * environment.c - the variables that a command is given
 */
#include "cli/options/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options/setters.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

static int set_env(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	/* The parser hands out words of argv, which are ours to keep. */
	char *variable = (char *)(uintptr_t)value;

	if (!strchr(value, '=') || value[0] == '=')
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: expected NAME=VALUE",
				row->flag, text_show(shown, sizeof(shown), value));
	options->env[options->n_env++] = variable;
	return 0;
}

const struct option_set options_environment = {
	.title = "Environment",
	.rows = (const struct option[]) {
		{ .flag = "--env", .argument = "NAME=VALUE", .set = set_env, .repeats = true,
			.help = "Set an environment variable (repeatable)" },
		{ .flag = "--clear-env", .set = option_set_true, .offset = offsetof(struct options, clear_env),
			.help = "Start with an empty environment" },
		{ .flag = NULL },
	},
};

const struct option_set options_user = {
	.title = "User of the command",
	.rows = (const struct option[]) {
		{ .flag = "--user", .letter = "-u", .argument = "USER[:GROUP]", .set = option_set_text,
			.offset = offsetof(struct options, user),
			.help = "Run the command as another user" },
		{ .flag = "--no-new-privs", .set = option_set_word, .offset = offsetof(struct options, new_privileges),
			.help = "Ignore set-user-ID with --user; default: yes",
			.words = (const struct option_word[]) {
				{ "yes", false },
				{ "no", true },
				{ NULL, 0 },
			} },
		{ .flag = NULL },
	},
};

/* Tells whether a later --env, from `first` on, sets the variable that `entry` sets. */
static bool overridden(const struct options *options, const char *entry, size_t first)
{
	size_t length = strcspn(entry, "=") + 1;

	for (size_t i = first; i < options->n_env; i++) {
		if (strncmp(options->env[i], entry, length) == 0)
			return true;
	}
	return false;
}

/* With --user, the library sets these. */
static bool is_of_user(const char *entry)
{
	static const char *const names[] = { "HOME=", "SHELL=", "USER=", "LOGNAME=" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

int environment_make(const struct options *options, char ***ret_envp, struct ration_error *reterr)
{
	size_t n_ours = 0, n = 0;
	char **envp;

	if (!options->clear_env && options->n_env == 0) {
		*ret_envp = NULL;
		return 0;
	}
	while (!options->clear_env && environ && environ[n_ours])
		n_ours++;
	envp = calloc(n_ours + options->n_env + 1, sizeof(*envp));
	if (!envp)
		return error_oom(reterr);
	for (size_t i = 0; i < n_ours; i++) {
		if (!overridden(options, environ[i], 0) && !(options->user && is_of_user(environ[i])))
			envp[n++] = environ[i];
	}
	for (size_t i = 0; i < options->n_env; i++) {
		if (!overridden(options, options->env[i], i + 1))
			envp[n++] = options->env[i];
	}
	*ret_envp = envp;
	return 0;
}
