/* SPDX-License-Identifier: MIT */
/*
 * fuzz-words.c - any text as a size, a duration, a list of CPUs, a name, an address, a user
 *
 * What a reader accepts is printed again and read once more: it has to be the same.
 */
#include "fuzz.h"

#include <inttypes.h>

#include "cli/options/user.h"
#include "host/names.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cpus.h"
#include "sys/proc/disk.h"
#include "util/parse.h"
#include "util/text.h"

static void check_size(const char *text)
{
	uint64_t value, again;
	char printed[RATION_TEXT_MAX];

	if (parse_size(text, &value) < 0)
		return;
	MUST(value != RATION_UNLIMITED);
	(void)snprintf(printed, sizeof(printed), "%" PRIu64, value);
	MUST(parse_size(printed, &again) == 0 && again == value);
	must_be_clean(ration_format_size(printed, value));
}

static void check_duration(const char *text)
{
	uint64_t value, again;
	char printed[RATION_TEXT_MAX];

	if (parse_duration(text, &value) < 0)
		return;
	MUST(value <= PARSE_USEC_MAX);
	/* Zero switches a limit off: only who writes it gets it. */
	MUST(value > 0 || strcspn(text, "123456789") >= strcspn(text, "eEusmhd"));
	(void)snprintf(printed, sizeof(printed), "%" PRIu64 "us", value);
	MUST(parse_duration(printed, &again) == 0 && again == value);
	must_be_clean(ration_format_duration(printed, value));
}

static void check_numbers(const char *text)
{
	uint64_t value, again;
	char printed[64];

	if (parse_count(text, &value) == 0) {
		(void)snprintf(printed, sizeof(printed), "%" PRIu64, value);
		MUST(value != UINT64_MAX && parse_count(printed, &again) == 0 && again == value);
	}
	if (parse_cpus(text, &value) == 0) {
		(void)snprintf(printed, sizeof(printed), "%" PRIu64 ".%05" PRIu64, value / 100000, value % 100000);
		MUST(value != UINT64_MAX && parse_cpus(printed, &again) == 0 && again == value);
	}
	if (parse_percent(text, &value) == 0) {
		(void)snprintf(printed, sizeof(printed), "%" PRIu64 ".%02" PRIu64 "%%", value / 100, value % 100);
		MUST(value != UINT64_MAX && parse_percent(printed, &again) == 0 && again == value);
	}
}

/* Each CPU of a set by itself. */
static void print_set(const struct cpus *set, char *buf)
{
	for (unsigned i = 0; i < CPUS_MAX; i++) {
		if (cpus_has(set, i))
			buf += sprintf(buf, "%u,", i);
	}
	buf[-1] = '\0';
}

static void check_list(const char *text)
{
	static char printed[CPUS_MAX * 5 + 1];
	struct cpus set, again;

	if (cpus_parse(text, &set) < 0)
		return;
	print_set(&set, printed);
	MUST(cpus_parse(printed, &again) == 0 && memcmp(&set, &again, sizeof(set)) == 0);
}

/* Names that are accepted can go anywhere: into a path, on a terminal, into JSON. */
static void check_name(const char *name)
{
	MUST(strlen(name) <= RATION_NAME_MAX && name[0] != '.' && !strchr(name, '/'));
	for (; *name; name++)
		MUST(*name > ' ' && *name <= '~');
}

static void check_names(const char *text)
{
	char tenant[RATION_NAME_MAX + 1], name[RATION_NAME_MAX + 1], shown[NAMES_SHOWN_MAX];
	char address[2 * RATION_NAME_MAX + 2];
	struct ration_error error;
	int r = names_parse(text, tenant, name, &error);

	if (r < 0) {
		must_be_clean_error(&error);
	} else {
		check_name(tenant);
		check_name(name);
		(void)snprintf(address, sizeof(address), "%s%s%s", tenant, name[0] ? "/" : "", name);
		MUST(strcmp(address, text) == 0);
		MUST(strcmp(names_show(shown, tenant, name[0] ? name : NULL), text) == 0);
	}
	if (strlen(text) > NAME_MAX || strchr(text, '/'))
		return;
	/* What others have called a directory isn't taken for a name of ours, unless it is one. */
	must_be_clean(names_show(shown, text, text));
	*strchr(shown, '/') = '\0';
	MUST((names_check("tenant", shown, NULL) == 0) == (names_check("tenant", text, NULL) == 0));
}

static void check_shown(const char *text)
{
	char small[8], large[4096];

	must_be_clean(text_escape(small, sizeof(small), text));
	MUST(strlen(small) < sizeof(small));
	must_be_clean(text_escape(large, sizeof(large), text));
}

static void check_user(const char *text)
{
	uint32_t uid = 0, gid = 0;
	struct ration_error error;

	if (user_parse("--owner", text, &uid, &gid, &error) < 0)
		must_be_clean_error(&error);
	else
		MUST(uid != USER_SAME);
}

static void check_disk(const char *text)
{
	char why[DISK_WHY_MAX] = "";
	struct disk disk;

	/* Only numbers: a path is looked for on this machine. */
	if (text[strspn(text, "0123456789:")] == '\0' && disk_find("/nonexistent", text, &disk, why) < 0)
		must_be_clean(why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_size(text);
	check_duration(text);
	check_numbers(text);
	check_list(text);
	check_names(text);
	check_shown(text);
	check_user(text);
	check_disk(text);
	free(text);
	return 0;
}
