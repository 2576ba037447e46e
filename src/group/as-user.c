/* SPDX-License-Identifier: MIT */
/*
 * as-user.c - the user that a caller asks a command to run as
 */
#include "group/as-user.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

/* In the order of as_user.variables. */
static const char *const variable_names[] = { "HOME", "SHELL", "USER", "LOGNAME" };

/* ------------------------------------------------------------------- look up */

/* For the kernel, -1 means "unchanged". */
static bool is_id(const char *text, uint32_t *ret_id)
{
	uint64_t id;

	if (parse_count(text, &id) < 0 || id >= UINT32_MAX)
		return false;
	*ret_id = (uint32_t)id;
	return true;
}

static int unknown(const char *what, const char *etc, const char *file, int code, const char *text,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	(void)text_show(shown, sizeof(shown), text);
	if (code == -ENOMEM)
		return error_oom(reterr);
	if (code != -ENOENT)
		return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't look up the %s of %s in %.100s/%s: %s", what,
				shown, etc, file, error_text(code));
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "no such %s: %s isn't in %.100s/%s", what, shown, etc,
			file);
	return error_hint(reterr, -EINVAL, "a name from there, or numbers, e.g. 1000:1000");
}

static int find_user(const char *etc, const char *name, struct as_user *user, struct ration_error *reterr)
{
	uint32_t id = 0;
	bool by_id = is_id(name, &id);
	int r = account_find(etc, by_id ? NULL : name, id, &user->account);

	if (r == -ENOENT && by_id) {
		user->account = (struct account) { .uid = id, .gid = (gid_t)-1 };
		r = 0;
	}
	if (r < 0)
		return unknown("user", etc, "passwd", r, name, reterr);
	user->identity.uid = user->account.uid;
	user->identity.gid = user->account.gid;
	return 0;
}

static int find_group(const char *etc, const char *group, struct as_user *user, struct ration_error *reterr)
{
	uint32_t id;
	int r;

	if (is_id(group, &id)) {
		user->identity.gid = id;
		return 0;
	}
	r = account_group(etc, group, &user->identity.gid);
	return r < 0 ? unknown("group", etc, "group", r, group, reterr) : 0;
}

static int find_ids(const char *etc, const char *text, struct as_user *user, struct ration_error *reterr)
{
	CLEANUP(freep) char *name = strndup(text, strcspn(text, ":"));
	const char *group = strchr(text, ':');
	char shown[TEXT_SHOWN_MAX];
	int r;

	if (!name)
		return error_oom(reterr);
	(void)text_show(shown, sizeof(shown), text);
	if (name[0] == '\0' || (group && (group[1] == '\0' || strchr(group + 1, ':')))) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "user %s: expected USER or USER:GROUP", shown);
		return error_hint(reterr, -EINVAL, "names or numbers, e.g. www-data or 1000:1000");
	}
	r = find_user(etc, name, user, reterr);
	if (r == 0 && group)
		r = find_group(etc, group + 1, user, reterr);
	if (r < 0 || user->identity.gid != (gid_t)-1)
		return r;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "user %s: its group isn't known, since it isn't in "
			"%.100s/passwd", shown, etc);
	return error_hint(reterr, -EINVAL, "give the group as well, e.g. %s:%s", name, name);
}

/* ------------------------------------------------------------------- may we? */

/* A user without privileges can ask for being that same user. */
static int check_privileges(struct identity *identity, struct ration_error *reterr)
{
	const char *lacking = identity_lacks_switch();

	if (!lacking)
		return 0;
	if (identity_is_ours(identity)) {
		identity->unchanged = true;
		return 0;
	}
	if (geteuid() == 0)
		return error_set(reterr, -EPERM, RATION_CAUSE_UNKNOWN, "can't become uid %u, gid %u: root lacks %s here",
				(unsigned)identity->uid, (unsigned)identity->gid, lacking);
	(void)error_set(reterr, -EPERM, RATION_CAUSE_UNKNOWN, "can't become uid %u, gid %u: this is uid %u, gid %u",
			(unsigned)identity->uid, (unsigned)identity->gid, (unsigned)geteuid(), (unsigned)getegid());
	return error_hint(reterr, -EPERM, "only root can run a command as another user");
}

/* ---------------------------------------------------------------- environment */

static int make_variables(struct as_user *user)
{
	const struct account *account = &user->account;
	const char *const values[] = {
		account->home && account->home[0] ? account->home : "/",
		account->shell && account->shell[0] ? account->shell : "/bin/sh",
		account->name,
		account->name,
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (values[i] && asprintf(&user->variables[i], "%s=%s", variable_names[i], values[i]) < 0) {
			user->variables[i] = NULL;
			return -ENOMEM;
		}
	}
	return 0;
}

int as_user_find(const char *etc, const char *text, struct as_user *user, struct ration_error *reterr)
{
	int r = find_ids(etc, text, user, reterr);

	if (r < 0)
		return r;
	r = account_groups(etc, user->account.name, user->identity.gid, &user->identity.groups,
			&user->identity.n_groups);
	if (r < 0)
		return unknown("groups", etc, "group", r, text, reterr);
	if (make_variables(user) < 0)
		return error_oom(reterr);
	return check_privileges(&user->identity, reterr);
}

void as_user_done(struct as_user *user)
{
	account_done(&user->account);
	free(user->identity.groups);
	for (size_t i = 0; i < ARRAY_SIZE(user->variables); i++)
		free(user->variables[i]);
	*user = (struct as_user) { .account.name = NULL };
}

/* Which of the four an entry sets; -1: none. */
static int variable_of(const char *entry)
{
	size_t length = strcspn(entry, "=");

	for (size_t i = 0; i < ARRAY_SIZE(variable_names); i++) {
		if (strncmp(entry, variable_names[i], length) == 0 && variable_names[i][length] == '\0')
			return (int)i;
	}
	return -1;
}

int as_user_environment(const struct as_user *user, char *const *envp, char ***ret_envp)
{
	bool given[ARRAY_SIZE(variable_names)] = { false };
	bool ours = !envp;
	size_t n = 0, used = 0;
	char **all;

	if (ours)
		envp = environ;
	while (envp && envp[n])
		n++;
	all = calloc(n + ARRAY_SIZE(variable_names) + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int which = variable_of(envp[i]);

		if (which >= 0 && ours)
			continue;
		if (which >= 0)
			given[which] = true;
		all[used++] = envp[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(variable_names); i++) {
		if (!given[i] && user->variables[i])
			all[used++] = user->variables[i];
	}
	*ret_envp = all;
	return 0;
}

/* --------------------------------------------------------------------- errors */

int as_user_error(const struct identity *identity, int step, int code, struct ration_error *reterr)
{
	if (step == IDENTITY_STEP_WAIT) {
		(void)error_set(reterr, code, RATION_CAUSE_UNKNOWN, "the command didn't start as uid %u: %s",
				(unsigned)identity->uid, code == -EINTR ? "somebody stopped it" : error_text(code));
		return error_hint(reterr, code, "processes of the same user can stop it before it starts; try again");
	}
	(void)error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't become uid %u, gid %u: %s: %s",
			(unsigned)identity->uid, (unsigned)identity->gid, identity_step_name(step), error_text(code));
	if (step == IDENTITY_STEP_GROUPS && code == -EPERM)
		return error_hint(reterr, code, "in a user namespace, see /proc/self/setgroups");
	if (step <= IDENTITY_STEP_UID && code == -EINVAL)
		return error_hint(reterr, code, "the user namespace of this process doesn't have that id");
	return code;
}
