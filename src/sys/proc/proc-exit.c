/* SPDX-License-Identifier: MIT */
/*
 * proc-exit.c - what /proc tells of a process that is dead and can't be waited for
 */
#include "sys/proc/proc-exit.h"

#include <errno.h>
#include <sys/wait.h>

#include "sys/proc/proc.h"

bool proc_has_exited(int proc_fd, pid_t pid)
{
	struct proc_stat stat;
	int r = proc_stat_read(proc_fd, pid, &stat);

	return r == -ESRCH || (r == 0 && proc_is_dead(&stat));
}

static struct timeval usec_timeval(uint64_t usec)
{
	return (struct timeval) { .tv_sec = (time_t)(usec / 1000000), .tv_usec = (suseconds_t)(usec % 1000000) };
}

int proc_exit_read(int proc_fd, pid_t pid, struct sys_wait *ret)
{
	struct sys_wait wait = { .exit_code = -1 };
	struct proc_stat stat;
	int status, r = proc_stat_read(proc_fd, pid, &stat);

	if (r == 0)
		r = proc_exit_status(proc_fd, pid, &status);
	if (r < 0)
		return r;
	if (WIFEXITED(status)) {
		wait.exit_code = WEXITSTATUS(status);
	} else {
		wait.signal = WTERMSIG(status);
		wait.core = WCOREDUMP(status);
	}
	wait.rusage.ru_utime = usec_timeval(stat.utime_usec + stat.cutime_usec);
	wait.rusage.ru_stime = usec_timeval(stat.stime_usec + stat.cstime_usec);
	*ret = wait;
	return 0;
}
