/* SPDX-License-Identifier: MIT */
/*
 * test-order.c - a run that isn't started yet, from one process to another
 */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "host/host.h"
#include "run/start/order.h"
#include "sys/helper.h"
#include "util/cleanup.h"

struct pair {
	int fd[2];
	int result;
	const struct order *order;
};

static void open_pair(struct pair *pair)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair->fd), 0);
}

static void close_pair(struct pair *pair)
{
	for (size_t i = 0; i < 2; i++)
		pair->fd[i] = close_fd(pair->fd[i]);
}

static void *send_it(void *argument)
{
	struct pair *pair = argument;

	pair->result = order_send(pair->fd[0], pair->order);
	return NULL;
}

/* One side for each thread: what is larger than a socket's room needs both. */
static int pass_on(const struct order *order, struct order *ret)
{
	struct pair pair = { .order = order };
	pthread_t thread;
	int r;

	open_pair(&pair);
	assert_int_equal(pthread_create(&thread, NULL, send_it, &pair), 0);
	r = order_receive(pair.fd[1], ret);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(pair.result, 0);
	close_pair(&pair);
	return r;
}

static bool same_file(int one, int other)
{
	struct stat a, b;

	return one != other && fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino;
}

static struct ration_plan *make_plan(const struct ration_host *host)
{
	static const struct ration_plan_options any = { .size = sizeof(any), .policy = RATION_ENFORCE_ANY };
	struct ration_limits *limits;
	struct ration_plan *plan;

	assert_int_equal(ration_limits_new(&limits), 0);
	assert_int_equal(ration_limits_parse(limits, RATION_LIMIT_MEMORY, "64M", NULL), 0);
	assert_int_equal(ration_limits_parse(limits, RATION_LIMIT_CPUSET_CPUS, "0", NULL), 0);
	assert_int_equal(ration_plan_new(host, limits, &any, &plan, NULL), 0);
	(void)ration_limits_free(limits);
	return plan;
}

static struct order make_order(const struct ration_host *host, struct ration_plan *plan, char **argv, char **envp)
{
	struct order order = {
		.host = (struct host_snapshot *)host_now(host),
		.plan = plan,
		.options = { .size = sizeof(order.options), .argv = argv, .envp = envp, .signal = SIGINT, .wait_all = true },
		.program = argv[0],
		.cwd = (char *)"",
		.place = PLACE_NONE,
		.fds = { -EBADF, -EBADF, -EBADF },
	};

	order.place.host = order.host;
	(void)strcpy(order.place.tenant, "acme");
	(void)strcpy(order.place.name, "vm7");
	return order;
}

static void check_strings(char *const *one, char *const *other)
{
	for (; *one && *other; one++, other++)
		assert_string_equal(*one, *other);
	assert_null(*one);
	assert_null(*other);
}

static void check_plans(const struct ration_plan *one, const struct ration_plan *other)
{
	assert_int_equal(one->n, other->n);
	for (size_t i = 0; i < one->n; i++) {
		const struct ration_plan_item *a = &one->entry[i].item, *b = &other->entry[i].item;

		assert_int_equal(a->limit, b->limit);
		assert_int_equal(a->mechanism, b->mechanism);
		assert_int_equal(a->in_force, b->in_force);
		assert_ptr_equal(b->reason, other->entry[i].reason);
		assert_string_equal(a->reason, b->reason);
		assert_int_equal(!a->text, !b->text);
		if (a->text)
			assert_string_equal(a->text, b->text);
	}
}

static void free_order(struct order *order)
{
	for (size_t i = 0; i < ARRAY_SIZE(order->fds); i++)
		(void)close_fd(order->fds[i]);
	place_close(&order->place);
	snapshot_disown(order->host);
	free((void *)order->options.argv);
	free((void *)order->options.envp);
	free(order->memory);
}

static void test_all_of_it_arrives(void **state)
{
	char *argv[] = { (char *)"/bin/echo", (char *)"", (char *)"two words", NULL };
	/* Larger than what a socket takes at once, as the environment of some is. */
	char *large = calloc(1, 500000), *envp[] = { (char *)"PATH=/bin", large, NULL };
	struct ration_host_options where = { .size = sizeof(where), .nspace = "order" };
	struct ration_host *host;
	struct ration_plan *plan;
	struct order order, got;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	gid_t groups[] = { 1001, 5, 6 };

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 499999);
	assert_int_equal(ration_host_open(&where, &host, NULL), 0);
	plan = make_plan(host);
	order = make_order(host, plan, argv, envp);
	order.fds[2] = null;
	order.cwd = (char *)"/var/empty";
	order.opened = 5;
	order.cut = 4;
	order.options.set_umask = true;
	order.options.umask = 027;
	order.options.cwd = order.options.stdout_file = "not for another process";
	order.as_user = true;
	order.identity = (struct identity) { .uid = 1000, .gid = 1001, .groups = groups, .n_groups = ARRAY_SIZE(groups),
		.new_privileges = true };
	assert_int_equal(pass_on(&order, &got), 0);
	check_strings(argv, got.options.argv);
	check_strings(envp, got.options.envp);
	check_plans(plan, got.plan);
	assert_string_equal(got.program, argv[0]);
	assert_string_equal(got.cwd, "/var/empty");
	assert_true(got.opened == 5 && got.cut == 4);
	assert_true(got.options.set_umask && got.options.umask == 027 && !got.options.cwd && !got.options.stdout_file);
	assert_string_equal(got.place.name, "vm7");
	assert_string_equal(got.host->nspace, "order");
	assert_ptr_equal(got.place.host, got.host);
	assert_int_equal(got.options.signal, SIGINT);
	assert_true(got.options.wait_all);
	assert_true(got.as_user && got.identity.new_privileges);
	assert_true(got.identity.uid == 1000 && got.identity.gid == 1001 && got.identity.n_groups == ARRAY_SIZE(groups));
	assert_memory_equal(got.identity.groups, groups, sizeof(groups));
	assert_ptr_not_equal(got.host->keeper, order.host->keeper);
	/* Files are copies; those that there aren't, aren't there either. */
	assert_true(same_file(got.fds[2], null) && same_file(got.host->proc_fd, order.host->proc_fd));
	assert_int_equal(got.fds[0], -EBADF);
	assert_int_equal(got.host->base_fd >= 0, order.host->base_fd >= 0);
	free_order(&got);
	(void)ration_plan_free(plan);
	(void)ration_host_free(host);
	(void)close(null);
	free(large);
}

/* The library of one version, and the program of another. */
static void test_another_version_is_refused(void **state)
{
	static const char other[400] = "0.0.1";
	struct order got = { .host = NULL };
	struct pair pair;

	(void)state;
	open_pair(&pair);
	assert_int_equal(helper_send(pair.fd[0], other, sizeof(other), NULL, 0, 0), 0);
	assert_int_equal(order_receive(pair.fd[1], &got), -EPROTO);
	close_pair(&pair);
}

static void test_a_sender_that_dies(void **state)
{
	struct order got = { .host = NULL };
	struct pair pair;

	(void)state;
	open_pair(&pair);
	pair.fd[0] = close_fd(pair.fd[0]);
	assert_int_equal(order_receive(pair.fd[1], &got), -EPIPE);
	close_pair(&pair);
}

/* Passes an order on with another number at that place of its body. */
static int pass_on_damaged(const struct order *order, size_t where, size_t value)
{
	static char piece[65536];
	struct order got = { .host = NULL };
	struct pair from, to;
	size_t at = 0;
	ssize_t n;
	int r;

	open_pair(&from);
	open_pair(&to);
	assert_int_equal(order_send(from.fd[0], order), 0);
	from.fd[0] = close_fd(from.fd[0]);
	for (bool body = false; (n = helper_receive(from.fd[1], piece, sizeof(piece), NULL, 0, 0)) > 0; body = true) {
		if (body && where >= at && where + sizeof(value) <= at + (size_t)n)
			memcpy(piece + where - at, &value, sizeof(value));
		at += body ? (size_t)n : 0;
		assert_int_equal(helper_send(to.fd[0], piece, (size_t)n, NULL, 0, 0), 0);
	}
	to.fd[0] = close_fd(to.fd[0]);
	r = order_receive(to.fd[1], &got);
	close_pair(&from);
	close_pair(&to);
	return r;
}

/* No number in it leads beyond the body. */
static void test_a_damaged_order_is_refused(void **state)
{
	static const size_t plan = sizeof(struct host_snapshot);
	const size_t where[] = { plan + offsetof(struct ration_plan, n), offsetof(struct host_snapshot, n_v1),
		offsetof(struct host_snapshot, n_nodes) };
	char *argv[] = { (char *)"/bin/echo", NULL }, *envp[] = { NULL };
	struct ration_host *host;
	struct ration_plan *any;
	struct order order;

	(void)state;
	assert_int_equal(ration_host_open(NULL, &host, NULL), 0);
	any = make_plan(host);
	order = make_order(host, any, argv, envp);
	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		assert_int_equal(pass_on_damaged(&order, where[i], 100), -EPROTO);
		assert_int_equal(pass_on_damaged(&order, where[i], SIZE_MAX), -EPROTO);
	}
	memset(order.place.name, 'x', sizeof(order.place.name));
	assert_int_equal(pass_on_damaged(&order, SIZE_MAX / 2, 0), -EPROTO);
	(void)ration_plan_free(any);
	(void)ration_host_free(host);
}

/* Its body is as long as it says, but no plan has so many limits, and an array of them has so much room. */
static void test_a_plan_that_is_too_long_is_refused(void **state)
{
	char *argv[] = { (char *)"/bin/echo", NULL }, *envp[] = { NULL };
	struct order order, got = { .host = NULL };
	struct ration_host *host;
	struct ration_plan *any, *plan;
	size_t most = ARRAY_SIZE(any->entry);

	(void)state;
	assert_int_equal(ration_host_open(NULL, &host, NULL), 0);
	any = make_plan(host);
	plan = calloc(1, sizeof(*plan) + sizeof(plan->entry[0]));
	assert_non_null(plan);
	memcpy(plan, any, offsetof(struct ration_plan, entry));
	order = make_order(host, plan, argv, envp);
	plan->n = most;
	assert_int_equal(pass_on(&order, &got), 0);
	free((void *)got.options.argv);
	free((void *)got.options.envp);
	snapshot_disown(got.host);
	free(got.memory);
	plan->n = most + 1;
	assert_int_equal(pass_on(&order, &got), -EPROTO);
	free(plan);
	(void)ration_plan_free(any);
	(void)ration_host_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_it_arrives),
		cmocka_unit_test(test_another_version_is_refused),
		cmocka_unit_test(test_a_sender_that_dies),
		cmocka_unit_test(test_a_damaged_order_is_refused),
		cmocka_unit_test(test_a_plan_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
