/* SPDX-License-Identifier: MIT */
/*
 * tree.c - the processes below a process: find them, signal them, end them
 *
 * A look goes breadth first: the children of the root, then theirs, each process
 * read before its own children. /proc/PID/task/TID/children (3.5, and
 * CONFIG_PROC_CHILDREN, which all of Debian's kernels have) makes the cost that
 * of the members; without it each look reads the stat of every process of the
 * machine once, to learn who is whose child.
 *
 * No such look is exact while processes come and go. What the kernel does
 * guarantee, and what the ending rests on:
 *
 * - fork(2) ends in a check for pending signals under the lock that kill(2)
 *   takes. So once SIGSTOP or SIGKILL has been sent, the receiver has no further
 *   child, and all that it has can be read.
 * - Whoever loses its parent goes to the end of the subreaper's list of children
 *   in the same step in which the parent becomes a zombie.
 * - While nobody waits for them, nobody leaves that list, and reading it misses
 *   no one.
 *
 * So if all that a look finds were dead already in looks before, nobody is left:
 * a living descendant would have had to hang below one of the dead.
 */
#include "sys/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"

/* PID_MAX_LIMIT of a 64-bit kernel. More entries than that are a tree that bites its tail. */
#define PIDS_MAX 4194304u

static inline void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* -------------------------------------------------------------------- list */

void proc_list_free(struct proc_list *list)
{
	free(list->items);
	*list = (struct proc_list){0};
}

int proc_list_push(struct proc_list *list, const struct proc_stat *stat)
{
	if (list->n >= PIDS_MAX)
		return -E2BIG;
	if (list->n == list->allocated) {
		size_t allocated = list->allocated ? 2 * list->allocated : 64;
		struct proc_stat *items = reallocarray(list->items, allocated, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->allocated = allocated;
	}
	list->items[list->n++] = *stat;
	return 0;
}

static int compare_pid(const void *a, const void *b)
{
	const struct proc_stat *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

void proc_list_sort(struct proc_list *list)
{
	size_t n = 0;

	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), compare_pid);
	for (size_t i = 0; i < list->n; i++)
		if (n == 0 || list->items[i].pid != list->items[n - 1].pid)
			list->items[n++] = list->items[i];
	list->n = n;
}

const struct proc_stat *proc_list_find(const struct proc_list *list, pid_t pid)
{
	struct proc_stat key = {.pid = pid};

	if (list->n == 0)
		return NULL;
	return bsearch(&key, list->items, list->n, sizeof(*list->items), compare_pid);
}

/* A dead child of our own says so, even where /proc hides it. */
static bool is_own_zombie(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* As proc_stat_read(), but one that is merely hidden is found, as such. */
static int read_member(int proc_fd, pid_t pid, pid_t parent, struct proc_stat *ret_stat)
{
	int r = proc_stat_read(proc_fd, pid, ret_stat);

	if (r != -ESRCH && r != -EACCES && r != -EPERM)
		return r;
	if (pid <= 1 || (kill(pid, 0) < 0 && errno == ESRCH))
		return -ESRCH;
	*ret_stat = (struct proc_stat){
		.pid = pid,
		.ppid = parent,
		.state = is_own_zombie(pid) ? 'Z' : PROC_HIDDEN,
		.threads = 1,
	};
	return 0;
}

/* Sorts, and leaves out those that had gone: pid 0, and so the first. */
static void finish_list(struct proc_list *list)
{
	proc_list_sort(list);
	if (list->n > 0 && list->items[0].pid == 0)
		memmove(list->items, list->items + 1, --list->n * sizeof(*list->items));
}

int proc_list_read(int proc_fd, struct proc_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct proc_stat *item = &list->items[i];
		int r = read_member(proc_fd, item->pid, item->ppid, item);

		if (r == -ESRCH)
			item->pid = 0;
		else if (r < 0)
			return r;
	}
	finish_list(list);
	return 0;
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

/* -------------------------------------------------------------------- look */

/* Who is whose child, of all processes of the machine. */
struct family {
	pid_t parent, child;
};

struct look {
	int proc_fd;
	pid_t root;
	int sig;                 /* to be sent to each; 0: none */
	struct proc_list *list;  /* found so far; those behind `read` have pid and ppid only */
	struct family *families; /* by parent, then child; NULL: /proc has children files */
	size_t n_families, allocated_families;
	uint64_t signalled, denied;
};

static void look_free(struct look *look)
{
	free(look->families);
}

static int family_push(struct look *look, struct family family)
{
	if (look->n_families == look->allocated_families) {
		size_t allocated = look->allocated_families ? 2 * look->allocated_families : 256;
		struct family *families = reallocarray(look->families, allocated, sizeof(*families));

		if (!families)
			return -ENOMEM;
		look->families = families;
		look->allocated_families = allocated;
	}
	look->families[look->n_families++] = family;
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
static int scan_machine(struct look *look)
{
	int r, fd = openat(look->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct proc_stat stat;

	if (!dir) {
		r = -errno;
		close_fd(fd);
		return r;
	}
	/* Never NULL from here on, even if nobody is visible. */
	r = family_push(look, (struct family){0});
	if (r < 0)
		return r;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
				proc_stat_read(look->proc_fd, (pid_t)atoi(entry->d_name), &stat) < 0)
			continue;
		r = family_push(look, (struct family){.parent = stat.ppid, .child = stat.pid});
		if (r < 0)
			return r;
	}
	qsort(look->families, look->n_families, sizeof(*look->families), compare_family);
	return 0;
}

static size_t first_of(const struct look *look, pid_t parent)
{
	size_t low = 0, high = look->n_families;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (look->families[middle].parent < parent)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct brood {
	struct look *look;
	pid_t parent;
};

static int add_child(void *userdata, pid_t child)
{
	struct brood *brood = userdata;

	if (child == brood->look->root)
		return 0;
	return proc_list_push(brood->look->list, &(struct proc_stat){.pid = child, .ppid = brood->parent});
}

static int add_children(struct look *look, const struct proc_stat *parent)
{
	struct brood brood = {.look = look, .parent = parent->pid};

	if (!look->families)
		return proc_children(look->proc_fd, parent, add_child, &brood);
	for (size_t i = first_of(look, parent->pid);
			i < look->n_families && look->families[i].parent == parent->pid; i++) {
		int r = add_child(&brood, look->families[i].child);

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
static bool is_member(const struct look *look, const struct proc_stat *stat, pid_t parent)
{
	if (stat->ppid == parent || stat->ppid == look->root)
		return true;
	for (size_t i = 0; i < look->list->n; i++)
		if (look->list->items[i].pid == stat->ppid)
			return true;
	return false;
}

static void send_signal(struct look *look, pid_t pid, int pid_fd)
{
	int r = -ENOSYS;

	if (pid <= 1 || pid == look->root || pid == getpid())
		return;
	if (pid_fd >= 0)
		r = sys_pidfd_signal(pid_fd, look->sig);
	/* EPERM: may be a filter's. kill(2) says it again if it is the kernel's. */
	if (sys_refused(r))
		r = kill(pid, look->sig) < 0 ? -errno : 0;
	if (r == 0)
		look->signalled++;
	else if (r == -EPERM)
		look->denied++;
}

/*
 * Reads member `i`, signals it, and adds its children, in this order. The pidfd
 * is opened before the parent is checked, so that the signal goes to the process
 * that was checked or to nobody. Where no pidfd is to be had (before 5.3, or at
 * the limit of open files) two system calls lie between.
 */
static int visit(struct look *look, size_t i)
{
	pid_t pid = look->list->items[i].pid, parent = look->list->items[i].ppid;
	CLEANUP(closep) int pid_fd = look->sig ? sys_pidfd_open(pid) : -EBADF;
	struct proc_stat stat;
	int r;

	r = read_member(look->proc_fd, pid, parent, &stat);
	if (r == -ESRCH) {
		look->list->items[i].pid = 0;
		return 0;
	}
	if (r < 0)
		return r;
	look->list->items[i] = stat;
	if (proc_is_dead(&stat))
		return 0;
	if (look->sig && is_member(look, &stat, parent))
		send_signal(look, pid, pid_fd);
	r = add_children(look, &stat);
	return r == -ESRCH || r == -EACCES || r == -EPERM || r == -ENOENT ? 0 : r;
}

static int look_run(struct look *look)
{
	struct proc_stat root;
	int r;

	look->list->n = 0;
	r = proc_stat_read(look->proc_fd, look->root, &root);
	if (r < 0)
		return r;
	r = add_children(look, &root);
	if (r == -ENOENT) {
		look->list->n = 0;
		r = scan_machine(look);
		if (r >= 0)
			r = add_children(look, &root);
	}
	for (size_t i = 0; r >= 0 && i < look->list->n; i++)
		r = visit(look, i);
	finish_list(look->list);
	return r;
}

int proc_descendants(int proc_fd, pid_t root, struct proc_list *list)
{
	CLEANUP(look_free) struct look look = {.proc_fd = proc_fd, .root = root, .list = list};

	return look_run(&look);
}

int proc_tree_signal(int proc_fd, pid_t root, int sig, uint64_t *ret_signalled)
{
	CLEANUP(proc_list_free) struct proc_list list = {0};
	CLEANUP(look_free) struct look look = {.proc_fd = proc_fd, .root = root, .sig = sig, .list = &list};
	int r;

	if (sig <= 0)
		return -EINVAL;
	r = look_run(&look);
	if (r < 0)
		return r;
	*ret_signalled = look.signalled;
	return 0;
}

/* ------------------------------------------------------------------ ending */

/* Looks for stopping, at most; a bomb of 2000 needs two or three. */
#define STOP_ROUNDS 16

#define PAUSE_MIN_USEC 200u
#define PAUSE_MAX_USEC 10000u

struct ending {
	int proc_fd;
	pid_t root;
	struct proc_list now;
	struct proc_list seen; /* in any look, as it was last */
	uint64_t fresh_alive;  /* in the last look for the first time */
	uint64_t running;      /* in the last look, and not stopped */
	uint64_t unsettled;    /* in the last look, and not known to be dead from one before */
	uint64_t denied;       /* alive, and not ours to signal */
	uint64_t found;        /* alive when first seen */
};

static void ending_free(struct ending *ending)
{
	proc_list_free(&ending->now);
	proc_list_free(&ending->seen);
}

/* Remembers one, among the first `n_known` of those seen or at the end. */
static int remember(struct ending *ending, const struct proc_stat *stat, size_t n_known)
{
	const struct proc_list known = {.items = ending->seen.items, .n = n_known};
	const struct proc_stat *before = proc_list_find(&known, stat->pid);
	bool same = before && before->start_ticks == stat->start_ticks;

	ending->fresh_alive += !same && !proc_is_dead(stat);
	ending->running += stat->state == 'R' || stat->state == 'S' || stat->state == 'D';
	ending->unsettled += !same || !proc_is_dead(before);
	if (!before)
		return proc_list_push(&ending->seen, stat);
	ending->seen.items[before - ending->seen.items] = *stat;
	return 0;
}

static int signal_all(struct ending *ending, int sig)
{
	CLEANUP(look_free) struct look look = {
		.proc_fd = ending->proc_fd,
		.root = ending->root,
		.sig = sig,
		.list = &ending->now,
	};
	size_t n_known = ending->seen.n;
	int r = look_run(&look);

	ending->fresh_alive = ending->running = ending->unsettled = 0;
	ending->denied = look.denied;
	for (size_t i = 0; r >= 0 && i < ending->now.n; i++)
		r = remember(ending, &ending->now.items[i], n_known);
	proc_list_sort(&ending->seen);
	ending->found += ending->fresh_alive;
	return r;
}

static void pause_usec(uint64_t usec)
{
	struct timespec time = {.tv_sec = (time_t)(usec / 1000000), .tv_nsec = (long)(usec % 1000000) * 1000};

	(void)nanosleep(&time, NULL);
}

static uint64_t pause_longer(uint64_t usec)
{
	pause_usec(usec);
	return usec * 2 < PAUSE_MAX_USEC ? usec * 2 : PAUSE_MAX_USEC;
}

/*
 * Stopping first costs a look and wins the race: a stopped bomb leaves the CPUs
 * to us, and no member sees another die and starts it anew. SIGSTOP comes to one that
 * is just in fork(2) when that is done: its child is found in a later look, as long
 * as it has its parent. Children of the dead come to `root` if that is ourselves;
 * else nobody may be killed before all stand.
 */
static int stop_all(struct ending *ending)
{
	bool all = ending->root != getpid();
	uint64_t pause = PAUSE_MIN_USEC;
	int r = 0;

	for (int round = 0; r >= 0 && round < STOP_ROUNDS; round++) {
		r = signal_all(ending, SIGSTOP);
		if (ending->fresh_alive > 0)
			continue;
		if (!all || ending->running == 0)
			break;
		pause = pause_longer(pause);
	}
	return r;
}

/*
 * How this thread is scheduled. Against a bomb of 2000 that keep all CPUs busy, a
 * fair share is a thousandth of one: a look that takes 30 ms alone was seen to
 * take 30 s. A realtime priority or, without the right to it (or in a cgroup
 * without a realtime budget), the best nice value ends that race.
 */
struct schedule {
	bool realtime, nice;
	int policy, old_nice;
};

static void schedule_raise(struct schedule *schedule)
{
	struct sched_param first = {.sched_priority = 1};

	schedule->policy = sched_getscheduler(0);
	if (schedule->policy < 0 || schedule->policy == SCHED_FIFO || schedule->policy == SCHED_RR ||
			schedule->policy == SCHED_DEADLINE)
		return;
	schedule->realtime = sched_setscheduler(0, SCHED_FIFO, &first) == 0;
	if (schedule->realtime)
		return;
	errno = 0;
	schedule->old_nice = getpriority(PRIO_PROCESS, 0);
	schedule->nice = errno == 0 && setpriority(PRIO_PROCESS, 0, -20) == 0;
}

static void schedule_restore(struct schedule *schedule)
{
	if (schedule->realtime)
		(void)sched_setscheduler(0, schedule->policy, &(struct sched_param){0});
	if (schedule->nice)
		(void)setpriority(PRIO_PROCESS, 0, schedule->old_nice);
}

int proc_tree_stop_kill(int proc_fd, pid_t root, uint64_t timeout_usec, uint64_t *ret_killed)
{
	CLEANUP(ending_free) struct ending ending = {.proc_fd = proc_fd, .root = root, .fresh_alive = 1};
	CLEANUP(schedule_restore) struct schedule schedule = {0};
	uint64_t start = sys_now_usec(), pause = PAUSE_MIN_USEC;

	schedule_raise(&schedule);
	for (;;) {
		int r = ending.fresh_alive > 0 ? stop_all(&ending) : 0;

		if (r >= 0)
			r = signal_all(&ending, SIGKILL);
		if (r < 0)
			return r;
		if (ending.unsettled == 0)
			break;
		if (ending.unsettled == ending.denied)
			return -EPERM;
		if (sys_now_usec() - start >= timeout_usec)
			return -ETIMEDOUT;
		pause = pause_longer(pause);
	}
	if (ret_killed)
		*ret_killed = ending.found;
	return 0;
}
