/* SPDX-License-Identifier: MIT */
/*
 * patterns.c - operands that stand for many groups: acme/ and a star
 *
 * A slash is matched by a slash only, so a pattern is either for tenants or for groups. Names of
 * ours have none of these characters, so no name is a pattern.
 */
#include "cli/options/patterns.h"

#include <errno.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options/options-plan.h"
#include "cli/options/setters.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* As many as a person reads before saying yes, and as a message has room for. */
#define ASKED_SHOWN 20
#define REFUSED_SHOWN 3

const struct option_set options_patterns = {
	.title = "Patterns",
	.rows = (const struct option[]) {
		{ .flag = "--yes", .set = option_set_true, .offset = offsetof(struct options, yes),
			.help = "Don't ask before acting on a pattern" },
		{ .flag = NULL },
	},
};

/* What is instead of the operands. */
struct patterns {
	struct ration_list *list; /* has the text of `matched` */
	char **words;             /* the operands that are names, `matched`, NULL */
	char **matched;
	size_t n_groups, n_tenants;
};

static bool is_pattern(const char *word)
{
	return strpbrk(word, "*?[") != NULL;
}

/* Others can choose any name; a pattern doesn't match names that no command accepts. */
static bool is_name(const char *name, size_t length)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strspn(name, "_.:@-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

	return n >= length && length > 0 && strchr(letters, name[0]);
}

static bool matches(const char *pattern, const char *address)
{
	size_t length = strcspn(address, "/");

	return is_name(address, length) && (!address[length] || is_name(address + length + 1, strlen(address) - length - 1)) &&
		fnmatch(pattern, address, FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

static bool is_among(char *const *words, size_t n, const char *address)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], address) == 0)
			return true;
	}
	return false;
}

static bool matches_any(char *const *words, const char *address)
{
	for (; *words; words++) {
		if (is_pattern(*words) && matches(*words, address))
			return true;
	}
	return false;
}

/* Each must match something, before anything is done. */
static int check_each(const struct options *options, char *const *words, const struct ration_list *list,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	for (; *words && !options->ignore_missing; words++) {
		const struct ration_list_item *item = NULL;

		if (!is_pattern(*words))
			continue;
		for (size_t i = 0; (item = ration_list_item(list, i)) && !matches(*words, item->address); i++)
			;
		if (item)
			continue;
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_NO_GROUP, "nothing matches %s",
				text_show(shown, sizeof(shown), *words));
		return error_hint(reterr, -EINVAL, "ration ls shows what there is; * is for tenants, */* for groups");
	}
	return 0;
}

/* Groups first: if a tenant and its groups match, the tenant is empty by the time that it is removed. */
static void add_matches(struct patterns *it, char *const *words, size_t n_names, bool tenants)
{
	const struct ration_list_item *item;
	size_t *n = tenants ? &it->n_tenants : &it->n_groups;

	for (size_t i = 0; (item = ration_list_item(it->list, i)); i++) {
		if (item->is_tenant != tenants || !matches_any(words, item->address) ||
				is_among(it->words, n_names, item->address))
			continue;
		/* Nobody writes to it: it is an operand as all others. */
		it->matched[it->n_groups + it->n_tenants] = (char *)item->address;
		++*n;
	}
}

static int read_list(const struct options *options, struct ration_list **ret_list, struct ration_error *reterr)
{
	const struct ration_list_options names = { .size = sizeof(names) };
	struct ration_host *host = NULL;
	int r = options_host(options, &host, reterr);

	if (r >= 0)
		r = ration_list_new_with(host, &names, ret_list, reterr);
	host = ration_host_free(host);
	return r;
}

static int find(const struct options *options, char *const *words, struct patterns *it, struct ration_error *reterr)
{
	size_t n = 0, n_names = 0;
	int r = read_list(options, &it->list, reterr);

	if (r >= 0)
		r = check_each(options, words, it->list, reterr);
	if (r < 0)
		return r;
	while (words[n])
		n++;
	it->words = calloc(n + ration_list_count(it->list) + 1, sizeof(*it->words));
	if (!it->words)
		return error_oom(reterr);
	for (size_t i = 0; i < n; i++) {
		if (!is_pattern(words[i]))
			it->words[n_names++] = words[i];
	}
	it->matched = it->words + n_names;
	add_matches(it, words, n_names, false);
	add_matches(it, words, n_names, true);
	return 0;
}

/* ------------------------------------------------------------------- asking */

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* "12 groups", "1 tenant", "2 tenants and 12 groups". */
static const char *how_many(char *buf, size_t size, const struct patterns *it)
{
	if (it->n_tenants == 0)
		(void)snprintf(buf, size, "%zu group%s", it->n_groups, plural(it->n_groups));
	else if (it->n_groups == 0)
		(void)snprintf(buf, size, "%zu tenant%s", it->n_tenants, plural(it->n_tenants));
	else
		(void)snprintf(buf, size, "%zu tenant%s and %zu group%s", it->n_tenants, plural(it->n_tenants), it->n_groups,
				plural(it->n_groups));
	return buf;
}

static int refuse(const struct options *options, const struct patterns *it, struct ration_error *reterr)
{
	size_t n = it->n_groups + it->n_tenants, used = 0;
	char many[80], names[REFUSED_SHOWN * (2 * RATION_NAME_MAX + 4) + 32];

	for (size_t i = 0; i < n && i < REFUSED_SHOWN; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "", it->matched[i]);
	if (n > REFUSED_SHOWN)
		(void)snprintf(names + used, sizeof(names) - used, " and %zu more", n - REFUSED_SHOWN);
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s match%s, and nobody can be asked: %.300s",
			how_many(many, sizeof(many), it), n == 1 ? "es" : "", names);
	return error_hint(reterr, -EINVAL, "--yes %ss %s without a question", options->command->verb, n == 1 ? "it" : "them");
}

static void print_matches(FILE *file, const void *data)
{
	const struct patterns *it = data;
	size_t n = it->n_groups + it->n_tenants;

	for (size_t i = 0; i < n && i < ASKED_SHOWN; i++)
		(void)fprintf(file, "  %s\n", it->matched[i]);
	if (n > ASKED_SHOWN)
		(void)fprintf(file, "  and %zu more\n", n - ASKED_SHOWN);
}

/* A line, byte by byte: what follows it is somebody else's. Anything but yes is no. */
static bool read_yes(void)
{
	static const char *const yes[] = { "y", "Y", "yes", "Yes", "YES" };
	char line[16], c;
	size_t used = 0;
	ssize_t n;

	while ((n = read(STDIN_FILENO, &c, 1)) == 1 ? c != '\n' : n < 0 && errno == EINTR) {
		if (n == 1 && used < sizeof(line) - 1)
			line[used++] = c;
	}
	line[used] = '\0';
	for (size_t i = 0; n == 1 && i < ARRAY_SIZE(yes); i++) {
		if (strcmp(line, yes[i]) == 0)
			return true;
	}
	return false;
}

static int ask(const struct options *options, const struct patterns *it, struct ration_error *reterr)
{
	char many[80];

	if (options->yes || it->n_groups + it->n_tenants == 0)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return refuse(options, it, reterr);
	say_printed(print_matches, it);
	say("%s %s? [y/N] ", options->command->verb, how_many(many, sizeof(many), it));
	return read_yes() ? 0 : error_set(reterr, -ECANCELED, RATION_CAUSE_UNKNOWN, "not confirmed, nothing was done");
}

int patterns_expand(struct options *options, char ***words, struct ration_error *reterr)
{
	bool any = false;
	int r;

	for (size_t i = 0; (*words)[i]; i++)
		any = any || is_pattern((*words)[i]);
	if (!any || !options->command->verb)
		return 0;
	options->patterns = calloc(1, sizeof(*options->patterns));
	if (!options->patterns)
		return error_oom(reterr);
	r = find(options, *words, options->patterns, reterr);
	if (r >= 0)
		r = ask(options, options->patterns, reterr);
	if (r >= 0)
		*words = options->patterns->words;
	return r;
}

bool patterns_matched(const struct options *options, const char *address)
{
	const struct patterns *it = options->patterns;

	/* By where it stands: the same may have been named as well. */
	for (size_t i = 0; it && i < it->n_groups + it->n_tenants; i++) {
		if (it->matched[i] == address)
			return true;
	}
	return false;
}

void patterns_done(struct options *options)
{
	if (!options->patterns)
		return;
	(void)ration_list_free(options->patterns->list);
	free(options->patterns->words);
	free(options->patterns);
	options->patterns = NULL;
}
