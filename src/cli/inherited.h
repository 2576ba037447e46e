/* SPDX-License-Identifier: MIT */
/*
 * inherited.h - tells of attributes of a process that make limits void
 */
#ifndef RATION_CLI_INHERITED_H
#define RATION_CLI_INHERITED_H

/* Says on standard error which of ours the command doesn't get. */
void inherited_tell(void);

/* Says on standard error which ones process `pid` has, that was attached and keeps them. */
void inherited_warn(int pid);

#endif
