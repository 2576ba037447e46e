/* SPDX-License-Identifier: MIT */
/*
 * report.c - what a run's caller and its subreaper say to each other
 */
#include "run/report.h"

#include <errno.h>
#include <sys/socket.h>

int report_receive(int fd, struct report *ret, int flags)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), flags);
	/* Said once, before what has been sent, where the other end was closed with a wish unread. */
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*ret) ? 0 : -EPIPE;
}

int report_send(int fd, const struct report *report, int flags)
{
	ssize_t n;

	do
		n = send(fd, report, sizeof(*report), MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
