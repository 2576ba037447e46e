/* SPDX-License-Identifier: MIT */
/*
 * ration.h - run a command under limits, and get a receipt
 *
 * Most programs need eight functions, in this order, and a _free() for each handle:
 *
 *     ration_host_open(NULL, &host, &error);                  look at this machine, once
 *     ration_limits_new(&limits);                             say what is asked for
 *     ration_limits_parse(limits, RATION_LIMIT_MEMORY, "64M", &error);
 *     ration_plan_new(host, limits, NULL, &plan, &error);     decide what enforces it
 *     ration_run_start(host, plan, &options, &run, &error);   start the command in a group
 *     ration_run_wait(run, &error);                           supervise it to its end
 *     receipt = ration_run_receipt(run);                      why it ended, what it used
 *     verdict = ration_receipt_verdict(receipt);
 *
 * The first six can fail. They return a negative errno then, and `error` says why and what to do;
 * ration_limits_new() has no `error`, as it fails for want of memory only. `options` is a
 * `struct ration_run_options` with `.size` and `.argv`. examples/first.c is a whole program.
 *
 * One header for each subject, and a page of the manual, e.g. ration_run(3):
 *
 *     ration/base.h      what holds for all calls: errors, ownership, threads, signals
 *     ration/error.h     why a call failed
 *     ration/limits.h    what is asked for
 *     ration/host.h      this machine
 *     ration/plan.h      which mechanism enforces each limit
 *     ration/run.h       one command, from start to receipt
 *     ration/pool.h      groups that are ready before there is a command
 *     ration/receipt.h   the record of a run
 *     ration/group.h     tenants and groups that outlive a command
 *     ration/budget.h    what all groups of a tenant can take together
 *     ration/list.h      those that exist
 *     ration/sampler.h   chosen figures of many, again and again
 *     ration/events.h    what happens to them
 *     ration/guard.h     end the group that stalls its tenant
 *     ration/gc.h        remove what dead processes left
 *     ration/vm.h        limits of virtual machines; a wrapper in shell
 *     ration/findings.h  what weakens limits here, and how to fix it
 *     ration/tables.h    for tools that print tables
 */
#ifndef RATION_H
#define RATION_H

#include <ration/base.h>
#include <ration/budget.h>
#include <ration/error.h>
#include <ration/events.h>
#include <ration/findings.h>
#include <ration/gc.h>
#include <ration/group.h>
#include <ration/guard.h>
#include <ration/host.h>
#include <ration/limits.h>
#include <ration/list.h>
#include <ration/plan.h>
#include <ration/pool.h>
#include <ration/receipt.h>
#include <ration/run.h>
#include <ration/sampler.h>
#include <ration/tables.h>
#include <ration/vm.h>

#endif /* RATION_H */
