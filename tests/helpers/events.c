/* SPDX-License-Identifier: MIT */
/*
 * events.c - print what happens to a tenant or a group: events ADDRESS [KIND]...
 *
 * First "watching", with the kinds that can be told here; then a line for each
 * event with its count ("oom-kill 3"), until the group is gone or 300 s have
 * passed. Looks at the library's fd through an epoll of its own, as event loops do.
 * Each time it was woken and had nothing to tell counts; how often, it says at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ration.h"

/* Kinds are bits of 64. */
#define KINDS 64

static uint64_t kinds_of(char **words)
{
	uint64_t kinds = 0;

	for (; *words; words++) {
		for (int i = 0; i < KINDS; i++) {
			const char *name = ration_event_name((enum ration_event_kind)i);

			if (name && strcmp(*words, name) == 0)
				kinds |= RATION_EVENT_BIT(i);
		}
	}
	return kinds;
}

static int print_events(struct ration_events *events, struct ration_error *error)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	int loop = epoll_create1(EPOLL_CLOEXEC), idle = 0;

	printf("watching");
	for (int i = 0; i < KINDS; i++) {
		if (ration_events_kinds(events) & RATION_EVENT_BIT(i))
			printf(" %s", ration_event_name((enum ration_event_kind)i));
	}
	printf("\n");
	epoll_ctl(loop, EPOLL_CTL_ADD, ration_events_fd(events), &wanted);
	for (;;) {
		struct ration_event event = { .size = sizeof(event) };
		int r = ration_events_next(events, &event, error);

		if (r < 0)
			return r;
		if (r == 0) {
			idle++;
			epoll_wait(loop, &wanted, 1, -1);
			continue;
		}
		printf("%s %llu", ration_event_name(event.kind), (unsigned long long)event.count);
		if (event.kind == RATION_EVENT_PRESSURE)
			printf(" %llu %llu", (unsigned long long)event.stalled_usec,
					(unsigned long long)event.elapsed_usec);
		printf("\n");
		if (event.kind == RATION_EVENT_GONE)
			break;
	}
	printf("slept %d\n", idle);
	close(loop);
	return 0;
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };
	struct ration_events_options options = { .size = sizeof(options) };
	struct ration_error error = { .message = "" };
	struct ration_events *events = NULL;
	struct ration_group *group = NULL;
	struct ration_host *host = NULL;
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(3000);
	if (argc < 2)
		return 2;
	options.kinds = kinds_of(argv + 2);
	r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_group_open(host, argv[1], &group, &error);
	if (r >= 0)
		r = ration_events_open(group, &options, &events, &error);
	ration_group_free(group);
	if (r >= 0)
		r = print_events(events, &error);
	ration_events_free(events);
	ration_host_free(host);
	if (r < 0)
		fprintf(stderr, "events: %s\n", error.message);
	return r < 0 ? -r : 0;
}
