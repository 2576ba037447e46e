/* SPDX-License-Identifier: MIT */
/*
 * requests.c - scrapes that are waited for, and the one that is at work
 *
 * A scrape takes as long as the kernel takes to answer. So one thread does them, one after the
 * other, and the server's thread never waits: a connection with a request is suspended. All
 * requests for the same format that come while a scrape is running share the next one. A request
 * that isn't answered in time gets an error, whatever the worker is doing.
 */
#include "helpers/metrics/requests.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "helpers/metrics/common.h"
#include "sys/syscalls.h"
#include "util/error.h"

#define TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

int requests_begin(struct requests *requests, struct scraper *scraper)
{
	pthread_condattr_t clock;
	int r;

	*requests = (struct requests) { .scraper = scraper };
	r = pthread_mutex_init(&requests->lock, NULL);
	if (r == 0)
		r = pthread_condattr_init(&clock);
	if (r != 0)
		return -r;
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	r = pthread_cond_init(&requests->changed, &clock);
	(void)pthread_condattr_destroy(&clock);
	return -r;
}

void requests_done(struct requests *requests)
{
	(void)pthread_cond_destroy(&requests->changed);
	(void)pthread_mutex_destroy(&requests->lock);
}

/* ------------------------------------------------------------- connections */

struct request *requests_add(struct requests *requests, int fd, uint64_t until_usec)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->fd = fd;
	request->until_usec = until_usec;
	(void)pthread_mutex_lock(&requests->lock);
	request->next = requests->first;
	request->above = &requests->first;
	if (request->next)
		request->next->above = &request->next;
	requests->first = request;
	(void)pthread_mutex_unlock(&requests->lock);
	return request;
}

void requests_remove(struct requests *requests, struct request *request)
{
	(void)pthread_mutex_lock(&requests->lock);
	*request->above = request->next;
	if (request->next)
		request->next->above = request->above;
	(void)pthread_mutex_unlock(&requests->lock);
	if (request->response)
		MHD_destroy_response(request->response);
	free(request);
}

/* ----------------------------------------------------------------- answers */

struct MHD_Response *requests_text(const char *text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (response)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	return response;
}

/* Locked. */
static void answer(struct request *request, unsigned status, struct MHD_Response *response)
{
	request->status = status;
	request->response = response;
	request->state = REQUEST_DONE;
	MHD_resume_connection(request->connection);
}

void requests_ask(struct requests *requests, struct request *request, struct MHD_Connection *connection, bool openmetrics,
		uint64_t until_usec)
{
	(void)pthread_mutex_lock(&requests->lock);
	request->asked = true;
	request->connection = connection;
	request->openmetrics = openmetrics;
	request->until_usec = until_usec;
	MHD_suspend_connection(connection);
	if (requests->end)
		answer(request, MHD_HTTP_SERVICE_UNAVAILABLE, requests_text("ration metrics: it is being ended\n"));
	(void)pthread_cond_signal(&requests->changed);
	(void)pthread_mutex_unlock(&requests->lock);
}

struct MHD_Response *requests_answer(struct requests *requests, struct request *request, unsigned *ret_status)
{
	struct MHD_Response *response;

	(void)pthread_mutex_lock(&requests->lock);
	response = request->response;
	request->response = NULL;
	*ret_status = request->status;
	(void)pthread_mutex_unlock(&requests->lock);
	return response;
}

/* Time for somebody to read the answer. */
#define READ_USEC 10000000

void requests_expire(struct requests *requests, uint64_t now_usec)
{
	(void)pthread_mutex_lock(&requests->lock);
	for (struct request *at = requests->first; at; at = at->next) {
		if (now_usec < at->until_usec)
			continue;
		at->until_usec = now_usec + READ_USEC;
		if (at->asked && at->state != REQUEST_DONE)
			answer(at, MHD_HTTP_SERVICE_UNAVAILABLE, requests_text("ration metrics: the scrape took too long\n"));
		else
			(void)shutdown(at->fd, SHUT_RDWR);
	}
	(void)pthread_mutex_unlock(&requests->lock);
}

void requests_end(struct requests *requests)
{
	(void)pthread_mutex_lock(&requests->lock);
	requests->end = true;
	for (struct request *at = requests->first; at; at = at->next) {
		if (at->asked && at->state != REQUEST_DONE)
			answer(at, MHD_HTTP_SERVICE_UNAVAILABLE, requests_text("ration metrics: it is being ended\n"));
	}
	(void)pthread_cond_signal(&requests->changed);
	(void)pthread_mutex_unlock(&requests->lock);
}

/* ------------------------------------------------------------------ worker */

/* Locked. The first that nobody works for; all of its format are taken with it. */
static bool take_new(struct requests *requests, bool *ret_openmetrics)
{
	bool found = false;

	for (struct request *at = requests->first; at; at = at->next) {
		if (!at->asked || at->state != REQUEST_NEW || (found && at->openmetrics != *ret_openmetrics))
			continue;
		found = true;
		*ret_openmetrics = at->openmetrics;
		at->state = REQUEST_TAKEN;
	}
	return found;
}

/* The text of a scrape, which may be large, for all who asked for it. */
struct shared {
	atomic_uint users;
	char *text;
	size_t length;
};

static void leave(void *data)
{
	struct shared *shared = data;

	if (atomic_fetch_sub(&shared->users, 1) > 1)
		return;
	free(shared->text);
	free(shared);
}

/* NULL: no memory. The text is taken over. */
static struct shared *share(char *text, size_t length)
{
	struct shared *shared = malloc(sizeof(*shared));

	if (shared)
		*shared = (struct shared) { .users = 1, .text = text, .length = length };
	else
		free(text);
	return shared;
}

/* NULL: no memory. */
static struct MHD_Response *made_of(struct shared *shared, bool openmetrics)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer_with_free_callback_cls(shared->length, shared->text, leave, shared);

	if (!response)
		return NULL;
	(void)atomic_fetch_add(&shared->users, 1);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, openmetrics ? TYPE_OPENMETRICS : TYPE_TEXT);
	return response;
}

static struct MHD_Response *failed(const struct ration_error *error)
{
	char text[sizeof(error->message) + 32];

	(void)snprintf(text, sizeof(text), "ration metrics: %s\n", error->message);
	return requests_text(text);
}

/* Locked. `shared`: NULL, it failed. */
static void answer_taken(struct requests *requests, unsigned status, struct shared *shared, bool openmetrics,
		const struct ration_error *error)
{
	for (struct request *at = requests->first; at; at = at->next) {
		if (!at->asked || at->state != REQUEST_TAKEN)
			continue;
		at->until_usec = sys_now_usec() + READ_USEC;
		answer(at, status, shared ? made_of(shared, openmetrics) : failed(error));
	}
}

static void work_once(struct requests *requests, bool openmetrics)
{
	struct ration_error error;
	struct shared *shared = NULL;
	char *text = NULL;
	size_t length = 0;
	int r = scrape(requests->scraper, openmetrics, &text, &length, &error);
	unsigned status = r >= 0 ? MHD_HTTP_OK : r == -ETIMEDOUT ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_INTERNAL_SERVER_ERROR;

	if (r >= 0 && !(shared = share(text, length))) {
		(void)error_oom(&error);
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	if (!shared)
		common_complain(&error);
	(void)pthread_mutex_lock(&requests->lock);
	answer_taken(requests, status, shared, openmetrics, &error);
	(void)pthread_mutex_unlock(&requests->lock);
	if (shared)
		leave(shared);
}

/* Returns false at the end; `*ret_found`: somebody asks. */
static bool wait_for_one(struct requests *requests, bool *ret_found, bool *ret_openmetrics)
{
	const uint64_t until_usec = sys_now_usec() + COMMON_LOOK_USEC;
	const struct timespec until = {
		.tv_sec = (time_t)(until_usec / 1000000),
		.tv_nsec = (long)(until_usec % 1000000) * 1000,
	};
	bool end;
	int r = 0;

	(void)pthread_mutex_lock(&requests->lock);
	while (!(*ret_found = take_new(requests, ret_openmetrics)) && !requests->end && r == 0)
		r = pthread_cond_timedwait(&requests->changed, &requests->lock, &until);
	end = requests->end;
	(void)pthread_mutex_unlock(&requests->lock);
	return !end;
}

void *requests_work(void *data)
{
	struct requests *requests = data;
	bool found, openmetrics = false;

	while (wait_for_one(requests, &found, &openmetrics)) {
		if (found)
			work_once(requests, openmetrics);
		else
			(void)scrape_look(requests->scraper, sys_now_usec() + COMMON_LOOK_USEC);
	}
	return NULL;
}
