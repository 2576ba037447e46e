/* SPDX-License-Identifier: MIT */
/*
 * vms.c - a host of virtual machines: vms GUEST-IMAGE
 *
 * Two tenants, each with a total; QEMU in a group of its own for each machine,
 * with the limits that the profile works out from the size of the guest. When
 * all are up, their statistics are read, and one more comes, with a larger guest
 * than it was granted. It is ended, alone. Then all is taken down. One epoll
 * waits for all of this.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2() */
#endif
#include <fcntl.h>
#include <ration.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB 1048576

struct vm {
	const char *address;
	const char *memory; /* what QEMU is told; granted are 16 MiB */
	const char *append; /* what the guest is told */
	struct ration_group *group;
	struct ration_events *events;
	int pid, pid_fd, console_fd;
	char said[512]; /* on its console, which comes in pieces */
	size_t n_said;
	bool up, dead;
};

static struct vm vms[] = {
	{ .address = "red/vm1", .memory = "16M", .append = "fill stay" },
	{ .address = "red/vm2", .memory = "16M", .append = "fill stay" },
	{ .address = "blue/vm1", .memory = "16M", .append = "fill stay" },
	{ .address = "red/greedy", .memory = "512M", .append = "fill" }, /* the last to come */
};
#define N_VMS (sizeof(vms) / sizeof(vms[0]))
#define HONEST (N_VMS - 1)

enum what { EVENTS, CONSOLE, END };

static struct ration_error error;

/* A tenant with a total, or with `vm`, a group with the limits of its process. */
static int make(const struct ration_host *host, const char *address, struct ration_vm *vm, const char *total,
		struct ration_group **ret_group)
{
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_STRICT,
		.purpose = RATION_PURPOSE_GROUP };
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	int r = ration_limits_new(&limits);

	if (r >= 0)
		r = vm ? ration_vm_limits(vm, limits, NULL, &error)
		       : ration_limits_parse(limits, RATION_LIMIT_MEMORY, total, &error);
	if (r >= 0)
		r = ration_plan_new(host, limits, &how, &plan, &error);
	if (r >= 0)
		r = ration_group_create(host, address, plan, NULL, ret_group, &error);
	ration_plan_free(plan);
	ration_limits_free(limits);
	return r;
}

static int watch(int loop, int fd, size_t i, enum what what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)(i * 3 + what) };

	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static int start(const struct ration_host *host, int loop, size_t i, const char *image)
{
	const char *argv[] = { "qemu-system-x86_64", "-accel", "tcg,tb-size=16", "-nodefaults", "-no-user-config",
		"-display", "none", "-serial", "stdio", "-no-reboot", "-m", vms[i].memory, "-kernel", image,
		"-append", vms[i].append, NULL };
	struct ration_vm vm = { .size = sizeof(vm), .accel = RATION_ACCEL_TCG, .guest_bytes = 16 * MIB,
		.overhead_bytes = 96 * MIB, .tb_bytes = 16 * MIB };
	struct ration_spawn_options how = { .size = sizeof(how), .argv = (char *const *)argv };
	int console[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[3] = { null, -1, 2 };
	int r = make(host, vms[i].address, &vm, NULL, &vms[i].group);

	if (r >= 0)
		r = ration_events_open(vms[i].group, NULL, &vms[i].events, &error);
	if (r < 0 || pipe2(console, O_CLOEXEC) < 0)
		return r < 0 ? r : -1;
	fds[1] = console[1];
	how.fds = fds;
	r = ration_group_spawn(vms[i].group, &how, &vms[i].pid, &vms[i].pid_fd, &error);
	close(null);
	close(console[1]);
	vms[i].console_fd = console[0];
	if (r < 0)
		return r;
	if (watch(loop, ration_events_fd(vms[i].events), i, EVENTS) < 0 || watch(loop, console[0], i, CONSOLE) < 0 ||
			watch(loop, vms[i].pid_fd, i, END) < 0)
		return -1;
	return 0;
}

static void print_stats(const struct ration_host *host)
{
	struct ration_list *list = NULL;

	if (ration_list_new(host, NULL, &list, &error) < 0)
		return;
	for (size_t i = 0; i < ration_list_count(list); i++) {
		const struct ration_list_item *item = ration_list_item(list, i);

		uint64_t bytes, usec;

		ration_stats_metric(item->stats, RATION_METRIC_MEMORY_CURRENT_BYTES, &bytes);
		ration_stats_metric(item->stats, RATION_METRIC_CPU_USEC, &usec);
		printf("%-10s %4llu MiB, CPU %6llu ms\n", item->address, (unsigned long long)(bytes / MIB),
				(unsigned long long)(usec / 1000));
	}
	ration_list_free(list);
}

/* Something has happened to a machine. */
static void handle(struct vm *vm, enum what what, int loop)
{
	struct ration_event event = { .size = sizeof(event) };
	ssize_t n;

	switch (what) {
	case EVENTS:
		while (ration_events_next(vm->events, &event, &error) > 0)
			printf("%s: %s %llu\n", vm->address, ration_event_name(event.kind),
					(unsigned long long)event.count);
		break;
	case CONSOLE:
		n = read(vm->console_fd, vm->said + vm->n_said, sizeof(vm->said) - 1 - vm->n_said);
		vm->n_said += n > 0 ? (size_t)n : 0;
		vm->up = strstr(vm->said, "staying") != NULL;
		if (n <= 0)
			epoll_ctl(loop, EPOLL_CTL_DEL, vm->console_fd, NULL);
		break;
	case END:
		vm->dead = waitpid(vm->pid, NULL, 0) == vm->pid;
		epoll_ctl(loop, EPOLL_CTL_DEL, vm->pid_fd, NULL);
		printf("%s: ended\n", vm->address);
		break;
	}
}

/* Until the one that is too large has ended. */
static int host_them(const struct ration_host *host, int loop, const char *image)
{
	struct epoll_event event;
	bool greedy = false;

	for (size_t i = 0; i < HONEST; i++) {
		int r = start(host, loop, i, image);

		if (r < 0)
			return r;
	}
	while (!vms[HONEST].dead && epoll_wait(loop, &event, 1, -1) == 1) {
		size_t up = 0, dead = 0;

		handle(&vms[event.data.u32 / 3], (enum what)(event.data.u32 % 3), loop);
		for (size_t i = 0; i < HONEST; i++) {
			up += vms[i].up;
			dead += vms[i].dead;
		}
		if (dead > 0)
			return -1;
		if (greedy || up < HONEST)
			continue;
		greedy = true;
		print_stats(host);
		if (start(host, loop, HONEST, image) < 0)
			return -1;
	}
	print_stats(host);
	printf("%s has ended, the others are up\n", vms[HONEST].address);
	return 0;
}

static int take_down(const struct ration_host *host, struct ration_group *const tenants[2])
{
	struct ration_list *list = NULL;
	int left = -1;

	for (size_t i = 0; i < N_VMS; i++) {
		if (vms[i].group && ration_group_remove(vms[i].group, RATION_REMOVE_KILL, NULL, &error) < 0)
			fprintf(stderr, "vms: %s\n", error.message);
		if (vms[i].pid > 0 && !vms[i].dead)
			waitpid(vms[i].pid, NULL, 0);
		ration_events_free(vms[i].events);
		ration_group_free(vms[i].group);
	}
	for (int i = 0; i < 2; i++) {
		if (tenants[i] && ration_group_remove(tenants[i], RATION_REMOVE_EMPTY, NULL, &error) < 0)
			fprintf(stderr, "vms: %s\n", error.message);
		ration_group_free(tenants[i]);
	}
	if (ration_list_new(host, NULL, &list, &error) >= 0)
		left = (int)ration_list_count(list);
	ration_list_free(list);
	printf("%d groups left\n", left);
	return left;
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = "vms" };
	struct ration_group *tenants[2] = { NULL, NULL };
	struct ration_host *host = NULL;
	int loop = epoll_create1(EPOLL_CLOEXEC), r, left;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2) {
		fprintf(stderr, "usage: vms GUEST-IMAGE\n");
		return 2;
	}
	r = ration_host_open(&where, &host, &error);
	if (r < 0) {
		fprintf(stderr, "vms: %s\n", error.message);
		return 1;
	}
	r = make(host, "red", NULL, "400M", &tenants[0]);
	if (r >= 0)
		r = make(host, "blue", NULL, "200M", &tenants[1]);
	if (r >= 0)
		r = host_them(host, loop, argv[1]);
	if (r < 0)
		fprintf(stderr, "vms: %s\n", error.message);
	left = take_down(host, tenants);
	ration_host_free(host);
	return r < 0 || left != 0;
}
