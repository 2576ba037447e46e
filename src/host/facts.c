/* SPDX-License-Identifier: MIT */
/*
 * facts.c - what is known of a host, and what couldn't be found out
 */
#include "host/facts.h"

#include <errno.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

bool facts_doubt(int code)
{
	static const int doubts[] = { -ENOMEM, -EMFILE, -ENFILE, -EINTR, -EAGAIN, -EIO };

	for (size_t i = 0; i < ARRAY_SIZE(doubts); i++) {
		if (code == doubts[i])
			return true;
	}
	return false;
}

void facts_note(struct host_facts *facts, int code, const char *what, const char *where)
{
	if (!facts_doubt(code) || facts->unread_code)
		return;
	facts->unread_code = code;
	(void)snprintf(facts->unread, sizeof(facts->unread), "%.200s%s%.40s", where, where[0] && what[0] ? "/" : "", what);
	(void)text_clean(facts->unread);
}

int facts_check(const struct host_facts *facts, struct ration_error *reterr)
{
	if (!facts->unread_code)
		return 0;
	return error_set(reterr, facts->unread_code, RATION_CAUSE_UNKNOWN, "can't look at %s: %s", facts->unread,
			error_text(facts->unread_code));
}
