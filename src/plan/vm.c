/* SPDX-License-Identifier: MIT */
/*
 * vm.c - the limits of a virtual machine's process
 *
 * Such a process holds more than its guest: QEMU's own memory, and under TCG,
 * where there is no KVM or HVF, a cache of translated code. Measured with QEMU
 * 7.2 and a guest of 256 MiB, it holds 83 to 112 MiB beyond the guest under TCG
 * and 44 to 49 MiB under KVM, on boards that differ by 11 MiB at most.
 *
 * Its address space is another matter: reserved and never touched. There a TCG
 * machine fits into guest + translation cache + 400 MiB + 72 MiB a thread, which
 * is a malloc arena and a stack; past 8 threads the arenas are shared.
 */
#include "ration.h"

#include <errno.h>
#include <inttypes.h>

#include "plan/limits.h"
#include "plan/plan.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/overflow.h"
#include "util/size.h"

#define MIB (UINT64_C(1) << 20)

#define OVERHEAD_BYTES (200 * MIB)
#define TB_BYTES (256 * MIB)
#define PIDS 100
#define AS_BASE_BYTES (400 * MIB)
#define AS_THREAD_BYTES (72 * MIB)
#define AS_THREADS 8

/* One CPU, in the unit of RATION_LIMIT_CPUS. */
#define ONE_CPU 100000

static void fill_defaults(struct ration_vm *vm)
{
	if (vm->overhead_bytes == 0)
		vm->overhead_bytes = OVERHEAD_BYTES;
	if (vm->tb_bytes == 0 && vm->accel == RATION_ACCEL_TCG)
		vm->tb_bytes = TB_BYTES;
	if (vm->vcpus == 0)
		vm->vcpus = 1;
	if (vm->pids == 0)
		vm->pids = PIDS;
}

static int check_vm(const struct ration_vm *vm, struct ration_error *reterr)
{
	int r;

	if (vm->accel != RATION_ACCEL_KVM && vm->accel != RATION_ACCEL_HVF && vm->accel != RATION_ACCEL_TCG) {
		r = error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
				"missing accelerator of the virtual machine");
		return error_hint(reterr, r, "use kvm, hvf or tcg");
	}
	if (vm->guest_bytes == 0) {
		r = error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
				"missing guest memory of the virtual machine");
		return error_hint(reterr, r, "set it as QEMU's -m, e.g. --guest-memory 512M");
	}
	/* QEMU counts in MiB, so 512 means 512 MiB. */
	if (vm->guest_bytes < MIB) {
		r = error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "--guest-memory %" PRIu64 ": that is bytes, and less "
				"than 1 MiB", vm->guest_bytes);
		return error_hint(reterr, r, "e.g. --guest-memory %" PRIu64 "M", vm->guest_bytes < 4096 ? vm->guest_bytes : 512);
	}
	return 0;
}

/* A translation cache counts under TCG only; elsewhere `tb_bytes` is ignored. */
static uint64_t translation_bytes(const struct ration_vm *vm)
{
	return vm->accel == RATION_ACCEL_TCG ? vm->tb_bytes : 0;
}

static int sum_memory(const struct ration_vm *vm, uint64_t *ret_bytes)
{
	uint64_t sum;

	if (add_u64(vm->guest_bytes, vm->overhead_bytes, &sum) < 0)
		return -ERANGE;
	return add_u64(sum, translation_bytes(vm), ret_bytes);
}

static int sum_address_space(const struct ration_vm *vm, uint64_t *ret_bytes)
{
	uint64_t threads = vm->pids < AS_THREADS ? vm->pids : AS_THREADS, sum;

	if (add_u64(vm->guest_bytes, translation_bytes(vm), &sum) < 0)
		return -ERANGE;
	return add_u64(sum, AS_BASE_BYTES + threads * AS_THREAD_BYTES, ret_bytes);
}

static int set_missing(struct ration_limits *limits, enum ration_limit limit, uint64_t value,
		struct ration_error *reterr)
{
	if (ration_limits_has(limits, limit))
		return 0;
	return ration_limits_set(limits, limit, RATION_UNLIMITED, value, reterr);
}

/* On the heap: they are larger than many a stack has room for. */
static struct ration_limits *copy_limits(const struct ration_limits *limits)
{
	struct ration_limits *copy = malloc(sizeof(*copy));

	if (copy)
		*copy = *limits;
	return copy;
}

int ration_vm_limits(struct ration_vm *vm, struct ration_limits *limits, uint64_t *ret_as_bytes,
		struct ration_error *reterr)
{
	CLEANUP(freep) struct ration_limits *result = copy_limits(limits);
	struct ration_vm filled;
	uint64_t memory, as, cpus;
	int r;

	if (!result)
		return error_oom(reterr);
	r = TAKE_OPTIONS(struct ration_vm, &filled, (const struct ration_vm *)vm, reterr);
	if (r == 0)
		r = check_vm(&filled, reterr);
	if (r < 0)
		return r;
	fill_defaults(&filled);
	if (sum_memory(&filled, &memory) < 0 || sum_address_space(&filled, &as) < 0 ||
			multiply_u64(filled.vcpus, ONE_CPU, &cpus) < 0)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"the sizes of the virtual machine exceed 64 bits");

	r = set_missing(result, RATION_LIMIT_MEMORY, memory, reterr);
	if (r < 0)
		return r;
	r = set_missing(result, RATION_LIMIT_CPUS, cpus, reterr);
	if (r < 0)
		return r;
	r = set_missing(result, RATION_LIMIT_PIDS, filled.pids, reterr);
	if (r < 0)
		return r;

	*limits = *result;
	if (ret_as_bytes)
		*ret_as_bytes = as;
	return GIVE_RESULT(struct ration_vm, vm, &filled, reterr);
}

/* Asks for a resource limit, unless this process may have no more than that anyway. */
static int set_behind(struct ration_limits *limits, enum ration_limit limit, uint64_t value,
		struct ration_error *reterr)
{
	int resource = ration_limit_info(limit)->resource;
	struct rlimit own;
	int r;

	/* More than our own limit would be refused, and the same amount changes nothing. */
	if (getrlimit((rlimit_resource)resource, &own) == 0 && own.rlim_max <= value)
		return 0;
	r = ration_limits_set(limits, limit, RATION_UNLIMITED, value, reterr);
	return r < 0 ? r : 1;
}

/* Tells whether the kernel enforces a limit of the plan for the whole group. */
static bool is_enforced(const struct ration_plan *plan, enum ration_limit limit)
{
	const struct ration_plan_item *item = plan_enforced(plan, limit);

	return item && !item->weaker;
}

int ration_vm_fallback(const struct ration_vm *vm, const struct ration_plan *plan, struct ration_limits *limits,
		struct ration_error *reterr)
{
	CLEANUP(freep) struct ration_limits *result = copy_limits(limits);
	struct ration_vm filled;
	uint64_t as;
	int as_set = 0, cpu_set = 0;
	int r = TAKE_OPTIONS(struct ration_vm, &filled, vm, reterr);

	if (!result)
		return error_oom(reterr);
	if (r == 0)
		r = ration_vm_limits(&filled, result, &as, reterr);
	if (r < 0)
		return r;
	/* Neither is a safety net there: see mech/rlimit.c. */
	if (plan->os == RATION_OS_MACOS)
		return 0;
	if (!is_enforced(plan, RATION_LIMIT_MEMORY) && !ration_limits_has(limits, RATION_LIMIT_RLIMIT_AS))
		as_set = set_behind(result, RATION_LIMIT_RLIMIT_AS, as, reterr);
	if (as_set < 0)
		return as_set;
	/* With cpu_time comes an RLIMIT_CPU of its own, behind the watch. */
	if (!is_enforced(plan, RATION_LIMIT_CPUS) && !ration_limits_has(limits, RATION_LIMIT_RLIMIT_CPU) &&
			!ration_limits_has(limits, RATION_LIMIT_CPU_TIME))
		cpu_set = set_behind(result, RATION_LIMIT_RLIMIT_CPU, RATION_VM_CPU_SECONDS, reterr);
	if (cpu_set < 0)
		return cpu_set;
	*limits = *result;
	return as_set || cpu_set;
}
