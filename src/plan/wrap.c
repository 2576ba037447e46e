/* SPDX-License-Identifier: MIT */
/*
 * wrap.c - a line of shell that runs a command under ulimit
 *
 * Two shells read it: the one that is given the line, and the bash that it
 * starts. So the arguments are quoted for the script, and the script is quoted
 * for the line, by the same rule: between single quotes no byte means anything
 * but the quote itself, and that is written outside of them.
 *
 * A newline would break the line in two. It is written $'\n', which bash knows
 * and POSIX doesn't: in the script there is a bash to read it, and in the line
 * none is left to be written.
 */
#include "ration.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "plan/limits.h"
#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/overflow.h"
#include "util/size.h"

/* TCG reserves address space far beyond what it touches; plan/vm.c has a tighter sum. */
#define GUEST_FACTOR 14
#define CPU_SECONDS 3600
#define PIDS 100

#define USEC_PER_SEC 1000000

/* What the script says to ulimit. RATION_UNLIMITED: nothing. */
struct ulimits {
	uint64_t kib, soft_seconds, seconds, pids;
};

/* -------------------------------------------------------------------- limits */

static int check_limits(const struct ration_limits *limits, struct ration_error *reterr)
{
	for (size_t i = 0; i < LIMIT_INDEX_COUNT; i++) {
		enum ration_limit limit = limit_at(i);

		if (limit == RATION_LIMIT_MEMORY || limit == RATION_LIMIT_CPU_TIME || limit == RATION_LIMIT_PIDS ||
				!ration_limits_has(limits, limit))
			continue;
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE,
				"ulimit can't enforce %s", ration_limit_info(limit)->flag);
		return error_hint(reterr, -EOPNOTSUPP,
				"ration wrap supports --memory, --cpu-time and --pids");
	}
	return 0;
}

static int address_space(const struct limit_value *memory, uint64_t *ret_kib, struct ration_error *reterr)
{
	uint64_t bytes;

	if (!memory->set || (!memory->percent && memory->hard == RATION_UNLIMITED))
		return 0;
	if (memory->percent) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
				"--memory: ration wrap needs a size, not a percentage");
		return error_hint(reterr, -EINVAL, "e.g. --memory 512M");
	}
	if (multiply_u64(memory->hard, GUEST_FACTOR, &bytes) < 0) {
		(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"--memory: %d times %" PRIu64 " bytes exceed 64 bits", GUEST_FACTOR,
				memory->hard);
		return error_hint(reterr, -ERANGE, "use the guest's memory, e.g. --memory 512M");
	}
	*ret_kib = bytes / 1024 + (bytes % 1024 != 0);
	return 0;
}

static uint64_t whole_seconds(uint64_t usec)
{
	return usec == RATION_UNLIMITED ? usec : usec / USEC_PER_SEC + (usec % USEC_PER_SEC != 0);
}

static int collect(const struct ration_limits *limits, const struct ration_wrap_options *options,
		struct ulimits *ret, struct ration_error *reterr)
{
	static const struct ration_limits none;
	const struct limit_value *value = limits ? limits->value : none.value;
	struct ulimits ulimits = {
		.kib = RATION_UNLIMITED,
		.soft_seconds = RATION_UNLIMITED,
		.seconds = options->no_cpu_time ? RATION_UNLIMITED : CPU_SECONDS,
		.pids = value[LIMIT_INDEX_PIDS].set ? value[LIMIT_INDEX_PIDS].hard : PIDS,
	};
	int r = limits ? check_limits(limits, reterr) : 0;

	if (r == 0)
		r = address_space(&value[LIMIT_INDEX_MEMORY], &ulimits.kib, reterr);
	if (r < 0)
		return r;
	if (value[LIMIT_INDEX_CPU_TIME].set) {
		ulimits.soft_seconds = whole_seconds(value[LIMIT_INDEX_CPU_TIME].soft);
		ulimits.seconds = whole_seconds(value[LIMIT_INDEX_CPU_TIME].hard);
	}
	*ret = ulimits;
	return 0;
}

static bool is_macos(enum ration_os os)
{
	return (os == RATION_OS_THIS ? COMPAT_OS : os) == RATION_OS_MACOS;
}

/* ------------------------------------------------------------------- quoting */

/* Tells whether a shell takes a word as it is. */
static bool plain(const char *word)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";

	return word[0] && word[strspn(word, safe)] == '\0';
}

static void put_quoted(struct buffer *line, const char *text)
{
	buffer_put(line, "'");
	for (; *text; text++) {
		if (*text == '\'')
			buffer_put(line, "'\\''");
		else if (*text == '\n')
			buffer_put(line, "'$'\\n''");
		else
			(void)buffer_add(line, text, 1);
	}
	buffer_put(line, "'");
}

static void put_words(struct buffer *line, char *const *argv)
{
	/* A name that begins with a dash is no option of exec. */
	if (argv[0][0] == '-')
		buffer_put(line, " --");
	for (; *argv; argv++) {
		buffer_put(line, " ");
		if (plain(*argv))
			buffer_put(line, *argv);
		else
			put_quoted(line, *argv);
	}
}

static void put_ulimit(struct buffer *line, const char *option, uint64_t value)
{
	if (value != RATION_UNLIMITED)
		buffer_printf(line, "ulimit %s %" PRIu64 " && ", option, value);
}

static void put_script(struct buffer *line, const struct ulimits *ulimits, bool macos, char *const *argv)
{
	if (!macos) {
		put_ulimit(line, "-v", ulimits->kib);
		/* Down to the soft value first: it may never be above the hard one. */
		put_ulimit(line, "-S -t", ulimits->soft_seconds);
		put_ulimit(line, ulimits->soft_seconds == RATION_UNLIMITED ? "-t" : "-H -t", ulimits->seconds);
	}
	put_ulimit(line, "-u", ulimits->pids);
	buffer_put(line, "exec");
	put_words(line, argv);
}

/* ---------------------------------------------------------------------- line */

static char *make_script(const struct ulimits *ulimits, bool macos, char *const *argv)
{
	struct buffer script = { .text = NULL };

	put_script(&script, ulimits, macos, argv);
	return buffer_take(&script);
}

static char *make_line(const char *script)
{
	struct buffer line = { .text = NULL };

	buffer_put(&line, "bash -c ");
	put_quoted(&line, script);
	return buffer_take(&line);
}

static int check_options(const struct ration_wrap_options *options, struct ration_error *reterr)
{
	if (!options->argv || !options->argv[0])
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing COMMAND");
	return error_check_enum("os", (int)options->os, RATION_OS_MACOS, reterr);
}

int ration_wrap(const struct ration_limits *limits, const struct ration_wrap_options *given, char **ret_line,
		struct ration_error *reterr)
{
	CLEANUP(freep) char *script = NULL, *line = NULL;
	struct ulimits ulimits = { .kib = RATION_UNLIMITED };
	struct ration_wrap_options options;
	int r = TAKE_OPTIONS(struct ration_wrap_options, &options, given, reterr);

	if (r == 0)
		r = check_options(&options, reterr);
	if (r == 0)
		r = collect(limits, &options, &ulimits, reterr);
	if (r < 0)
		return r;
	script = make_script(&ulimits, is_macos(options.os), options.argv);
	line = script ? make_line(script) : NULL;
	if (!line)
		return error_oom(reterr);
	*ret_line = TAKE_PTR(line);
	return 0;
}
