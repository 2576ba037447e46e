/* SPDX-License-Identifier: MIT */
/*
 * test-spawn.c - from clone to exec, and what fails on the way
 *
 * The command is /bin/sh, which reports over fd 1 into a pipe. Each test is a
 * process of its own: some filter system calls for good, some close fd 0.
 */
#include "unit.h"

#include "base.h"
#include "files.h"
#include "refuse.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/cgroup/members.h"
#include "sys/spawn/spawn-as.h"
#include "sys/spawn/spawn.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

extern char **environ;

static bool refuse_clone3(int with_errno)
{
	return refuse(SYS_clone3, with_errno);
}

struct shell {
	struct spawn spawn;
	char *argv[4], *shell_argv[3];
	int out; /* what the command writes to fd 1 */
	pid_t pid;
	int pid_fd;
	enum ration_birth birth;
};

static void shell_init(struct shell *sh, const char *script)
{
	*sh = (struct shell) {
		.spawn = { .path = "/bin/sh", .cgroup_fd = -EBADF, .fds = { 0, 1, 2 } },
		.argv = { (char *)"sh", (char *)"-c", (char *)script, NULL },
		.out = -EBADF,
		.pid_fd = -EBADF,
	};
	sh->spawn.argv = sh->argv;
	sh->spawn.envp = environ;
	(void)sigemptyset(&sh->spawn.mask);
}

static int shell_start(struct shell *sh)
{
	int pair[2], r;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	sh->spawn.fds[1] = pair[1];
	r = spawn_start(&sh->spawn, &sh->pid, &sh->pid_fd, &sh->birth);
	(void)close(pair[1]);
	sh->out = pair[0];
	return r;
}

/* Its whole output, and its end. */
static int shell_end(struct shell *sh, char *buf, size_t size)
{
	size_t length = 0;
	ssize_t n;
	int status;

	while (length + 1 < size && (n = read(sh->out, buf + length, size - 1 - length)) > 0)
		length += (size_t)n;
	buf[length] = '\0';
	(void)close(sh->out);
	(void)close(sh->pid_fd);
	return waitpid(sh->pid, &status, 0) == sh->pid ? status : -1;
}

/* ---------------------------------------------------------------- resolve */

static void test_resolve(void **state)
{
	char dir[PATH_MAX], path[3 * PATH_MAX + 64], expected[PATH_MAX + 64];
	const struct {
		const char *name;
		int result;
		const char *found; /* below the directory */
	} rows[] = {
		{ "tool", 0, "two/tool" },
		{ "both", 0, "one/both" },
		{ "nothing", -ENOENT, NULL },
		{ "plain", -EACCES, NULL },
		{ "sub", -EACCES, NULL },
		/* As execvp: what may not be executed is remembered, and passed over. */
		{ "masked", 0, "two/masked" },
		{ "", -ENOENT, NULL },
		{ "/nowhere/x", -ENOENT, NULL },
		{ "/", -EACCES, NULL },
		{ "/dev/null", -EACCES, NULL },
		{ "/bin/sh/x", -ENOTDIR, NULL },
	};
	char found[PATH_MAX];

	(void)state;
	files_begin(dir);
	files_put(dir, "two/tool", "#!/bin/sh\n");
	files_put(dir, "one/both", "");
	files_put(dir, "two/both", "");
	files_put(dir, "one/plain", "");
	files_put(dir, "one/masked", "");
	files_put(dir, "two/masked", "");
	files_put(dir, "one/sub", NULL);
	for (const char *const *at = (const char *const[]) { "two/tool", "one/both", "two/both", "two/masked", NULL };
			*at; at++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, *at);
		assert_int_equal(chmod(path, 0755), 0);
	}
	(void)snprintf(path, sizeof(path), "%s/gone:%s/one:%s/two", dir, dir, dir);
	assert_int_equal(setenv("PATH", path, 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = spawn_find(NULL, rows[i].name, false, found);

		assert_row(r == rows[i].result, "\"%s\": %d", rows[i].name, r);
		if (r < 0)
			continue;
		(void)snprintf(expected, sizeof(expected), "%s/%s", dir, rows[i].found);
		assert_string_equal(found, expected);
	}
	/* An empty part is the working directory; an empty path is one, too. */
	(void)snprintf(path, sizeof(path), "%s/two", dir);
	assert_int_equal(chdir(path), 0);
	for (const char *const *at = (const char *const[]) { "", ":/nowhere", "/nowhere:", "/a::/b", NULL }; *at; at++) {
		assert_int_equal(setenv("PATH", *at, 1), 0);
		assert_row(spawn_find(NULL, "tool", false, found) == 0, "PATH \"%s\"", *at);
		assert_string_equal(found, "tool");
	}
	assert_int_equal(unsetenv("PATH"), 0);
	assert_int_equal(spawn_find(NULL, "sh", false, found), 0);
	assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
	assert_int_equal(chdir("/"), 0);
	files_end(dir);
}

/* -------------------------------------------------------------------- fds */

/* Number i, of six, is a file in which there is the letter i. */
static bool make_letters(void)
{
	static const char letters[] = "abcdef";

	for (int i = 0; i < 6; i++) {
		int fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

		if (fd < 0 || write(fd, &letters[i], 1) != 1 || (fd != i && dup3(fd, i, O_CLOEXEC) != i))
			return false;
		if (fd != i)
			(void)close(fd);
	}
	return true;
}

/* Each way in which three fds can stand to 0, 1 and 2, and to each other. */
static int permute(void *data)
{
	int log = fcntl(2, F_DUPFD_CLOEXEC, 20);

	CHECK(refuse_clone3(*(const int *)data));
	for (int code = 0; code < 6 * 6 * 6; code++) {
		const int fds[3] = { code % 6, code / 6 % 6, code / 36 };
		/* The shell keeps what it has been given where it reads it from: 0, 1 and 2. */
		const char *script = "for i in 0 1 2; do read x </proc/self/fd/$i; [ \"$x\" = $1 ] || exit 1; shift; done";
		char letter[3][2] = { { (char)('a' + fds[0]) }, { (char)('a' + fds[1]) }, { (char)('a' + fds[2]) } };
		char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, (char *)"sh", letter[0], letter[1],
			letter[2], NULL };
		struct shell sh;
		int status = -1;

		for (int i = 0; i < 6; i++)
			(void)close(i);
		if (!make_letters())
			_exit(3);
		shell_init(&sh, "");
		sh.spawn.argv = argv;
		(void)memcpy(sh.spawn.fds, fds, sizeof(fds));
		if (spawn_start(&sh.spawn, &sh.pid, &sh.pid_fd, &sh.birth) != 0 ||
				waitpid(sh.pid, &status, 0) != sh.pid || status != 0) {
			(void)dprintf(log, "fds %d %d %d: status %x\n", fds[0], fds[1], fds[2], (unsigned)status);
			return 1;
		}
		(void)close(sh.pid_fd);
	}
	return 0;
}

static void test_fds_in_any_order(void **state)
{
	int cloned = 0, moved = ENOSYS;

	(void)state;
	assert_int_equal(in_child(permute, &cloned), 0);
	assert_int_equal(in_child(permute, &moved), 0);
}

static int pass_no_others(void *data)
{
	struct shell sh;
	char text[256];
	/* One that isn't close-on-exec, either. */
	int fd = open("/dev/null", O_RDONLY);

	CHECK(fd > 2 && refuse_clone3(*(const int *)data));
	/* ls itself has one more, the directory. */
	shell_init(&sh, "ls /proc/self/fd");
	CHECK(shell_start(&sh) == 0);
	CHECK(shell_end(&sh, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "0\n1\n2\n3\n") == 0);
	return 0;
}

static void test_no_fd_of_ours_is_passed_on(void **state)
{
	const int refused[] = { 0, ENOSYS, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(pass_no_others, (void *)(uintptr_t)&refused[i]), 0);
}

static int pass_some(void *data)
{
	const int some[] = { 900, 5 }, missing[] = { 5, 700 };
	struct shell sh;
	char text[256];

	CHECK(refuse_clone3(*(const int *)data) && dup2(STDIN_FILENO, 900) == 900);
	CHECK(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 5) == 5 && fcntl(STDIN_FILENO, F_DUPFD, 8) == 8);
	shell_init(&sh, "ls /proc/self/fd | sort -n | tr '\\n' ' '");
	sh.spawn.pass_fds = some;
	sh.spawn.n_pass_fds = ARRAY_SIZE(some);
	CHECK(shell_start(&sh) == 0);
	CHECK(shell_end(&sh, text, sizeof(text)) == 0);
	/* ls itself has one more, the directory. */
	CHECK(strcmp(text, "0 1 2 3 5 900 ") == 0);
	/* Here it is as it was. */
	CHECK(fcntl(5, F_GETFD) == FD_CLOEXEC);
	sh.spawn.pass_fds = missing;
	CHECK(shell_start(&sh) == -EBADF && sh.spawn.failed_step == SPAWN_STEP_PASS && sh.spawn.failed_index == 1);
	return 0;
}

static void test_some_fds_are_passed_on(void **state)
{
	const int refused[] = { 0, ENOSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(pass_some, (void *)(uintptr_t)&refused[i]), 0);
}

/* The highest number there is. */
static int close_all_but_the_highest(void *data)
{
	const int keep[] = { INT_MAX, 0, 2, -EBADF };
	int fd = dup(0);

	(void)data;
	sys_close_others(keep, ARRAY_SIZE(keep));
	CHECK(fcntl(fd, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(0, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0);
	return 0;
}

static void test_close_all_but_the_highest(void **state)
{
	(void)state;
	assert_int_equal(in_child(close_all_but_the_highest, NULL), 0);
}

/* An fd above the limit of open files, which was higher once; and no close_range(2). */
static int open_high(int with_errno)
{
	struct rlimit limit;

	if (!refuse(SYS_close_range, with_errno) || dup2(STDIN_FILENO, 900) != 900 ||
			getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	limit.rlim_cur = 64;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 900 : -1;
}

static int close_without_close_range(void *data)
{
	const int keep[] = { 0, 1, 2, -EBADF };
	struct shell sh;
	char text[256];
	int fd = open_high(*(const int *)data);

	CHECK(fd > 2);
	shell_init(&sh, "ls /proc/self/fd");
	CHECK(shell_start(&sh) == 0);
	CHECK(shell_end(&sh, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "0\n1\n2\n3\n") == 0);
	sys_close_others(keep, ARRAY_SIZE(keep));
	CHECK(fcntl(fd, F_GETFD) < 0 && fcntl(3, F_GETFD) < 0 && fcntl(2, F_GETFD) >= 0);
	return 0;
}

static void test_no_close_range(void **state)
{
	const int refused[] = { ENOSYS, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(close_without_close_range, (void *)(uintptr_t)&refused[i]), 0);
}

/* ------------------------------------------------------------ born or moved */

struct birth_case {
	int refused;
	int cgroup_fd;
	const char *group;
};

static int be_born(void *data)
{
	const struct birth_case *c = data;
	struct shell sh;
	char text[9000];

	CHECK(refuse_clone3(c->refused));
	shell_init(&sh, "cat /proc/self/cgroup");
	sh.spawn.cgroup_fd = c->cgroup_fd;
	CHECK(shell_start(&sh) == 0);
	CHECK(shell_end(&sh, text, sizeof(text)) == 0);
	CHECK(sh.birth == (c->refused ? RATION_BIRTH_MIGRATED : RATION_BIRTH_CLONED));
	CHECK(strstr(text, c->group) != NULL);
	return 0;
}

static int fail_to_exec(void *data)
{
	const struct birth_case *c = data;
	struct shell sh;

	CHECK(refuse_clone3(c->refused));
	shell_init(&sh, "");
	sh.spawn.cgroup_fd = c->cgroup_fd;
	sh.spawn.path = "/nowhere/at/all";
	CHECK(shell_start(&sh) == -ENOENT);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_EXEC);
	CHECK(sh.pid_fd == -EBADF);
	/* It has been reaped. */
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return 0;
}

static void test_in_a_group(void **state)
{
	const int refused[] = { 0, ENOSYS, EPERM, EINVAL, E2BIG };
	struct base base;
	struct birth_case c;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		c = (struct birth_case) { .refused = refused[i], .cgroup_fd = fd, .group = base.nspace };
		assert_row(in_child(be_born, &c) == 0, "errno %d", refused[i]);
		assert_row(in_child(fail_to_exec, &c) == 0, "errno %d", refused[i]);
	}
	assert_int_equal(cg_populated(fd), 0);
	base_remove(&base, fd);
}

static int fail_at_steps(void *data)
{
	struct shell sh;

	CHECK(refuse_clone3(*(const int *)data));
	shell_init(&sh, "");
	sh.spawn.n_rlimits = 2;
	sh.spawn.rlimits[0] = (struct spawn_rlimit) { .resource = RLIMIT_CORE };
	sh.spawn.rlimits[1] = (struct spawn_rlimit) { .resource = RLIMIT_CORE, .soft = 2, .hard = 1 };
	CHECK(shell_start(&sh) == -EINVAL);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_RLIMIT && sh.spawn.failed_index == 1);

	shell_init(&sh, "");
	sh.spawn.pinned = true; /* to no CPU at all */
	CHECK(shell_start(&sh) == -EINVAL);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_AFFINITY);

	shell_init(&sh, "");
	sh.spawn.fds[0] = 4321;
	CHECK(shell_start(&sh) == -EBADF);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_FDS);

	/* An executable file without a #! line is the shell's. */
	shell_init(&sh, "");
	sh.spawn.path = "/dev/null";
	CHECK(shell_start(&sh) == -EACCES);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_EXEC);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return 0;
}

static void test_each_step_reports(void **state)
{
	const int refused[] = { 0, ENOSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(fail_at_steps, (void *)(uintptr_t)&refused[i]), 0);
}

static void do_nothing(int sig)
{
	(void)sig;
}

static int set_things(void *data)
{
	unsigned long long blocked, ignored, caught;
	struct shell sh;
	char text[4096], expected[64];
	int inherited;

	CHECK(refuse_clone3(*(const int *)data));
	shell_init(&sh, "ulimit -Sn; ulimit -Hn; nice");
	sh.spawn.n_rlimits = 1;
	sh.spawn.rlimits[0] = (struct spawn_rlimit) { .resource = RLIMIT_NOFILE, .soft = 20, .hard = 30 };
	sh.spawn.nice = 3;
	errno = 0;
	inherited = nice(2);
	CHECK(errno == 0);
	CHECK(shell_start(&sh) == 0);
	CHECK(shell_end(&sh, text, sizeof(text)) == 0);
	(void)snprintf(expected, sizeof(expected), "20\n30\n%d\n", inherited + 3 < 19 ? inherited + 3 : 19);
	CHECK(strcmp(text, expected) == 0);

	/* Not a shell, which sets signals of its own. */
	shell_init(&sh, "");
	sh.spawn.path = "/bin/cat";
	sh.argv[1] = (char *)"/proc/self/status";
	sh.argv[2] = NULL;
	(void)sigaddset(&sh.spawn.mask, SIGUSR1);
	(void)signal(SIGUSR2, SIG_IGN);
	(void)signal(SIGHUP, do_nothing);
	CHECK(shell_start(&sh) == 0);
	CHECK(shell_end(&sh, text, sizeof(text)) == 0);
	CHECK(strstr(text, "SigBlk"));
	CHECK(sscanf(strstr(text, "SigBlk"), "SigBlk: %llx SigIgn: %llx SigCgt: %llx", &blocked, &ignored, &caught) == 3);
	CHECK(blocked == 1u << (SIGUSR1 - 1) && ignored & 1u << (SIGUSR2 - 1) && caught == 0);
	return 0;
}

static void test_what_is_set_before_exec(void **state)
{
	const int refused[] = { 0, ENOSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(set_things, (void *)(uintptr_t)&refused[i]), 0);
}

/*
 * A moved child waited for a word of its parent while it held the other end of
 * the line itself: when the parent was killed, it stayed for ever, in no group.
 * Here the parent is held up in between by a cgroup.procs that nobody reads.
 */
static int start_and_hang(void *data)
{
	struct shell sh;

	CHECK(refuse_clone3(ENOSYS));
	shell_init(&sh, "echo it runs");
	sh.spawn.cgroup_fd = *(const int *)data;
	return shell_start(&sh) == 0 ? 0 : 2;
}

static bool has_child(pid_t parent)
{
	char file[64], text[64];
	ssize_t n;
	int fd;

	(void)snprintf(file, sizeof(file), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	return n > 0;
}

static void test_moved_child_ends_with_its_parent(void **state)
{
	char dir[PATH_MAX], path[PATH_MAX + 32];
	pid_t parent;
	int fd;

	(void)state;
	files_begin(dir);
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Orphans become ours, so that they can be waited for. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	parent = fork();
	if (parent == 0)
		_exit(start_and_hang(&fd));
	/* Its child is there: now it waits. */
	assert_true(soon(has_child(parent)));
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(soon(waitpid(-1, NULL, WNOHANG) > 0));
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	(void)close(fd);
	files_end(dir);
}

static void spawn_when_traced(int out)
{
	struct shell sh;

	shell_init(&sh, "echo ran");
	sh.spawn.fds[1] = out;
	sh.spawn.die_with_parent = true;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		_exit(1);
	_exit(spawn_start(&sh.spawn, &sh.pid, &sh.pid_fd, &sh.birth) < 0);
}

/* The parent died between clone and PR_SET_PDEATHSIG, and its command ran on without it. */
static void test_no_command_without_its_parent(void **state)
{
	const long events = PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE;
	unsigned long child = 0;
	pid_t parent;
	int pair[2];
	char text[8];

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0) {
		(void)alarm(DEADLINE_SECONDS);
		spawn_when_traced(pair[1]);
	}
	(void)close(pair[1]);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, parent, NULL, events), 0);
	assert_int_equal(ptrace(PTRACE_CONT, parent, NULL, NULL), 0);
	/* It has just cloned, and the child stands before its first instruction. */
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child), 0);
	assert_int_equal(waitpid((pid_t)child, NULL, __WALL), (pid_t)child);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_int_equal(ptrace(PTRACE_DETACH, (pid_t)child, NULL, NULL), 0);
	assert_int_equal(read(pair[0], text, sizeof(text)), 0);
	(void)close(pair[0]);
}

/* ---------------------------------------------------------- as somebody else */

#define SOMEBODY 54711

static int be_somebody(void *data)
{
	gid_t group = SOMEBODY;
	const struct identity as = { .uid = SOMEBODY, .gid = SOMEBODY, .groups = &group, .n_groups = 1 };
	const struct identity not_so = { .uid = SOMEBODY, .gid = SOMEBODY, .unchanged = true };
	struct shell sh;
	char text[256];

	CHECK(refuse_clone3(*(const int *)data));
	shell_init(&sh, "id -u; id -g; id -G; grep NoNewPrivs /proc/self/status");
	sh.spawn.identity = &as;
	sh.spawn.die_with_parent = true;
	CHECK(shell_start(&sh) == 0);
	CHECK(shell_end(&sh, text, sizeof(text)) == 0);
	CHECK(strcmp(text, "54711\n54711\n54711\nNoNewPrivs:\t1\n") == 0);

	shell_init(&sh, "");
	sh.spawn.identity = &not_so;
	CHECK(shell_start(&sh) < 0);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_IDENTITY && sh.spawn.failed_index == IDENTITY_STEP_CHECK);

	shell_init(&sh, "");
	sh.spawn.identity = &as;
	sh.spawn.path = "/nowhere/at/all";
	CHECK(shell_start(&sh) == -ENOENT);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_EXEC && sh.pid_fd == -EBADF);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return 0;
}

static void test_as_somebody_else(void **state)
{
	const int refused[] = { 0, ENOSYS };

	(void)state;
	if (geteuid() != 0)
		skip_because("only root becomes somebody else");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(in_child(be_somebody, (void *)(uintptr_t)&refused[i]), 0);
}

/* What root may execute isn't what the user may. */
static void test_resolved_by_the_users_rights(void **state)
{
	gid_t group = SOMEBODY;
	const struct identity as = { .uid = SOMEBODY, .gid = SOMEBODY, .groups = &group, .n_groups = 1 };
	const struct identity not_so = { .uid = SOMEBODY, .gid = SOMEBODY, .unchanged = true };
	char dir[PATH_MAX], path[PATH_MAX + 32], endless[2 * PATH_MAX];
	struct scout scout = { .identity = &as, .argv0 = path };
	struct scouted found;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root becomes somebody else");
	files_begin(dir);
	files_put(dir, "tool", "");
	(void)snprintf(path, sizeof(path), "%s/tool", dir);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(spawn_scout(&scout, &found), -EACCES);
	assert_int_equal(found.part, SCOUT_PART_PROGRAM);
	scout.cwd = dir;
	assert_int_equal(spawn_scout(&scout, &found), -EACCES);
	assert_int_equal(found.part, SCOUT_PART_CWD);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(spawn_scout(&scout, &found), 0);
	assert_string_equal(found.path, path);
	free(found.path);
	/* From there, and with nothing that it may write. */
	scout.argv0 = "./tool";
	scout.files[1] = "made";
	assert_int_equal(spawn_scout(&scout, &found), -EACCES);
	assert_int_equal(found.part, SCOUT_PART_FILE);
	assert_int_equal(found.index, 1);
	scout.files[1] = NULL;
	scout.cwd = NULL;
	scout.argv0 = endless;
	memset(endless, '/', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(spawn_scout(&scout, &found), -ENAMETOOLONG);
	assert_int_equal(found.part, SCOUT_PART_PROGRAM);
	scout.identity = &not_so;
	assert_true(spawn_scout(&scout, &found) < 0);
	assert_int_equal(found.part, SCOUT_PART_IDENTITY);
	assert_int_equal(found.index, IDENTITY_STEP_CHECK);
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	files_end(dir);
}

static void put_at(const char *dir, const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX + 32];

	files_put(dir, name, text);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(chmod(path, mode), 0);
}

static size_t size_of(const char *dir, const char *name)
{
	char path[PATH_MAX + 32];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 ? (size_t)st.st_size : SIZE_MAX;
}

/* Nothing is cut before the command runs, and a file that can't be opened leaves the others as they are. */
static void test_files_are_opened_from_its_directory(void **state)
{
	char dir[PATH_MAX];
	struct scout scout = { .cwd = dir, .argv0 = "./tool", .files = { "in", "out", "added" }, .append = { false, false, true } };
	struct scouted found;
	char byte;

	(void)state;
	files_begin(dir);
	put_at(dir, "tool", "", 0755);
	put_at(dir, "in", "x", 0644);
	put_at(dir, "out", "before", 0644);
	put_at(dir, "added", "before", 0644);
	assert_int_equal(spawn_scout(&scout, &found), 0);
	assert_string_equal(found.path, "./tool");
	assert_true(read(found.fds[0], &byte, 1) == 1 && byte == 'x');
	assert_int_equal(write(found.fds[2], "+", 1), 1);
	assert_true(size_of(dir, "out") == 6 && size_of(dir, "added") == 7);
	for (size_t i = 0; i < 3; i++) {
		assert_true(found.fds[i] > 2 && fcntl(found.fds[i], F_GETFD) == FD_CLOEXEC);
		(void)close(found.fds[i]);
	}
	free(found.path);
	scout.files[2] = "no/such";
	assert_int_equal(spawn_scout(&scout, &found), -ENOENT);
	assert_true(found.part == SCOUT_PART_FILE && found.index == 2 && found.fds[1] == -EBADF && !found.path);
	scout.files[0] = ".";
	assert_int_equal(spawn_scout(&scout, &found), -EISDIR);
	assert_int_equal(found.index, 0);
	assert_true(size_of(dir, "out") == 6);
	files_end(dir);
}

static void test_a_fifo_that_nobody_opens(void **state)
{
	char dir[PATH_MAX], path[PATH_MAX + 32];
	struct scout scout = { .argv0 = "/bin/sh" };
	struct scouted found;

	(void)state;
	files_begin(dir);
	(void)snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	for (int i = 0; i < 2; i++) {
		scout.files[0] = i == 0 ? path : NULL;
		scout.files[1] = i == 1 ? path : NULL;
		scout.within_usec = 100000;
		/* Longer, where the child hasn't come so far as to open it. */
		do
			assert_int_equal(spawn_scout(&scout, &found), -ETIMEDOUT);
		while (found.part != SCOUT_PART_FILE && (scout.within_usec *= 4) < 50000000);
		assert_true(found.part == SCOUT_PART_FILE && found.index == i);
	}
	assert_true(soon(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD));
	files_end(dir);
}

/* What the child itself does: its directory, its umask, its files. */
static void test_settles_in(void **state)
{
	char dir[PATH_MAX], buf[256], expected[PATH_MAX + 32];
	struct shell sh;
	int fd;

	(void)state;
	files_begin(dir);
	put_at(dir, "out", "before", 0644);
	(void)snprintf(expected, sizeof(expected), "%s/out", dir);
	fd = open(expected, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	shell_init(&sh, "pwd; umask; wc -c <out");
	sh.spawn.cwd = dir;
	sh.spawn.set_umask = true;
	sh.spawn.umask = 027;
	sh.spawn.cut_fds[sh.spawn.n_cut++] = fd;
	assert_int_equal(shell_start(&sh), 0);
	assert_int_equal(shell_end(&sh, buf, sizeof(buf)), 0);
	(void)snprintf(expected, sizeof(expected), "%s\n0027\n0\n", dir);
	assert_string_equal(buf, expected);
	/* Not ours. */
	assert_int_equal(umask(022), 022);
	shell_init(&sh, "exit 0");
	sh.spawn.cwd = "/no/such";
	assert_int_equal(shell_start(&sh), -ENOENT);
	assert_int_equal(sh.spawn.failed_step, SPAWN_STEP_CWD);
	(void)close(sh.out);
	shell_init(&sh, "exit 0");
	(void)close(fd);
	sh.spawn.cut_fds[sh.spawn.n_cut++] = -EBADF;
	assert_int_equal(shell_start(&sh), -EBADF);
	assert_true(sh.spawn.failed_step == SPAWN_STEP_CUT && sh.spawn.failed_index == 0);
	(void)close(sh.out);
	files_end(dir);
}

/* The user's other processes can stop it before it says anything. */
static void test_a_stopped_child_is_not_waited_for(void **state)
{
	int pair[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(spawn_await(pid, pair[0], 0), -EINTR);
	assert_true(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static int lower_nice(void *data)
{
	struct shell sh;

	(void)data;
	CHECK(setresuid(SOMEBODY, SOMEBODY, SOMEBODY) == 0);
	shell_init(&sh, "");
	sh.spawn.nice = -1;
	CHECK(shell_start(&sh) == -EPERM || sh.spawn.failed == -EACCES);
	CHECK(sh.spawn.failed_step == SPAWN_STEP_NICE);
	return 0;
}

static void test_a_nice_value_that_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("only root becomes somebody else");
	assert_int_equal(in_child(lower_nice, NULL), 0);
}

/* ------------------------------------------------------------ in this process */

static int become_command(void *data)
{
	struct shell sh;
	int status;
	pid_t pid;

	(void)data;
	shell_init(&sh, "");
	sh.spawn.path = "/nowhere/at/all";
	CHECK(spawn_prepare(&sh.spawn) == 0);
	CHECK(spawn_become(&sh.spawn) == -ENOENT && sh.spawn.failed_step == SPAWN_STEP_EXEC);
	shell_init(&sh, "exit $#");
	pid = fork();
	if (pid == 0) {
		if (spawn_prepare(&sh.spawn) == 0)
			(void)spawn_become(&sh.spawn);
		_exit(99);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

static void test_become(void **state)
{
	(void)state;
	assert_int_equal(in_child(become_command, NULL), 0);
}

/* As execvp(3): what has no #! line is the shell's. */
static void test_a_script_without_a_first_line(void **state)
{
	char dir[PATH_MAX], path[PATH_MAX + 32], text[64];
	struct shell sh;

	(void)state;
	files_begin(dir);
	files_put(dir, "script", "echo \"$1\"\n");
	(void)snprintf(path, sizeof(path), "%s/script", dir);
	assert_int_equal(chmod(path, 0755), 0);
	shell_init(&sh, "");
	sh.spawn.path = path;
	assert_int_equal(shell_start(&sh), -ENOEXEC);
	(void)close(sh.out);
	shell_init(&sh, "");
	sh.spawn.path = path;
	sh.spawn.shell_argv = (char *[]) { (char *)"/bin/sh", path, (char *)"it ran", NULL };
	assert_int_equal(shell_start(&sh), 0);
	assert_int_equal(shell_end(&sh, text, sizeof(text)), 0);
	assert_string_equal(text, "it ran\n");
	files_end(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_fds_in_any_order),
		cmocka_unit_test(test_no_fd_of_ours_is_passed_on),
		cmocka_unit_test(test_some_fds_are_passed_on),
		cmocka_unit_test(test_no_close_range),
		cmocka_unit_test(test_close_all_but_the_highest),
		cmocka_unit_test(test_in_a_group),
		cmocka_unit_test(test_each_step_reports),
		cmocka_unit_test(test_what_is_set_before_exec),
		cmocka_unit_test(test_as_somebody_else),
		cmocka_unit_test(test_resolved_by_the_users_rights),
		cmocka_unit_test(test_files_are_opened_from_its_directory),
		cmocka_unit_test(test_a_fifo_that_nobody_opens),
		cmocka_unit_test(test_settles_in),
		cmocka_unit_test(test_a_stopped_child_is_not_waited_for),
		cmocka_unit_test(test_a_nice_value_that_is_refused),
		cmocka_unit_test(test_become),
		cmocka_unit_test(test_a_script_without_a_first_line),
		cmocka_unit_test(test_moved_child_ends_with_its_parent),
		cmocka_unit_test(test_no_command_without_its_parent),
	};

	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
