/* SPDX-License-Identifier: MIT */
/*
 * kernel.h - what the kernel lacks or doesn't show
 */
#ifndef RATION_DOCTOR_KERNEL_H
#define RATION_DOCTOR_KERNEL_H

#include "doctor/rule.h"

rule_finder kernel_missing_controllers;
rule_finder kernel_v1_unusable;
rule_finder kernel_no_psi;
rule_finder kernel_no_swap_limit;
rule_finder kernel_old_kernel;
rule_finder kernel_filtered_calls;
rule_finder kernel_slow_start;
rule_finder kernel_foreign_proc;

#endif
