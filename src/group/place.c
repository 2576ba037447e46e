/* SPDX-License-Identifier: MIT */
/*
 * place.c - where a tenant or a group is: its names, and its directories that are open
 */
#include "group/place.h"

#include <stdio.h>

#include "sys/cgroup/lock.h"
#include "util/cleanup.h"

const char *place_address(const struct place *place, char buf[PLACE_ADDRESS_MAX])
{
	(void)snprintf(buf, PLACE_ADDRESS_MAX, "%s%s%s", place->tenant, place->name[0] ? "/" : "", place->name);
	return buf;
}

void place_close(struct place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(place->v1_fd); i++)
		place->v1_fd[i] = close_fd(place->v1_fd[i]);
	place->lock_fd = lock_release(place->lock_fd);
	place->fd = close_fd(place->fd);
	place->tenant_fd = close_fd(place->tenant_fd);
	place->namespace_fd = close_fd(place->namespace_fd);
}
