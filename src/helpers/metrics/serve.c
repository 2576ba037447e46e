/* SPDX-License-Identifier: MIT */
/*
 * serve.c - metrics for scrapers, by HTTP
 *
 * Everybody who can connect may be an attacker. So there are few connections at once, and each has
 * one request, little memory for its head, and little time to send it and to read the answer. There
 * are three threads: the server's, the worker (requests.c), and this one, which enforces the
 * deadlines.
 */
#include "helpers/metrics/serve.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "helpers/metrics/accept.h"
#include "helpers/metrics/common.h"
#include "helpers/metrics/requests.h"
#include "sys/syscalls.h"
#include "util/error.h"

#define CONNECTIONS_MAX 64
#define CONNECTION_BYTES 16384
/* To send a head that ends. */
#define HEAD_USEC 5000000
/* How often the clock is looked at, with COMMON_LOOK_USEC above it. */
#define TICK_USEC 250000
/* How long the worker is waited for at the end. */
#define END_SEC 5

struct server {
	struct requests requests;
	bool openmetrics;
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static struct request *request_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static bool wants_openmetrics(const struct server *server, struct MHD_Connection *connection)
{
	return server->openmetrics ||
		accept_openmetrics(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
		const char *upload, size_t *upload_size, void **context)
{
	struct server *server = data;
	struct request *request = request_of(connection);
	unsigned status;

	(void)version;
	(void)upload;
	(void)context;
	*upload_size = 0;
	if (!request)
		return MHD_NO;
	if (request->asked) {
		struct MHD_Response *response = requests_answer(&server->requests, request, &status);

		return reply(connection, status, response);
	}
	if (strcmp(url, "/metrics") != 0)
		return reply(connection, MHD_HTTP_NOT_FOUND, requests_text("ration metrics: the metrics are at /metrics\n"));
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, requests_text("ration metrics: only GET and HEAD\n"));
	requests_ask(&server->requests, request, connection, wants_openmetrics(server, connection),
			sys_now_usec() + server->requests.scraper->timeout_usec);
	return MHD_YES;
}

static void notify(void *data, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct server *server = data;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		*context = info ? requests_add(&server->requests, info->connect_fd, sys_now_usec() + HEAD_USEC) : NULL;
	} else if (*context) {
		requests_remove(&server->requests, *context);
		*context = NULL;
	}
}

static struct MHD_Daemon *start(struct server *server, int listen_fd)
{
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, server,
			MHD_OPTION_LISTEN_SOCKET, listen_fd,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(HEAD_USEC / 1000000),
			MHD_OPTION_NOTIFY_CONNECTION, notify, server,
			MHD_OPTION_END);
}

static void watch(struct server *server)
{
	while (!common_wait(TICK_USEC))
		requests_expire(&server->requests, sys_now_usec());
}

static int run(struct server *server, int listen_fd, struct ration_error *reterr)
{
	struct timespec until;
	struct MHD_Daemon *daemon;
	pthread_t worker;
	int r = pthread_create(&worker, NULL, requests_work, &server->requests);

	if (r != 0)
		return error_set(reterr, -r, RATION_CAUSE_UNKNOWN, "can't start a thread: %s", error_text(-r));
	daemon = start(server, listen_fd);
	if (daemon)
		watch(server);
	requests_end(&server->requests);
	if (daemon)
		MHD_stop_daemon(daemon);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_SEC;
	/* One that the kernel holds ends with the process, and what it uses isn't freed. */
	if (pthread_timedjoin_np(worker, NULL, &until) != 0)
		_exit(daemon ? EXIT_SUCCESS : COMMON_EXIT_FAILED);
	return daemon ? 0 : error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "can't start the server");
}

int serve(struct scraper *scraper, int listen_fd, bool openmetrics, struct ration_error *reterr)
{
	struct server server = { .openmetrics = openmetrics };
	int r = requests_begin(&server.requests, scraper);

	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't make a lock: %s", error_text(r));
	r = run(&server, listen_fd, reterr);
	requests_done(&server.requests);
	return r;
}
