/* SPDX-License-Identifier: MIT */
/* ration/vm.h - limits of a virtual machine's process; a wrapper in shell */
#ifndef RATION_VM_H
#define RATION_VM_H

#include <ration/limits.h>
#include <ration/plan.h>

enum ration_accel {
	RATION_ACCEL_NONE = 0, /* not a virtual machine */
	RATION_ACCEL_KVM = 1,
	RATION_ACCEL_HVF = 2,
	RATION_ACCEL_TCG = 3,
};

/* The sizes of a virtual machine's process. 0 in a field takes its default. */
struct ration_vm {
	size_t size;               /* sizeof(struct ration_vm) */
	enum ration_accel accel;   /* required */
	uint64_t guest_bytes;      /* memory of the guest, 1 MiB or more; required */
	uint64_t overhead_bytes;   /* QEMU's own; default 200 MiB */
	uint64_t tb_bytes;         /* TCG's translation cache; default 256 MiB; must
				      be the value of `-accel tcg,tb-size=` */
	uint64_t vcpus;            /* default 1 */
	uint64_t pids;             /* processes and threads; default 100 */
};

/* RLIMIT_CPU of a VM's process in a fallback, in seconds: a safety net. */
#define RATION_VM_CPU_SECONDS 3600

RATION_BEGIN

/*
 * Works out the limits of a VM's process, and sets those that `limits` doesn't have yet: memory =
 * guest + overhead (+ tb with TCG), cpus = vcpus, pids. Fills the defaults in to `vm`.
 * `ret_as_bytes`, which can be NULL, is the address space that such a process needs (guest + tb +
 * 400 MiB + 72 MiB for each of its `pids` threads, at most 8 of them): RLIMIT_AS in a fallback.
 * Errors: -EINVAL (no accelerator, no guest memory, no size), -E2BIG, -ERANGE (overflow).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_vm_limits(struct ration_vm *vm,
		struct ration_limits *limits, uint64_t *ret_as_bytes, struct ration_error *reterr);

/*
 * If `plan` says that the kernel doesn't enforce a limit of a VM's process for its group, asks for
 * a resource limit in addition: RLIMIT_AS for memory, as ration_vm_limits() works it out;
 * RLIMIT_CPU of RATION_VM_CPU_SECONDS for cpus. Neither if it is asked for already (cpu_time counts
 * as well), or if this process can't have more anyway. Returns 1 if `limits` has changed and needs
 * a new plan, else 0.
 * Errors: as ration_vm_limits().
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_vm_fallback(const struct ration_vm *vm,
		const struct ration_plan *plan, struct ration_limits *limits, struct ration_error *reterr);

/* Whose ulimit a wrapper is for. */
enum ration_os {
	RATION_OS_THIS = 0,  /* the system that the library was compiled for */
	RATION_OS_LINUX = 1,
	RATION_OS_MACOS = 2,
};

/* What to wrap. Zeroed fields take their defaults. */
struct ration_wrap_options {
	size_t size;          /* sizeof(struct ration_wrap_options) */
	char *const *argv;    /* NULL-terminated; any bytes */
	enum ration_os os;
	bool no_cpu_time;     /* no default for `ulimit -t` */
};

/*
 * Writes one line of shell that runs a command under ulimit, for tools that
 * take a string: `bash -c 'ulimit -v ... && ulimit -t ... && ulimit -u ... && exec ...'`.
 * Any POSIX shell can read the line; bash and the command are looked up in PATH
 * when it runs. Each limit is that of each process (-u: of the user), so
 * ration_run_start() enforces more.
 *
 * `limits` can be NULL, and can have three limits: memory, which is that of a VM's guest
 * (-v is 14 times that; without it there is no -v); cpu_time (-t; default 3600 s); pids (-u;
 * default 100). A limit that is lifted has no ulimit. RATION_OS_MACOS has pids alone:
 * that kernel has no limit of the address space, and its -t breaks the pipe that is the
 * command's standard output.
 *
 * `ret_line` has no newline, and belongs to the caller: free(3).
 * Errors: -EINVAL (no command, a percentage, no such system, no size), -E2BIG, -EOPNOTSUPP
 * (a limit that ulimit doesn't have), -ERANGE (14 times memory), -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_wrap(const struct ration_limits *limits,
		const struct ration_wrap_options *options, char **ret_line, struct ration_error *reterr);

RATION_END

#endif /* RATION_VM_H */
