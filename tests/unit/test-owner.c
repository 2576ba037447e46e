/* SPDX-License-Identifier: MIT */
/*
 * test-owner.c - whose a group is, by what is written on it
 */
#include "unit.h"

#include "base.h"
#include "files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "group/owner.h"
#include "host/notes.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"

#define OTHER_BOOT "00000000-0000-4000-8000-000000000000"

#define RECORD "2 %d %" PRIu64 " %s %" PRIu64 " %" PRIu64

struct facts {
	pid_t dead;
	uint64_t start;
	char boot[PROC_BOOT_ID_SIZE];
	uint64_t pid_namespace, time_namespace;
};

static void look(int proc_fd, struct facts *ret)
{
	struct stat st;

	ret->dead = fork();
	if (ret->dead == 0)
		_exit(0);
	assert_int_equal(waitpid(ret->dead, NULL, 0), ret->dead);
	assert_int_equal(proc_boot_id(proc_fd, ret->boot), 0);
	assert_int_equal(proc_start_ticks(proc_fd, getpid(), &ret->start), 0);
	assert_int_equal(fstatat(proc_fd, "self/ns/pid", &st, 0), 0);
	ret->pid_namespace = (uint64_t)st.st_ino;
	ret->time_namespace = fstatat(proc_fd, "self/ns/time", &st, 0) == 0 ? (uint64_t)st.st_ino : 0;
}

static void record(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void record(int fd, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert_int_equal(notes_write(fd, NOTE_OWNER, text), 0);
}

static pid_t make_zombie(int proc_fd, uint64_t *ret_start)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_start_ticks(proc_fd, pid, ret_start), 0);
	return pid;
}

static void test_records(void **state)
{
	struct base base;
	struct facts f;
	int fd, proc_fd, self = (int)getpid();
	uint64_t start;
	pid_t zombie;

	(void)state;
	base_begin(&base);
	proc_fd = host_now(base.host)->proc_fd;
	fd = base_make(&base);
	look(proc_fd, &f);
	owner_record(proc_fd, fd);
	if (!notes_has(fd, NOTE_OWNER)) {
		base_remove(&base, fd);
		skip_because("no extended attributes on cgroups here");
	}
#define IS(expected) assert_int_equal(owner_state(proc_fd, fd, NULL), RATION_OWNER_##expected)
	IS(ALIVE);
	record(fd, RECORD, self, f.start, f.boot, f.pid_namespace, f.time_namespace);
	IS(ALIVE);
	record(fd, RECORD, self, f.start + 1, f.boot, f.pid_namespace, f.time_namespace);
	IS(DEAD); /* the pid is somebody else's by now */
	record(fd, RECORD, (int)f.dead, f.start, f.boot, f.pid_namespace, f.time_namespace);
	IS(DEAD);
	record(fd, RECORD, self, f.start, OTHER_BOOT, f.pid_namespace, f.time_namespace);
	IS(DEAD);
	zombie = make_zombie(proc_fd, &start);
	record(fd, RECORD, (int)zombie, start, f.boot, f.pid_namespace, f.time_namespace);
	IS(DEAD); /* though nobody has reaped it */
	assert_int_equal(waitpid(zombie, NULL, 0), zombie);
	/* Of another pid namespace: the number means nothing here, whether or not it is in use. */
	record(fd, RECORD, self, f.start, f.boot, f.pid_namespace + 1, f.time_namespace);
	IS(UNKNOWN);
	record(fd, RECORD, (int)f.dead, f.start, f.boot, f.pid_namespace + 1, f.time_namespace);
	IS(UNKNOWN);
	/* FB18: of another time namespace: the start time is another there, so only that nobody has the pid counts. */
	record(fd, RECORD, self, f.start + 1, f.boot, f.pid_namespace, f.time_namespace + 1);
	IS(UNKNOWN);
	record(fd, RECORD, (int)f.dead, f.start, f.boot, f.pid_namespace, f.time_namespace + 1);
	IS(DEAD);
#undef IS
	base_remove(&base, fd);
}

/* Not ours, or of a version to come: hands off, as from a group without any record. */
static void test_garbage(void **state)
{
	static const char *const garbage[] = { "x", " ", "1", "1 1", "2 1 1 x 1", "2 1 1 x 1 y", "3 1 1 x 1 1", "1 x y z 1", "1 1 1 \n", "-1 -1 -1 -1 -1",
		"1 99999999999999999999 1 b", "2 -5 1 x 1 1", "2 0 1 x 1 1" };
	struct base base;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(owner_state(host_now(base.host)->proc_fd, fd, NULL), RATION_OWNER_UNKNOWN);
	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		record(fd, "%s", garbage[i]);
		assert_row(owner_state(host_now(base.host)->proc_fd, fd, NULL) == RATION_OWNER_UNKNOWN, "\"%s\"", garbage[i]);
	}
	record(fd, "%0400d", 1);
	assert_int_equal(owner_state(host_now(base.host)->proc_fd, fd, NULL), RATION_OWNER_UNKNOWN);
	base_remove(&base, fd);
}

static void test_gc_takes_the_dead_only(void **state)
{
	static const char *const names[] = { "live", "dead", "stranger" };
	struct ration_gc_report report = { .size = sizeof(report) };
	struct base base;
	struct facts f;
	int space, tenant, fd[ARRAY_SIZE(names)];
	char path[9000];

	(void)state;
	base_begin(&base);
	space = base_make(&base);
	look(host_now(base.host)->proc_fd, &f);
	assert_int_equal(cg_mkdir(space, "t"), 0);
	tenant = cg_open_dir(space, "t");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(cg_mkdir(tenant, names[i]), 0);
		fd[i] = cg_open_dir(tenant, names[i]);
	}
	owner_record(host_now(base.host)->proc_fd, fd[0]);
	record(fd[1], RECORD, (int)f.dead, f.start, f.boot, f.pid_namespace, f.time_namespace);
	record(fd[2], RECORD, (int)f.dead, f.start, f.boot, f.pid_namespace + 1, f.time_namespace);
	assert_int_equal(ration_gc(base.host, NULL, &report, NULL), 0);
	assert_int_equal(report.examined, 3);
	assert_int_equal(report.removed, 1);
	assert_int_equal(report.live, 2);
	assert_int_equal(report.failed, 0);
	(void)snprintf(path, sizeof(path), "%s/t/dead", base.path);
	assert_int_equal(access(path, F_OK), -1);
	/* Removed with a process in it. */
	record(fd[2], RECORD, (int)f.dead, f.start, f.boot, f.pid_namespace, f.time_namespace);
	f.dead = fork();
	if (f.dead == 0) {
		(void)alarm(DEADLINE_SECONDS);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(cg_attach(fd[2], f.dead), 0);
	assert_int_equal(ration_gc(base.host, NULL, &report, NULL), 0);
	assert_int_equal(report.removed, 1);
	assert_int_equal(waitpid(f.dead, NULL, 0), f.dead);
	assert_int_equal(cg_rmdir(tenant, "live"), 0);
	assert_int_equal(ration_gc(base.host, NULL, &report, NULL), 0);
	assert_int_equal(report.examined, 0);
	assert_int_equal(access(base.path, F_OK), -1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)close(fd[i]);
	(void)close(tenant);
	(void)close(space);
	base_end(&base);
}

/* Whose it is says why it can't be done, and who can. */
static void test_an_error_names_the_owner(void **state)
{
	struct ration_error error;
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(owner_error(fd, -EACCES, "write", "memory.max", &error), -EACCES);
	assert_string_equal(error.message, "can't write memory.max: Permission denied");
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, 54711, 54711), 0);
		assert_int_equal(owner_error(fd, -EPERM, "write", "memory.max", &error), -EPERM);
		assert_string_equal(error.message, "can't write memory.max: it belongs to uid 54711");
		assert_non_null(strstr(error.hint, "as that user"));
	}
	(void)close(fd);
	files_end(dir);
}

/* Where /proc can't be read nobody is known to live: that isn't success. */
static void test_gc_tells_whom_it_cant_judge(void **state)
{
	struct ration_gc_report report = { .size = sizeof(report) };
	struct host_snapshot *host;
	struct base base;
	int space, tenant, fd, proc_fd, pid;

	(void)state;
	base_begin(&base);
	space = base_make(&base);
	assert_int_equal(cg_mkdir(space, "t"), 0);
	tenant = cg_open_dir(space, "t");
	assert_int_equal(cg_mkdir(tenant, "g"), 0);
	fd = cg_open_dir(tenant, "g");
	host = (struct host_snapshot *)(uintptr_t)host_now(base.host);
	owner_record(host->proc_fd, fd);
	proc_fd = host->proc_fd;
	host->proc_fd = -EBADF;
	if (notes_has(fd, NOTE_OWNER)) {
		assert_true(owner_ask(host->proc_fd, fd, &pid) < 0);
		assert_int_equal(ration_gc(base.host, NULL, &report, NULL), 0);
		assert_int_equal(report.failed, 1);
		assert_int_equal(report.live, 0);
	}
	host->proc_fd = proc_fd;
	assert_int_equal(cg_rmdir(tenant, "g"), 0);
	assert_int_equal(ration_gc(base.host, NULL, &report, NULL), 0);
	assert_int_equal(access(base.path, F_OK), -1);
	(void)close(fd);
	(void)close(tenant);
	(void)close(space);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_gc_takes_the_dead_only),
		cmocka_unit_test(test_an_error_names_the_owner),
		cmocka_unit_test(test_gc_tells_whom_it_cant_judge),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
