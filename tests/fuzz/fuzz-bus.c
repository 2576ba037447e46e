/* SPDX-License-Identifier: MIT */
/*
 * fuzz-bus.c - any answer of the program that asks systemd
 *
 * Nothing but "0" means that it was done.
 */
#include "fuzz.h"

#include "sys/bus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char message[BUS_MESSAGE_MAX];
	bool done = strcmp(text, "0\n") == 0;
	int r;

	memset(message, 1, sizeof(message));
	r = bus_take_answer(text, message);
	MUST(done ? r == 0 : r < 0 && r > -4096);
	/* Shown, it goes through error_set(). */
	if (r < 0)
		MUST(memchr(message, '\0', sizeof(message)) && !strchr(message, '\n'));
	free(text);
	return 0;
}
