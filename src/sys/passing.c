/* SPDX-License-Identifier: MIT */
/*
 * passing.c - file descriptors that go along with a message
 */
#include "sys/passing.h"

#include <string.h>
#include <unistd.h>

void passing_put(struct msghdr *message, union passing_room *room, const int *fds, size_t n)
{
	if (n == 0)
		return;
	message->msg_control = room;
	message->msg_controllen = CMSG_SPACE(n * sizeof(int));
	room->header.cmsg_level = SOL_SOCKET;
	room->header.cmsg_type = SCM_RIGHTS;
	room->header.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&room->header), fds, n * sizeof(int));
}

size_t passing_take(struct msghdr *message, int *ret_fds, size_t max)
{
	size_t at = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		size_t n = header->cmsg_type == SCM_RIGHTS ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
			if (at < max)
				ret_fds[at++] = fd;
			else
				(void)close(fd);
		}
	}
	return at;
}
