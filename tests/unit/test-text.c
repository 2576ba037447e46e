/* SPDX-License-Identifier: MIT */
/*
 * test-text.c - showing text that may be hostile
 */
#include "unit.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

static void test_escape(void **state)
{
	static const struct {
		size_t size;
		const char *text, *shown;
	} table[] = {
		{ 64, NULL, "" },
		{ 64, "", "" },
		{ 64, "64M", "64M" },
		{ 64, "a b~", "a b~" },
		{ 64, "a\nb\tc\r", "a\\nb\\tc\\r" },
		{ 64, "\x1b[31m\x7f", "\\x1b[31m\\x7f" },
		{ 64, "\\x41", "\\\\x41" },
		{ 64, "\xff\xc3", "\\xff\\xc3" },
		{ 64, "\u00b5s", "\\xc2\\xb5s" },
		/* Seven characters and the NUL fit eight bytes; eight don't. */
		{ 8, "1234567", "1234567" },
		{ 8, "12345678", "1234..." },
		/* An escape is shown whole or not at all. */
		{ 8, "123\n\n", "123\\n\\n" },
		{ 8, "123\n\n4", "123..." },
		{ 8, "\x01\x02", "\\x01..." },
		{ 9, "\x01\x02", "\\x01\\x02" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char buf[64];

		memset(buf, 'X', sizeof(buf));
		assert_ptr_equal(text_escape(buf, table[i].size, table[i].text), buf);
		assert_string_equal(buf, table[i].shown);
		for (size_t j = table[i].size; j < sizeof(buf); j++)
			assert_int_equal(buf[j], 'X');
	}
}

/* Every byte, at every place of the cut: printable, in bounds, whole. */
static void test_escape_every_byte(void **state)
{
	(void)state;
	for (unsigned byte = 1; byte < 256; byte++) {
		for (size_t n = 0; n < 40; n++) {
			char text[48], buf[24];

			memset(text, 'a', sizeof(text));
			text[n] = (char)byte;
			text[40] = '\0';
			(void)text_escape(buf, sizeof(buf), text);
			assert_true(strlen(buf) < sizeof(buf) && strlen(buf) >= sizeof(buf) - 7);
			for (const char *p = buf; *p; p++)
				assert_true(*p >= ' ' && *p <= '~');
			assert_string_equal(buf + strlen(buf) - 3, "...");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_every_byte),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
