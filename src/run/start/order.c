/* SPDX-License-Identifier: MIT */
/*
 * order.c - what a subreaper that was executed is told: all of a run that isn't started yet
 *
 * The first message is a head, with the files. Then comes the body, in pieces that fit any socket: the host,
 * the used part of the plan, the place, and strings.
 */
#include "run/start/order.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "sys/helper.h"
#include "util/cleanup.h"
#include "util/text.h"

/* Well below what a socket holds by default. */
#define PIECE 32768
/* How long each piece can take: the other side does nothing but read. */
#define PIECE_MSEC 10000
/* More than the arguments of any program. */
#define BODY_MAX (64u << 20)

/* Which file of a run is which. */
enum order_fd {
	ORDER_FD_STDIN,
	ORDER_FD_PROC = 3,
	ORDER_FD_BASE,
	ORDER_FD_NAMESPACE,
	ORDER_FD_TENANT,
	ORDER_FD_V1,
	ORDER_FD_PLACE_V1 = ORDER_FD_V1 + HOST_V1_MAX,
};
#define ORDER_FDS (ORDER_FD_PLACE_V1 + HOST_V1_MAX)

struct head {
	char version[16];
	size_t host_size, entry_size, plan_size; /* of this version */
	size_t body_size;
	size_t n_args, n_vars;
	struct identity identity; /* its groups are in the body */
	unsigned char as_user, guarded; /* 0 or 1: any byte can be read */
	uint32_t files;       /* which of the fds there are, as bits */
	uint32_t opened, cut; /* of the command's */
	pid_t caller;
	struct budget_turn turn;
	char address[2 * RATION_NAME_MAX + 2];
	char id[NAMES_UNIQUE_MAX];
	struct ration_run_options options;
};

static size_t count(char *const *strings)
{
	size_t n = 0;

	while (strings[n])
		n++;
	return n;
}

static size_t length_of(char *const *strings)
{
	size_t length = 0;

	for (; *strings; strings++)
		length += strlen(*strings) + 1;
	return length;
}

/* ---------------------------------------------------------------------- send */

/* Those that are open, one after the other. Returns how many. */
static size_t collect_fds(const struct order *order, uint32_t *ret_files, int ret_fds[ORDER_FDS])
{
	int all[ORDER_FDS] = {
		[ORDER_FD_PROC] = order->host->proc_fd,
		[ORDER_FD_BASE] = order->host->base_fd,
		[ORDER_FD_NAMESPACE] = order->place.namespace_fd,
		[ORDER_FD_TENANT] = order->place.tenant_fd,
	};
	size_t n = 0;

	memcpy(all, order->fds, sizeof(order->fds));
	for (size_t i = 0; i < HOST_V1_MAX; i++) {
		all[ORDER_FD_V1 + i] = i < order->host->n_v1 ? order->host->v1[i].fd : -EBADF;
		all[ORDER_FD_PLACE_V1 + i] = order->place.v1_fd[i];
	}
	*ret_files = 0;
	for (size_t i = 0; i < ORDER_FDS; i++) {
		/* A program may have closed its own 0, 1 or 2. */
		if (all[i] < 0 || (i < ORDER_FD_PROC && fcntl(all[i], F_GETFD) < 0 && errno == EBADF))
			continue;
		*ret_files |= 1u << i;
		ret_fds[n++] = all[i];
	}
	return n;
}

static void *append(void *at, const void *data, size_t size)
{
	memcpy(at, data, size);
	return (char *)at + size;
}

static void *append_strings(void *at, char *const *strings)
{
	for (; *strings; strings++)
		at = append(at, *strings, strlen(*strings) + 1);
	return at;
}

static size_t plan_size(size_t n)
{
	return offsetof(struct ration_plan, entry) + n * sizeof(struct plan_entry);
}

/* A multiple of the alignment of the structs. */
static size_t groups_size(const struct identity *identity)
{
	const size_t unit = _Alignof(max_align_t);

	return (identity->n_groups * sizeof(*identity->groups) + unit - 1) / unit * unit;
}

static void *append_groups(void *at, const struct identity *identity)
{
	if (identity->n_groups > 0)
		(void)append(at, identity->groups, identity->n_groups * sizeof(*identity->groups));
	return (char *)at + groups_size(identity);
}

/* Each part but the strings is padded to a multiple of the alignment of its structs. */
static void *make_body(const struct order *order, size_t *ret_size)
{
	size_t size = sizeof(*order->host) + plan_size(order->plan->n) + groups_size(&order->identity) +
		sizeof(order->place) + strlen(order->program) + 1 + strlen(order->cwd) + 1 +
		length_of(order->options.argv) + length_of(order->options.envp);
	void *body = calloc(1, size), *at = body;

	if (!body)
		return NULL;
	at = append(at, order->host, sizeof(*order->host));
	at = append(at, order->plan, plan_size(order->plan->n));
	at = append_groups(at, &order->identity);
	at = append(at, &order->place, sizeof(order->place));
	at = append(at, order->program, strlen(order->program) + 1);
	at = append(at, order->cwd, strlen(order->cwd) + 1);
	at = append_strings(at, order->options.argv);
	(void)append_strings(at, order->options.envp);
	*ret_size = size;
	return body;
}

static struct head head_of(void)
{
	struct head head;

	memset(&head, 0, sizeof(head));
	(void)strncpy(head.version, RATION_VERSION, sizeof(head.version) - 1);
	head.host_size = sizeof(struct host_snapshot);
	head.entry_size = sizeof(struct plan_entry);
	head.plan_size = sizeof(struct ration_plan);
	return head;
}

int order_send(int fd, const struct order *order)
{
	CLEANUP(freep) char *body = NULL;
	struct head head = head_of();
	int fds[ORDER_FDS], r;
	size_t n_fds = collect_fds(order, &head.files, fds);

	if (order->options.n_pass_fds > 0)
		return -EOPNOTSUPP;
	body = make_body(order, &head.body_size);
	if (!body)
		return -ENOMEM;
	if (head.body_size > BODY_MAX)
		return -E2BIG;
	head.n_args = count(order->options.argv);
	head.n_vars = count(order->options.envp);
	head.options = order->options;
	/* Pointers of this process mean nothing in the other. */
	head.options.user = head.options.cwd = NULL;
	head.options.admission = NULL;
	head.options.stdin_file = head.options.stdout_file = head.options.stderr_file = NULL;
	head.opened = order->opened;
	head.cut = order->cut;
	head.identity = order->identity;
	head.as_user = order->as_user;
	head.caller = order->caller;
	head.turn = order->turn;
	head.guarded = order->guarded;
	(void)strcpy(head.address, order->address);
	(void)strcpy(head.id, order->id);
	r = helper_send(fd, &head, sizeof(head), fds, n_fds, PIECE_MSEC);
	for (size_t at = 0; r == 0 && at < head.body_size; at += PIECE) {
		size_t left = head.body_size - at;

		r = helper_send(fd, body + at, left < PIECE ? left : PIECE, NULL, 0, PIECE_MSEC);
	}
	return r;
}

/* ------------------------------------------------------------------- receive */

static int receive_body(int fd, char *body, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = helper_receive(fd, body + at, size - at < PIECE ? size - at : PIECE, NULL, 0, PIECE_MSEC);

		if (n <= 0)
			return n == 0 ? -EPIPE : (int)n;
		at += (size_t)n;
	}
	return 0;
}

/* Takes `n` strings from there into an array that ends with NULL. */
static char **take_strings(char **at, const char *end, size_t n)
{
	/* Each has a byte at least. */
	char **strings = n > (size_t)(end - *at) ? NULL : calloc(n + 1, sizeof(*strings));

	for (size_t i = 0; strings && i < n; i++) {
		char *next = memchr(*at, '\0', (size_t)(end - *at));

		if (!next) {
			free(strings);
			return NULL;
		}
		strings[i] = *at;
		*at = next + 1;
	}
	return strings;
}

static void place_fds(struct order *order, uint32_t files, const int *received)
{
	int all[ORDER_FDS];

	for (size_t i = 0; i < ORDER_FDS; i++)
		all[i] = files & 1u << i ? *received++ : -EBADF;
	memcpy(order->fds, all, sizeof(order->fds));
	order->host->proc_fd = all[ORDER_FD_PROC];
	order->host->base_fd = all[ORDER_FD_BASE];
	order->place.namespace_fd = all[ORDER_FD_NAMESPACE];
	order->place.tenant_fd = all[ORDER_FD_TENANT];
	order->place.fd = -EBADF;
	for (size_t i = 0; i < HOST_V1_MAX; i++) {
		order->host->v1[i].fd = all[ORDER_FD_V1 + i];
		order->place.v1_fd[i] = all[ORDER_FD_PLACE_V1 + i];
	}
}

/* Replaces pointers of the other process by pointers into the body. */
static void point_into_plan(struct ration_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct plan_entry *entry = &plan->entry[i];

		entry->item.reason = entry->reason;
		entry->item.fix = entry->fix;
		if (entry->item.text)
			entry->item.text = entry->text;
		if (entry->item.in_force_key)
			entry->item.in_force_key = entry->in_force_key;
	}
}

/* Takes so many bytes from there. NULL: there are fewer. */
static void *take(char **at, const char *end, size_t size)
{
	char *taken = *at;

	if (size > (size_t)(end - taken))
		return NULL;
	*at = taken + size;
	return taken;
}

/* Takes the structs. Trusts no number in them that would lead beyond the body. */
static int take_structs(struct order *order, const struct head *head, char **at, const char *end)
{
	const struct place *place = NULL;

	order->identity = head->identity;
	order->host = take(at, end, sizeof(*order->host));
	order->plan = (struct ration_plan *)(void *)*at;
	if (!order->host || !take(at, end, plan_size(0)) || order->plan->n > ARRAY_SIZE(order->plan->entry) ||
			!take(at, end, plan_size(order->plan->n) - plan_size(0)) || order->identity.n_groups > BODY_MAX)
		return -EPROTO;
	order->identity.groups = take(at, end, groups_size(&order->identity));
	if (order->identity.groups)
		place = take(at, end, sizeof(*place));
	if (!place || order->host->n_v1 > HOST_V1_MAX || order->host->n_nodes > HOST_NODES_MAX ||
			!text_ends(place->tenant, sizeof(place->tenant)) || !text_ends(place->name, sizeof(place->name)) ||
			!text_ends(place->owner, sizeof(place->owner)) || !text_ends(head->address, sizeof(head->address)) ||
			!text_ends(head->id, sizeof(head->id)))
		return -EPROTO;
	order->place = *place;
	order->place.host = order->host;
	point_into_plan(order->plan);
	return 0;
}

/* Takes the body apart, in place. */
static int take_apart(struct order *order, const struct head *head, char *body)
{
	char *at = body, *end = body + head->body_size, **paths;
	int r = take_structs(order, head, &at, end);

	if (r < 0)
		return r;
	order->as_user = head->as_user != 0;
	order->options = head->options;
	order->caller = head->caller;
	order->turn = head->turn;
	order->guarded = head->guarded != 0;
	(void)strcpy(order->address, head->address);
	(void)strcpy(order->id, head->id);
	order->opened = head->opened;
	order->cut = head->cut;
	paths = take_strings(&at, end, 2);
	order->options.argv = take_strings(&at, end, head->n_args);
	order->options.envp = take_strings(&at, end, head->n_vars);
	order->program = paths ? paths[0] : NULL;
	order->cwd = paths ? paths[1] : NULL;
	free(paths);
	r = order->program && order->options.argv && order->options.envp ? snapshot_adopt(order->host) : -EPROTO;
	if (r < 0) {
		free((void *)order->options.argv);
		free((void *)order->options.envp);
	}
	return r;
}

static bool understood(const struct head *head, ssize_t n)
{
	struct head own = head_of();

	return n == (ssize_t)sizeof(*head) && memcmp(head->version, own.version, sizeof(own.version)) == 0 &&
		head->host_size == own.host_size && head->entry_size == own.entry_size &&
		head->plan_size == own.plan_size && head->body_size <= BODY_MAX;
}

int order_receive(int fd, struct order *ret_order)
{
	CLEANUP(freep) char *body = NULL;
	struct order order = { .host = NULL };
	int fds[ORDER_FDS], r;
	struct head head;
	ssize_t n = helper_receive(fd, &head, sizeof(head), fds, ORDER_FDS, PIECE_MSEC);

	if (n <= 0)
		return n == 0 ? -EPIPE : (int)n;
	if (!understood(&head, n))
		return -EPROTO;
	body = malloc(head.body_size);
	r = body ? receive_body(fd, body, head.body_size) : -ENOMEM;
	if (r == 0)
		r = take_apart(&order, &head, body);
	if (r < 0)
		return r;
	place_fds(&order, head.files, fds);
	order.memory = TAKE_PTR(body);
	*ret_order = order;
	ret_order->options.fds = ret_order->fds;
	return 0;
}
