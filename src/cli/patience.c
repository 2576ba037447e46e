/* SPDX-License-Identifier: MIT */
/*
 * patience.c - tells a terminal what a command waits for
 *
 * The library waits and prints nothing, so a thread watches the clock meanwhile.
 */
#include "cli/patience.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/say.h"
#include "util/compat.h"
#include "util/text.h"

#define PATIENCE_SEC 2

static struct {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool begun, over;
	const char *command;
	char what[160];
} patience = { .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };

static void *watch(void *unused)
{
	struct timespec end;
	int r = 0;

	(void)unused;
	/* Set back, the clock delays a message and nothing else. */
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_SEC;
	(void)pthread_mutex_lock(&patience.mutex);
	while (!patience.over && r == 0)
		r = pthread_cond_timedwait(&patience.cond, &patience.mutex, &end);
	if (!patience.over)
		say("ration %s: waiting for %s\n", patience.command, patience.what);
	(void)pthread_mutex_unlock(&patience.mutex);
	return NULL;
}

/* "the processes of acme/vm7 to die" of "the processes of % to die"; of several operands, of "the groups". */
static void fill(const char *waits, char *const *operands)
{
	size_t length = strcspn(waits, "%@");
	char shown[TEXT_SHOWN_MAX];

	if (!waits[length])
		(void)snprintf(patience.what, sizeof(patience.what), "%s", waits);
	else
		(void)snprintf(patience.what, sizeof(patience.what), "%.*s%s%s", (int)length, waits,
				waits[length] == '%' && operands[1] ? "the groups" :
				text_show(shown, sizeof(shown), operands[0]), waits + length + 1);
}

static void begin(const char *command)
{
	sigset_t all, before;

	patience.command = command;
	patience.over = false;
	/* Signals are the first thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	patience.begun = pthread_create(&patience.thread, NULL, watch, NULL) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void patience_begin(const struct command *command, char *const *operands)
{
	patience_end();
	if (!command->waits || (command->operand && !operands[0]) || !isatty(STDERR_FILENO))
		return;
	fill(command->waits, operands);
	begin(command->name);
}

void patience_begin_for(const struct command *command, const char *what)
{
	patience_end();
	if (!isatty(STDERR_FILENO))
		return;
	(void)snprintf(patience.what, sizeof(patience.what), "%s", what);
	begin(command->name);
}

void patience_end(void)
{
	if (!patience.begun)
		return;
	(void)pthread_mutex_lock(&patience.mutex);
	patience.over = true;
	(void)pthread_cond_signal(&patience.cond);
	(void)pthread_mutex_unlock(&patience.mutex);
	(void)pthread_join(patience.thread, NULL);
	patience.begun = false;
}
