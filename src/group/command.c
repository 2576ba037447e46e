/* SPDX-License-Identifier: MIT */
/*
 * command.c - finds a command and its files, and says why it can't be started
 */
#include "group/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "host/facts.h"
#include "sys/spawn/inherit.h"
#include "sys/spawn/spawn-as.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

/* A path gets more room than a value. */
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
	/* The change of uid itself doesn't fail because of it, but the execve(2) after it does. */
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

static int cwd_error(const char *cwd, int code, struct ration_error *reterr)
{
	char shown[SHOWN_MAX];

	(void)error_set(reterr, code, RATION_CAUSE_INVALID, "can't enter the directory %s: %s",
			text_show(shown, sizeof(shown), cwd), error_text(code));
	if (code == -EACCES)
		return error_hint(reterr, code, "the command's user must be allowed to search it and each directory above it");
	return code;
}

/* Which of the command's streams an fd is. */
static int stream_of(const struct spawn *spawn, int fd)
{
	return fd == spawn->fds[1] ? 1 : 2;
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
	case SPAWN_STEP_TERMINAL:
		return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't hand the terminal over to the command: %s",
				error_text(code));
	case SPAWN_STEP_CWD:
		return cwd_error(spawn->cwd, code, reterr);
	case SPAWN_STEP_CUT:
		return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't empty the file for fd %d: %s",
				stream_of(spawn, spawn->cut_fds[spawn->failed_index]), error_text(code));
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

/* With any other error the fd is open, and must not be replaced by /dev/null. */
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

static const char *const streams[] = { "standard input", "standard output", "standard error" };

static int file_error(const struct command_request *request, int i, int code, struct ration_error *reterr)
{
	char shown[SHOWN_MAX];

	text_show(shown, sizeof(shown), request->files[i]);
	if (code == -ETIMEDOUT) {
		(void)error_set(reterr, code, RATION_CAUSE_TIMEOUT, "can't open %s as %s: nobody opens it for %s", shown,
				streams[i], i == 0 ? "writing" : "reading");
		return error_hint(reterr, code, "start the %s of this FIFO first", i == 0 ? "writer" : "reader");
	}
	(void)error_set(reterr, code, RATION_CAUSE_INVALID, "can't open %s as %s: %s", shown, streams[i], error_text(code));
	if (code == -EACCES || code == -EPERM)
		return error_hint(reterr, code, "it is opened with the rights of the command's user");
	return code == -ENOENT && request->cwd ? error_hint(reterr, code, "it is looked for in the command's directory") : code;
}

static int scout_error(const struct command *command, const struct command_request *request,
		const struct scouted *found, int code, struct ration_error *reterr)
{
	char shown[SHOWN_MAX];
	const char *name = request->argv[0];

	switch (found->part) {
	case SCOUT_PART_IDENTITY:
		if (!request->user)
			break;
		return as_user_error(&command->user.identity, found->index, code, reterr);
	case SCOUT_PART_CWD:
		return cwd_error(request->cwd, code, reterr);
	case SCOUT_PART_FILE:
		return file_error(request, found->index, code, reterr);
	case SCOUT_PART_PROGRAM:
		break;
	}
	/* The lookup wasn't refused, so nobody knows whether the program exists. */
	if (found->part != SCOUT_PART_PROGRAM || facts_doubt(code))
		return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't look for %s: %s",
				text_show(shown, sizeof(shown), name), error_text(code));
	return command_error(name, code, reterr);
}

/* Everybody can open it, and the child does so for a missing fd. */
static bool is_null(const char *file)
{
	return file && strcmp(file, "/dev/null") == 0;
}

/* The rights of the command's user decide what can be executed and opened. */
static int scout_command(struct command *command, const struct command_request *request, int ret_fds[3],
		struct ration_error *reterr)
{
	struct scout scout = {
		.identity = request->user ? &command->user.identity : NULL,
		.cwd = request->cwd,
		.argv0 = request->argv[0],
		.set_umask = request->set_umask,
		.umask = (mode_t)request->umask,
		.within_usec = request->within_usec,
	};
	struct scouted found;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(scout.files); i++)
		scout.files[i] = is_null(request->files[i]) ? NULL : request->files[i];
	memcpy(scout.append, request->append, sizeof(scout.append));
	r = spawn_scout(&scout, &found);
	if (r < 0)
		return scout_error(command, request, &found, r, reterr);
	command->program = found.path;
	memcpy(ret_fds, found.fds, sizeof(found.fds));
	return 0;
}

/* The opened files replace the fds of the caller. */
static void take_files(struct command *command, const struct command_request *request, const int fds[3])
{
	struct spawn *spawn = &command->spawn;

	memcpy(spawn->fds, request->fds, sizeof(spawn->fds));
	for (size_t i = 0; i < ARRAY_SIZE(spawn->fds); i++) {
		if (is_null(request->files[i]))
			spawn->fds[i] = -EBADF;
		if (fds[i] < 0)
			continue;
		spawn->fds[i] = command->opened[command->n_opened++] = fds[i];
		if (i > 0 && !request->append[i])
			spawn->cut_fds[spawn->n_cut++] = fds[i];
	}
	if (request->stderr_to_stdout)
		spawn->fds[2] = spawn->fds[1];
}

static int check_request(const struct command_request *request, struct ration_error *reterr)
{
	if (!request->argv || !request->argv[0])
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing COMMAND");
	if (request->umask > 0777) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "umask %#o: must be at most 0777", request->umask);
		return error_hint(reterr, -EINVAL, "e.g. 027");
	}
	if (request->stderr_to_stdout && request->files[2])
		return error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION,
				"stderr_file and stderr_to_stdout exclude each other");
	return 0;
}

int command_prepare(struct command *command, const struct command_request *request, struct ration_error *reterr)
{
	char *const *argv = request->argv;
	int fds[3], r = check_request(request, reterr);

	if (r == 0)
		r = command_find_user(command, request, reterr);
	if (r == 0)
		r = scout_command(command, request, fds, reterr);
	if (r < 0)
		return r;
	command->spawn = (struct spawn) {
		.path = command->program,
		.argv = argv,
		.envp = command->envp ? command->envp : request->envp ? request->envp : environ,
		.cgroup_fd = -EBADF,
		.mask = *request->mask,
		.identity = request->user ? &command->user.identity : NULL,
		.cwd = request->cwd,
		.set_umask = request->set_umask,
		.umask = (mode_t)request->umask,
		.pass_fds = request->pass_fds,
		.n_pass_fds = request->n_pass_fds,
	};
	take_files(command, request, fds);
	if (command_shell_argv(command->program, argv, &command->with_shell) < 0)
		return error_oom(reterr);
	command->spawn.shell_argv = command->with_shell;
	return 0;
}

void command_close_files(struct command *command)
{
	while (command->n_opened > 0)
		(void)close_fd(command->opened[--command->n_opened]);
}

void command_done(struct command *command)
{
	command_close_files(command);
	free(command->program);
	free(command->with_shell);
	free(command->envp);
	as_user_done(&command->user);
}
