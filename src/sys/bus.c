/* SPDX-License-Identifier: MIT */
/*
 * bus.c - asks systemd over D-Bus
 *
 * libsystemd is loaded at first use, because most programs never use it and some
 * machines don't have it. Its few functions are declared here, with their ABI since
 * version 241.
 *
 * All waits share the deadline of the request. sd-bus itself would wait for ever for
 * a bus that accepts the connection and doesn't answer.
 */
#include "sys/bus.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

#define LIBSYSTEMD "libsystemd.so.0"
#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

/* ------------------------------------------------------------ libsystemd's */

struct sd_bus;
struct sd_bus_message;

struct bus_error {
	const char *name;
	const char *message;
	int need_free;
};

typedef int bus_handler(struct sd_bus_message *message, void *userdata, struct bus_error *reterr);

struct api {
	int (*open_user)(struct sd_bus **ret);
	int (*open_system)(struct sd_bus **ret);
	int (*new)(struct sd_bus **ret);
	int (*set_address)(struct sd_bus *bus, const char *address);
	int (*set_bus_client)(struct sd_bus *bus, int yes);
	int (*start)(struct sd_bus *bus);
	int (*is_ready)(struct sd_bus *bus);
	struct sd_bus *(*close_unref)(struct sd_bus *bus);
	int (*match_signal)(struct sd_bus *bus, void **ret_slot, const char *sender, const char *path,
			const char *interface, const char *member, bus_handler *handler, void *userdata);
	int (*new_method_call)(struct sd_bus *bus, struct sd_bus_message **ret, const char *destination,
			const char *path, const char *interface, const char *member);
	int (*append)(struct sd_bus_message *message, const char *types, ...);
	int (*appendv)(struct sd_bus_message *message, const char *types, va_list args);
	int (*read)(struct sd_bus_message *message, const char *types, ...);
	struct sd_bus_message *(*message_unref)(struct sd_bus_message *message);
	int (*call)(struct sd_bus *bus, struct sd_bus_message *message, uint64_t usec, struct bus_error *reterr,
			struct sd_bus_message **ret_reply);
	int (*process)(struct sd_bus *bus, struct sd_bus_message **ret);
	int (*wait)(struct sd_bus *bus, uint64_t usec);
	void (*error_free)(struct bus_error *error);
};

/* One conversation. */
struct talk {
	const struct bus_request *request;
	char *message;       /* what went wrong */
	void *library;
	struct api api;
	struct sd_bus *bus;
	bool daemon;         /* between the manager and us, which says who sends */
	char job[128];       /* the path of the job that we wait for */
	char result[32];     /* and what has become of it, or "" */
};

static int fail(struct talk *talk, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(struct talk *talk, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(talk->message, BUS_MESSAGE_MAX, format, args);
	va_end(args);
	return code;
}

static int load(struct talk *talk)
{
	static const struct {
		const char *name;
		size_t offset;
	} symbols[] = {
		{ "sd_bus_open_user", offsetof(struct api, open_user) },
		{ "sd_bus_open_system", offsetof(struct api, open_system) },
		{ "sd_bus_new", offsetof(struct api, new) },
		{ "sd_bus_set_address", offsetof(struct api, set_address) },
		{ "sd_bus_set_bus_client", offsetof(struct api, set_bus_client) },
		{ "sd_bus_start", offsetof(struct api, start) },
		{ "sd_bus_is_ready", offsetof(struct api, is_ready) },
		{ "sd_bus_close_unref", offsetof(struct api, close_unref) },
		{ "sd_bus_match_signal", offsetof(struct api, match_signal) },
		{ "sd_bus_message_new_method_call", offsetof(struct api, new_method_call) },
		{ "sd_bus_message_append", offsetof(struct api, append) },
		{ "sd_bus_message_appendv", offsetof(struct api, appendv) },
		{ "sd_bus_message_read", offsetof(struct api, read) },
		{ "sd_bus_message_unref", offsetof(struct api, message_unref) },
		{ "sd_bus_call", offsetof(struct api, call) },
		{ "sd_bus_process", offsetof(struct api, process) },
		{ "sd_bus_wait", offsetof(struct api, wait) },
		{ "sd_bus_error_free", offsetof(struct api, error_free) },
	};

	talk->library = dlopen(LIBSYSTEMD, RTLD_NOW | RTLD_LOCAL);
	if (!talk->library)
		return fail(talk, -EOPNOTSUPP, "can't load %s to reach systemd", LIBSYSTEMD);
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(talk->library, symbols[i].name);

		if (!symbol)
			return fail(talk, -EOPNOTSUPP, "%s is too old: it has no %s", LIBSYSTEMD, symbols[i].name);
		memcpy((char *)&talk->api + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}

/* Closes without a flush: nothing is left to flush, and a flush has no deadline. */
static void talk_end(struct talk *talk)
{
	if (talk->bus)
		(void)talk->api.close_unref(talk->bus);
	if (talk->library)
		(void)dlclose(talk->library);
}

static uint64_t left_usec(const struct talk *talk)
{
	uint64_t now = sys_now_usec();

	return now < talk->request->until_usec ? talk->request->until_usec - now : 0;
}

/* --------------------------------------------------------------- connecting */

/* Lets sd-bus work until `done` returns true. -ETIMEDOUT: also if somebody sends faster than it works. */
static int work_until(struct talk *talk, bool (*done)(const struct talk *talk))
{
	while (!done(talk)) {
		uint64_t left = left_usec(talk);
		int r = talk->api.process(talk->bus, NULL);

		if (r >= 0 && left == 0 && !done(talk))
			return -ETIMEDOUT;
		if (r == 0 && left > 0)
			r = talk->api.wait(talk->bus, left);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

static bool is_ready(const struct talk *talk)
{
	return talk->api.is_ready(talk->bus) > 0;
}

static int connect_to(struct talk *talk, const char *address, bool client)
{
	int r = talk->api.new(&talk->bus);

	if (r >= 0)
		r = talk->api.set_address(talk->bus, address);
	if (r >= 0 && client)
		r = talk->api.set_bus_client(talk->bus, 1);
	return r < 0 ? r : talk->api.start(talk->bus);
}

/*
 * Connects to the manager: over its bus, or through its own socket if no bus daemon runs. The path of a
 * user's bus comes before the environment, which can be empty (252 then finds no bus) or, after su, somebody
 * else's.
 */
static int connect_by(struct talk *talk, unsigned way)
{
	char address[128];

	talk->daemon = way == 0 || (talk->request->user && way == 1);
	if (!talk->request->user)
		return way == 0 ? talk->api.open_system(&talk->bus)
				: connect_to(talk, "unix:path=/run/systemd/private", false);
	if (way == 1)
		return talk->api.open_user(&talk->bus);
	(void)snprintf(address, sizeof(address), "unix:path=/run/user/%u/%s", (unsigned)geteuid(),
			way == 0 ? "bus" : "systemd/private");
	return connect_to(talk, address, way == 0);
}

static int open_bus(struct talk *talk)
{
	unsigned ways = talk->request->user ? 3 : 2;
	int first = 0;

	for (unsigned way = 0; way < ways; way++) {
		int r = connect_by(talk, way);

		if (r >= 0)
			r = work_until(talk, is_ready);
		if (r >= 0)
			return 0;
		if (first == 0)
			first = r;
		if (talk->bus)
			talk->bus = talk->api.close_unref(talk->bus);
	}
	return fail(talk, first, "can't reach systemd's %s manager: %s",
			talk->request->user ? "user" : "system", error_text(first));
}

/* ------------------------------------------------------------------ calling */

/* What systemd answers is about one of these, or of no interest. */
enum answer {
	ANSWER_YES,
	ANSWER_NO_UNIT,
	ANSWER_UNIT_THERE,
	ANSWER_FAILED,
};

static enum answer classify(int r, const struct bus_error *error)
{
	if (r >= 0)
		return ANSWER_YES;
	if (error->name && strcmp(error->name, SYSTEMD ".NoSuchUnit") == 0)
		return ANSWER_NO_UNIT;
	if (error->name && strcmp(error->name, SYSTEMD ".UnitExists") == 0)
		return ANSWER_UNIT_THERE;
	return ANSWER_FAILED;
}

/* Calls a method of the manager. The answer goes into `ret_reply`, which may be NULL. */
static int call(struct talk *talk, enum answer *ret_answer, struct sd_bus_message **ret_reply, const char *method,
		const char *types, ...)
{
	struct bus_error error = { .name = NULL };
	struct sd_bus_message *message = NULL;
	va_list args;
	int r = talk->api.new_method_call(talk->bus, &message, SYSTEMD, SYSTEMD_PATH, MANAGER, method);

	va_start(args, types);
	if (r >= 0 && types)
		r = talk->api.appendv(message, types, args);
	va_end(args);
	/* 0 would mean sd-bus's own 25 s. */
	if (r >= 0)
		r = talk->api.call(talk->bus, message, left_usec(talk) + 1, &error, ret_reply);
	*ret_answer = classify(r, &error);
	if (r < 0)
		(void)fail(talk, r, "systemd refuses %s: %s", method, error.message ? error.message : error_text(r));
	talk->api.error_free(&error);
	(void)talk->api.message_unref(message);
	return r < 0 ? r : 0;
}

/* ----------------------------------------------------------------- starting */

static bool is_over(const struct talk *talk)
{
	return talk->result[0] != '\0';
}

/* Runs within process(), so never before the job's path is known. */
static int job_removed(struct sd_bus_message *message, void *userdata, struct bus_error *reterr)
{
	struct talk *talk = userdata;
	const char *job, *unit, *result;
	uint32_t id;

	(void)reterr;
	if (talk->api.read(message, "uoss", &id, &job, &unit, &result) >= 0 && strcmp(job, talk->job) == 0)
		(void)snprintf(talk->result, sizeof(talk->result), "%s", result);
	return 0;
}

/* Asks for a unit made of these properties, as units/ration.service.in has them. */
static int make_unit(struct talk *talk, enum answer *ret_answer, struct sd_bus_message **ret_reply)
{
	const char *program = talk->request->program;

	return call(talk, ret_answer, ret_reply, "StartTransientUnit", "ssa(sv)a(sa(sv))", BUS_UNIT, "fail", 9,
			"Description", "s", "The groups of ration",
			"Slice", "s", talk->request->user ? "app.slice" : "system.slice",
			"Type", "s", "notify",
			"ExecStart", "a(sasb)", 1, program, 2, program, "hold", 0,
			"Delegate", "b", 1,
			"OOMPolicy", "s", "continue",
			"TasksMax", "t", UINT64_MAX,
			"TimeoutStopUSec", "t", (uint64_t)10000000,
			/* A failed unit mustn't be in the way of the next. */
			"CollectMode", "s", "inactive-or-failed",
			0);
}

/*
 * Has the unit started by a job, or joins one that is running. Between our two calls somebody else may have
 * made the unit, or it may have gone.
 */
static int begin(struct talk *talk, struct sd_bus_message **ret_reply)
{
	enum answer answer = ANSWER_NO_UNIT;
	int r = -ENOENT;

	for (int round = 0; round < 5 && answer != ANSWER_YES && answer != ANSWER_FAILED; round++) {
		if (round % 2 == 0)
			r = call(talk, &answer, ret_reply, "StartUnit", "ss", BUS_UNIT, "replace");
		else
			r = make_unit(talk, &answer, ret_reply);
	}
	return r;
}

static int start_unit(struct talk *talk)
{
	struct sd_bus_message *reply = NULL;
	enum answer answer;
	const char *job;
	/*
	 * Anybody can send such a signal on a bus. Through the manager's own socket only the manager can, and
	 * it has no name there.
	 */
	int r = talk->api.match_signal(talk->bus, NULL, talk->daemon ? SYSTEMD : NULL, SYSTEMD_PATH, MANAGER, "JobRemoved",
			job_removed, talk);

	/* The manager reports jobs only to subscribers. */
	if (r >= 0)
		r = call(talk, &answer, NULL, "Subscribe", NULL);
	else
		return fail(talk, r, "can't wait for systemd: %s", error_text(r));
	if (r >= 0)
		r = begin(talk, &reply);
	if (r < 0)
		return r;
	r = talk->api.read(reply, "o", &job);
	if (r >= 0)
		(void)snprintf(talk->job, sizeof(talk->job), "%s", job);
	(void)talk->api.message_unref(reply);
	if (r >= 0)
		r = work_until(talk, is_over);
	if (r < 0)
		return fail(talk, r, "systemd doesn't start %s: %s", BUS_UNIT, error_text(r));
	if (strcmp(talk->result, "done") != 0)
		return fail(talk, -EIO, "systemd can't start %s (%s): see systemctl %sstatus %s", BUS_UNIT,
				talk->result, talk->request->user ? "--user " : "", BUS_UNIT);
	return 0;
}

bool bus_takes_program(void)
{
	return false;
}

int bus_ask(const struct bus_request *request, char ret_message[BUS_MESSAGE_MAX])
{
	CLEANUP(talk_end) struct talk talk = { .request = request, .message = ret_message };
	enum answer answer;
	int r = load(&talk);

	if (r >= 0)
		r = open_bus(&talk);
	if (r >= 0 && request->start)
		r = start_unit(&talk);
	if (r >= 0 && request->move > 0)
		r = call(&talk, &answer, NULL, "AttachProcessesToUnit", "ssau", BUS_UNIT, "/" BUS_LEAF, 1,
				(uint32_t)request->move);
	return r;
}
