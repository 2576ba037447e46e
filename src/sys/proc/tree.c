/* SPDX-License-Identifier: MIT */
/*
 * tree.c - the processes below a process: find them, signal them
 *
 * A walk goes breadth first: the children of the root, then theirs, each process
 * read before its own children. /proc/PID/task/TID/children (3.5, and
 * CONFIG_PROC_CHILDREN, which all of Debian's kernels have) makes the cost that
 * of the members; without it each walk reads the stat of every process of the
 * machine once, to learn who is whose child.
 */
#include "sys/proc/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"

static inline void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* ---------------------------------------------------------------- children */

int proc_read_pids(int fd, int (*found)(void *userdata, pid_t pid), void *userdata)
{
	char buf[4096];
	uint64_t pid = 0;
	bool digits = false;

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (ssize_t i = 0; i < n; i++) {
			if (isdigit((unsigned char)buf[i])) {
				pid = pid * 10 + (uint64_t)(buf[i] - '0');
				digits = true;
				if (pid > INT32_MAX)
					return -EBADMSG;
				continue;
			}
			r = digits && pid > 0 ? found(userdata, (pid_t)pid) : 0;
			if (r != 0)
				return r;
			pid = 0;
			digits = false;
		}
		if (n == 0)
			return digits && pid > 0 ? found(userdata, (pid_t)pid) : 0;
	}
}

static int thread_children(int proc_fd, pid_t pid, pid_t tid, int (*found)(void *userdata, pid_t child),
		void *userdata)
{
	char path[64];
	CLEANUP(closep) int fd = -EBADF;

	(void)snprintf(path, sizeof(path), "%d/task/%d/children", (int)pid, (int)tid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return proc_read_pids(fd, found, userdata);
	if (errno != ENOENT)
		return -errno;
	/* No such thread, or no such file in this kernel? */
	(void)snprintf(path, sizeof(path), "%d/task/%d/stat", (int)pid, (int)tid);
	return sys_access(proc_fd, path, F_OK) == 0 ? -ENOENT : -ESRCH;
}

int proc_children(int proc_fd, const struct proc_stat *parent, int (*found)(void *userdata, pid_t child),
		void *userdata)
{
	char path[32];
	CLEANUP(closedirp) DIR *dir = NULL;
	const struct dirent *entry;
	int fd, r;

	if (parent->threads <= 1)
		return thread_children(proc_fd, parent->pid, parent->pid, found, userdata);
	(void)snprintf(path, sizeof(path), "%d/task", (int)parent->pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close_fd(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		r = thread_children(proc_fd, parent->pid, (pid_t)atoi(entry->d_name), found, userdata);
		/* A thread that ends hands its children to another. */
		if (r != 0 && r != -ESRCH)
			return r;
	}
	return 0;
}

/* -------------------------------------------------------------------- walk */

/* Who is whose child, of all processes of the machine. */
struct family {
	pid_t parent, child;
};

struct walk {
	int proc_fd;
	pid_t root;
	int sig;                 /* to be sent to each; 0: none */
	struct proc_list *list;  /* found so far; those behind `read` have pid and ppid only */
	struct family *families; /* by parent, then child; NULL: /proc has children files */
	size_t n_families, allocated_families;
	struct proc_tree_sent sent;
	uint64_t most, live;     /* more that live aren't looked for */
};

static void walk_free(struct walk *walk)
{
	free(walk->families);
}

static int family_push(struct walk *walk, struct family family)
{
	struct family *families = array_grow(walk->families, walk->n_families, &walk->allocated_families, sizeof(*families));

	if (!families)
		return -ENOMEM;
	walk->families = families;
	walk->families[walk->n_families++] = family;
	return 0;
}

static int compare_family(const void *a, const void *b)
{
	const struct family *left = a, *right = b;

	if (left->parent != right->parent)
		return left->parent > right->parent ? 1 : -1;
	return (left->child > right->child) - (left->child < right->child);
}

/* Remove when every kernel has CONFIG_PROC_CHILDREN. */
static int scan_machine(struct walk *walk)
{
	int r, fd = openat(walk->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct proc_stat stat;

	if (!dir) {
		r = -errno;
		close_fd(fd);
		return r;
	}
	/* Never NULL from here on, even if nobody is visible. */
	r = family_push(walk, (struct family){0});
	if (r < 0)
		return r;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
				proc_stat_read(walk->proc_fd, (pid_t)atoi(entry->d_name), &stat) < 0)
			continue;
		r = family_push(walk, (struct family){.parent = stat.ppid, .child = stat.pid});
		if (r < 0)
			return r;
	}
	qsort(walk->families, walk->n_families, sizeof(*walk->families), compare_family);
	return 0;
}

static size_t first_of(const struct walk *walk, pid_t parent)
{
	size_t low = 0, high = walk->n_families;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (walk->families[middle].parent < parent)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct brood {
	struct walk *walk;
	pid_t parent;
};

static int add_child(void *userdata, pid_t child)
{
	struct brood *brood = userdata;

	if (child == brood->walk->root)
		return 0;
	return proc_list_push(brood->walk->list, &(struct proc_stat){.pid = child, .ppid = brood->parent});
}

static int add_children(struct walk *walk, const struct proc_stat *parent)
{
	struct brood brood = {.walk = walk, .parent = parent->pid};

	if (!walk->families)
		return proc_children(walk->proc_fd, parent, add_child, &brood);
	for (size_t i = first_of(walk, parent->pid);
			i < walk->n_families && walk->families[i].parent == parent->pid; i++) {
		int r = add_child(&brood, walk->families[i].child);

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Is this process still who it was when its parent's children were read? It may
 * have gone meanwhile, and its pid to a stranger; or its parent, and it to the
 * root or to a subreaper among the members.
 */
static bool is_member(const struct walk *walk, const struct proc_stat *stat, pid_t parent)
{
	if (stat->ppid == parent || stat->ppid == walk->root)
		return true;
	/* 0: its parent isn't in our pid namespace. In the list, 0 marks who is gone. */
	if (stat->ppid <= 0)
		return false;
	for (size_t i = 0; i < walk->list->n; i++)
		if (walk->list->items[i].pid == stat->ppid)
			return true;
	return false;
}

static void send_signal(struct walk *walk, pid_t pid, int pid_fd)
{
	int r = -ENOSYS;

	if (pid <= 1 || pid == walk->root || pid == getpid())
		return;
	if (pid_fd >= 0)
		r = sys_pidfd_signal(pid_fd, walk->sig);
	/* EPERM: may be a filter's. kill(2) says it again if it is the kernel's. */
	if (sys_refused(r))
		r = kill(pid, walk->sig) < 0 ? -errno : 0;
	if (r == 0)
		walk->sent.signalled++;
	else if (r == -EPERM)
		walk->sent.denied++;
}

/*
 * Reads member `i`, signals it, and adds its children, in this order. The pidfd
 * is opened before the parent is checked, so that the signal goes to the process
 * that was checked or to nobody. Without a pidfd (before 5.3, or at the limit of
 * open files) two system calls lie between.
 */
static int visit(struct walk *walk, size_t i)
{
	pid_t pid = walk->list->items[i].pid, parent = walk->list->items[i].ppid;
	CLEANUP(closep) int pid_fd = walk->sig ? sys_pidfd_open(pid) : -EBADF;
	struct proc_stat stat;
	int r;

	r = proc_list_read_member(walk->proc_fd, pid, parent, &stat);
	if (r == -ESRCH) {
		walk->list->items[i].pid = 0;
		return 0;
	}
	if (r < 0)
		return r;
	/* The pid is a stranger's by now, and so are its children. */
	if (!is_member(walk, &stat, parent)) {
		walk->list->items[i].pid = 0;
		return 0;
	}
	walk->list->items[i] = stat;
	if (proc_is_dead(&stat))
		return 0;
	walk->live++;
	if (walk->sig)
		send_signal(walk, pid, pid_fd);
	r = add_children(walk, &stat);
	return r == -ESRCH || r == -EACCES || r == -EPERM || r == -ENOENT ? 0 : r;
}

static int walk_run(struct walk *walk)
{
	struct proc_stat root;
	int r;

	walk->list->n = 0;
	r = proc_stat_read(walk->proc_fd, walk->root, &root);
	if (r < 0)
		return r;
	r = add_children(walk, &root);
	if (r == -ENOENT) {
		walk->list->n = 0;
		r = scan_machine(walk);
		if (r >= 0)
			r = add_children(walk, &root);
	}
	for (size_t i = 0; r >= 0 && i < walk->list->n && walk->live <= walk->most; i++)
		r = visit(walk, i);
	proc_list_finish(walk->list);
	return r;
}

int proc_tree_walk(int proc_fd, pid_t root, int sig, struct proc_list *list, struct proc_tree_sent *ret_sent)
{
	CLEANUP(walk_free) struct walk walk = {.proc_fd = proc_fd, .root = root, .sig = sig, .list = list,
		.most = UINT64_MAX};
	int r = walk_run(&walk);

	*ret_sent = walk.sent;
	return r;
}

int proc_descendants(int proc_fd, pid_t root, struct proc_list *list)
{
	struct proc_tree_sent none;

	return proc_tree_walk(proc_fd, root, 0, list, &none);
}

int proc_descendants_few(int proc_fd, pid_t root, uint64_t most, struct proc_list *list)
{
	CLEANUP(walk_free) struct walk walk = {.proc_fd = proc_fd, .root = root, .list = list, .most = most};

	return walk_run(&walk);
}

int proc_tree_signal(int proc_fd, pid_t root, int sig, uint64_t *ret_signalled)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	struct proc_tree_sent sent;
	int r;

	if (sig <= 0)
		return -EINVAL;
	r = proc_tree_walk(proc_fd, root, sig, &list, &sent);
	if (r < 0)
		return r;
	*ret_signalled = sent.signalled;
	return 0;
}
