/* SPDX-License-Identifier: MIT */
/*
 * fuzz-order.c - the order to a subreaper, damaged anywhere
 *
 * A whole order is sent once and kept. An input is a list of damages of eight bytes: which
 * message, what to do, where, and four bytes to write there.
 */
#include "fuzz.h"

#include <sys/socket.h>

#include "host/host.h"
#include "plan/plan.h"
#include "run/start/order.h"
#include "sys/helper.h"
#include "util/cleanup.h"

#define MESSAGES_MAX 16
#define MESSAGE_MAX 65536

struct message {
	size_t size;
	uint8_t *data;
};

static struct message whole[MESSAGES_MAX];
static size_t n_whole;
static int pair[2];

static void make_order(void)
{
	static const char *const tree[] = { "proc/self", NULL };
	static struct fuzz_tree machine;
	char program[] = "/bin/true", cwd[] = "/", variable[] = "A=B";
	char *argv[] = { program, variable, NULL }, *envp[] = { variable, NULL };
	struct order order = { .options = { .size = sizeof(order.options), .argv = argv, .envp = envp },
		.program = program, .cwd = cwd, .opened = 2, .cut = 2, .place = PLACE_NONE, .address = "acme/vm7", .fds = { 0, 1, 2 } };
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;

	fuzz_tree_begin(&machine, tree);
	fuzz_tree_put(&machine, "proc/self/mountinfo", "", 0);
	MUST(host_open(machine.root, NULL, &host, NULL) == 0);
	MUST(ration_plan_survey(host, &plan, NULL) == 0);
	order.host = (struct host_snapshot *)host_now(host);
	order.plan = plan;
	MUST(order_send(pair[0], &order) == 0);
	plan = ration_plan_free(plan);
	host = ration_host_free(host);
	fuzz_tree_clear(&machine);
}

static void begin(void)
{
	if (n_whole > 0)
		return;
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	make_order();
	for (; n_whole < MESSAGES_MAX; n_whole++) {
		struct message *at = &whole[n_whole];
		ssize_t n;

		MUST((at->data = malloc(MESSAGE_MAX)));
		n = helper_receive(pair[1], at->data, MESSAGE_MAX, NULL, 0, 0);
		if (n <= 0)
			break;
		at->size = (size_t)n;
	}
	MUST(n_whole > 1);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void damage(struct message *messages, const uint8_t damage[8])
{
	struct message *at = &messages[damage[0] % n_whole];
	size_t where = damage[2] + 256u * damage[3];

	if (at->size == 0)
		return;
	if (damage[1] % 4 == 0) /* cut */
		at->size = where % at->size;
	for (size_t i = 0; damage[1] % 4 != 0 && i < 4; i++)
		at->data[(where + i) % at->size] = damage[4 + i];
}

static void read_all(const struct order *order)
{
	size_t length = strlen(order->program) + strlen(order->cwd);

	for (char *const *word = order->options.argv; *word; word++)
		length += strlen(*word);
	for (char *const *word = order->options.envp; *word; word++)
		length += strlen(*word);
	MUST(length < MESSAGES_MAX * (size_t)MESSAGE_MAX);
	MUST(strlen(order->place.tenant) <= RATION_NAME_MAX && strlen(order->address) < sizeof(order->address));
	MUST(order->plan->n <= ARRAY_SIZE(order->plan->entry));
	for (size_t i = 0; i < order->plan->n; i++)
		MUST(order->plan->entry[i].item.reason == order->plan->entry[i].reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message messages[MESSAGES_MAX];
	struct order order;

	begin();
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	for (size_t i = 0; i < n_whole; i++) {
		messages[i] = whole[i];
		MUST((messages[i].data = malloc(whole[i].size)));
		memcpy(messages[i].data, whole[i].data, whole[i].size);
	}
	for (; size >= 8; data += 8, size -= 8)
		damage(messages, data);
	for (size_t i = 0; i < n_whole; i++) {
		if (messages[i].size > 0)
			MUST(helper_send(pair[0], messages[i].data, messages[i].size, NULL, 0, 0) == 0);
		free(messages[i].data);
	}
	(void)close(pair[0]);
	if (order_receive(pair[1], &order) == 0) {
		read_all(&order);
		free((void *)order.options.argv);
		free((void *)order.options.envp);
		snapshot_disown(order.host);
		free(order.memory);
	}
	(void)close(pair[1]);
	return 0;
}
