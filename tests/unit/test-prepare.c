/* SPDX-License-Identifier: MIT */
/*
 * test-prepare.c - many threads need BASE at once, and systemd has to make it first
 *
 * The bus is one of our own: the linker takes the functions below for those of the
 * library. tests/cli/test_library.py builds this once more, to have all accesses to
 * memory watched.
 */
#include "managed.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "host/notes.h"
#include "host/prepare.h"
#include "sys/bus.h"

#define THREADS 8

static struct {
	char root[PATH_MAX];
	int result;             /* of bus_ask() */
	atomic_int asked;
	atomic_bool wait;       /* it answers when this is false */
} bus;

bool bus_takes_program(void)
{
	return true;
}

/* Makes the unit's group, and marks it, as ration-unit does; and moves us into its leaf. */
int bus_ask(const struct bus_request *request, char ret_message[BUS_MESSAGE_MAX])
{
	char path[PATH_MAX], file[2 * PATH_MAX];
	int fd;

	atomic_fetch_add(&bus.asked, 1);
	while (atomic_load(&bus.wait))
		(void)usleep(1000);
	(void)snprintf(ret_message, BUS_MESSAGE_MAX, "the bus of this test");
	if (bus.result < 0 || !request->start)
		return bus.result;
	(void)snprintf(file, sizeof(file), "%s/cgroup.procs", unit_dir(path) + 1);
	files_put(bus.root, file, "");
	(void)snprintf(file, sizeof(file), "%s/cgroup.controllers", path + 1);
	files_put(bus.root, file, "memory\n");
	(void)snprintf(file, sizeof(file), "%s%s", bus.root, path);
	fd = open(file, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(notes_mark(fd, NOTE_BASE), 0);
	(void)close(fd);
	if (request->move > 0) {
		(void)snprintf(file, sizeof(file), "0::%s/" BUS_LEAF "\n", path + strlen("/cg"));
		files_put(bus.root, "proc/self/cgroup", file);
	}
	return 0;
}

static struct ration_host *begin(int result)
{
	int fd;

	files_begin(bus.root);
	build_managed(bus.root, "0::/user.slice/user-1.slice/session-1.scope\n");
	fd = open(bus.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (notes_mark(fd, NOTE_BASE) < 0) {
		(void)close(fd);
		files_end(bus.root);
		skip_because("no extended attributes in %s", bus.root);
	}
	(void)close(fd);
	bus.result = result;
	atomic_store(&bus.asked, 0);
	atomic_store(&bus.wait, true);
	return open_managed(bus.root, with_unit_program(bus.root));
}

static void end(struct ration_host *host)
{
	assert_null(ration_host_free(host));
	files_end(bus.root);
}

struct job {
	struct ration_host *host;
	const struct host_snapshot *got;
	struct ration_error error;
	int r;
};

/* What a run does first. */
static void *need(void *data)
{
	struct job *job = data;

	job->r = host_need(job->host, RATION_PURPOSE_RUN, &job->got, &job->error);
	return NULL;
}

/* Reads all there is to read, over and over, until BASE is there or given up. */
static void *read_on(void *data)
{
	struct job *job = data;

	while (host_now(job->host)->unit_pending) {
		struct ration_host_info info = { .size = sizeof(info) };

		ration_host_info(job->host, &info);
		/* It is one snapshot, and all of it. */
		if (info.base_pending && (info.base_kind != RATION_BASE_UNIT || !info.base))
			return NULL;
	}
	job->r = 0;
	return NULL;
}

/* Half of the threads need BASE, half read, and the bus answers when all are under way. */
static void crowd(struct ration_host *host, struct job jobs[2 * THREADS])
{
	pthread_t threads[2 * THREADS];

	for (int i = 0; i < 2 * THREADS; i++) {
		jobs[i] = (struct job) { .host = host, .r = 1 };
		assert_int_equal(pthread_create(&threads[i], NULL, i < THREADS ? need : read_on, &jobs[i]), 0);
	}
	while (atomic_load(&bus.asked) == 0)
		(void)usleep(1000);
	atomic_store(&bus.wait, false);
	for (int i = 0; i < 2 * THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* One asks, the others wait, and all have the same; what was told before stays told. */
static void test_many_need_the_unit(void **state)
{
	struct ration_host *host = begin(0);
	const struct host_snapshot *before = host_now(host);
	struct ration_host_info told = info_of(host), info;
	struct job jobs[2 * THREADS];
	char path[PATH_MAX];

	(void)state;
	assert_true(told.base_pending);
	crowd(host, jobs);
	assert_int_equal(atomic_load(&bus.asked), 1);
	for (int i = 0; i < THREADS; i++) {
		assert_row(jobs[i].r == 0, "thread %d: %d: %s", i, jobs[i].r, jobs[i].error.message);
		assert_ptr_equal(jobs[i].got, host_now(host));
		assert_int_equal(jobs[THREADS + i].r, 0);
	}
	info = info_of(host);
	assert_false(info.base_pending);
	assert_true(host_now(host)->base_fd >= 0);
	assert_int_equal(info.controllers, RATION_CONTROLLER_MEMORY);
	assert_string_equal(below(bus.root, info.base), unit_dir(path));
	/* The other snapshot is as it was. */
	assert_true(before != host_now(host) && before->unit_pending && before->base_fd == -EBADF);
	assert_string_equal(below(bus.root, told.base), path);
	/* Nobody needs anything any more. */
	assert_int_equal(ration_host_prepare(host, RATION_PURPOSE_RUN, NULL), 0);
	assert_int_equal(atomic_load(&bus.asked), 1);
	end(host);
}

/* The one that asked is told why; from then on there is no BASE, and nobody asks again. */
static void test_many_need_a_unit_that_fails(void **state)
{
	struct ration_host *host = begin(-ETIMEDOUT);
	struct ration_host_info info;
	struct job jobs[2 * THREADS];
	int failed = 0;

	(void)state;
	crowd(host, jobs);
	assert_int_equal(atomic_load(&bus.asked), 1);
	for (int i = 0; i < THREADS; i++) {
		failed += jobs[i].r < 0;
		assert_true(jobs[i].r == -ETIMEDOUT || (jobs[i].r == 0 && jobs[i].got == host_now(host)));
		if (jobs[i].r < 0)
			assert_non_null(strstr(jobs[i].error.message, "the bus of this test"));
	}
	assert_int_equal(failed, 1);
	info = info_of(host);
	assert_int_equal(info.base_kind, RATION_BASE_NONE);
	assert_non_null(strstr(info.base_reason, "the bus of this test"));
	end(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_need_the_unit),
		cmocka_unit_test(test_many_need_a_unit_that_fails),
	};

	return cmocka_run_group_tests_name("prepare", tests, NULL, NULL);
}
