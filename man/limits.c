/* SPDX-License-Identifier: MIT */
/*
 * limits.c - print the table of limits as rows for the manual page
 *
 * A generator that runs while the project is built: ration-run(1) says of each
 * limit what the library's own table says, so the two can't differ.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ration.h"

#define VALUE_MAX 64

static bool is_rlimit(const struct ration_limit_info *info)
{
	return info->resource >= 0 && strncmp(info->name, "rlimit_", strlen("rlimit_")) == 0;
}

static const char *value_text(char buf[VALUE_MAX], const struct ration_limit_info *info, uint64_t value)
{
	char text[RATION_TEXT_MAX];

	switch (info->unit) {
	case RATION_UNIT_BYTES:
		(void)snprintf(buf, VALUE_MAX, "%s", ration_format_size(text, value));
		return buf;
	case RATION_UNIT_USEC:
		(void)snprintf(buf, VALUE_MAX, "%s", ration_format_duration(text, value));
		return buf;
	case RATION_UNIT_CPUS:
		(void)snprintf(buf, VALUE_MAX, "%g", (double)value / 100000);
		return buf;
	case RATION_UNIT_COUNT:
	case RATION_UNIT_CPULIST:
	case RATION_UNIT_NODELIST:
		break;
	}
	(void)snprintf(buf, VALUE_MAX, "%" PRIu64, value);
	return buf;
}

static void print_range(const struct ration_limit_info *info)
{
	char low[VALUE_MAX], high[VALUE_MAX];
	/* Beyond what anybody has: only the lower end tells something. */
	bool open = info->max >= (uint64_t)INT64_MAX;

	(void)printf("Value: %s%s%s", value_text(low, info, info->min), open ? " or more" : " to ",
			open ? "" : value_text(high, info, info->max));
	if (info->lifts)
		(void)printf(", or\n.Cm max");
	(void)printf("%s for example\n.Ql %s .\n", info->lifts ? " ;" : ";", info->example);
}

static void print_limit(const struct ration_limit_info *info)
{
	(void)printf(".It %sFl Fl %s Ar %s\n%s.\n.br\n", info->limit == RATION_LIMIT_MEMORY ? "Fl m , " : "", info->flag + 2,
			info->argument, info->help);
	print_range(info);
	if (info->kernel_file)
		(void)printf("Kernel file:\n.Pa %s\n%s%s%s.\nWithout cgroup v2: %s.\n", info->kernel_file,
				info->since ? "(Linux " : "", info->since ? info->since : "",
				info->since ? ")" : "", info->fallback);
	else
		(void)printf("Enforced: %s.\n", info->fallback);
	(void)printf("Default: %s.\n", info->unset);
}

static void print_rlimit(const struct ration_limit_info *info)
{
	(void)printf(".It Cm %s\n%s; for example\n.Ql %s .\n", info->name + strlen("rlimit_"), info->help,
			info->example);
}

int main(void)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (!is_rlimit(info))
			print_limit(info);
	}
	(void)printf(".It Fl Fl files Ar N\nOpen files of each process: short for\n.Fl Fl rlimit Cm nofile Ns = Ns Ar N .\n"
			".It Fl Fl file-size Ar SIZE\nSize of a file that a process writes: short for\n"
			".Fl Fl rlimit Cm fsize Ns = Ns Ar SIZE .\nA\n.Ar SOFT : Ns Ar HARD\nis possible for both.\n"
			"Both ways at once are refused.\n");
	(void)printf(".It Fl Fl rlimit Ar NAME Ns = Ns Ar SOFT Ns Op : Ns Ar HARD\n"
			"Set a resource limit of each process with\n.Xr setrlimit 2\n(repeatable).\n"
			"Without\n.Ar HARD\nboth limits are\n.Ar SOFT .\n"
			"Default: inherited;\n.Cm core\nis 0.\n"
			".Bl -tag -width sigpending -compact\n");
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (is_rlimit(info))
			print_rlimit(info);
	}
	(void)printf(".El\n");
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
