/* SPDX-License-Identifier: MIT */
/*
 * signal-names.c - the names of signals, for all C libraries
 */
#include "util/signal-names.h"

#include <signal.h>
#include <stddef.h>

#include "util/cleanup.h"

#define N(name) [SIG##name] = #name

static const char *const table[] = {
	N(HUP), N(INT), N(QUIT), N(ILL), N(TRAP), N(ABRT), N(BUS), N(FPE), N(KILL), N(USR1), N(SEGV), N(USR2),
	N(PIPE), N(ALRM), N(TERM), N(CHLD), N(CONT), N(STOP), N(TSTP), N(TTIN), N(TTOU), N(URG), N(XCPU),
	N(XFSZ), N(VTALRM), N(PROF), N(WINCH), N(SYS),
#ifdef __linux__
	N(STKFLT), N(POLL), N(PWR),
#else
	N(EMT), N(IO), N(INFO),
#endif
};

#undef N

const char *signal_name(int sig)
{
	return sig > 0 && (size_t)sig < ARRAY_SIZE(table) ? table[sig] : NULL;
}
