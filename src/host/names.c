/* SPDX-License-Identifier: MIT */
/*
 * names.c - what namespaces, tenants and groups may be called
 */
#include "host/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

/* How much of a name a message shows. */
#define NAME_SHOWN_MAX 48

int names_check(const char *what, const char *name, struct ration_error *reterr)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-";
	static const char *const reserved[] = { "cgroup.", "cpu.", "cpuset.", "dmem.", "hugetlb.", "io.",
		"irq.", "memory.", "misc.", "pids.", "rdma." };
	size_t length = strlen(name);
	char shown[NAME_SHOWN_MAX];
	const char *wrong = NULL;

	if (length == 0)
		wrong = "the name is empty";
	else if (length > RATION_NAME_MAX)
		wrong = "the name is too long";
	else if (strspn(name, allowed) != length)
		wrong = "invalid character in name";
	else if (strspn(name, "_.:@-") > 0)
		wrong = "the name doesn't begin with a letter or a digit";
	for (size_t i = 0; !wrong && i < ARRAY_SIZE(reserved); i++) {
		if (strncmp(name, reserved[i], strlen(reserved[i])) == 0)
			wrong = "the name could be that of a kernel file";
	}
	if (!wrong)
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_BAD_NAME, "%s \"%s\": %s", what,
			text_show(shown, sizeof(shown), name), wrong);
	return error_hint(reterr, -EINVAL,
			"use 1 to %d of A-Z a-z 0-9 _ . : @ -, starting with a letter or digit, e.g. vm-7",
			RATION_NAME_MAX);
}

int names_parse(const char *address, char tenant[RATION_NAME_MAX + 1], char name[RATION_NAME_MAX + 1],
		struct ration_error *reterr)
{
	const char *slash = address ? strchr(address, '/') : NULL;
	/* One byte more than allowed shows that it is too long. */
	char first[RATION_NAME_MAX + 2];
	int r = error_check_null("address", address, reterr);

	if (r < 0)
		return r;
	(void)snprintf(first, sizeof(first), "%.*s", slash ? (int)(slash - address) : RATION_NAME_MAX + 1, address);
	r = names_check("tenant", first, reterr);
	if (r == 0 && slash)
		r = names_check("group", slash + 1, reterr);
	if (r < 0)
		return r;
	(void)strcpy(tenant, first);
	(void)strcpy(name, slash ? slash + 1 : "");
	return 0;
}

/* Our thread id and the time: no other process has both, except in another pid namespace. EEXIST detects that. */
void names_unique(char buf[NAMES_UNIQUE_MAX])
{
	(void)snprintf(buf, NAMES_UNIQUE_MAX, "r%d-%" PRIx64, (int)gettid(), clock_usec(CLOCK_REALTIME));
}

int names_choose(const char *tenant, const char *name, char ret_tenant[RATION_NAME_MAX + 1],
		char ret_name[RATION_NAME_MAX + 1], struct ration_error *reterr)
{
	int r = 0;

	if (tenant)
		r = names_check("--tenant", tenant, reterr);
	if (r == 0 && name)
		r = names_check("--name", name, reterr);
	if (r < 0)
		return r;
	(void)snprintf(ret_tenant, RATION_NAME_MAX + 1, "%s", tenant ? tenant : NAMES_DEFAULT_TENANT);
	if (name)
		(void)snprintf(ret_name, RATION_NAME_MAX + 1, "%s", name);
	else
		names_unique(ret_name);
	return 0;
}

const char *names_show(char buf[NAMES_SHOWN_MAX], const char *tenant, const char *name)
{
	size_t used;

	(void)text_escape(buf, NAMES_SHOWN_MAX / 2, tenant);
	used = strlen(buf);
	if (!name)
		return buf;
	buf[used++] = '/';
	(void)text_escape(buf + used, NAMES_SHOWN_MAX / 2, name);
	return buf;
}
