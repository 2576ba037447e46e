/* SPDX-License-Identifier: MIT */
/*
 * test-machine.c - the machine, by hand
 */
#include "made.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <fcntl.h>

#include "host/machine.h"

static void test_nodes_and_pages(void **state)
{
	struct host_facts facts = { .root = true };
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	files_put(dir, "sys/devices/system/node/online", "0,2\n");
	files_put(dir, "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
	files_put(dir, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n");
	files_put(dir, "sys/kernel/mm/hugepages/hugepages-64kB/nr_hugepages", "0\n");
	files_put(dir, "sys/kernel/mm/hugepages/other", "");
	machine_probe_parts(&facts, dir);
	files_end(dir);
	assert_true(facts.cpuset_mems.known && facts.cpuset_mems.mask.bits[0] == 0x5);
	assert_string_equal(facts.cpuset_mems.list, "0,2");
	assert_string_equal(facts.cpuset_mems.source, "/sys/devices/system/node/online");
	assert_int_equal(facts.n_huge, 3);
	assert_int_equal(facts.huge_bytes[0], 64 << 10);
	assert_int_equal(facts.huge_bytes[1], 2 << 20);
	assert_int_equal(facts.huge_bytes[2], 1 << 30);
}

/* What the machine couldn't say for want of something isn't a no, and the first one counts. */
static void test_FB16_what_cant_be_read_is_told(void **state)
{
	static const int answers[] = { 0, 7, -ENOENT, -EACCES, -EPERM, -EROFS, -ENODEV, -EOPNOTSUPP, -EBADF };
	static const int doubts[] = { -ENOMEM, -EMFILE, -ENFILE, -EINTR, -EAGAIN, -EIO };
	struct ration_error error = { .code = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct host_facts facts = { .root = true };

		facts_note(&facts, answers[i], "memory.max", "/cg/a");
		assert_row(facts_check(&facts, &error) == 0, "%d", answers[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(doubts); i++) {
		struct host_facts facts = { .root = true };

		facts_note(&facts, doubts[i], "memory.max", "/cg/a");
		facts_note(&facts, -EIO, "later", "");
		assert_row(facts_check(&facts, &error) == doubts[i], "%d", doubts[i]);
		assert_non_null(strstr(error.message, "/cg/a/memory.max: "));
	}
}

/* Neither NUMA nor huge pages nor the controller: nothing is known, and nothing refused. */
static void test_nothing(void **state)
{
	struct host_facts facts = { .root = true };
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	machine_probe_parts(&facts, dir);
	machine_probe_group(&facts, -EBADF, dir);
	files_put(dir, "sys/devices/system/node/online", "nonsense\n");
	machine_probe_parts(&facts, dir);
	files_end(dir);
	assert_false(facts.cpuset_mems.known || facts.cpuset_cpus.known);
	assert_int_equal(facts.n_huge, 0);
}

static void test_group(void **state)
{
	struct host_facts facts = { .root = true };
	CLEANUP(closep) int fd = -EBADF;
	char dir[PATH_MAX], list[4096] = "0", where[PATH_MAX];

	(void)state;
	files_begin(dir);
	/* Longer than can be shown: the mask has all of it. */
	for (int i = 2; i < 200; i += 2)
		(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%d", i);
	files_put(dir, "sys/devices/system/node/online", "0-3\n");
	files_put(dir, "cpuset.cpus.effective", list);
	files_put(dir, "cpuset.mems.effective", "1\n");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	machine_probe_parts(&facts, dir);
	machine_probe_group(&facts, fd, dir);
	(void)snprintf(where, sizeof(where), "cpuset.cpus.effective of %.160s", dir);
	files_end(dir);
	assert_true(facts.cpuset_cpus.known && facts.cpuset_cpus.mask.bits[24] == 0x55);
	assert_string_equal(facts.cpuset_cpus.source, where);
	assert_string_equal(facts.cpuset_cpus.list + strlen(facts.cpuset_cpus.list) - 3, "...");
	/* The group's, not the machine's. */
	assert_true(facts.cpuset_mems.known && facts.cpuset_mems.mask.bits[0] == 0x2);
}

static void test_features(void **state)
{
	static const struct {
		const char *file[FILES_MAX][2];
		uint64_t with, without;
	} cases[] = {
		{ { { "proc/sys/kernel/osrelease", "4.19.0\n" } }, 0, ~(RATION_FEATURE_PIDFD) },
		{ { { "proc/sys/kernel/osrelease", "5.4.300-x\n" } }, 0, RATION_FEATURE_CLONE_INTO_CGROUP },
		{ { { "proc/sys/kernel/osrelease", "5.7.0\n" } }, RATION_FEATURE_CLONE_INTO_CGROUP,
			RATION_FEATURE_CGROUP_KILL },
		{ { { "proc/sys/kernel/osrelease", "5.14.0\n" } }, RATION_FEATURE_CGROUP_KILL | RATION_FEATURE_CPU_BURST,
			RATION_FEATURE_MEMORY_PEAK },
		{ { { "proc/sys/kernel/osrelease", "5.19.0\n" } }, RATION_FEATURE_MEMORY_PEAK, RATION_FEATURE_PIDS_PEAK },
		{ { { "proc/sys/kernel/osrelease", "6.4.0\n" } }, RATION_FEATURE_PIDS_PEAK, RATION_FEATURE_SWAP_PEAK },
		{ { { "proc/sys/kernel/osrelease", "6.5\n" } }, RATION_FEATURE_SWAP_PEAK, RATION_FEATURE_PSI },
		{ { { "proc/sys/kernel/osrelease", "7.0\n" } }, RATION_FEATURE_SWAP_PEAK | RATION_FEATURE_CGROUP_KILL, 0 },
		{ { { "proc/sys/kernel/osrelease", "nonsense\n" } }, 0, RATION_FEATURE_CLONE_INTO_CGROUP },
		/* Of the groups, whatever is said of the machine. */
		{ { { "proc/pressure/memory", "some avg10=0.00\n" } }, 0, RATION_FEATURE_PSI },
		{ { { "proc/pressure/memory", "some avg10=0.00\n" }, { "cg/a/b/memory.pressure", "" } }, 0, RATION_FEATURE_PSI },
		{ { { "proc/pressure/memory", "some avg10=0.00\n" }, { "cg/a/b/cgroup.pressure", "0\n" } }, RATION_FEATURE_PSI, 0 },
		{ { { "cg/a/b/cgroup.pressure", "0\n" } }, 0, RATION_FEATURE_PSI },
		{ { { "cg/a/b/memory.pressure", "some avg10=0.00\n" } }, RATION_FEATURE_PSI, 0 },
		{ { { "proc/pressure/memory", "some avg10=0.00\n" }, { "proc/self/mountinfo", "\n" } }, RATION_FEATURE_PSI, 0 },
		{ { { "proc/swaps", "Filename\n" } }, RATION_FEATURE_SWAP_MAX, 0 },
		{ { { "proc/swaps", "Filename\n" }, { "proc/cmdline", "quiet swapaccount=0 x\n" } }, 0,
			RATION_FEATURE_SWAP_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host *host;
		char root[PATH_MAX];
		struct ration_host_info info = see(root, cases[i].file, NULL, &host);

		assert_row((info.features & cases[i].with) == cases[i].with && !(info.features & cases[i].without),
				"case %zu: %" PRIx64, i, info.features);
		assert_true(info.swap_bytes == GIB);
		see_end(host, root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes_and_pages),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_FB16_what_cant_be_read_is_told),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_features),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
