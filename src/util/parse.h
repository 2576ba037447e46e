/* SPDX-License-Identifier: MIT */
/*
 * parse.h - numbers with units, read exactly and without a locale
 *
 * All take a NUL-terminated text of any length and content, take it whole or
 * not at all, and write their result on success only. None skips blanks or
 * takes a sign.
 */
#ifndef RATION_UTIL_PARSE_H
#define RATION_UTIL_PARSE_H

#include <stdint.h>

/* Where durations that don't fit stay: 292,000 years. */
#define PARSE_USEC_MAX (UINT64_C(1) << 63)

/* The highest number of a CPU in a list. */
#define PARSE_CPU_MAX 8191

/*
 * Bytes: 67108864, 64M, 64MiB, 1.5g (powers of 1024; what is below one byte is
 * dropped). -EINVAL: malformed; -ENOTUNIQ: KB, MB, GB or TB, which may mean
 * 1000 or 1024; -ERANGE: 2^64 - 1, which is RATION_UNLIMITED, or above.
 */
int parse_size(const char *text, uint64_t *ret_bytes);

/*
 * Microseconds: 500ms, 1.5s, 2m, 1h, 1d, 1w, 250us, bare seconds; decimal exponents; the units of systemd.time(7)
 * up to weeks: 100msec, 1min; several, which are added: 5m30s, "1h 30min".
 * Rounds up, so that only zero is 0; above PARSE_USEC_MAX it stays there. -EINVAL.
 */
int parse_duration(const char *text, uint64_t *ret_usec);

/* A decimal count. -EINVAL: malformed; -ERANGE: 2^64 - 1 or above. */
int parse_count(const char *text, uint64_t *ret_count);

/* Octal digits, and no others. -EINVAL: malformed; -ERANGE: above `max`, which has an octal digit to spare. */
int parse_octal(const char *text, unsigned max, unsigned *ret_value);

/* Hundred-thousandths of a CPU: 1.5, .5, 150%. -EINVAL; -ERANGE: 2^64 - 1 or above. */
int parse_cpus(const char *text, uint64_t *ret_cpus);

/* Hundredths of a percent: 50%, 12.5%. -EINVAL; -ERANGE: 2^64 - 1 or above. */
int parse_percent(const char *text, uint64_t *ret_percent);

/*
 * Takes the range at `list`, "0-3" of "0-3,8", and moves `list` to the next one.
 * Returns 1 if there is a next one, 0 if this was the last. -EINVAL: malformed,
 * or a range that runs backwards; -ERANGE: a CPU above PARSE_CPU_MAX.
 */
int parse_cpu_range(const char **list, unsigned *ret_low, unsigned *ret_high);

#endif
