/* SPDX-License-Identifier: MIT */
/*
 * cpuset.c - on which CPUs and NUMA nodes a group's processes may be
 */
#include "sys/cgroup/cpuset.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cpus.h"
#include "util/cleanup.h"

static bool read_set(int fd, const char *file, struct cpus *ret)
{
	char list[CG_FILE_MAX];

	return cg_read(fd, file, list, sizeof(list)) > 0 && cpus_parse(list, ret) == 0;
}

void cpuset_read(int group_fd, struct cpuset *ret)
{
	CLEANUP(closep) int fd = group_fd < 0 ? -EBADF : fcntl(group_fd, F_DUPFD_CLOEXEC, 3);

	ret->known = false;
	while (fd >= 0 && !ret->known) {
		int up;

		ret->known = read_set(fd, "cpuset.cpus.effective", &ret->cpus) &&
			read_set(fd, "cpuset.mems.effective", &ret->mems);
		up = ret->known ? -EBADF : cg_open_above(fd);
		(void)close_fd(fd);
		fd = up;
	}
}

unsigned cpuset_count(const struct cpuset *set)
{
	unsigned n = 0;

	for (size_t i = 0; set->known && i < sizeof(set->cpus.bits); i++)
		n += (unsigned)__builtin_popcount(set->cpus.bits[i]);
	return n;
}

bool cpuset_taken(const struct cpuset *set)
{
	struct cpus mine = { .bits = { 0 } };

	if (!set->known)
		return true;
	if (syscall(SYS_sched_getaffinity, 0, sizeof(mine.bits), mine.bits) >= 0 && !cpus_within(&mine, &set->cpus))
		return false;
	mine = (struct cpus) { .bits = { 0 } };
	/* Not there without CONFIG_NUMA, where there is one node only. */
	return syscall(SYS_get_mempolicy, NULL, mine.bits, (unsigned long)CPUS_MAX, NULL,
				(unsigned long)MPOL_F_MEMS_ALLOWED) < 0 ||
		cpus_within(&mine, &set->mems);
}
