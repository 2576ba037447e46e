/* SPDX-License-Identifier: MIT */
/*
 * ration/base.h - what holds for all of the interface; versions
 *
 * Return values. A call that can fail returns 0 or more on success and a negative errno on failure;
 * each call lists the ones it can return. Its last parameter is `reterr`, which can be NULL;
 * otherwise it is filled in on failure only (ration/error.h). ration_limits_new(),
 * ration_limits_get() and ration_receipt_new_failed() have no `reterr`, because their errno says
 * everything. `ret_` parameters of calls that return such an errno are written on success only.
 *
 * Ownership. Handles are opaque. A call that stores a handle in `ret_` gives it to the caller, who
 * frees it with the matching _free() call. _free() accepts NULL and returns NULL. A `const char *`
 * that a call returns is valid as long as the handle that it came from, unless stated otherwise.
 *
 * Structs that begin with `size`. The program sets `size` to the sizeof of the struct, as in
 * `struct ration_run_options options = { .size = sizeof(options) };`, and leaves fields that it
 * doesn't need at zero. So programs and libraries of different versions work together: fields that
 * are missing in a shorter struct count as zero; a longer struct is refused with -E2BIG only if it
 * uses a field that this library doesn't know; results are filled in as far as both sides know the
 * struct, and the rest of a longer one is zero. A size that isn't set is -EINVAL.
 *
 * Enums. Each value has its own number, which never changes. Later versions add values: treat a
 * value that you don't know as "something else".
 *
 * Threads. The library has no globals. Different handles can be used in different
 * threads at the same time, one handle in one thread at a time. A host, a plan and a set of
 * limits can be read by several threads at once; runs and groups only read them.
 *
 * Signals. The library prints nothing, never exits and installs no signal handler. SIGCHLD belongs
 * to the program.
 *
 * A run has a child of this process: the command in a cgroup or, without a cgroup, a subreaper,
 * which supervises the command. A host also has one, from its first run in a cgroup on: the keeper,
 * which ends the runs if this process dies. It ends with ration_host_free(), so a program that
 * waits until it has no child left also waits for the keeper. If somebody kills the keeper, it is
 * replaced; for a subreaper that is killed, see ration_run_start(). After fork(2), only the parent
 * can use handles of runs.
 *
 * The caller waits for commands of ration_group_spawn(). For the children of a run,
 * ration_run_dispatch(), ration_run_wait() and ration_run_free() wait, without a handler. A SIGCHLD
 * handler of the program is fine if it waits for the program's own children one by one.
 * waitpid(-1), or SIGCHLD ignored, takes the command's status: its limits and its end are not
 * affected, but the exit status is unknown, see ration_receipt_status_lost().
 *
 * Units are in the names: _bytes, _usec (microseconds), _pct (percent). Sizes are powers
 * of 1024.
 */
#ifndef RATION_BASE_H
#define RATION_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header, its numbers since 0.2.0. ration_version() is that of the library in use. */
#define RATION_VERSION_MAJOR 0
#define RATION_VERSION_MINOR 2
#define RATION_VERSION_PATCH 0
#define RATION_VERSION "0.2.0"

/* A version as a number that grows with it: 0.2.0 is 200, 1.12.3 is 11203. Since 0.2.0. */
#define RATION_VERSION_NUMBER_OF(major, minor, patch) ((major) * 10000 + (minor) * 100 + (patch))
#define RATION_VERSION_NUMBER \
	RATION_VERSION_NUMBER_OF(RATION_VERSION_MAJOR, RATION_VERSION_MINOR, RATION_VERSION_PATCH)

/* The value of a lifted limit, in every unit. */
#define RATION_UNLIMITED UINT64_MAX

/* The value of an unknown result, in every unit; never that of a limit. Since 0.2.0. */
#define RATION_UNKNOWN (UINT64_MAX - 1)

/* Longest tenant or group name, in bytes, without the final NUL. */
#define RATION_NAME_MAX 128

#if defined(__GNUC__)
#define RATION_PUBLIC __attribute__((visibility("default")))
#define RATION_MUST_CHECK __attribute__((warn_unused_result))
#else
#define RATION_PUBLIC
#define RATION_MUST_CHECK
#endif

#ifdef __cplusplus
#define RATION_BEGIN extern "C" {
#define RATION_END }
#else
#define RATION_BEGIN
#define RATION_END
#endif

RATION_BEGIN

/* Returns the version of the library in use, "MAJOR.MINOR.PATCH", a constant string. */
RATION_PUBLIC const char *ration_version(void);

/*
 * Returns the version of the library in use as a number, to compare with
 * RATION_VERSION_NUMBER_OF(). Since 0.2.0.
 */
RATION_PUBLIC int ration_version_number(void);

RATION_END

#endif /* RATION_BASE_H */
