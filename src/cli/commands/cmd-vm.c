/* SPDX-License-Identifier: MIT */
/*
 * cmd-vm.c - ration vm: show the limits a virtual machine needs
 *
 * It shows how the limits of `ration run --vm` add up. It doesn't look at this machine,
 * not even at /dev/kvm: the caller names the accelerator.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/json-build.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"

#define MIB (UINT64_C(1) << 20)

/* Tasks that QEMU has at its peak with aio=threads. */
#define AIO_THREADS_PEAK 102

#define WORD_MAX 32
#define NOTE_MAX 256

/* Words of a command line. */
struct words {
	size_t n;
	char word[16][WORD_MAX];
};

struct notes {
	size_t n;
	char note[4][NOTE_MAX];
};

struct profile {
	const char *accel;
	struct ration_vm vm; /* with its defaults */
	uint64_t memory_bytes, cpus, pids, as_bytes;
	struct words run;    /* options of `ration run`: from the guest's sizes */
	struct words limits; /* and the same as limits */
	struct words qemu;
	struct notes notes;
};

/* -------------------------------------------------------------------- words */

__attribute__((format(printf, 2, 3))) static void add_word(struct words *words, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words->word[words->n++], WORD_MAX, format, args);
	va_end(args);
}

/* A flag with an exact size: 968M, or bytes, whose unit is `bare`. */
static void add_size(struct words *words, const char *flag, uint64_t bytes, const char *bare)
{
	add_word(words, "%s", flag);
	if (bytes % MIB == 0)
		add_word(words, "%" PRIu64 "M", bytes / MIB);
	else
		add_word(words, "%" PRIu64 "%s", bytes, bare);
}

static void add_number(struct words *words, const char *flag, uint64_t number)
{
	add_word(words, "%s", flag);
	add_word(words, "%" PRIu64, number);
}

/* `asked` is without the defaults: what wasn't given needn't be said. */
static void fill_run(struct words *words, const char *accel, const struct ration_vm *asked)
{
	add_word(words, "--vm");
	add_word(words, "%s", accel);
	add_size(words, "--guest-memory", asked->guest_bytes, "");
	if (asked->overhead_bytes)
		add_size(words, "--vm-overhead", asked->overhead_bytes, "");
	if (asked->tb_bytes && asked->accel == RATION_ACCEL_TCG)
		add_size(words, "--tb-size", asked->tb_bytes, "");
	if (asked->vcpus)
		add_number(words, "--vcpus", asked->vcpus);
	if (asked->pids)
		add_number(words, "--pids", asked->pids);
}

static void fill_limits(struct words *words, const struct profile *profile)
{
	add_size(words, "--memory", profile->memory_bytes, "");
	add_number(words, "--cpus", profile->vm.vcpus);
	add_number(words, "--pids", profile->pids);
}

static void fill_qemu(struct words *words, const struct profile *profile)
{
	const struct ration_vm *vm = &profile->vm;
	/* QEMU counts in MiB, and takes 0 for its own default. */
	uint64_t tb = vm->tb_bytes < MIB ? 1 : vm->tb_bytes / MIB;

	add_word(words, "-accel");
	if (vm->accel == RATION_ACCEL_TCG)
		add_word(words, "tcg,tb-size=%" PRIu64, tb);
	else
		add_word(words, "%s", profile->accel);
	add_size(words, "-m", vm->guest_bytes, "B");
	if (vm->vcpus > 1)
		add_number(words, "-smp", vm->vcpus);
}

__attribute__((format(printf, 2, 3))) static void add_note(struct notes *notes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(notes->note[notes->n++], NOTE_MAX, format, args);
	va_end(args);
}

static void fill_notes(struct notes *notes, const struct profile *profile)
{
	char size[RATION_TEXT_MAX];

	if (profile->pids <= AIO_THREADS_PEAK)
		add_note(notes, "--pids %" PRIu64 " is tight: aio=threads, QEMU's default for disks, needs about "
				"%d tasks at its peak. Use --pids 128, or aio=io_uring, which needs fewer.",
				profile->pids, AIO_THREADS_PEAK);
	if (profile->vm.accel == RATION_ACCEL_TCG) {
		add_note(notes, "Give QEMU the tb-size above. Its default is 1 GiB, which doesn't fit in the "
				"memory limit.");
		add_note(notes, "kvm and hvf need no translation cache, so %s less. Use --accel kvm if QEMU "
				"can open /dev/kvm.", ration_format_size(size, profile->vm.tb_bytes));
	}
	add_note(notes, "QEMU 7.2 used 83 to 112 MiB beyond a guest of 256 MiB under tcg, and 44 to 49 MiB "
			"under kvm. Measure the peak of yours with ration run -v, then reduce --vm-overhead.");
}

static int make_profile(struct options *options, struct profile *ret, struct ration_error *reterr)
{
	struct profile profile = { .vm = options->vm };
	int r;

	if (options->accel != RATION_ACCEL_NONE)
		profile.vm.accel = (enum ration_accel)options->accel;
	else
		profile.vm.accel = RATION_ACCEL_TCG;
	profile.accel = option_word_of(options_accel_words, (int)profile.vm.accel);
	fill_run(&profile.run, profile.accel, &profile.vm);
	r = ration_vm_limits(&profile.vm, options->limits, &profile.as_bytes, reterr);
	if (r < 0)
		return r;
	if (ration_limits_get(options->limits, RATION_LIMIT_MEMORY, NULL, &profile.memory_bytes) < 0 ||
			ration_limits_get(options->limits, RATION_LIMIT_CPUS, NULL, &profile.cpus) < 0 ||
			ration_limits_get(options->limits, RATION_LIMIT_PIDS, NULL, &profile.pids) < 0)
		return error_set(reterr, -EINVAL, RATION_CAUSE_UNKNOWN, "the profile has set no limits");
	fill_limits(&profile.limits, &profile);
	fill_qemu(&profile.qemu, &profile);
	fill_notes(&profile.notes, &profile);
	*ret = profile;
	return 0;
}

/* --------------------------------------------------------------- for people */

static void print_row(const char *name, const char *sign, const char *value, const char *what)
{
	(void)printf("  %-18s %s%10s   %s\n", name, sign, value, what);
}

static void print_count(const char *name, uint64_t value, const char *what)
{
	char text[RATION_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	print_row(name, " ", text, what);
}

static void print_sum(const struct profile *profile)
{
	const struct ration_vm *vm = &profile->vm;
	char size[RATION_TEXT_MAX];

	print_row("guest memory", " ", ration_format_size(size, vm->guest_bytes), "memory of the guest");
	print_row("overhead", "+", ration_format_size(size, vm->overhead_bytes), "QEMU's own memory: --vm-overhead");
	if (vm->accel == RATION_ACCEL_TCG)
		print_row("translation cache", "+", ration_format_size(size, vm->tb_bytes),
				"translated guest code: --tb-size");
	print_row("memory", "=", ration_format_size(size, profile->memory_bytes), "memory limit of QEMU");
	print_count("cpus", vm->vcpus, "one per virtual CPU: --vcpus");
	print_count("pids", profile->pids, "processes and threads: --pids");
}

static void print_fallback(const struct profile *profile)
{
	char text[RATION_TEXT_MAX];

	(void)printf("\nFallback per process, if cgroups can't enforce memory or cpus:\n\n");
	print_row("RLIMIT_AS", " ", ration_format_size(text, profile->as_bytes),
			"address space, mostly reserved and unused");
	print_row("RLIMIT_CPU", " ", ration_format_duration(text, RATION_VM_CPU_SECONDS * UINT64_C(1000000)),
			"CPU time, unless --cpu-time is given");
}

static void print_words(const struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		(void)printf(" %s", words->word[i]);
}

static void print_command(const struct words *options, const struct words *qemu)
{
	(void)printf("  ration run");
	print_words(options);
	(void)printf(" -- \\\n      qemu-system-x86_64");
	print_words(qemu);
	(void)printf(" ...\n");
}

static void print_profile(const struct profile *profile)
{
	(void)printf("Limits of a virtual machine under %s:\n\n", profile->accel);
	print_sum(profile);
	print_fallback(profile);
	(void)printf("\nCommand:\n\n");
	print_command(&profile->run, &profile->qemu);
	(void)printf("\nThe same limits, one by one:\n\n");
	print_command(&profile->limits, &profile->qemu);
	(void)printf("\n");
	for (size_t i = 0; i < profile->notes.n; i++) {
		(void)printf("- ");
		output_wrapped(stdout, 2, 2, profile->notes.note[i]);
	}
}

/* ------------------------------------------------------------- for programs */

static json_t *words_array(struct builder *builder, const struct words *words)
{
	json_t *array = json_array();

	for (size_t i = 0; i < words->n; i++)
		build_add(builder, array, json_string(words->word[i]));
	return array;
}

static char *json_profile(const struct profile *profile)
{
	const struct ration_limit_info *cpus = ration_limit_info(RATION_LIMIT_CPUS);
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *fallback = json_object(), *notes = json_array();

	build_put(&builder, object, "schema", json_integer(1));
	build_put_text(&builder, object, "accel", profile->accel);
	build_put(&builder, object, "guest_bytes", build_number(profile->vm.guest_bytes));
	build_put(&builder, object, "overhead_bytes", build_number(profile->vm.overhead_bytes));
	if (profile->vm.accel == RATION_ACCEL_TCG)
		build_put(&builder, object, "tb_bytes", build_number(profile->vm.tb_bytes));
	build_put(&builder, object, "vcpus", build_number(profile->vm.vcpus));
	build_put(&builder, object, "memory", build_number(profile->memory_bytes));
	build_put(&builder, object, "cpus", build_limit_value(cpus, profile->cpus));
	build_put(&builder, object, "pids", build_number(profile->pids));
	build_put(&builder, fallback, "rlimit_as", build_number(profile->as_bytes));
	build_put(&builder, fallback, "rlimit_cpu", build_number(RATION_VM_CPU_SECONDS));
	build_put(&builder, object, "fallback", fallback);
	build_put(&builder, object, "run", words_array(&builder, &profile->run));
	build_put(&builder, object, "limits", words_array(&builder, &profile->limits));
	build_put(&builder, object, "qemu", words_array(&builder, &profile->qemu));
	for (size_t i = 0; i < profile->notes.n; i++)
		build_add(&builder, notes, json_string(profile->notes.note[i]));
	build_put(&builder, object, "notes", notes);
	return build_finish(&builder, object);
}

static int print(const struct options *options, const struct profile *profile, struct ration_error *reterr)
{
	CLEANUP(freep) char *text = NULL;

	if (!options->json) {
		print_profile(profile);
		return 0;
	}
	text = json_profile(profile);
	if (!text)
		return error_oom(reterr);
	(void)fputs(text, stdout);
	return 0;
}

/* ------------------------------------------------------------------ command */

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set accel_set = {
	.title = "Virtual machine",
	.rows = (const struct option[]) {
		{ .flag = "--accel", .set = option_set_word, FIELD(accel), .words = options_accel_words,
			.help = "Accelerator; default: tcg" },
		{ .flag = "--pids", .argument = "N", .set = option_set_count, FIELD(vm.pids),
			.help = "Maximum number of QEMU's tasks; default: 100" },
		{ .flag = NULL },
	},
};

static int vm_function(struct options *options, char **operands)
{
	struct ration_error error;
	struct profile profile;

	(void)operands;
	if (make_profile(options, &profile, &error) < 0 || print(options, &profile, &error) < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, 0);
}

const struct command cmd_vm = {
	.name = "vm",
	.arguments = "--guest-memory SIZE [--accel ACCEL] [SIZES] [--json]",
	.help = "Show the limits a virtual machine needs",
	.details =
		"QEMU needs more memory than its guest. This shows the limits that `ration run "
		"--vm` sets. It runs nothing and doesn't look at this machine.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &accel_set, &options_vm_sizes, &options_json, NULL },
	.function = vm_function,
};
