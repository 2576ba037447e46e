/* SPDX-License-Identifier: MIT */
/*
 * rows.c - the options of a command, one row each
 */
#include "cli/options/rows.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/policies.h"
#include "cli/options/setters.h"
#include "util/cleanup.h"

#define FIELD(name) .offset = offsetof(struct options, name)

/* Taken by every command. */
static const struct option_set options_global = {
	.title = "Global options",
	.rows = (const struct option[]) {
		{ .flag = "--base", .argument = "DIR", .set = option_set_text, FIELD(base),
			.help = "Base directory for groups (RATION_BASE)" },
		{ .flag = "--parent", .argument = "PATH", .set = option_set_text, FIELD(parent),
			.help = "Intermediate groups, e.g. a/b/c" },
		{ .flag = "--no-create", .set = option_set_true, FIELD(no_create),
			.help = "Fail if a group of --parent is missing" },
		{ .flag = "--namespace", .argument = "NAME", .set = option_set_text, FIELD(nspace),
			.help = "Top group (RATION_NAMESPACE); default: ration" },
		{ .flag = "--helpers", .argument = "DIR", .set = option_set_text, FIELD(helpers),
			.help = "Directory of the helper programs, or none" },
		{ .flag = "--help", .letter = "-h", .set = option_set_true, FIELD(help),
			.help = "Show this help and exit" },
		{ .flag = "--version", .set = option_set_true, FIELD(version),
			.help = "Show the version and exit" },
		{ .flag = NULL },
	},
};

const struct option_set options_json = {
	.title = "Output",
	.rows = (const struct option[]) {
		{ .flag = "--json", .set = option_set_true, FIELD(json), .help = "Print JSON" },
		{ .flag = NULL },
	},
};

const struct option_set options_enforce = {
	.title = "Enforcement",
	.rows = (const struct option[]) {
		{ .flag = "--enforce", .set = option_set_policies,
			.help = "Required enforcement; default: fallback",
			.details = "strict: by the kernel, for the whole group\n"
				"fallback: by a weaker mechanism, with a warning\n"
				"any: run even if a limit isn't enforced\n"
				"LIMIT=POLICY,...: for one limit or several,\n"
				"e.g. memory=strict,memory-high=any",
			.words = (const struct option_word[]) {
				{ "strict", RATION_ENFORCE_STRICT },
				{ "fallback", RATION_ENFORCE_FALLBACK },
				{ "any", RATION_ENFORCE_ANY },
				{ NULL, 0 },
			} },
		{ .flag = NULL },
	},
};

const struct option_set options_oom = {
	.title = "Out of memory",
	.rows = (const struct option[]) {
		{ .flag = "--oom-group", .set = option_set_word, FIELD(no_oom_group),
			.help = "OOM-kill the whole group; default: on",
			.words = (const struct option_word[]) {
				{ "on", false },
				{ "off", true },
				{ NULL, 0 },
			} },
		{ .flag = NULL },
	},
};

const struct option_word options_accel_words[] = {
	{ "kvm", RATION_ACCEL_KVM },
	{ "hvf", RATION_ACCEL_HVF },
	{ "tcg", RATION_ACCEL_TCG },
	{ NULL, 0 },
};

/* The first is for commands that run one; the others are its sizes. */
static const struct option vm_rows[] = {
	{ .flag = "--vm", .set = option_set_word, FIELD(accel), .words = options_accel_words,
		.help = "Set the limits for a virtual machine",
		.details = "sets memory, cpus and pids; needs --guest-memory\n"
			"pids is 100: tight for QEMU's aio=threads (102)" },
	{ .flag = "--guest-memory", .argument = "SIZE", .set = option_set_size, FIELD(vm.guest_bytes),
		.help = "Memory of the guest: QEMU's -m" },
	{ .flag = "--vm-overhead", .argument = "SIZE", .set = option_set_size, FIELD(vm.overhead_bytes),
		.help = "Memory of QEMU itself; default: 200M" },
	{ .flag = "--tb-size", .argument = "SIZE", .set = option_set_size, FIELD(vm.tb_bytes),
		.help = "Size of TCG's translation cache; default: 256M" },
	{ .flag = "--vcpus", .argument = "N", .set = option_set_count, FIELD(vm.vcpus),
		.help = "Virtual CPUs; default: 1" },
	{ .flag = NULL },
};

const struct option_set options_vm = {
	.title = "Virtual machines",
	.rows = vm_rows,
};

const struct option_set options_vm_sizes = {
	.title = "Sizes",
	.rows = vm_rows + 1,
};

/* The one flag of all setrlimit(2) rows, and before it two of them by plain words. */
static const struct option rlimit_options[] = {
	{ .flag = "--files", .argument = "N", .set = option_set_files,
		.help = "Open files of each process, e.g. 256" },
	{ .flag = "--file-size", .argument = "SIZE", .set = option_set_file_size,
		.help = "Size of a file that it writes, e.g. 100M" },
	{ .flag = "--rlimit", .argument = "NAME=SOFT[:HARD]", .set = option_set_rlimit, .repeats = true,
		.help = "Set a resource limit, setrlimit(2) (repeatable)" },
};

/*
 * Returns option `i` of the table of limits, of those that fit the purpose; moves
 * `i` on where there is none.
 */
static bool limit_option_at(enum ration_purpose purpose, size_t *i, struct option *ret_option)
{
	const struct ration_limit_info *info;
	bool has_rlimits = false;

	for (size_t limit = 0; (info = ration_limit_at(limit)); limit++) {
		if (!ration_limit_fits(info->limit, purpose))
			continue;
		has_rlimits = has_rlimits || limit_is_rlimit(info);
		if (limit_is_rlimit(info) || (*i)-- > 0)
			continue;
		*ret_option = (struct option) { .flag = info->flag, .argument = info->argument,
			.letter = info->limit == RATION_LIMIT_MEMORY ? "-m" : NULL, /* as docker has it */
			.help = info->help, .set = option_set_limit, .info = info,
			.repeats = info->key != RATION_KEY_NONE };
		return true;
	}
	if (!has_rlimits)
		return false;
	if (*i < ARRAY_SIZE(rlimit_options)) {
		*ret_option = rlimit_options[*i];
		return true;
	}
	*i -= ARRAY_SIZE(rlimit_options);
	return false;
}

static bool set_option_at(const struct option_set *set, size_t *i, struct option *ret_option,
		const char **ret_title)
{
	for (const struct option *row = set->rows; row->flag; row++) {
		if ((*i)-- > 0)
			continue;
		*ret_option = *row;
		*ret_title = set->title;
		return true;
	}
	return false;
}

bool options_at(const struct command *command, size_t i, struct option *ret_option, const char **ret_title)
{
	if (command && command->limits && limit_option_at(command->purpose, &i, ret_option)) {
		*ret_title = "Limits";
		return true;
	}
	for (const struct option_set *const *set = command ? command->sets : NULL; set && *set; set++) {
		if (set_option_at(*set, &i, ret_option, ret_title))
			return true;
	}
	return set_option_at(&options_global, &i, ret_option, ret_title);
}

bool options_find(const struct command *command, const char *name, struct option *ret_option)
{
	const char *title;

	for (size_t i = 0; options_at(command, i, ret_option, &title); i++) {
		if (strcmp(ret_option->flag + strlen("--"), name) == 0)
			return true;
	}
	return false;
}
