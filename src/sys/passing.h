/* SPDX-License-Identifier: MIT */
/*
 * passing.h - file descriptors that go along with a message
 */
#ifndef RATION_SYS_PASSING_H
#define RATION_SYS_PASSING_H

#include <stddef.h>
#include <sys/socket.h>

/* As many as a message of ours has at most. */
#define PASSING_FDS_MAX 20

/* Room for them; it lives as long as the message. */
union passing_room {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(PASSING_FDS_MAX * sizeof(int))];
};

/* Lets `n` fds go along with a message that is to be sent. `room` is zeroed. */
void passing_put(struct msghdr *message, union passing_room *room, const int *fds, size_t n);

/* Takes what came with a received one, at most `max`; the others are closed. Returns how many. */
size_t passing_take(struct msghdr *message, int *ret_fds, size_t max);

#endif
