/* SPDX-License-Identifier: MIT */
/*
 * output-limit.c - a limit on what the command writes to stdout and to stderr
 */
#include "run/concern.h"
#include "run/end.h"
#include "run/limits/output.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <signal.h>

/* How long a reader can take for the allowed bytes of a command that was ended for its output. */
#define DELIVER_USEC 5000000

/* When to retry to add a file to the loop. */
#define AGAIN_USEC 10000

struct stream {
	struct output_limit *owner;
	struct output output;
	struct loop_source source;
};

struct output_limit {
	struct concern concern;
	struct loop_deadline deliver, again;
	bool late;              /* the reader has had its time */
	size_t n;               /* 1 if stderr is stdout: then both come in order, and count together */
	struct stream stream[2];
};

static void move(struct stream *stream)
{
	struct ration_run *run = stream->owner->concern.run;
	struct output *output = &stream->output;
	int r;

	loop_drop(&run->loop, &stream->source);
	r = output_move(output);
	/* If the output can't be counted any more, the limit isn't enforced: end the run. */
	if (r < 0)
		end_run(run, RUN_CAUSE_INTERNAL, SIGKILL, 0);
	if (output->over && run->options.output_mode == RATION_OUTPUT_KILL)
		end_run(run, RUN_CAUSE_OUTPUT, SIGKILL, output->limit + 1);
	if (r != 0)
		return;
	if (output_waits_for_target(output))
		r = loop_add(&run->loop, &stream->source, output->target_fd, LOOP_WRITABLE);
	else
		r = loop_add(&run->loop, &stream->source, output->source_fd, LOOP_READABLE);
	if (r < 0)
		loop_set(&run->loop, &stream->owner->again, loop_after(sys_now_usec(), AGAIN_USEC));
}

static void on_stream(void *userdata, bool failed)
{
	(void)failed;
	move(userdata);
}

static void on_again(void *userdata, uint64_t now_usec)
{
	struct output_limit *limit = userdata;

	(void)now_usec;
	for (size_t i = 0; i < limit->n; i++) {
		if (limit->stream[i].output.source_fd >= 0)
			move(&limit->stream[i]);
	}
}

static void on_deliver(void *userdata, uint64_t now_usec)
{
	(void)now_usec;
	((struct output_limit *)userdata)->late = true;
}

static void enter(struct concern *concern, struct spawn *spawn)
{
	struct output_limit *limit = (struct output_limit *)concern;

	for (size_t i = 0; i < limit->n; i++)
		spawn->fds[i + 1] = limit->stream[i].output.child_fd;
	if (limit->n == 1)
		spawn->fds[2] = spawn->fds[1];
}

static void begin(struct concern *concern)
{
	struct output_limit *limit = (struct output_limit *)concern;

	for (size_t i = 0; i < limit->n; i++)
		limit->stream[i].output.child_fd = close_fd(limit->stream[i].output.child_fd);
}

/* Whether to stop waiting for the reader. */
static bool give_up(struct output_limit *limit)
{
	struct ration_run *run = limit->concern.run;

	switch (run->end.cause) {
	case RUN_CAUSE_NONE:
		/* The output of a command that ended by itself is delivered, however slow the reader is. */
		return run->give_up_output;
	case RUN_CAUSE_WALL_TIME:
	case RUN_CAUSE_INTERRUPT:
	case RUN_CAUSE_TERMINAL:
	case RUN_CAUSE_NOT_ENDED:
		/* These end the run at a time, or at once. */
		return true;
	case RUN_CAUSE_CPU_TIME_SOFT:
	case RUN_CAUSE_CPU_TIME:
	case RUN_CAUSE_STALL:
	case RUN_CAUSE_OUTPUT:
	case RUN_CAUSE_WATCH_MEMORY:
	case RUN_CAUSE_WATCH_PIDS:
	case RUN_CAUSE_ESCAPED:
	case RUN_CAUSE_INTERNAL:
		break;
	}
	if (!limit->late && limit->deliver.at_usec == LOOP_NEVER)
		loop_set(&run->loop, &limit->deliver, loop_after(sys_now_usec(), DELIVER_USEC));
	return run->give_up_output || limit->late;
}

/* All processes are dead: no more will come than what is in the pipes. */
static bool done(struct concern *concern)
{
	struct output_limit *limit = (struct output_limit *)concern;

	for (size_t i = 0; i < limit->n; i++) {
		struct stream *stream = &limit->stream[i];

		if (stream->output.source_fd < 0)
			continue;
		move(stream);
		if (output_is_drained(&stream->output))
			continue;
		if (!give_up(limit))
			return false;
		stream->output.over = true;
	}
	loop_clear(&concern->run->loop, &limit->deliver);
	return true;
}

static void record(struct concern *concern, struct counters *counters)
{
	struct output_limit *limit = (struct output_limit *)concern;
	struct ration_receipt *receipt = &concern->run->receipt;

	(void)counters;
	for (size_t i = 0; i < limit->n; i++) {
		const struct output *output = &limit->stream[i].output;

		receipt_set(receipt, RATION_METRIC_STDOUT_BYTES + (enum ration_metric)i, output->passed,
				RATION_SOURCE_CLOCK);
		receipt->truncated |= output->over;
	}
}

static void output_free(struct concern *concern)
{
	struct output_limit *limit = (struct output_limit *)concern;

	for (size_t i = 0; i < limit->n; i++)
		output_close(&limit->stream[i].output);
}

static const struct concern_ops ops = {
	.enter = enter,
	.begin = begin,
	.done = done,
	.record = record,
	.free = output_free,
};

static int open_streams(struct output_limit *limit, uint64_t bytes, struct ration_error *reterr)
{
	struct ration_run *run = limit->concern.run;

	for (size_t i = 0; i < limit->n; i++) {
		struct stream *stream = &limit->stream[i];
		int r = output_open(&stream->output, run->command->spawn.fds[i + 1], bytes);

		if (r == 0)
			r = loop_add(&run->loop, &stream->source, stream->output.source_fd, LOOP_READABLE);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't limit the output on fd %zu: %s",
					i + 1, error_text(r));
	}
	return 0;
}

int output_prepare(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *item = plan_enforced(run->plan, RATION_LIMIT_OUTPUT);
	struct output_limit *limit;

	if (!item || item->in_force == RATION_UNLIMITED)
		return 0;
	limit = concern_new(run, &ops, sizeof(*limit));
	if (!limit)
		return error_oom(reterr);
	limit->n = run->options.stderr_to_stdout ? 1 : 2;
	limit->deliver = LOOP_DEADLINE(on_deliver, limit);
	limit->again = LOOP_DEADLINE(on_again, limit);
	for (size_t i = 0; i < limit->n; i++) {
		limit->stream[i].owner = limit;
		limit->stream[i].output = OUTPUT_NONE;
		limit->stream[i].source = LOOP_SOURCE(on_stream, &limit->stream[i]);
	}
	return open_streams(limit, item->in_force, reterr);
}
