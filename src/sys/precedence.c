/* SPDX-License-Identifier: MIT */
/*
 * precedence.c - priority over others where CPUs or memory are short, as far as allowed
 */
#include "sys/precedence.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/compat.h"

void precedence_raise(struct precedence *precedence)
{
	struct sched_param first = {.sched_priority = 1};
	int policy = precedence->policy = sched_getscheduler(0);

	if (policy >= 0)
		policy &= ~SCHED_RESET_ON_FORK;
	if (policy < 0 || policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE)
		return;
	precedence->realtime = sched_setscheduler(0, SCHED_FIFO, &first) == 0;
	if (precedence->realtime)
		return;
	errno = 0;
	precedence->old_nice = getpriority(PRIO_PROCESS, 0);
	precedence->nice = errno == 0 && setpriority(PRIO_PROCESS, 0, -20) == 0;
}

void precedence_restore(struct precedence *precedence)
{
	if (precedence->realtime)
		(void)sched_setscheduler(0, precedence->policy, &(struct sched_param){0});
	if (precedence->nice)
		(void)setpriority(PRIO_PROCESS, 0, precedence->old_nice);
	*precedence = (struct precedence){0};
}

static int open_adjustment(int flags)
{
	return open("/proc/self/oom_score_adj", flags | O_CLOEXEC);
}

static bool write_adjustment(const char *text)
{
	CLEANUP(closep) int fd = open_adjustment(O_WRONLY);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

void precedence_spare(struct spared *spared)
{
	CLEANUP(closep) int fd = open_adjustment(O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, spared->before, sizeof(spared->before) - 1);

	spared->before[n > 0 ? n : 0] = '\0';
	if (n > 0 && !write_adjustment("-1000"))
		spared->before[0] = '\0';
}

void precedence_unspare(struct spared *spared)
{
	if (spared->before[0])
		(void)write_adjustment(spared->before);
	spared->before[0] = '\0';
}
