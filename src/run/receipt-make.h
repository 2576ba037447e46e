/* SPDX-License-Identifier: MIT */
/*
 * receipt-make.h - the receipt of a run that is over
 */
#ifndef RATION_RUN_RECEIPT_MAKE_H
#define RATION_RUN_RECEIPT_MAKE_H

#include "run/run.h"

/* Fills in the receipt: no process is left, but the group still exists. */
void receipt_make(struct ration_run *run);

#endif
