/* SPDX-License-Identifier: MIT */
/*
 * place.c - where a tenant or a group is: its names, and its directories that are open
 */
#include "group/place.h"

#include "util/cleanup.h"

void place_close(struct place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(place->v1_fd); i++)
		place->v1_fd[i] = close_fd(place->v1_fd[i]);
	place->lock_fd = close_fd(place->lock_fd);
	place->fd = close_fd(place->fd);
	place->tenant_fd = close_fd(place->tenant_fd);
	place->namespace_fd = close_fd(place->namespace_fd);
}
