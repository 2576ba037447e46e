/* SPDX-License-Identifier: MIT */
/*
 * ceiling.c - the lowest limit between BASE and a tenant
 */
#include "host/ceiling.h"

#include <fcntl.h>

#include "sys/cgroup.h"
#include "util/cleanup.h"

uint64_t ceiling_lowest(const struct host_snapshot *host, const char *tenant, const char *file, uint64_t whole)
{
	CLEANUP(closep) int fd = host->base_fd < 0 ? -EBADF : fcntl(host->base_fd, F_DUPFD_CLOEXEC, 3);

	for (size_t i = 0; fd >= 0 && i <= host->n_nodes; i++) {
		const char *name = i < host->n_nodes ? host->node[i] : tenant;
		int below = name ? cg_open_dir(fd, name) : -EBADF;
		uint64_t value;

		(void)close_fd(fd);
		fd = below;
		if (fd >= 0 && cg_read_u64(fd, file, &value) == 0 && value < whole)
			whole = value;
	}
	return whole;
}
