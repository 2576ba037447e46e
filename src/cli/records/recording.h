/* SPDX-License-Identifier: MIT */
/*
 * recording.h - samples of one group's figures, and what happened to it, as JSON lines
 *
 * docs/recording.schema.json describes each line. Whoever records sleeps himself: until something is to
 * be read from recording_fd(), or recording_due_usec() is there, and calls recording_look() then.
 */
#ifndef RATION_CLI_RECORDS_RECORDING_H
#define RATION_CLI_RECORDS_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/records/recording-file.h"
#include "ration.h"

#define RECORDING_INTERVAL_MIN_USEC UINT64_C(10000)
#define RECORDING_INTERVAL_MAX_USEC UINT64_C(3600000000)
#define RECORDING_INTERVAL_USEC UINT64_C(100000)

/* No time: nothing is due. */
#define RECORDING_NEVER UINT64_MAX

/* Limits whose values are recorded, and how many pids of processes that come or go are told. */
#define RECORDING_LIMITS 5
#define RECORDING_PIDS 256

/* Metrics are fewer. */
#define RECORDING_METRICS_MAX 64

struct recording {
	struct recording_file file;
	uint64_t interval_usec;
	uint64_t begun_usec;        /* CLOCK_MONOTONIC: times in lines count from there */
	uint64_t due_usec;          /* the next sample */
	uint64_t limits_due_usec;   /* the next look at the limits */
	size_t n_metrics;
	enum ration_metric metric[RECORDING_METRICS_MAX];
	uint64_t value[RECORDING_METRICS_MAX];  /* of the last sample */
	uint64_t moved[RECORDING_METRICS_MAX];  /* since the one before it */
	uint64_t samples;
	bool gone;                  /* the group is */
	uint64_t limit[RECORDING_LIMITS];
	bool limit_known[RECORDING_LIMITS];
	int pids[RECORDING_PIDS];   /* sorted; of the last sample */
	size_t n_pids;              /* how many there were: more than fit, perhaps */
	struct ration_group *group;     /* NULL: there is none to be looked at */
	struct ration_events *events;   /* NULL: nothing tells */
	struct ration_sampler *sampler; /* NULL: nothing is sampled */
};

#define RECORDING_NONE { .file = RECORDING_FILE_NONE, .due_usec = RECORDING_NEVER }

/* What is recorded: one of the two is set. */
struct recording_subject {
	const char *address;
	char *const *argv;
};

/* Begins: from now on times count. `recording->file` is open. Errors: -ENOMEM, those of recording_file_begin(). */
int recording_begin(struct recording *recording, const struct recording_subject *subject, struct ration_error *reterr);

/*
 * Watches a group of `host`, which must outlive it; the first sample is due at once. Where it has no cgroup, nothing is
 * sampled. Errors: those of ration_group_open() and ration_sampler_new().
 */
int recording_watch(struct recording *recording, const struct ration_host *host, const char *address,
		struct ration_error *reterr);

/* An fd that polls readable if something has happened, or -1. */
int recording_fd(const struct recording *recording);

/* When to look next, on CLOCK_MONOTONIC; RECORDING_NEVER. */
uint64_t recording_due_usec(const struct recording *recording);

/* Takes what has happened, and a sample if it is time. */
void recording_look(struct recording *recording, uint64_t now_usec);

/* Takes one more sample, now. */
void recording_sample(struct recording *recording, uint64_t now_usec);

/* Takes the last sample from a receipt: its figures were read after the end, before the group was removed. */
void recording_take_receipt(struct recording *recording, const struct ration_receipt *receipt, uint64_t now_usec);

/*
 * Ends with a line that says why, and what was dropped; `receipt`, its JSON, may be NULL.
 * Errors: those of recording_file_last().
 */
int recording_end(struct recording *recording, const char *reason, const char *receipt, struct ration_error *reterr);

void recording_done(struct recording *recording);

/* How long until `usec`, for poll(2): a round more rather than one too early; -1 for ever. */
int recording_wait_msec(uint64_t usec, uint64_t now_usec);

/* Checks an interval that was given: 10 ms to 1 h. -ERANGE. */
int recording_check_interval(const char *flag, uint64_t usec, struct ration_error *reterr);

#endif
