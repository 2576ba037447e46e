/* SPDX-License-Identifier: MIT */
/*
 * foreign.c - the options of other tools, with the names of ours
 *
 * Hands that know another tool type its names. They aren't taken, as theirs can mean something
 * slightly different: they are only what a message suggests ours for.
 */
#include "cli/options/foreign.h"

#include <stddef.h>
#include <string.h>

const struct foreign foreign_flags[] = {
	/* Memory. */
	{ "--mem", "--memory", "" },
	{ "--mem-limit", "--memory", "" },
	{ "--memlimit", "--memory", "" },
	{ "--memory-limit", "--memory", "" },
	{ "--memory-max", "--memory", "" },
	{ "--memsize", "--memory", "" },
	{ "--cg-mem", "--memory", "" },
	{ "--max-memory", "--memory", "" },
	{ "--memory-swap", "--swap", "" },
	{ "--memory-swap-max", "--swap", "" },
	{ "--memory-reservation", "--memory-low", "" },
	{ "--address-space", "--rlimit", " as=SIZE" },
	/* Time. */
	{ "--time", "--timeout", "" },
	{ "--time-limit", "--timeout", "" },
	{ "--wall-time", "--timeout", "" },
	{ "--walltime", "--timeout", "" },
	{ "--walltimelimit", "--timeout", "" },
	{ "--wall-time-limit", "--timeout", "" },
	{ "--runtime-max", "--timeout", "" },
	{ "--timelimit", "--cpu-time", "" },
	{ "--cpu-time-limit", "--cpu-time", "" },
	{ "--cputime", "--cpu-time", "" },
	{ "--softtimelimit", "--cpu-time", " SOFT:HARD" },
	{ "--stop-signal", "--signal", "" },
	{ "--stop-timeout", "--kill-after", "" },
	{ "--grace", "--kill-after", "" },
	/* CPUs and tasks. */
	{ "--cpu-quota", "--cpus", " N" },
	{ "--cpu-limit", "--cpus", " N" },
	{ "--cpu-shares", "--cpu-weight", "" },
	{ "--cores", "--cpuset-cpus", "" },
	{ "--cpuset", "--cpuset-cpus", "" },
	{ "--cpu-list", "--cpuset-cpus", "" },
	{ "--allowed-cpus", "--cpuset-cpus", "" },
	{ "--pids-limit", "--pids", "" },
	{ "--processes", "--pids", "" },
	{ "--tasks-max", "--pids", "" },
	{ "--nproc", "--pids", "" },
	/* Files and output. */
	{ "--fsize", "--file-size", "" },
	{ "--filesize", "--file-size", "" },
	{ "--nofile", "--files", "" },
	{ "--ulimit", "--rlimit", "" },
	{ "--streamsize", "--output-limit", "" },
	{ "--input", "--stdin", "" },
	{ "--output", "--stdout", "" },
	{ "--stderr-to-stdout", "--stderr", " stdout" },
	{ "--meta", "--receipt", "" },
	{ "--outmeta", "--receipt", "" },
	/* Who and where. */
	{ "--uid", "--user", "" },
	{ "--reuid", "--user", "" },
	{ "--userspec", "--user", "" },
	{ "--gid", "--user", " USER:GROUP" },
	{ "--workdir", "--chdir", "" },
	{ "--working-directory", "--chdir", "" },
	{ "--directory", "--chdir", "" },
	{ "--cwd", "--chdir", "" },
	{ "--setenv", "--env", "" },
	{ "--ignore-environment", "--clear-env", "" },
	{ "--slice", "--tenant", "" },
	{ "--unit", "--name", "" },
	{ NULL, NULL, NULL },
};

const struct foreign *foreign_find(const char *flag)
{
	for (const struct foreign *at = foreign_flags; at->flag; at++) {
		if (strcmp(at->flag, flag) == 0)
			return at;
	}
	return NULL;
}
