/* SPDX-License-Identifier: MIT */
/*
 * os-darwin.c - what a supervisor needs, on macOS
 *
 * Processes by libproc, events by kqueue. Public interfaces only. Built by
 * tests/macos; it has been run on no Mac yet.
 *
 * - Times of proc_pid_rusage() and PROC_PIDTASKINFO are in Mach units: nanoseconds
 *   on Intel, 125/3 of them on Apple silicon.
 * - ri_phys_footprint is what the kernel itself holds against a process: compressed
 *   pages count, shared files don't.
 * - A process of another uid shows little to who isn't root, and can't be signalled
 *   by him: what a set-uid program does isn't followed.
 * - EVFILT_PROC tells of forks (NOTE_FORK), but not of the child's pid: NOTE_TRACK
 *   is gone since 10.5. So a fork is a hint to list the children.
 */
#include "sys/os.h"

#include <errno.h>
#include <libproc.h>
#include <mach/mach_time.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sys/syscalls.h"

/* What a list of pids takes. */
#define BYTES(n) ((int)((n) * sizeof(pid_t)))

/* ----------------------------------------------------------------- the machine */

static uint64_t sysctl_u64(const char *name)
{
	uint64_t value = 0;
	size_t size = sizeof(value);

	return sysctlbyname(name, &value, &size, NULL, 0) == 0 && size == sizeof(value) ? value : 0;
}

static uint64_t swap_bytes(void)
{
	struct xsw_usage usage;
	size_t size = sizeof(usage);

	return sysctlbyname("vm.swapusage", &usage, &size, NULL, 0) == 0 ? usage.xsu_total : 0;
}

/* Without room libproc tells how many processes the whole machine has, and some more. */
static uint64_t count_user(void)
{
	int bytes = proc_listpids(PROC_RUID_ONLY, (uint32_t)getuid(), NULL, 0), got;
	void *pids = bytes > 0 ? malloc((size_t)bytes) : NULL;

	if (!pids)
		return 0;
	got = proc_listpids(PROC_RUID_ONLY, (uint32_t)getuid(), pids, bytes);
	free(pids);
	return got > 0 ? (uint64_t)got / sizeof(pid_t) : 0;
}

static void machine(struct os_machine *ret)
{
	struct utsname uts;

	*ret = (struct os_machine) {
		.os = RATION_OS_MACOS,
		.name = "macOS",
		.memory_bytes = sysctl_u64("hw.memsize"),
		.swap_bytes = swap_bytes(),
		.user_processes = count_user(),
	};
	if (uname(&uts) == 0)
		(void)snprintf(ret->kernel, sizeof(ret->kernel), "Darwin %.50s", uts.release);
}

/* ------------------------------------------------------------------- processes */

static int list(enum os_kin kin, pid_t of, pid_t *ret, size_t n)
{
	uint32_t type = kin == OS_CHILDREN ? PROC_PPID_ONLY : PROC_PGRP_ONLY;
	int bytes = proc_listpids(type, (uint32_t)of, n > 0 ? ret : NULL, BYTES(n));

	if (bytes < 0)
		return -errno;
	/* A full buffer may be one that was too small. */
	if (n > 0 && bytes == BYTES(n))
		return (int)n + 1;
	return bytes / (int)sizeof(pid_t);
}

static uint64_t mach_usec(uint64_t units)
{
	mach_timebase_info_data_t base;

	if (mach_timebase_info(&base) != KERN_SUCCESS || base.denom == 0)
		return units / 1000;
	/* Of 24 MHz, times 125: 194 years fit. */
	return units * base.numer / base.denom / 1000;
}

static int info_error(void)
{
	return errno == EPERM ? -EPERM : -ESRCH;
}

static void look_at_use(pid_t pid, struct os_process *process)
{
	struct proc_taskinfo task;
	struct rusage_info_v4 usage;

	if (proc_pidinfo(pid, PROC_PIDTASKINFO, 0, &task, sizeof(task)) == (int)sizeof(task)) {
		process->threads = (uint64_t)task.pti_threadnum;
		process->rss_bytes = task.pti_resident_size;
	}
	if (proc_pid_rusage(pid, RUSAGE_INFO_V4, (rusage_info_t *)(void *)&usage) < 0)
		return;
	process->memory_bytes = usage.ri_phys_footprint;
	process->cpu_usec = mach_usec(usage.ri_user_time + usage.ri_system_time);
	process->waited_usec = mach_usec(usage.ri_child_user_time + usage.ri_child_system_time);
}

static int read_process(pid_t pid, struct os_process *ret)
{
	struct proc_bsdinfo info;
	/* 1: also of one that is dead and not waited for. */
	int n = proc_pidinfo(pid, PROC_PIDTBSDINFO, 1, &info, sizeof(info));

	if (n != (int)sizeof(info))
		return info_error();
	*ret = (struct os_process) {
		.pid = pid,
		.ppid = (pid_t)info.pbi_ppid,
		.group = (pid_t)info.pbi_pgid,
		.born = info.pbi_start_tvsec * 1000000 + info.pbi_start_tvusec,
		.dead = info.pbi_status == SZOMB,
		.threads = 1,
	};
	if (!ret->dead)
		look_at_use(pid, ret);
	return 0;
}

static int send_signal(pid_t pid, int sig)
{
	return kill(pid, sig) < 0 ? -errno : 0;
}

/* ---------------------------------------------------------------------- events */

static int change(int events_fd, const struct kevent *event)
{
	return kevent(events_fd, event, 1, NULL, 0, NULL) < 0 ? -errno : 0;
}

/* The id of an event as what kqueue carries along. */
static void *carry(unsigned id)
{
	return (void *)(uintptr_t)id;
}

static int events_open(void)
{
	int fd = kqueue();

	/* It isn't inherited by fork, and exec has nothing to close. */
	return fd < 0 ? -errno : fd;
}

static int events_process(int events_fd, pid_t pid, unsigned id)
{
	struct kevent event;

	EV_SET(&event, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_CLEAR, NOTE_EXIT | NOTE_FORK, 0, carry(id));
	return change(events_fd, &event);
}

static int events_fd(int events_fd, int fd, bool writing, unsigned id)
{
	struct kevent event;

	EV_SET(&event, (uintptr_t)fd, writing ? EVFILT_WRITE : EVFILT_READ, EV_ADD | EV_ONESHOT, 0, 0, carry(id));
	return change(events_fd, &event);
}

static int events_timer(int events_fd, uint64_t at_usec, unsigned id)
{
	uint64_t now = sys_now_usec();
	struct kevent event;
	int r;

	if (at_usec == UINT64_MAX) {
		EV_SET(&event, id, EVFILT_TIMER, EV_DELETE, 0, 0, carry(id));
		r = change(events_fd, &event);
		return r == -ENOENT ? 0 : r;
	}
	/* By a span: the absolute times of EVFILT_TIMER are those of another clock. Critical: not put off to save power. */
	EV_SET(&event, id, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_USECONDS | NOTE_CRITICAL,
			(int64_t)(at_usec > now ? at_usec - now : 1), carry(id));
	return change(events_fd, &event);
}

static int events_next(int events_fd, unsigned *ret_ids, size_t n)
{
	const struct timespec now = { .tv_sec = 0 };
	struct kevent events[16];
	int got = kevent(events_fd, NULL, 0, events, (int)(n < 16 ? n : 16), &now);

	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < got; i++)
		ret_ids[i] = (unsigned)(uintptr_t)events[i].udata;
	return got;
}

const struct os_ops os_ops = {
	.machine = machine,
	.list = list,
	.look = read_process,
	.signal = send_signal,
	.events_open = events_open,
	.events_process = events_process,
	.events_fd = events_fd,
	.events_timer = events_timer,
	.events_next = events_next,
};
