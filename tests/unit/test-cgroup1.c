/* SPDX-License-Identifier: MIT */
/*
 * test-cgroup1.c - a group's directories in cgroup v1: here they are plain ones
 */
#include "unit.h"

#include "files.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "group/cgroup1.h"
#include "group/place.h"
#include "util/cleanup.h"

static int open_in(const char *dir, const char *name)
{
	char path[2 * PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* The next fd that is opened is one too many. */
static struct rlimit no_more_fds(void)
{
	struct rlimit before, none;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)fd;
	(void)close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

/* What can't be opened just now was taken for what isn't there: `rm` left it, with its limits, and succeeded. */
static void test_FB15_what_cannot_be_opened_is_told(void **state)
{
	struct host_snapshot *host = calloc(1, sizeof(*host));
	struct place place = PLACE_NONE;
	struct rlimit before;
	char dir[PATH_MAX];

	(void)state;
	assert_non_null(host);
	files_begin(dir);
	files_put(dir, "memory/ration/t/g", NULL);
	files_put(dir, "pids/ration/t", NULL);
	host->n_nodes = 1;
	(void)strcpy(host->node[0], "ration");
	host->n_v1 = 2;
	host->v1[0] = (struct host_v1) { .controllers = RATION_CONTROLLER_MEMORY, .fd = open_in(dir, "memory") };
	host->v1[1] = (struct host_v1) { .controllers = RATION_CONTROLLER_PIDS, .fd = open_in(dir, "pids") };
	/* Without a directory in cgroup2 there are no notes, and the name is what counts. */
	place.host = host;
	(void)strcpy(place.tenant, "t");
	(void)strcpy(place.name, "g");
	before = no_more_fds();
	assert_int_equal(v1_open(&place), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(place.v1_fd[0] < 0);
	/* One that isn't there is no error. */
	assert_int_equal(v1_open(&place), 0);
	assert_true(place.v1_fd[0] >= 0 && place.v1_fd[1] < 0);
	place_close(&place);
	(void)close(host->v1[0].fd);
	(void)close(host->v1[1].fd);
	free(host);
	files_end(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_FB15_what_cannot_be_opened_is_told),
	};

	return cmocka_run_group_tests_name("cgroup1", tests, NULL, NULL);
}
