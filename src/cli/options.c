/* SPDX-License-Identifier: MIT */
/*
 * options.c - the command line
 *
 * Long options are written out in full, `--flag VALUE` or `--flag=VALUE`, before
 * or behind operands; `--` ends them, and for a command whose operands are
 * somebody else's command, the first operand does: so `ration run` never reads
 * the options of what it runs. Of an option that is repeated, the last counts,
 * except where its help says that it may be repeated.
 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/beside.h"
#include "cli/command.h"
#include "cli/nearest.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

/* ------------------------------------------------------------------ setters */

static void *field(struct options *options, const struct option *row)
{
	return (char *)options + row->offset;
}

int option_set_true(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	(void)value;
	(void)reterr;
	*(bool *)field(options, row) = true;
	return 0;
}

int option_set_text(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	(void)reterr;
	*(const char **)field(options, row) = value;
	return 0;
}

int option_set_word(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX], words[64];

	for (const struct option_word *at = row->words; at->word; at++) {
		if (strcmp(at->word, value) == 0) {
			*(int *)field(options, row) = at->value;
			return 0;
		}
	}
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: not one of %s", row->flag,
			text_escape(shown, sizeof(shown), value), option_argument(words, sizeof(words), row));
}

int option_set_count(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	uint64_t count;

	if (parse_count(value, &count) < 0 || count == 0)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, 
				"%s %s: must be 1 or more, e.g. 2", row->flag,
				text_escape(shown, sizeof(shown), value));
	*(uint64_t *)field(options, row) = count;
	return 0;
}

int option_set_size(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	uint64_t bytes;
	int r = ration_parse_size(row->flag, value, &bytes, reterr);

	if (r < 0)
		return r;
	/* To the library, 0 is the default. */
	if (bytes == 0)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, 
				"%s 0: must be above 0, e.g. 256M", row->flag);
	*(uint64_t *)field(options, row) = bytes;
	return 0;
}

int option_set_duration(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	uint64_t usec;
	int r = ration_parse_duration(row->flag, value, &usec, reterr);

	if (r < 0)
		return r;
	/* Written, 0 is for ever; to the library it is the default. */
	*(uint64_t *)field(options, row) = usec > 0 ? usec : RATION_UNLIMITED;
	return 0;
}

int option_set_limit(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (strcmp(info->flag, row->flag) == 0)
			return ration_limits_parse(options->limits, info->limit, value, reterr);
	}
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s is not a limit", row->flag);
}

/* Says why `value` isn't a resource with its limit. */
static int refuse_rlimit(const char *value, size_t length, const char *nearest, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	bool whole = value[length] == '=';

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--rlimit %s: %s",
			text_escape(shown, sizeof(shown), value),
			whole ? "unknown resource" : "expected NAME=SOFT[:HARD]");
	if (nearest)
		return error_hint(reterr, -EINVAL, "did you mean --rlimit %s=%s?", nearest,
				whole ? text_escape(shown, sizeof(shown), value + length + 1) : "…");
	return error_hint(reterr, -EINVAL, "e.g. --rlimit nofile=1024 or --rlimit core=0:max");
}

/* nofile=1024:4096: the name chooses the row of the table, the rest is its value. */
static int set_rlimit(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	const struct ration_limit_info *info;
	size_t length = strcspn(value, "=");
	char name[TEXT_SHOWN_MAX];
	struct nearest nearest = { .word = name };

	(void)row;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : 0), value);
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (!limit_is_rlimit(info))
			continue;
		if (value[length] == '=' && strcmp(limit_rlimit_name(info), name) == 0)
			return ration_limits_parse(options->limits, info->limit, value + length + 1, reterr);
		nearest_try(&nearest, limit_rlimit_name(info));
	}
	return refuse_rlimit(value, length, nearest.best, reterr);
}

/* ------------------------------------------------- options of many commands */

#define FIELD(name) .offset = offsetof(struct options, name)

const struct option_set options_global = {
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
		{ .flag = "--enforce", .set = option_set_word, FIELD(policy),
			.help = "Required enforcement; default: fallback",
			.details = "strict: by the kernel, for the whole group\n"
				"fallback: by a weaker mechanism, with a warning\n"
				"any: run even if a limit isn't enforced",
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
		.details = "sets memory, cpus and pids from the guest's size\n"
			"pids is 100: tight for QEMU's aio=threads (102)" },
	{ .flag = "--guest-memory", .argument = "SIZE", .set = option_set_size, FIELD(vm.guest_bytes),
		.help = "Guest memory (QEMU's -m); required" },
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

/* The one flag of all setrlimit(2) rows. */
static const struct option rlimit_option = {
	.flag = "--rlimit", .argument = "NAME=SOFT[:HARD]", .set = set_rlimit,
	.help = "Set a resource limit, setrlimit(2) (repeatable)",
};

/* ------------------------------------------------------------ lists of rows */

bool limit_is_rlimit(const struct ration_limit_info *info)
{
	return strncmp(info->name, "rlimit_", strlen("rlimit_")) == 0;
}

const char *limit_rlimit_name(const struct ration_limit_info *info)
{
	return info->name + strlen("rlimit_");
}

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
			.help = info->help, .set = option_set_limit, .info = info };
		return true;
	}
	if (!has_rlimits || (*i)-- > 0)
		return false;
	*ret_option = rlimit_option;
	return true;
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

const char *option_argument(char *buf, size_t size, const struct option *row)
{
	size_t used = 0;

	(void)snprintf(buf, size, "%s", row->argument ? row->argument : "");
	for (const struct option_word *at = row->words; at && at->word && used < size; at++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? "|" : "", at->word);
	return buf;
}

const char *option_word_of(const struct option_word *words, int value)
{
	while (words->word && words->value != value)
		words++;
	return words->word;
}

/* ------------------------------------------------------------------ parsing */

static bool takes_value(const struct option *row)
{
	return row->argument || row->words;
}

static int refuse_unknown(const struct command *command, const char *flag, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	struct nearest nearest = { .word = flag };
	struct option row;
	const char *title;

	for (size_t i = 0; options_at(command, i, &row, &title); i++)
		nearest_try(&nearest, row.flag);
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "unknown option %s",
			text_escape(shown, sizeof(shown), flag));
	if (nearest.best)
		return error_hint(reterr, -EINVAL, "did you mean %s?", nearest.best);
	if (!command)
		return error_hint(reterr, -EINVAL, "ration --help lists the commands");
	return error_hint(reterr, -EINVAL, "ration %s --help lists the options", command->name);
}

/* Finds the row of a word such as "--flag", "--flag=VALUE" or "-v". */
static int find_option(const struct command *command, const char *word, struct option *ret_row,
		struct ration_error *reterr)
{
	CLEANUP(freep) char *flag = strndup(word, strcspn(word, "="));
	const char *title;

	if (!flag)
		return error_oom(reterr);
	for (size_t i = 0; options_at(command, i, ret_row, &title); i++) {
		if (strcmp(ret_row->flag, flag) == 0 ||
				(ret_row->letter && strcmp(ret_row->letter, word) == 0))
			return 0;
	}
	return refuse_unknown(command, flag, reterr);
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

/* Reads the option at `words`. Returns how many words it took. */
static int parse_one(struct options *options, const struct command *command, char **words,
		struct ration_error *reterr)
{
	struct option row = { .flag = NULL };
	const char *value = strchr(words[0], '=');
	int taken = 1;
	int r = find_option(command, words[0], &row, reterr);

	if (r < 0)
		return r;
	if (value)
		value++;
	if (!takes_value(&row) && value)
		return refuse_value(&row, "takes no value", reterr);
	if (takes_value(&row) && !value) {
		value = words[1];
		taken = 2;
	}
	if (takes_value(&row) && !value)
		return refuse_value(&row, "needs a value", reterr);
	if (takes_value(&row) && !*value)
		return refuse_value(&row, "has an empty value", reterr);
	r = row.set(options, &row, value, reterr);
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

	while (words[n + n_operands] && !options->help) {
		char **word = words + n + n_operands;
		bool end = strcmp(word[0], "--") == 0;
		int r = 1;

		/* A number is meant as an operand, if a wrong one: no option is called so. */
		if (!is_option(word[0]) || (!operand_ends && isdigit((unsigned char)word[0][1]))) {
			if (operand_ends)
				break;
			n_operands++;
			continue;
		}
		if (!end)
			r = parse_one(options, command, word, reterr);
		if (r < 0)
			return r;
		move_before(words + n, n_operands, r);
		n += r;
		if (end)
			break;
	}
	return n;
}

/* ------------------------------------------------------- what they come to */

/* A variable that is set to nothing isn't set. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int options_init(struct options *options, int n_words, struct ration_error *reterr)
{
	*options = (struct options) {
		.base = environment("RATION_BASE"),
		.nspace = environment("RATION_NAMESPACE"),
		.policy = RATION_ENFORCE_FALLBACK,
		.accel = RATION_ACCEL_NONE,
		.vm = { .size = sizeof(struct ration_vm) },
		.output_mode = RATION_OUTPUT_KILL,
		.env = calloc((size_t)n_words + 1, sizeof(char *)),
		.avoid = calloc((size_t)n_words + 1, sizeof(char *)),
	};
	if (!options->env || !options->avoid)
		return error_oom(reterr);
	return ration_limits_new(&options->limits) < 0 ? error_oom(reterr) : 0;
}

void options_done(struct options *options)
{
	options->limits = ration_limits_free(options->limits);
	free(options->env);
	free(options->avoid);
	options->env = options->avoid = NULL;
}

int options_host(const struct options *options, struct ration_host **ret_host, struct ration_error *reterr)
{
	char beside[PATH_MAX];
	const char *helpers = options->helpers ? options->helpers : beside_us(beside, sizeof(beside));
	const struct ration_host_options where = {
		.size = sizeof(where),
		.base = options->base,
		.nspace = options->nspace,
		.parent = options->parent,
		.no_create = options->no_create,
		.helpers = options->helpers && strcmp(options->helpers, "none") == 0 ? "" : helpers,
		.fork_helpers = true,
	};

	return ration_host_open(&where, ret_host, reterr);
}

int options_host_ready(const struct options *options, struct ration_host **ret_host, struct ration_error *reterr)
{
	int r = options_host(options, ret_host, reterr);

	/* What systemd doesn't give is told by the plan, as of any host that hasn't got it. */
	if (r >= 0 && ration_host_prepare(*ret_host, options->command->purpose, NULL) < 0)
		return 0;
	return r;
}

/* Turns the VM's sizes into limits. */
static int apply_vm(struct options *options, struct ration_error *reterr)
{
	const struct ration_vm *vm = &options->vm;

	if (options->accel == RATION_ACCEL_NONE) {
		if (!vm->guest_bytes && !vm->overhead_bytes && !vm->tb_bytes && !vm->vcpus)
			return 0;
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
				"sizes of a virtual machine require --vm");
		return error_hint(reterr, -EINVAL, "e.g. --vm tcg --guest-memory 512M");
	}
	options->vm.accel = (enum ration_accel)options->accel;
	return ration_vm_limits(&options->vm, options->limits, NULL, reterr);
}

/* Where a plan is for: nowhere in particular, or below a tenant, or (NULL) a tenant itself. */
struct place {
	bool known;
	const char *tenant;
};

static int plan_new(const struct options *options, const struct ration_host *host, const struct place *place,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	enum ration_policy policy = (enum ration_policy)options->policy;
	enum ration_purpose purpose = options->command->purpose;

	if (!place->known)
		return ration_plan_new_for(host, options->limits, policy, purpose, ret_plan, reterr);
	return ration_plan_new_below(host, options->limits, policy, purpose, place->tenant, ret_plan, reterr);
}

static int make_plan(struct options *options, const struct ration_host *host, const struct place *place,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	struct ration_plan *plan;
	int r = apply_vm(options, reterr);

	if (r >= 0)
		r = plan_new(options, host, place, &plan, reterr);
	if (r < 0)
		return r;
	/* What stands behind a group's limits is up to who starts processes in it. */
	if (options->accel != RATION_ACCEL_NONE && options->command->purpose != RATION_PURPOSE_GROUP)
		r = ration_vm_fallback(&options->vm, plan, options->limits, reterr);
	if (r > 0) {
		plan = ration_plan_free(plan);
		r = plan_new(options, host, place, &plan, reterr);
	}
	if (r < 0) {
		plan = ration_plan_free(plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

int options_plan(struct options *options, const struct ration_host *host, struct ration_plan **ret_plan,
		struct ration_error *reterr)
{
	return make_plan(options, host, &(struct place) { .known = false }, ret_plan, reterr);
}

const char *options_tenant(const struct options *options)
{
	return options->tenant ? options->tenant : "default";
}

int options_plan_run(struct options *options, const struct ration_host *host, struct ration_plan **ret_plan,
		struct ration_error *reterr)
{
	return make_plan(options, host, &(struct place) { .known = true, .tenant = options_tenant(options) }, ret_plan,
			reterr);
}

int options_plan_group(struct options *options, const struct ration_host *host, const char *address,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	const char *slash = strchr(address, '/');
	CLEANUP(freep) char *tenant = slash ? strndup(address, (size_t)(slash - address)) : NULL;

	if (slash && !tenant)
		return error_oom(reterr);
	return make_plan(options, host, &(struct place) { .known = true, .tenant = tenant }, ret_plan, reterr);
}
