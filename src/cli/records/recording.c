/* SPDX-License-Identifier: MIT */
/*
 * recording.c - samples of one group's figures, and what happened to it, as JSON lines
 *
 * The sampler keeps the group's files open, so a sample is one read of each. What is counted is told as an event
 * when its counter moves: no fd of the kernel's would tell that without waking us for each single time. Limits are
 * looked at once a second at most, since they lie in files of all levels above, too.
 */
#include "cli/records/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/json-build.h"
#include "cli/output/output.h"
#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"

#define LIMITS_USEC UINT64_C(1000000)

/* How many pids a line tells. */
#define TOLD_PIDS 32

static const enum ration_limit limits[RECORDING_LIMITS] = {
	RATION_LIMIT_MEMORY, RATION_LIMIT_MEMORY_HIGH, RATION_LIMIT_SWAP, RATION_LIMIT_CPUS, RATION_LIMIT_PIDS,
};

/* Counters whose moves are events. `span`: only the first of those that follow each other. */
static const struct {
	enum ration_metric metric;
	const char *event;
	bool span;
} counted[] = {
	{ RATION_METRIC_THROTTLED_COUNT, "throttled", true },
	{ RATION_METRIC_MEMORY_HIGH_COUNT, "memory-high", true },
	{ RATION_METRIC_OOM_KILLS, "oom-kill", false },
	{ RATION_METRIC_PIDS_REFUSED, "tasks-refused", false },
};

int recording_wait_msec(uint64_t usec, uint64_t now_usec)
{
	uint64_t msec;

	if (usec == RECORDING_NEVER)
		return -1;
	msec = usec > now_usec ? (usec - now_usec + 999) / 1000 : 0;
	return msec > INT_MAX ? INT_MAX : (int)msec;
}

int recording_check_interval(const char *flag, uint64_t usec, struct ration_error *reterr)
{
	if (usec >= RECORDING_INTERVAL_MIN_USEC && usec <= RECORDING_INTERVAL_MAX_USEC)
		return 0;
	(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "%s: the interval must be 10 ms to 1 h", flag);
	return error_hint(reterr, -ERANGE, "e.g. 100ms");
}

/* -------------------------------------------------------------------- lines */

static uint64_t since(const struct recording *recording, uint64_t now_usec)
{
	return now_usec > recording->begun_usec ? now_usec - recording->begun_usec : 0;
}

/* Writes what is in the buffer, and empties it. Without memory a line is dropped. */
static void put(struct recording *recording, struct buffer *line)
{
	CLEANUP(freep) char *text = buffer_take(line);

	if (text)
		recording_file_put(&recording->file, text);
	else
		recording->file.dropped++;
}

static void put_event(struct recording *recording, uint64_t now_usec, const char *event, uint64_t count)
{
	CLEANUP(buffer_done) struct buffer line = { .text = NULL };

	buffer_printf(&line, "{\"line\":\"event\",\"time_usec\":%" PRIu64 ",\"event\":\"%s\",\"count\":%" PRIu64 "}\n",
			since(recording, now_usec), event, count);
	put(recording, &line);
}

static void put_sample(struct recording *recording, uint64_t now_usec, bool last)
{
	CLEANUP(buffer_done) struct buffer line = { .text = NULL };

	buffer_printf(&line, "{\"line\":\"sample\",\"time_usec\":%" PRIu64 "%s,\"values\":[", since(recording, now_usec),
			last ? ",\"last\":true" : "");
	for (size_t i = 0; i < recording->n_metrics; i++) {
		buffer_put(&line, i ? "," : "");
		if (recording->value[i] == RATION_UNKNOWN)
			buffer_put(&line, "null");
		else
			buffer_printf(&line, "%" PRIu64, recording->value[i] > INT64_MAX ? (uint64_t)INT64_MAX : recording->value[i]);
	}
	buffer_put(&line, "]}\n");
	put(recording, &line);
}

static json_t *columns(struct builder *builder, const struct recording *recording)
{
	json_t *array = json_array();

	for (size_t i = 0; i < recording->n_metrics; i++)
		build_add(builder, array, json_string(ration_metric_name(recording->metric[i])));
	return array;
}

static char *head(const struct recording *recording, const struct recording_subject *subject)
{
	struct builder builder = { .line = true };
	json_t *object = json_object(), *started = json_object(), *command = json_array();
	char text[OUTPUT_TIME_MAX];

	build_put(&builder, object, "line", json_string("begin"));
	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "ration", json_string(ration_version()));
	build_put_text(&builder, object, "group", subject->address);
	for (char *const *at = subject->argv; at && *at; at++)
		build_add(&builder, command, build_string(*at, NULL));
	if (subject->argv)
		build_put(&builder, object, "command", command);
	else
		json_decref(command);
	build_put(&builder, started, "time",
			json_string(output_time(text, clock_usec(CLOCK_REALTIME))));
	build_put(&builder, started, "monotonic_usec", build_number(recording->begun_usec));
	build_put(&builder, object, "started", started);
	build_put(&builder, object, "interval_usec", build_number(recording->interval_usec));
	build_put(&builder, object, "columns", columns(&builder, recording));
	return build_finish(&builder, object);
}

static void take_metrics(struct recording *recording)
{
	enum ration_metric metric;

	if (recording->n_metrics > 0)
		return;
	for (size_t i = 0; i < RECORDING_METRICS_MAX && (metric = ration_metric_at(i)) != RATION_METRIC_NONE; i++) {
		recording->metric[i] = metric;
		recording->value[i] = RATION_UNKNOWN;
		recording->n_metrics++;
	}
}

int recording_begin(struct recording *recording, const struct recording_subject *subject, struct ration_error *reterr)
{
	char *line;
	int r = recording_file_begin(&recording->file, reterr);

	if (r < 0)
		return r;
	take_metrics(recording);
	recording->begun_usec = clock_usec(CLOCK_MONOTONIC);
	line = head(recording, subject);
	if (!line)
		return error_oom(reterr);
	recording_file_head(&recording->file, line);
	return 0;
}

/* ------------------------------------------------------------------- limits */

/* The effective limit of the group, whichever level sets it; without one there is no limit. */
static bool read_limit(const struct recording *recording, enum ration_limit which, uint64_t *ret)
{
	struct ration_group_limit *limit;
	struct ration_error ignored;
	bool known;

	if (ration_group_limit_new(recording->group, which, &limit, &ignored) < 0)
		return false;
	known = limit->has_effective || limit->has_here;
	*ret = limit->has_effective ? limit->effective : limit->here;
	if (limit->has_effective && limit->level == RATION_LEVEL_MACHINE)
		*ret = RATION_UNLIMITED;
	limit = ration_group_limit_free(limit);
	return known;
}

static void put_limits(struct recording *recording, uint64_t now_usec)
{
	struct builder builder = { .line = true };
	json_t *object = json_object(), *values = json_object();
	struct buffer line = { .text = NULL };
	CLEANUP(freep) char *text = NULL;

	for (size_t i = 0; i < RECORDING_LIMITS; i++) {
		const struct ration_limit_info *info = ration_limit_info(limits[i]);

		if (recording->limit_known[i])
			build_put(&builder, values, info->name, build_limit_value(info, recording->limit[i]));
	}
	build_put(&builder, object, "line", json_string("limits"));
	build_put(&builder, object, "time_usec", build_number(since(recording, now_usec)));
	build_put(&builder, object, "limits", values);
	text = build_finish(&builder, object);
	if (text)
		buffer_put(&line, text);
	line.failed |= !text;
	put(recording, &line);
}

static void look_at_limits(struct recording *recording, uint64_t now_usec)
{
	bool changed = false;

	if (!recording->group || now_usec < recording->limits_due_usec)
		return;
	for (size_t i = 0; i < RECORDING_LIMITS; i++) {
		uint64_t value;
		bool known = read_limit(recording, limits[i], &value);

		/* A limit that can't be read any more, because the group is being removed, hasn't changed. */
		if (!known || (recording->limit_known[i] && recording->limit[i] == value))
			continue;
		recording->limit_known[i] = changed = true;
		recording->limit[i] = value;
	}
	if (changed)
		put_limits(recording, now_usec);
	recording->limits_due_usec = now_usec + LIMITS_USEC;
}

/* ---------------------------------------------------------------- processes */

static int compare_pids(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Adds those of `a` that `b` hasn't. Returns how many. */
static size_t put_missing(struct buffer *line, const int *a, size_t n_a, const int *b, size_t n_b)
{
	size_t n = 0;

	for (size_t i = 0; i < n_a; i++) {
		if (bsearch(&a[i], b, n_b, sizeof(b[0]), compare_pids))
			continue;
		if (n < TOLD_PIDS)
			buffer_printf(line, "%s%d", n ? "," : "", a[i]);
		n++;
	}
	return n;
}

static void put_processes(struct recording *recording, uint64_t now_usec, const char *event, const int *a, size_t n_a,
		const int *b, size_t n_b)
{
	CLEANUP(buffer_done) struct buffer line = { .text = NULL };
	size_t n;

	buffer_printf(&line, "{\"line\":\"event\",\"time_usec\":%" PRIu64 ",\"event\":\"%s\",\"pids\":[",
			since(recording, now_usec), event);
	n = put_missing(&line, a, n_a, b, n_b);
	buffer_printf(&line, "],\"count\":%zu}\n", n);
	if (n > 0)
		put(recording, &line);
}

/* For many processes only their number is recorded. */
static void put_crowd(struct recording *recording, uint64_t now_usec, size_t n)
{
	if (n != recording->n_pids)
		put_event(recording, now_usec, n > recording->n_pids ? "processes-came" : "processes-gone",
				n > recording->n_pids ? n - recording->n_pids : recording->n_pids - n);
}

static void look_at_processes(struct recording *recording, uint64_t now_usec)
{
	int pids[RECORDING_PIDS], n;
	struct ration_error ignored;

	if (!recording->group || ration_group_is_tenant(recording->group))
		return;
	n = recording->gone ? 0 : ration_group_pids(recording->group, pids, RECORDING_PIDS, &ignored);
	if (n < 0)
		return;
	if (n > RECORDING_PIDS || recording->n_pids > RECORDING_PIDS) {
		put_crowd(recording, now_usec, (size_t)n);
	} else {
		qsort(pids, (size_t)n, sizeof(pids[0]), compare_pids);
		put_processes(recording, now_usec, "processes-came", pids, (size_t)n, recording->pids, recording->n_pids);
		put_processes(recording, now_usec, "processes-gone", recording->pids, recording->n_pids, pids, (size_t)n);
	}
	recording->n_pids = (size_t)n;
	if (n <= RECORDING_PIDS)
		memcpy(recording->pids, pids, (size_t)n * sizeof(pids[0]));
}

/* ------------------------------------------------------------------ samples */

/* What was counted since the sample before. */
static void put_counted(struct recording *recording, uint64_t now_usec, const uint64_t *before)
{
	for (size_t i = 0; i < recording->n_metrics; i++) {
		uint64_t old = before[i] == RATION_UNKNOWN ? 0 : before[i], moved_before = recording->moved[i];

		/* The first sample of a group that has lived before is no move. */
		recording->moved[i] = recording->value[i] == RATION_UNKNOWN || recording->value[i] < old ||
			(recording->samples == 0 && before[i] == RATION_UNKNOWN) ? 0 : recording->value[i] - old;
		for (size_t k = 0; recording->moved[i] > 0 && k < ARRAY_SIZE(counted); k++) {
			if (counted[k].metric == recording->metric[i] && !(counted[k].span && moved_before > 0))
				put_event(recording, now_usec, counted[k].event, recording->moved[i]);
		}
	}
}

void recording_sample(struct recording *recording, uint64_t now_usec)
{
	uint64_t before[RECORDING_METRICS_MAX], read_usec = now_usec;
	struct ration_error ignored;
	int r;

	if (!recording->sampler || recording->gone)
		return;
	memcpy(before, recording->value, sizeof(before));
	r = ration_sampler_read(recording->sampler, recording->value, recording->n_metrics, &read_usec, &ignored);
	recording->gone = r > 0;
	if (r != 0) {
		memcpy(recording->value, before, sizeof(before));
		recording->file.dropped += r < 0;
		return;
	}
	put_counted(recording, read_usec, before);
	put_sample(recording, read_usec, false);
	recording->samples++;
	look_at_processes(recording, read_usec);
	look_at_limits(recording, read_usec);
}

void recording_take_receipt(struct recording *recording, const struct ration_receipt *receipt, uint64_t now_usec)
{
	uint64_t before[RECORDING_METRICS_MAX];

	memcpy(before, recording->value, sizeof(before));
	for (size_t i = 0; i < recording->n_metrics; i++) {
		if (ration_receipt_metric(receipt, recording->metric[i], &recording->value[i]) == RATION_SOURCE_ABSENT)
			recording->value[i] = RATION_UNKNOWN;
	}
	/* A run begins with nothing counted, also one that was over before its first sample. */
	recording->samples++;
	put_counted(recording, now_usec, before);
	put_sample(recording, now_usec, true);
	recording->gone = true;
	look_at_processes(recording, now_usec);
}

/* ----------------------------------------------------------------- watching */

static int open_sampler(struct recording *recording, const struct ration_host *host, const char *address,
		struct ration_error *reterr)
{
	const struct ration_sampler_options options = {
		.size = sizeof(options),
		.address = address,
		.metrics = recording->metric,
		.n_metrics = recording->n_metrics,
	};
	int r = ration_sampler_new(host, &options, &recording->sampler, reterr);

	if (r >= 0 && ration_sampler_count(recording->sampler) == 0)
		recording->sampler = ration_sampler_free(recording->sampler);
	return r;
}

/* No events of counters: their files would wake us for every single count. */
static void open_events(struct recording *recording)
{
	const struct ration_events_options options = {
		.size = sizeof(options),
		.kinds = RATION_EVENT_BIT(RATION_EVENT_POPULATED) | RATION_EVENT_BIT(RATION_EVENT_EMPTY) |
			RATION_EVENT_BIT(RATION_EVENT_FROZEN) | RATION_EVENT_BIT(RATION_EVENT_THAWED) |
			RATION_EVENT_BIT(RATION_EVENT_GONE),
	};
	struct ration_error ignored;

	/* Where nothing tells, the samples do. */
	if (ration_events_open(recording->group, &options, &recording->events, &ignored) < 0)
		recording->events = NULL;
}

int recording_watch(struct recording *recording, const struct ration_host *host, const char *address,
		struct ration_error *reterr)
{
	int r;

	take_metrics(recording);
	r = open_sampler(recording, host, address, reterr);
	if (r < 0 || !recording->sampler)
		return r;
	r = ration_group_open(host, address, &recording->group, reterr);
	if (r < 0)
		return r;
	open_events(recording);
	recording->due_usec = clock_usec(CLOCK_MONOTONIC);
	return 0;
}

int recording_fd(const struct recording *recording)
{
	return recording->events ? ration_events_fd(recording->events) : -1;
}

uint64_t recording_due_usec(const struct recording *recording)
{
	return recording->gone ? RECORDING_NEVER : recording->due_usec;
}

static void take_events(struct recording *recording, uint64_t now_usec)
{
	struct ration_event event = { .size = sizeof(event) };
	struct ration_error ignored;
	int r;

	while (recording->events && (r = ration_events_next(recording->events, &event, &ignored)) != 0) {
		if (r < 0 || event.kind == RATION_EVENT_GONE) {
			recording->events = ration_events_free(recording->events);
			recording->gone |= r > 0;
			return;
		}
		put_event(recording, now_usec, ration_event_name(event.kind), event.count);
		/* The last of its figures, before somebody removes it. */
		if (event.kind == RATION_EVENT_EMPTY)
			recording_sample(recording, now_usec);
	}
}

void recording_look(struct recording *recording, uint64_t now_usec)
{
	take_events(recording, now_usec);
	if (recording->gone || now_usec < recording->due_usec)
		return;
	recording_sample(recording, now_usec);
	/* Samples that were missed, because the machine slept or a file was slow, aren't made up for. */
	recording->due_usec += recording->interval_usec * ((now_usec - recording->due_usec) / recording->interval_usec + 1);
}

/* ---------------------------------------------------------------------- end */

int recording_end(struct recording *recording, const char *reason, const char *receipt, struct ration_error *reterr)
{
	CLEANUP(buffer_done) struct buffer line = { .text = NULL };
	CLEANUP(freep) char *text = NULL;

	buffer_printf(&line, "{\"line\":\"end\",\"time_usec\":%" PRIu64 ",\"reason\":\"%s\",\"samples\":%" PRIu64
			",\"dropped\":%" PRIu64, since(recording, clock_usec(CLOCK_MONOTONIC)), reason, recording->samples,
			recording->file.dropped);
	if (receipt) {
		buffer_put(&line, ",\"receipt\":");
		(void)buffer_add(&line, receipt, strcspn(receipt, "\n"));
	}
	buffer_put(&line, "}\n");
	text = buffer_take(&line);
	return text ? recording_file_last(&recording->file, text, reterr) : error_oom(reterr);
}

void recording_done(struct recording *recording)
{
	recording->events = ration_events_free(recording->events);
	recording->sampler = ration_sampler_free(recording->sampler);
	recording->group = ration_group_free(recording->group);
	recording_file_done(&recording->file);
}
