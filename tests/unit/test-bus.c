/* SPDX-License-Identifier: MIT */
/*
 * test-bus.c - asking systemd, with a libsystemd that answers as each test wants
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/bus.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

typedef int handler_function(void *message, void *userdata, void *reterr);

/* What it does, and what it was asked. */
static struct {
	bool no_daemon;      /* only the manager's own socket answers */
	bool no_library;
	const char *no_symbol;
	bool no_socket;      /* nor does that */
	bool no_unit;        /* until it was made */
	int waited;          /* what waiting for a message returns */
	bool flooded;        /* there is always one more message, and none is of our job */
	int called;          /* what calls return */
	const char *error;   /* … and say */
	const char *result;  /* what becomes of the job; NULL: it never ends */
	/* seen */
	char address[128], sender[64];
	handler_function *handler;
	void *userdata;
	unsigned processed, calls;
} bus;

static int open_bus(void **ret)
{
	*ret = &bus;
	return bus.no_daemon || bus.no_socket ? -ECONNREFUSED : 0;
}

static int new_bus(void **ret)
{
	*ret = &bus;
	return 0;
}

static int set_address(void *it, const char *address)
{
	(void)it;
	(void)snprintf(bus.address, sizeof(bus.address), "%s", address);
	return bus.no_socket || (bus.no_daemon && !strstr(address, "private")) ? -ECONNREFUSED : 0;
}

static int set_client(void *it, int yes)
{
	(void)it;
	return yes ? 0 : -EINVAL;
}

static int yes(void *it)
{
	(void)it;
	return 1;
}

static void *unref(void *it)
{
	(void)it;
	return NULL;
}

static int match(void *it, void **slot, const char *sender, const char *path, const char *interface,
		const char *member, handler_function *handler, void *userdata)
{
	(void)it;
	(void)slot;
	assert_string_equal(path, "/org/freedesktop/systemd1");
	assert_string_equal(interface, "org.freedesktop.systemd1.Manager");
	assert_string_equal(member, "JobRemoved");
	(void)snprintf(bus.sender, sizeof(bus.sender), "%s", sender ? sender : "");
	bus.handler = handler;
	bus.userdata = userdata;
	return 0;
}

static int new_call(void *it, void **ret, const char *destination, const char *path, const char *interface,
		const char *member)
{
	(void)it;
	(void)destination;
	(void)path;
	(void)interface;
	*ret = (void *)(uintptr_t)member;
	return 0;
}

static int append(void *message, const char *types, va_list args)
{
	(void)message;
	(void)types;
	(void)args;
	return 0;
}

static int read_message(void *message, const char *types, ...)
{
	static const char job[] = "/org/freedesktop/systemd1/job/7", other[] = "/org/freedesktop/systemd1/job/8";
	va_list args;

	va_start(args, types);
	if (strcmp(types, "o") == 0) {
		*va_arg(args, const char **) = job;
	} else {
		*va_arg(args, uint32_t *) = 7;
		*va_arg(args, const char **) = message ? other : job;
		*va_arg(args, const char **) = "ration.service";
		*va_arg(args, const char **) = bus.result ? bus.result : "done";
	}
	va_end(args);
	return 1;
}

struct error {
	const char *name, *message;
	int need_free;
};

static int call(void *it, void *message, uint64_t usec, struct error *reterr, void **ret_reply)
{
	const char *method = message;

	(void)it;
	assert_true(usec > 0);
	bus.calls++;
	if (bus.no_unit && strcmp(method, "StartUnit") == 0) {
		*reterr = (struct error) { "org.freedesktop.systemd1.NoSuchUnit", "no unit", 0 };
		return -ENOENT;
	}
	/* Somebody else has made it meanwhile. */
	if (bus.no_unit && strcmp(method, "StartTransientUnit") == 0) {
		bus.no_unit = false;
		*reterr = (struct error) { "org.freedesktop.systemd1.UnitExists", "there is one", 0 };
		return -EEXIST;
	}
	if (bus.called < 0)
		*reterr = (struct error) { "org.freedesktop.DBus.Error.AccessDenied", bus.error, 0 };
	if (ret_reply)
		*ret_reply = &bus;
	return bus.called;
}

static int process(void *it, void **ret)
{
	(void)it;
	(void)ret;
	bus.processed++;
	if (!bus.handler || !(bus.flooded || bus.result))
		return 0;
	return bus.handler(bus.flooded ? &bus : NULL, bus.userdata, NULL) < 0 ? -EIO : 1;
}

static int wait_for(void *it, uint64_t usec)
{
	(void)it;
	(void)usleep(usec < 1000 ? (useconds_t)usec : 1000);
	return bus.waited;
}

static void error_free(struct error *error)
{
	error->name = error->message = NULL;
}

void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlsym(void *library, const char *name);
int __wrap_dlclose(void *library);

void *__wrap_dlopen(const char *name, int flags)
{
	(void)flags;
	return strcmp(name, "libsystemd.so.0") == 0 && !bus.no_library ? &bus : NULL;
}

int __wrap_dlclose(void *library)
{
	assert_ptr_equal(library, &bus);
	return 0;
}

void *__wrap_dlsym(void *library, const char *name)
{
	static const struct {
		const char *name;
		void *function;
	} symbols[] = {
		{ "sd_bus_open_user", open_bus }, { "sd_bus_open_system", open_bus }, { "sd_bus_new", new_bus },
		{ "sd_bus_set_address", set_address }, { "sd_bus_set_bus_client", set_client }, { "sd_bus_start", yes },
		{ "sd_bus_is_ready", yes }, { "sd_bus_close_unref", unref }, { "sd_bus_match_signal", match },
		{ "sd_bus_message_new_method_call", new_call }, { "sd_bus_message_append", append },
		{ "sd_bus_message_appendv", append }, { "sd_bus_message_read", read_message },
		{ "sd_bus_message_unref", unref }, { "sd_bus_call", call }, { "sd_bus_process", process },
		{ "sd_bus_wait", wait_for }, { "sd_bus_error_free", error_free },
	};

	assert_ptr_equal(library, &bus);
	if (bus.no_symbol && strcmp(bus.no_symbol, name) == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (strcmp(symbols[i].name, name) == 0)
			return symbols[i].function;
	}
	fail_msg("%s", name);
	return NULL;
}

static int ask(bool user, unsigned msec, char message[BUS_MESSAGE_MAX])
{
	const struct bus_request request = { .user = user, .start = true, .move = getpid(), .program = "/bin/true",
		.until_usec = sys_now_usec() + msec * UINT64_C(1000) };

	bus.handler = NULL;
	bus.address[0] = bus.sender[0] = message[0] = '\0';
	return bus_ask(&request, message);
}

/* On a bus any user can say that a job is done, or has failed: only systemd is believed. */
static void test_only_systemd_tells_of_its_jobs(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	bus.result = "done";
	for (int user = 0; user < 2; user++) {
		bus.no_daemon = false;
		assert_int_equal(ask(user, 60000, message), 0);
		assert_string_equal(bus.sender, "org.freedesktop.systemd1");
		/* Its own socket has no names. */
		bus.no_daemon = true;
		assert_int_equal(ask(user, 60000, message), 0);
		assert_non_null(strstr(bus.address, "systemd/private"));
		assert_string_equal(bus.sender, "");
	}
	bus.no_daemon = false;
	bus.result = "failed";
	assert_int_equal(ask(false, 60000, message), -EIO);
	assert_non_null(strstr(message, "(failed)"));
	bus.result = NULL;
}

/* Others can send us messages as well: the deadline holds however many there are. */
static void test_a_flood_of_messages(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	bus.flooded = true;
	assert_int_equal(ask(false, 20, message), -ETIMEDOUT);
	assert_true(bus.processed > 0);
	bus.flooded = false;
	assert_int_equal(ask(false, 20, message), -ETIMEDOUT);
}

static void test_what_systemd_refuses(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	bus.called = -EACCES;
	bus.error = "Interactive authentication required.";
	assert_int_equal(ask(false, 60000, message), -EACCES);
	assert_string_equal(message, "systemd refuses Subscribe: Interactive authentication required.");
	bus.error = NULL;
	assert_int_equal(ask(false, 60000, message), -EACCES);
	assert_string_equal(message, "systemd refuses Subscribe: Permission denied");
	bus.called = 0;
}

static void test_no_libsystemd(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	bus.no_library = true;
	assert_int_equal(ask(false, 60000, message), -EOPNOTSUPP);
	assert_string_equal(message, "can't load libsystemd.so.0 to reach systemd");
	bus.no_library = false;
	bus.no_symbol = "sd_bus_message_appendv";
	assert_int_equal(ask(false, 60000, message), -EOPNOTSUPP);
	assert_string_equal(message, "libsystemd.so.0 is too old: it has no sd_bus_message_appendv");
	bus.no_symbol = NULL;
	assert_false(bus_takes_program());
}

static void test_nobody_answers(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	bus.no_socket = true;
	for (int user = 0; user < 2; user++) {
		assert_int_equal(ask(user, 60000, message), -ECONNREFUSED);
		assert_non_null(strstr(message, user ? "systemd's user manager: Connection refused" :
							"systemd's system manager: Connection refused"));
	}
	bus.no_socket = false;
	bus.waited = -EPIPE;
	assert_int_equal(ask(false, 60000, message), -EPIPE);
	bus.waited = 0;
}

/* There is none to start, so one is made, which somebody else was faster with: that is started. */
static void test_the_unit_is_made(void **state)
{
	char message[BUS_MESSAGE_MAX];

	(void)state;
	bus.result = "done";
	bus.no_unit = true;
	bus.calls = 0;
	assert_int_equal(ask(true, 60000, message), 0);
	assert_false(bus.no_unit);
	/* Subscribe, three for the unit, one for the process. */
	assert_int_equal(bus.calls, 5);
	bus.result = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_systemd_tells_of_its_jobs),
		cmocka_unit_test(test_a_flood_of_messages),
		cmocka_unit_test(test_what_systemd_refuses),
		cmocka_unit_test(test_no_libsystemd),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_the_unit_is_made),
	};

	return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
