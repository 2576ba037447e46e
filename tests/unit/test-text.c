/* SPDX-License-Identifier: MIT */
/*
 * test-text.c - showing text that may be hostile
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
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

/* FC20: printable UTF-8 is shown as typed; what can't be seen, moves the cursor or isn't UTF-8 isn't. */
static void test_show(void **state)
{
	static const struct {
		size_t size;
		const char *text, *shown;
	} table[] = {
		{ 64, NULL, "" },
		{ 64, "a\n\\", "a\\n\\\\" },
		{ 64, "\u00fc \u2013timeout \u65e5\u672c \U0001f600", "\u00fc \u2013timeout \u65e5\u672c \U0001f600" },
		{ 64, "\xc2\x9b" "31m", "\\xc2\\x9b31m" },                       /* CSI in one character */
		{ 64, "a\u202eb\u200b\u00a0", "a\\xe2\\x80\\xaeb\\xe2\\x80\\x8b\\xc2\\xa0" },
		{ 64, "\xe2\x80", "\\xe2\\x80" },                              /* cut off */
		{ 64, "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf" },   /* longer than needed */
		{ 64, "\xed\xa0\x80\xf4\x90\x80\x80", "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80" },
		{ 64, "\xef\xbf\xbf\xf8\xff\x80", "\\xef\\xbf\\xbf\\xf8\\xff\\x80" },
		/* A character is shown whole or not at all. */
		{ 8, "12345\u00fc", "12345\u00fc" },
		{ 8, "123\u65e5\u672c", "123..." },
		{ 8, "12\u00fc\u00fc\u00fc", "12\u00fc..." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char buf[64];

		assert_ptr_equal(text_show(buf, table[i].size, table[i].text), buf);
		assert_string_equal(buf, table[i].shown);
	}
	assert_int_equal(text_dash("\u2014x"), 3);
	assert_int_equal(text_dash("-x") + text_dash("\u00fc") + text_dash("") + text_dash("\xe2"), 0);
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

/* What is UTF-8 stays; what a terminal obeys, and what would make JSON invalid, doesn't. */
static void test_clean(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ "systemd can't start it (failed)", "systemd can't start it (failed)" },
		{ "docker run \xe2\x80\xa6 \xf0\x9f\x98\x80 \xc3\xa9", "docker run \xe2\x80\xa6 \xf0\x9f\x98\x80 \xc3\xa9" },
		{ "/a\x1b[2J/b\n\t\x7f", "/a?[2J/b???" },
		{ "\xc2\x9b" "2J", "??2J" },                 /* C1: CSI in one character */
		{ "\xe2\x80\xae" "a", "???a" },                /* turns the direction of writing */
		{ "\xff\xfe\x80", "???" },
		{ "\xe2\x80", "??" },                        /* cut */
		{ "\xe2\x80X", "??X" },
		{ "\xc0\xaf \xe0\x80\xaf", "?? ???" },      /* longer than need be */
		{ "\xed\xa0\x80", "???" },                  /* a surrogate */
		{ "\xf4\x90\x80\x80 \xf8\x88\x80\x80\x80", "???? ?????" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[64];

		(void)strcpy(text, table[i][0]);
		assert_ptr_equal(text_clean(text), text);
		assert_string_equal(text, table[i][1]);
	}
}

/* What is escaped already stays so; what can be seen stays as it is. */
static void test_json(void **state)
{
	static const char *const table[][2] = {
		{ "", "" },
		{ "{\n  \"a\": \"\\u001b \\n \\\\ \u00e9 \u65e5 \U0001f600\"\n}", "{\n  \"a\": \"\\u001b \\n \\\\ \u00e9 \u65e5 \U0001f600\"\n}" },
		{ "\x7f", "\\u007f" },
		{ "a\xc2\x9b" "2Jb\xc2\x85", "a\\u009b2Jb\\u0085" },
		{ "\u202e\u2028\ufeff\u00ad", "\\u202e\\u2028\\ufeff\\u00ad" },
		{ "\xf3\xa0\x80\x81", "\\udb40\\udc01" },
		{ "\xf0\x9d\x85\xb3!", "\\ud834\\udd73!" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *text = text_json(table[i][0]);

		assert_string_equal(text ? text : "", table[i][1]);
		free(text);
	}
}

/* Each message and hint is clean, whatever was put into it. */
static void test_messages_are_clean(void **state)
{
	struct ration_error error;

	(void)state;
	assert_int_equal(error_set(&error, -EIO, RATION_CAUSE_UNKNOWN, "can't open %s", "/a\x1b[2J\xff"), -EIO);
	assert_string_equal(error.message, "can't open /a?[2J?");
	(void)error_hint(&error, -EIO, "chmod %s", "\r/etc\n");
	assert_string_equal(error.hint, "chmod ?/etc?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_every_byte),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_messages_are_clean),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
