/* SPDX-License-Identifier: MIT */
/*
 * requests.h - scrapes that are waited for, and the one that is at work
 */
#ifndef RATION_HELPERS_METRICS_REQUESTS_H
#define RATION_HELPERS_METRICS_REQUESTS_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "helpers/metrics/scrape.h"

enum request_state {
	REQUEST_NEW,   /* no scrape that is at work is for it */
	REQUEST_TAKEN,
	REQUEST_DONE,  /* it has its answer */
};

/* One connection, which has one request at most. */
struct request {
	struct request *next, **above; /* in `struct requests`, from its connection's beginning to its end */
	int fd;                  /* the connection's */
	uint64_t until_usec;     /* CLOCK_MONOTONIC: then it is answered, or cut off */
	bool asked;              /* it waits for a scrape, or did */
	enum request_state state;
	bool openmetrics;
	unsigned status;
	struct MHD_Connection *connection;
	struct MHD_Response *response;
};

struct requests {
	pthread_mutex_t lock;
	pthread_cond_t changed;  /* there is a new one, or the end */
	struct request *first;
	bool end;
	struct scraper *scraper; /* the worker's alone */
};

/* 0, or a negative errno. */
int requests_begin(struct requests *requests, struct scraper *scraper);
void requests_done(struct requests *requests);

/* A connection comes, and has to ask until `until_usec`. Returns what it is to be ended with; NULL: no memory. */
struct request *requests_add(struct requests *requests, int fd, uint64_t until_usec);
void requests_remove(struct requests *requests, struct request *request);

/* It asks for a scrape, and its connection is suspended until that is done, or `until_usec`. */
void requests_ask(struct requests *requests, struct request *request, struct MHD_Connection *connection, bool openmetrics,
		uint64_t until_usec);

/* Returns the answer, which is the caller's, and its status. NULL: there was no memory for one. */
struct MHD_Response *requests_answer(struct requests *requests, struct request *request, unsigned *ret_status);

/* Answers requests whose time is up, and closes connections that send or read too slowly. */
void requests_expire(struct requests *requests, uint64_t now_usec);

/* Scrapes for those that ask, and looks at the journal meanwhile, until requests_end(). A thread's. */
void *requests_work(void *requests);

/* Answers all, and lets the worker end. */
void requests_end(struct requests *requests);

/* A short text as an answer. NULL: no memory. */
struct MHD_Response *requests_text(const char *text);

#endif
