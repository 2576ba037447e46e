/* SPDX-License-Identifier: MIT */
/*
 * listen.c - the socket that scrapers connect to
 *
 * Names aren't looked up: a wrong answer of a resolver would show the metrics to everybody. Without an
 * address, it listens on the loopback.
 */
#include "helpers/metrics/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

/* The first that systemd passes: sd_listen_fds(3). */
#define FIRST_FD 3
#define BACKLOG 64

static uint64_t variable(const char *name)
{
	const char *text = getenv(name);
	uint64_t number;

	return text && parse_count(text, &number) == 0 ? number : 0;
}

bool listen_is_passed(void)
{
	return variable("LISTEN_PID") == (uint64_t)getpid() && variable("LISTEN_FDS") > 0;
}

int listen_passed(struct ration_error *reterr)
{
	int type = 0, listens = 0;
	socklen_t size = sizeof(type);

	if (variable("LISTEN_FDS") != 1)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "systemd passed more than one socket (LISTEN_FDS)");
	if (getsockopt(FIRST_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM ||
			getsockopt(FIRST_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "what systemd passed isn't a listening stream socket");
	(void)fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
	(void)fcntl(FIRST_FD, F_SETFL, fcntl(FIRST_FD, F_GETFL) | O_NONBLOCK);
	return FIRST_FD;
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* The address alone; "" and "localhost" are the loopback. */
static int read_address(const char *text, bool brackets, union address *ret)
{
	*ret = (union address) { .any = { .sa_family = AF_INET } };
	if (brackets) {
		ret->v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	ret->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!*text || strcmp(text, "localhost") == 0)
		return 0;
	return inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1 ? 0 : -EINVAL;
}

static int parse(const char *text, union address *ret)
{
	const char *colon = strrchr(text, ':'), *number = colon ? colon + 1 : text;
	size_t length = colon ? (size_t)(colon - text) : 0;
	bool brackets = length > 1 && text[0] == '[' && text[length - 1] == ']';
	CLEANUP(freep) char *address = strndup(text + brackets, length - 2 * brackets);
	uint64_t port;

	if (!address)
		return -ENOMEM;
	if (parse_count(number, &port) < 0 || port > UINT16_MAX || read_address(address, brackets, ret) < 0)
		return -EINVAL;
	if (brackets)
		ret->v6.sin6_port = htons((uint16_t)port);
	else
		ret->v4.sin_port = htons((uint16_t)port);
	return 0;
}

int listen_open(const char *address, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = -EBADF;
	char shown[TEXT_SHOWN_MAX];
	union address at = { .any = { .sa_family = AF_UNSPEC } };
	int on = 1, r = parse(address, &at);
	socklen_t size = at.any.sa_family == AF_INET6 ? sizeof(at.v6) : sizeof(at.v4);

	(void)text_show(shown, sizeof(shown), address);
	if (r < 0) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--listen %s: expected ADDRESS:PORT", shown);
		return error_hint(reterr, -EINVAL, "e.g. --listen 127.0.0.1:9100, --listen [::1]:9100; names aren't looked up");
	}
	fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
			(at.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
			bind(fd, &at.any, size) < 0 || listen(fd, BACKLOG) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "--listen %s: %s", shown, error_text(-errno));
	return TAKE_FD(fd);
}

const char *listen_show(int fd, char shown[LISTEN_SHOWN_MAX])
{
	union address at = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t size = sizeof(at);
	char text[INET6_ADDRSTRLEN] = "";

	if (getsockname(fd, &at.any, &size) < 0)
		at.any.sa_family = AF_UNSPEC;
	if (at.any.sa_family == AF_INET6)
		(void)snprintf(shown, LISTEN_SHOWN_MAX, "[%s]:%u", inet_ntop(AF_INET6, &at.v6.sin6_addr, text, sizeof(text)),
				ntohs(at.v6.sin6_port));
	else if (at.any.sa_family == AF_INET)
		(void)snprintf(shown, LISTEN_SHOWN_MAX, "%s:%u", inet_ntop(AF_INET, &at.v4.sin_addr, text, sizeof(text)),
				ntohs(at.v4.sin_port));
	else
		(void)snprintf(shown, LISTEN_SHOWN_MAX, "a socket of systemd");
	return shown;
}
