/* SPDX-License-Identifier: MIT */
/*
 * faults.h - let the n-th call of the library that can fail, fail
 *
 * The test is linked with -Wl,--wrap for each function of FAULTS, so that the
 * calls which the library itself makes come here first; what the C library calls
 * on its own behalf doesn't. The list stands in faults.def alone.
 */
#ifndef RATION_TESTS_FAULTS_H
#define RATION_TESTS_FAULTS_H

#include <stdbool.h>

/* From now on the `n`-th call fails, counted from 1; 0: none does, but they are counted. */
void faults_begin(unsigned n);

/* Ends it. Returns how many calls there were; tells which one failed, or NULL. */
unsigned faults_end(const char **ret_failed);

/* Calls of clone3 and openat2 are refused from here on, in this process and all below, for good. */
bool faults_refuse_new_calls(int with_errno);

#endif
