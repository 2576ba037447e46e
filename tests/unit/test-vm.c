/* SPDX-License-Identifier: MIT */
/*
 * test-vm.c - the limits of a virtual machine's process
 */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "plan/choice.h"
#include "plan/limits.h"
#include "plan/plan.h"
#include "util/cleanup.h"

#define MIB (UINT64_C(1) << 20)

static const struct {
	const char *name;
	struct ration_vm vm;
	int code;
	uint64_t memory, cpus, pids, as;
	uint64_t overhead, tb, vcpus; /* as they come back */
} rows[] = {
	{ "tcg", { .accel = RATION_ACCEL_TCG, .guest_bytes = 512 * MIB },
		0, 968 * MIB, 100000, 100, (512 + 256 + 400 + 8 * 72) * MIB, 200 * MIB, 256 * MIB, 1 },
	{ "kvm has no translation cache", { .accel = RATION_ACCEL_KVM, .guest_bytes = 512 * MIB },
		0, 712 * MIB, 100000, 100, (512 + 400 + 8 * 72) * MIB, 200 * MIB, 0, 1 },
	{ "hvf has none either", { .accel = RATION_ACCEL_HVF, .guest_bytes = MIB },
		0, 201 * MIB, 100000, 100, 977 * MIB, 200 * MIB, 0, 1 },
	{ "all given", { .accel = RATION_ACCEL_TCG, .guest_bytes = 256 * MIB, .overhead_bytes = 64 * MIB,
			.tb_bytes = 32 * MIB, .vcpus = 4, .pids = 3 },
		0, 352 * MIB, 400000, 3, (256 + 32 + 400 + 3 * 72) * MIB, 64 * MIB, 32 * MIB, 4 },
	{ "a given cache doesn't count under kvm", { .accel = RATION_ACCEL_KVM, .guest_bytes = 256 * MIB,
			.tb_bytes = 32 * MIB },
		0, 456 * MIB, 100000, 100, (256 + 400 + 8 * 72) * MIB, 200 * MIB, 32 * MIB, 1 },
	{ "eight threads and more cost the same", { .accel = RATION_ACCEL_KVM, .guest_bytes = 256 * MIB, .pids = 8 },
		0, 456 * MIB, 100000, 8, (256 + 400 + 8 * 72) * MIB, 200 * MIB, 0, 1 },
	{ "no accelerator", { .guest_bytes = 512 * MIB }, .code = -EINVAL },
	{ "FC15: MiB without a unit", { .accel = RATION_ACCEL_KVM, .guest_bytes = 512 }, .code = -ERANGE },
	{ "unknown accelerator", { .accel = RATION_ACCEL_TCG + 1, .guest_bytes = 512 * MIB }, .code = -EINVAL },
	{ "no guest memory", { .accel = RATION_ACCEL_KVM }, .code = -EINVAL },
	{ "guest overflows", { .accel = RATION_ACCEL_KVM, .guest_bytes = UINT64_MAX }, .code = -ERANGE },
	{ "overhead overflows", { .accel = RATION_ACCEL_KVM, .guest_bytes = MIB, .overhead_bytes = UINT64_MAX },
		.code = -ERANGE },
	{ "cache overflows", { .accel = RATION_ACCEL_TCG, .guest_bytes = MIB, .tb_bytes = UINT64_MAX },
		.code = -ERANGE },
	{ "only the address space overflows", { .accel = RATION_ACCEL_KVM,
			.guest_bytes = UINT64_MAX - 300 * MIB }, .code = -ERANGE },
	{ "more memory than a limit can say", { .accel = RATION_ACCEL_KVM, .guest_bytes = UINT64_C(1) << 63 },
		.code = -ERANGE },
	{ "CPUs overflow", { .accel = RATION_ACCEL_KVM, .guest_bytes = MIB, .vcpus = UINT64_MAX / 99999 },
		.code = -ERANGE },
	{ "more CPUs than a limit can say", { .accel = RATION_ACCEL_KVM, .guest_bytes = MIB, .vcpus = 8193 },
		.code = -ERANGE },
	{ "more tasks than there are", { .accel = RATION_ACCEL_KVM, .guest_bytes = MIB, .pids = 4194305 },
		.code = -ERANGE },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_vm vm = rows[i].vm, before;
		struct ration_limits limits = { 0 };
		struct ration_error error = { 0 };
		uint64_t as = 1;
		int r;

		vm.size = sizeof(vm);
		before = vm;
		r = ration_vm_limits(&vm, &limits, &as, &error);
		assert_row(r == rows[i].code, "%s: %d, expected %d", rows[i].name, r, rows[i].code);
		if (r < 0) {
			/* Nothing has moved, and the message says something. */
			static const struct ration_limits nothing;

			assert_memory_equal(&vm, &before, sizeof(vm));
			assert_memory_equal(&limits, &nothing, sizeof(limits));
			assert_int_equal(as, 1);
			assert_int_equal(error.code, r);
			assert_true(error.message[0] != '\0');
			continue;
		}
		assert_row(as == rows[i].as, "%s: address space %llu", rows[i].name, (unsigned long long)as);
		assert_row(limits.value[LIMIT_INDEX_MEMORY].hard == rows[i].memory, "%s: memory", rows[i].name);
		assert_row(limits.value[LIMIT_INDEX_CPUS].hard == rows[i].cpus, "%s: cpus", rows[i].name);
		assert_row(limits.value[LIMIT_INDEX_PIDS].hard == rows[i].pids, "%s: pids", rows[i].name);
		assert_row(vm.overhead_bytes == rows[i].overhead, "%s: overhead", rows[i].name);
		assert_row(vm.tb_bytes == rows[i].tb, "%s: tb", rows[i].name);
		assert_row(vm.vcpus == rows[i].vcpus, "%s: vcpus", rows[i].name);
		assert_row(vm.pids == rows[i].pids, "%s: pids of the vm", rows[i].name);
		for (unsigned j = 0; j < LIMIT_INDEX_COUNT; j++)
			assert_int_equal(ration_limits_has(&limits, limit_at(j)),
					j == LIMIT_INDEX_MEMORY || j == LIMIT_INDEX_CPUS || j == LIMIT_INDEX_PIDS);
	}
}

/* What was asked for by itself wins over the profile. */
static void test_given_limits_stay(void **state)
{
	struct ration_vm vm = { .size = sizeof(vm), .accel = RATION_ACCEL_KVM, .guest_bytes = 512 * MIB };
	struct ration_limits limits = { 0 };

	(void)state;
	assert_int_equal(ration_limits_parse(&limits, RATION_LIMIT_MEMORY, "2G", NULL), 0);
	assert_int_equal(ration_limits_parse(&limits, RATION_LIMIT_PIDS, "max", NULL), 0);
	assert_int_equal(ration_vm_limits(&vm, &limits, NULL, NULL), 0);
	assert_int_equal(limits.value[LIMIT_INDEX_MEMORY].hard, 2048 * MIB);
	assert_true(limits.value[LIMIT_INDEX_PIDS].hard == RATION_UNLIMITED);
	assert_int_equal(limits.value[LIMIT_INDEX_CPUS].hard, 100000);
}

/* A caller that was compiled against less, or forgot. */
static void test_size_is_checked(void **state)
{
	/* An older program's, without the last fields, and a newer one's, with one more. */
	struct {
		struct ration_vm vm;
		uint64_t later;
	} at = { .vm = { .size = offsetof(struct ration_vm, vcpus), .accel = RATION_ACCEL_KVM,
			 .guest_bytes = 512 * MIB, .vcpus = 7, .pids = 7 } };
	struct ration_limits limits = { .n_pairs = 0 };
	uint64_t pids;

	(void)state;
	assert_int_equal(ration_vm_limits(&at.vm, &limits, NULL, NULL), 0);
	assert_true(at.vm.size == offsetof(struct ration_vm, vcpus) && at.vm.overhead_bytes == 200 * MIB);
	assert_true(at.vm.vcpus == 7 && at.vm.pids == 7);
	assert_int_equal(ration_limits_get(&limits, RATION_LIMIT_PIDS, NULL, &pids), 0);
	assert_int_equal(pids, 100);
	at.vm.size = sizeof(at);
	assert_int_equal(ration_vm_limits(&at.vm, &limits, NULL, NULL), 0);
	at.later = 1;
	assert_int_equal(ration_vm_limits(&at.vm, &limits, NULL, NULL), -E2BIG);
	at.vm.size = 0;
	assert_int_equal(ration_vm_limits(&at.vm, &limits, NULL, NULL), -EINVAL);
}

/* Behind what isn't held stands what was not asked for. */
static void test_fallback(void **state)
{
	static const struct {
		const char *name;
		uint32_t controllers;
		const char *as, *cpu, *cpu_time; /* asked for, or NULL */
		int result;
		uint64_t as_now, cpu_now; /* 0: not asked for */
	} table[] = {
		{ "all is held", RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_CPU, NULL, NULL, NULL, 0, 0, 0 },
		{ "nothing is", 0, NULL, NULL, NULL, 1, 1744 * MIB, 3600 },
		{ "memory is", RATION_CONTROLLER_MEMORY, NULL, NULL, NULL, 1, 0, 3600 },
		{ "cpus are", RATION_CONTROLLER_CPU, NULL, NULL, NULL, 1, 1744 * MIB, 0 },
		{ "asked for", 0, "5G", "60", NULL, 0, 5120 * MIB, 60 },
		{ "one of them", 0, "5G", NULL, NULL, 1, 5120 * MIB, 3600 },
		{ "cpu_time counts", 0, NULL, NULL, "60", 1, 1744 * MIB, 0 },
		{ "cpu_time counts alone", RATION_CONTROLLER_MEMORY, NULL, NULL, "60", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct ration_vm vm = { .size = sizeof(vm), .accel = RATION_ACCEL_TCG, .guest_bytes = 512 * MIB };
		struct host_facts facts = {
			.hierarchy = RATION_HIERARCHY_V2,
			.base_kind = RATION_BASE_ROOT,
			.controllers = table[i].controllers,
			.memory_bytes = UINT64_C(1) << 36,
			.cpus = 8,
			.cpu_mask = { .bits = { 0xff } },
			.page_bytes = 4096,
			.root = true,
		};
		struct ration_limits limits = { 0 };
		struct ration_plan *plan = NULL;
		uint64_t as = 0, cpu = 0;

		if (table[i].as)
			assert_int_equal(ration_limits_parse(&limits, RATION_LIMIT_RLIMIT_AS, table[i].as, NULL), 0);
		if (table[i].cpu)
			assert_int_equal(ration_limits_parse(&limits, RATION_LIMIT_RLIMIT_CPU, table[i].cpu, NULL), 0);
		if (table[i].cpu_time)
			assert_int_equal(ration_limits_parse(&limits, RATION_LIMIT_CPU_TIME, table[i].cpu_time, NULL),
					0);
		assert_int_equal(ration_vm_limits(&vm, &limits, NULL, NULL), 0);
		assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_FALLBACK, RATION_PURPOSE_RUN, &plan, NULL), 0);
		assert_row(ration_vm_fallback(&vm, plan, &limits, NULL) == table[i].result, "%s", table[i].name);
		(void)!ration_limits_get(&limits, RATION_LIMIT_RLIMIT_AS, NULL, &as);
		(void)!ration_limits_get(&limits, RATION_LIMIT_RLIMIT_CPU, NULL, &cpu);
		assert_row(as == table[i].as_now, "%s: address space", table[i].name);
		assert_row(cpu == table[i].cpu_now, "%s: CPU", table[i].name);
		ration_plan_free(plan);
	}
}

/* To ask for more than this process may have would be refused: its own holds as well. */
static void test_fallback_below_our_own(void **state)
{
	struct ration_vm vm = { .size = sizeof(vm), .accel = RATION_ACCEL_KVM, .guest_bytes = 512 * MIB };
	struct rlimit own, low;
	struct host_facts facts = { .root = true, .cpus = 1, .cpu_mask = { .bits = { 1 } } };
	struct ration_limits limits = { 0 };
	struct ration_plan *plan = NULL;

	(void)state;
	assert_int_equal(ration_vm_limits(&vm, &limits, NULL, NULL), 0);
	assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_ANY, RATION_PURPOSE_RUN, &plan, NULL), 0);
	assert_int_equal(getrlimit(RLIMIT_CPU, &own), 0);
	low = (struct rlimit){ .rlim_cur = own.rlim_cur < 1000 ? own.rlim_cur : 1000, .rlim_max = 1000 };
	assert_int_equal(setrlimit(RLIMIT_CPU, &low), 0);
	assert_int_equal(ration_vm_fallback(&vm, plan, &limits, NULL), 1);
	assert_true(ration_limits_has(&limits, RATION_LIMIT_RLIMIT_AS));
	assert_false(ration_limits_has(&limits, RATION_LIMIT_RLIMIT_CPU));
	/* macOS ignores the one, and the other does harm there. */
	plan->os = RATION_OS_MACOS;
	ration_limits_unset(&limits, RATION_LIMIT_RLIMIT_AS);
	assert_int_equal(ration_vm_fallback(&vm, plan, &limits, NULL), 0);
	ration_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_given_limits_stay),
		cmocka_unit_test(test_size_is_checked),
		cmocka_unit_test(test_fallback),
		/* The last: what it lowers stays low. */
		cmocka_unit_test(test_fallback_below_our_own),
	};

	return cmocka_run_group_tests_name("vm", tests, NULL, NULL);
}
