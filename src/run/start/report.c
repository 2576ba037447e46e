/* SPDX-License-Identifier: MIT */
/*
 * report.c - what a run's caller and its subreaper say to each other
 */
#include "run/start/report.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"
#include "util/text.h"

#define ERRNO_MAX 4095

/* A byte that is neither 0 nor 1 can't be read as a bool. */
static bool is_bool(const bool *value)
{
	unsigned char byte;

	memcpy(&byte, value, sizeof(byte));
	return byte <= 1;
}

static bool is_within(int value, int least, int most)
{
	return value >= least && value <= most;
}

#define ENDS(text) text_ends((text), sizeof(text))

static bool error_ends(const struct ration_error *error)
{
	return ENDS(error->message) && ENDS(error->hint);
}

static bool texts_end(const struct ration_receipt *receipt)
{
	for (size_t i = 0; i < EVIDENCE_MAX; i++) {
		if (!ENDS(receipt->evidence[i].counter) || receipt->evidence[i].where >= sizeof(receipt->paths))
			return false;
	}
	return receipt->paths[sizeof(receipt->paths) - 1] == '\0' && receipt->n_paths <= sizeof(receipt->paths) &&
		ENDS(receipt->group) && ENDS(receipt->id) && ENDS(receipt->escaped_to) && ENDS(receipt->failure);
}

/*
 * Levels, sources and the verdict are valid if they have names. A run whose processes are followed has no
 * subreaper.
 */
static bool enums_exist(const struct ration_receipt *receipt)
{
	for (size_t i = 0; i < receipt->n_evidence; i++) {
		if (!ration_level_name(receipt->evidence[i].level))
			return false;
	}
	for (size_t i = 0; i < METRIC_INDEX_COUNT; i++) {
		if (!ration_source_name(receipt->usage.source[i]))
			return false;
	}
	return ration_verdict_name(receipt->verdict) &&
		is_within((int)receipt->birth, RATION_BIRTH_NONE, RATION_BIRTH_JOINED) &&
		(receipt->containment == RATION_CONTAINMENT_CGROUP ||
				receipt->containment == RATION_CONTAINMENT_SUBREAPER);
}

static bool bools_exist(const struct ration_receipt *receipt)
{
	for (size_t i = 0; i < LIMIT_INDEX_COUNT; i++) {
		if (!is_bool(&receipt->outcome[i].acted) || !is_bool(&receipt->outcome[i].changed) ||
				!is_bool(&receipt->outcome[i].at_end_known))
			return false;
	}
	return is_bool(&receipt->core) && is_bool(&receipt->status_lost) && is_bool(&receipt->truncated) &&
		is_bool(&receipt->as_user);
}

static bool receipt_holds(const struct ration_receipt *receipt)
{
	return receipt->n_evidence <= EVIDENCE_MAX && is_within(receipt->exit_code, 0, 255) &&
		is_within(receipt->child_status, -1, 255) && is_within(receipt->child_signal, 0, NSIG) &&
		is_within(receipt->start_errno, 0, ERRNO_MAX) && texts_end(receipt) && bools_exist(receipt) &&
		enums_exist(receipt);
}

static bool report_holds(const struct report *report)
{
	return is_within(report->code, -ERRNO_MAX, REPORT_WAITING) && report->pid >= 0 && ENDS(report->waiting) &&
		error_ends(&report->error);
}

/*
 * Checks and takes one message. -EPROTO: it isn't valid. Whatever the bytes are, in the result every text
 * ends, every number is within its array, and every bool and enum has a valid value. A last report of a
 * failure is sent and taken without a receipt.
 */
static int report_take(const void *data, size_t size, struct report *ret)
{
	struct report report;

	if (size != sizeof(report))
		return -EPROTO;
	memcpy(&report, data, sizeof(report));
	if (!report_holds(&report))
		return -EPROTO;
	*ret = report;
	return 0;
}

static void end_text(char *at)
{
	/* Usually it is 0 already, and a write would copy the page in a process that has forked. */
	if (*at)
		*at = '\0';
}

/* Clears the paths of a receipt that was sent without them. */
static void have_no_paths(struct ration_receipt *receipt)
{
	receipt->n_paths = 0;
	end_text(&receipt->paths[0]);
	end_text(&receipt->paths[sizeof(receipt->paths) - 1]);
	end_text(&receipt->escaped_to[0]);
}

/* Checks it where it was received: a receipt is too long to copy. */
static int check_any(const struct report *report, struct ration_receipt *receipt, size_t size)
{
	size_t more = size - sizeof(*report);

	if (size < sizeof(*report) || !report_holds(report) || (more == 0) != (report->code != 0))
		return -EPROTO;
	if (more != 0 && more != RECEIPT_BRIEF && more != sizeof(*receipt))
		return -EPROTO;
	if (more == RECEIPT_BRIEF)
		have_no_paths(receipt);
	return more == 0 || receipt_holds(receipt) ? 0 : -EPROTO;
}

int report_take_last(const void *data, size_t size, struct last_report *ret)
{
	struct last_report last = { .report = { .code = 0 } };
	int r;

	if (size > sizeof(last))
		return -EPROTO;
	memcpy(&last, data, size);
	r = check_any(&last.report, &last.receipt, size);
	if (r == 0)
		*ret = last;
	return r;
}

int wish_take(const void *data, size_t size, struct wish *ret)
{
	struct wish wish;

	if (size != sizeof(wish))
		return -EPROTO;
	memcpy(&wish, data, sizeof(wish));
	if (!is_within((int)wish.kind, WISH_SIGNAL, WISH_INTERRUPT) || !is_within(wish.sig, 0, NSIG) ||
			!is_bool(&wish.delivered))
		return -EPROTO;
	*ret = wish;
	return 0;
}

/* Returns its length. */
static ssize_t receive(int fd, struct iovec *parts, size_t n_parts, int flags)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = (typeof(message.msg_iovlen))n_parts };
	ssize_t n;

	do
		n = recvmsg(fd, &message, flags | MSG_TRUNC);
	/* ECONNRESET comes once, before what was sent, if the other end was closed with an unread wish. */
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	return n == 0 ? -EPIPE : n;
}

int report_receive(int fd, struct report *ret, int flags)
{
	struct report report;
	struct iovec part = { .iov_base = &report, .iov_len = sizeof(report) };
	ssize_t n = receive(fd, &part, 1, flags);

	return n < 0 ? (int)n : report_take(&report, (size_t)n, ret);
}

int report_receive_any(int fd, struct report *ret, struct ration_receipt *ret_receipt, int flags)
{
	struct iovec parts[] = {
		{ .iov_base = ret, .iov_len = sizeof(*ret) },
		{ .iov_base = ret_receipt, .iov_len = sizeof(*ret_receipt) },
	};
	ssize_t n = receive(fd, parts, ARRAY_SIZE(parts), flags);

	return n < 0 ? (int)n : check_any(ret, ret_receipt, (size_t)n);
}

static size_t receipt_length(const struct ration_receipt *receipt)
{
	if (!receipt)
		return 0;
	return receipt->n_paths == 0 && receipt->escaped_to[0] == '\0' ? RECEIPT_BRIEF : sizeof(*receipt);
}

int report_send(int fd, const struct report *report, const struct ration_receipt *receipt, int flags)
{
	struct iovec parts[] = {
		{ .iov_base = (void *)(uintptr_t)report, .iov_len = sizeof(*report) },
		{ .iov_base = (void *)(uintptr_t)receipt, .iov_len = receipt_length(receipt) },
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = receipt ? 2 : 1 };
	ssize_t n;

	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
