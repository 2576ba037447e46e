/* SPDX-License-Identifier: MIT */
/*
 * command.c - what a command is called, and why it can't be started
 */
#include "group/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "host/facts.h"
#include "sys/inherit.h"
#include "sys/spawn-as.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

/* A path is worth more room than a value. */
#define SHOWN_MAX 201

/* Says why the command itself can't be executed. Returns `code`. */
static int command_error(const char *name, int code, struct ration_error *reterr)
{
	char shown[SHOWN_MAX];

	(void)error_set(reterr, code, RATION_CAUSE_COMMAND, "can't execute %s: %s",
			name[0] ? text_show(shown, sizeof(shown), name) : "\"\"", error_text(code));
	if (code == -ENOENT && !strchr(name, '/'))
		return error_hint(reterr, code, "not found in PATH; use its path");
	if (code == -EACCES)
		return error_hint(reterr, code, "it isn't executable, or not by this user");
	if (code == -ETIMEDOUT)
		return error_hint(reterr, code, "its file system doesn't answer, or somebody holds a lease on the file");
	/* A change of uid doesn't fail of it, but the execve(2) behind that does. */
	if (code == -EAGAIN)
		return error_hint(reterr, code, "the tasks of this user are used up: see ulimit -u");
	return code;
}

/* What a resource is called on the command line. */
static const char *rlimit_flag(int resource)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (info->resource == resource)
			return info->flag;
	}
	return "a resource limit";
}

int command_spawn_error(const struct spawn *spawn, int code, struct ration_error *reterr)
{
	switch (spawn->failed_step) {
	case SPAWN_STEP_EXEC:
		return command_error(spawn->argv[0], code, reterr);
	case SPAWN_STEP_RLIMIT:
		(void)error_set(reterr, code, RATION_CAUSE_INVALID, "can't set %s: %s",
				rlimit_flag(spawn->rlimits[spawn->failed_index].resource), error_text(code));
		return error_hint(reterr, code, "only root may raise a hard limit: see ulimit -H -a");
	case SPAWN_STEP_AFFINITY:
		return error_set(reterr, code, RATION_CAUSE_INVALID, "can't pin the command to its CPUs: %s",
				error_text(code));
	case SPAWN_STEP_NICE:
		return error_set(reterr, code, RATION_CAUSE_INVALID, "can't set the nice value: %s", error_text(code));
	case SPAWN_STEP_INHERITED:
		(void)error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't reset the %s for the command: %s",
				inherit_table[spawn->failed_index].what, error_text(code));
		return error_hint(reterr, code, "the command would inherit it, and its limits would be void");
	case SPAWN_STEP_JOIN:
		return error_set(reterr, code, RATION_CAUSE_NOT_DELEGATED,
				"the command can't join its group of cgroup v1: %s", error_text(code));
	case SPAWN_STEP_IDENTITY:
		return as_user_error(spawn->identity, spawn->failed_index, code, reterr);
	case SPAWN_STEP_FDS:
		return error_set(reterr, code, RATION_CAUSE_INVALID, "can't pass on fds 0 to 2: %s", error_text(code));
	case SPAWN_STEP_PASS:
		return error_set(reterr, code, RATION_CAUSE_INVALID, "can't pass on fd %d: %s",
				spawn->pass_fds[spawn->failed_index], error_text(code));
	case SPAWN_STEP_START:
		return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't start a process: %s", error_text(code));
	case SPAWN_STEP_CPUSET:
	case SPAWN_STEP_NONE:
		break;
	}
	if (code == -EBUSY || code == -EOPNOTSUPP)
		return error_set(reterr, code, RATION_CAUSE_HAS_PROCESSES,
				"the group can't have processes: it enables controllers for groups below");
	if (code == -EACCES || code == -EPERM) {
		(void)error_set(reterr, code, RATION_CAUSE_NOT_DELEGATED,
				"can't start a process in the group: %s", error_text(code));
		return error_hint(reterr, code, "this user must be able to write cgroup.procs of the nearest "
				"common ancestor group");
	}
	return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't start a process: %s", error_text(code));
}

int command_shell_argv(const char *path, char *const *argv, char ***ret)
{
	size_t n = 0;
	char **all;

	while (argv[n])
		n++;
	all = calloc(n + 2, sizeof(*all));
	if (!all)
		return -ENOMEM;
	all[0] = (char *)"/bin/sh";
	all[1] = (char *)path;
	for (size_t i = 1; i < n; i++)
		all[i + 1] = argv[i];
	*ret = all;
	return 0;
}

/* Any other error is none of the fd's: what is open would be replaced by /dev/null. */
static bool is_open(int fd)
{
	return fd >= 0 && (fcntl(fd, F_GETFD) >= 0 || errno != EBADF);
}

static int check_passed(const int *fds, size_t n, struct ration_error *reterr)
{
	if (n > 0 && !fds)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "n_pass_fds is %zu, and pass_fds is NULL", n);
	for (size_t i = 0; i < n; i++) {
		if (fds[i] >= 0 && fds[i] <= 2) {
			(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "fd %d in pass_fds: these are 3 or more",
					fds[i]);
			return error_hint(reterr, -EINVAL, "0, 1 and 2 are set by the field fds");
		}
		if (!is_open(fds[i]))
			return error_set(reterr, -EBADF, RATION_CAUSE_INVALID, "can't pass on fd %d: %s", fds[i],
					error_text(-EBADF));
	}
	return 0;
}

int command_check_fds(const int *fds, const int *pass_fds, size_t n_pass_fds, int ret_fds[3],
		struct ration_error *reterr)
{
	for (int i = 0; i < 3; i++) {
		ret_fds[i] = fds ? fds[i] : is_open(i) ? i : -EBADF;
		if (fds && !is_open(fds[i]))
			return error_set(reterr, -EBADF, RATION_CAUSE_INVALID, "can't pass on fd %d as fd %d: %s", fds[i],
					i, error_text(-EBADF));
	}
	return check_passed(pass_fds, n_pass_fds, reterr);
}

int command_find_user(struct command *command, const struct command_request *request, struct ration_error *reterr)
{
	int r = 0;

	if (!request->user || command->envp)
		return 0;
	r = as_user_find("/etc", request->user, &command->user, reterr);
	command->user.identity.new_privileges = request->new_privileges;
	if (r == 0 && as_user_environment(&command->user, request->envp, &command->envp) < 0)
		r = error_oom(reterr);
	return r;
}

/* What can be executed is judged by the rights of who executes it. */
static int find_program(struct command *command, const char *name, bool as_user, struct ration_error *reterr)
{
	char shown[SHOWN_MAX];
	int step = -1;
	int r = as_user ? spawn_resolve_as(&command->user.identity, name, &command->program, &step) :
		spawn_resolve(name, &command->program);

	if (r < 0 && step >= 0)
		return as_user_error(&command->user.identity, step, r, reterr);
	/* It wasn't refused: nobody knows whether it is there. */
	if (facts_doubt(r))
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't look for %s: %s",
				text_show(shown, sizeof(shown), name), error_text(r));
	return r < 0 ? command_error(name, r, reterr) : 0;
}

int command_prepare(struct command *command, const struct command_request *request, struct ration_error *reterr)
{
	char *const *argv = request->argv;
	int r;

	if (!argv || !argv[0])
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing COMMAND");
	r = command_find_user(command, request, reterr);
	if (r == 0)
		r = find_program(command, argv[0], request->user != NULL, reterr);
	if (r < 0)
		return r;
	if (command_shell_argv(command->program, argv, &command->with_shell) < 0)
		return error_oom(reterr);
	command->spawn = (struct spawn) {
		.path = command->program,
		.argv = argv,
		.envp = command->envp ? command->envp : request->envp ? request->envp : environ,
		.shell_argv = command->with_shell,
		.cgroup_fd = -EBADF,
		.mask = *request->mask,
		.identity = request->user ? &command->user.identity : NULL,
	};
	memcpy(command->spawn.fds, request->fds, sizeof(command->spawn.fds));
	command->spawn.pass_fds = request->pass_fds;
	command->spawn.n_pass_fds = request->n_pass_fds;
	return 0;
}

void command_done(struct command *command)
{
	free(command->program);
	free(command->with_shell);
	free(command->envp);
	as_user_done(&command->user);
}
