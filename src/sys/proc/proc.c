/* SPDX-License-Identifier: MIT */
/*
 * proc.c - what /proc tells about one process
 */
#include "sys/proc/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

bool proc_is_dead(const struct proc_stat *stat)
{
	/* num_threads goes down to 1 with the last thread but the leader, to 0 on release. */
	return (stat->state == 'Z' || stat->state == 'X' || stat->state == 'x') && stat->threads <= 1;
}

/* Pids of another namespace's /proc mean other processes here. */
static int check_namespace(int proc_fd)
{
	char own[16], shown[16];
	ssize_t n = readlinkat(proc_fd, "self", shown, sizeof(shown) - 1);

	if (n < 0)
		return errno == ENOENT ? -ENOENT : -errno;
	shown[n] = '\0';
	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	return strcmp(own, shown) == 0 ? 0 : -EXDEV;
}

int proc_open(const char *root, int *ret_fd, bool *ret_foreign)
{
	char path[4096];
	CLEANUP(closep) int fd = -EBADF;
	bool real = !root || !*root;
	int r;

	r = snprintf(path, sizeof(path), "%s/proc", real ? "" : root);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	fd = lift_fd(open_readable(path, O_DIRECTORY));
	if (fd < 0)
		return -errno;
	if (real) {
		r = check_namespace(fd);
		if (r < 0 && r != -EXDEV)
			return r;
		if (ret_foreign)
			*ret_foreign = r == -EXDEV;
		else if (r < 0)
			return r;
	} else if (ret_foreign) {
		*ret_foreign = false;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

ssize_t proc_read_fd(int fd, char *buf, size_t size)
{
	size_t n = 0;

	while (n + 1 < size) {
		ssize_t r = read(fd, buf + n, size - 1 - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	buf[n] = '\0';
	return (ssize_t)n;
}

ssize_t proc_read(int dir_fd, const char *path, char *buf, size_t size)
{
	CLEANUP(closep) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	return proc_read_fd(fd, buf, size);
}

static uint64_t saturating_mul(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

int proc_meminfo(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);
	uint64_t kib;

	for (const char *at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (strncmp(at, key, length) == 0 && sscanf(at + length, ": %" SCNu64 " kB", &kib) == 1) {
			*ret = saturating_mul(kib, 1024);
			return 0;
		}
	}
	return -ENODATA;
}

static uint64_t ticks_to_usec(uint64_t ticks)
{
	return saturating_mul(ticks, 1000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

int proc_take_number(const char **text, uint64_t *ret)
{
	const char *p = *text;
	uint64_t value = 0;

	/* strtoull() would take "-1", and wrap it. */
	if (!isdigit((unsigned char)*p))
		return -EBADMSG;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
				__builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -EBADMSG;
	*text = p;
	*ret = value;
	return 0;
}

static int take_pid(const char **text, pid_t *ret)
{
	uint64_t value;
	int r = proc_take_number(text, &value);

	if (r < 0)
		return r;
	if (value > INT32_MAX)
		return -EBADMSG;
	*ret = (pid_t)value;
	return 0;
}

/* The numbers that we want, by their place in proc_pid_stat(5). */
enum {
	FIELD_STATE = 3,
	FIELD_PPID = 4,
	FIELD_FLAGS = 9,
	FIELD_UTIME = 14,
	FIELD_STIME = 15,
	FIELD_CUTIME = 16,
	FIELD_CSTIME = 17,
	FIELD_THREADS = 20,
	FIELD_START = 22,
	FIELD_RSS = 24,
	FIELD_COUNT = 25,
};

/* PF_EXITING of the kernel. */
#define FLAG_EXITING 0x4

static bool field_is_wanted(int field)
{
	return field == FIELD_PPID || field == FIELD_FLAGS || (field >= FIELD_UTIME && field <= FIELD_CSTIME) ||
			field == FIELD_THREADS || field == FIELD_START || field == FIELD_RSS;
}

/* `text` begins behind the name. Others than the wanted ones may be negative: skipped, unread. */
static int take_fields(const char *text, char *ret_state, uint64_t values[static FIELD_COUNT])
{
	int r;

	if (text[0] != ' ' || !isalpha((unsigned char)text[1]) || text[2] != ' ')
		return -EBADMSG;
	*ret_state = text[1];
	text += 2;
	for (int field = FIELD_PPID; field < FIELD_COUNT; field++) {
		if (*text++ != ' ')
			return -EBADMSG;
		if (field_is_wanted(field)) {
			r = proc_take_number(&text, &values[field]);
			if (r < 0)
				return r;
		} else {
			text += strcspn(text, " \n");
		}
	}
	return 0;
}

int proc_stat_parse(const char *line, struct proc_stat *ret_stat)
{
	uint64_t values[FIELD_COUNT] = {0};
	struct proc_stat stat = {0};
	const char *behind;
	int r;

	r = take_pid(&line, &stat.pid);
	if (r < 0 || line[0] != ' ' || line[1] != '(')
		return -EBADMSG;
	/* The name is the process's own choice: ") R 1 (" is one. Nothing behind it has a ')'. */
	behind = strrchr(line, ')');
	if (!behind)
		return -EBADMSG;
	r = take_fields(behind + 1, &stat.state, values);
	if (r < 0)
		return r;
	if (values[FIELD_PPID] > INT32_MAX)
		return -EBADMSG;
	stat.ppid = (pid_t)values[FIELD_PPID];
	stat.memory_pid = stat.pid;
	stat.exiting = values[FIELD_FLAGS] & FLAG_EXITING;
	stat.utime_usec = ticks_to_usec(values[FIELD_UTIME]);
	stat.stime_usec = ticks_to_usec(values[FIELD_STIME]);
	stat.cutime_usec = ticks_to_usec(values[FIELD_CUTIME]);
	stat.cstime_usec = ticks_to_usec(values[FIELD_CSTIME]);
	stat.threads = values[FIELD_THREADS];
	stat.start_ticks = values[FIELD_START];
	stat.rss_bytes = saturating_mul(values[FIELD_RSS], (uint64_t)sysconf(_SC_PAGESIZE));
	*ret_stat = stat;
	return 0;
}

/* A process's directory vanishes with it: ENOENT on open, ESRCH on read. */
static int gone(ssize_t r)
{
	return r == -ENOENT ? -ESRCH : (int)r;
}

/*
 * Reads one thread's line. A thread that isn't a main thread has a directory in
 * /proc, too, which is found by name though no listing shows it.
 */
static int read_line(int proc_fd, pid_t tid, struct proc_stat *ret_stat)
{
	char path[32], line[1024];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%d/stat", (int)tid);
	n = proc_read(proc_fd, path, line, sizeof(line));
	if (n < 0)
		return gone(n);
	return n == 0 ? -ESRCH : proc_stat_parse(line, ret_stat);
}

/* The main thread has exited and shows no memory; a thread that runs on has all of it. */
static void find_memory(int proc_fd, struct proc_stat *stat)
{
	char path[32];
	struct dirent *entry;
	DIR *dir;
	int fd;

	(void)snprintf(path, sizeof(path), "%d/task", (int)stat->pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close_fd(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		struct proc_stat thread;

		if (tid <= 0 || tid == stat->pid || read_line(proc_fd, tid, &thread) < 0 || thread.state == 'Z')
			continue;
		stat->memory_pid = tid;
		stat->rss_bytes = thread.rss_bytes;
		break;
	}
	(void)closedir(dir);
}

/* True: no thread runs on. */
static bool all_exit(int proc_fd, pid_t pid)
{
	char path[32];
	struct dirent *entry;
	bool all = true;
	DIR *dir;
	int fd;

	(void)snprintf(path, sizeof(path), "%d/task", (int)pid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	dir = fdopendir(fd);
	if (!dir) {
		(void)close_fd(fd);
		return false;
	}
	while (all && (entry = readdir(dir))) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		struct proc_stat thread;

		all = tid <= 0 || read_line(proc_fd, tid, &thread) < 0 || thread.exiting;
	}
	(void)closedir(dir);
	return all;
}

bool proc_is_leaving(int proc_fd, const struct proc_stat *stat)
{
	return stat->exiting && (stat->threads <= 1 || all_exit(proc_fd, stat->pid));
}

int proc_stat_read(int proc_fd, pid_t pid, struct proc_stat *ret_stat)
{
	struct proc_stat stat;
	int r = read_line(proc_fd, pid, &stat);

	if (r < 0)
		return r;
	if (stat.pid != pid)
		return -EBADMSG;
	if (stat.state == 'Z' && stat.threads > 1)
		find_memory(proc_fd, &stat);
	*ret_stat = stat;
	return 0;
}

#define FIELD_POLICY 41
/* Since 3.5; kept from others since 4.11. */
#define FIELD_EXIT_CODE 52

/* Reads one of the numbers behind the name, which may have anything in it. */
static int take_field(const char *line, int wanted, int *ret)
{
	const char *at = strrchr(line, ')');

	if (at)
		at++;
	for (int field = FIELD_STATE; at && field <= wanted; field++)
		at = strchr(field == FIELD_STATE ? at : at + 1, ' ');
	return at && sscanf(at, " %d", ret) == 1 ? 0 : -EBADMSG;
}

int proc_exit_status(int proc_fd, pid_t pid, int *ret_status)
{
	char path[32], line[1024], exe[1];
	struct proc_stat stat;
	ssize_t n;
	int r;

	(void)snprintf(path, sizeof(path), "%d/stat", (int)pid);
	n = proc_read(proc_fd, path, line, sizeof(line));
	if (n <= 0)
		return n == 0 ? -ESRCH : gone(n);
	r = proc_stat_parse(line, &stat);
	if (r < 0)
		return r;
	if (!proc_is_dead(&stat))
		return -EBUSY;
	/* The same right as for the status: to whoever has it, a zombie has no program any more. */
	(void)snprintf(path, sizeof(path), "%d/exe", (int)pid);
	if (readlinkat(proc_fd, path, exe, sizeof(exe)) < 0 && errno != ENOENT)
		return -errno;
	return take_field(line, FIELD_EXIT_CODE, ret_status);
}

int proc_policy(int proc_fd, pid_t pid, pid_t tid, int *ret_policy)
{
	char path[64], line[1024];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%d/task/%d/stat", (int)pid, (int)tid);
	n = proc_read(proc_fd, path, line, sizeof(line));
	if (n <= 0)
		return n == 0 ? -ESRCH : gone(n);
	return take_field(line, FIELD_POLICY, ret_policy);
}

int proc_self_start_ticks(int proc_fd, uint64_t *ret_ticks)
{
	char line[1024];
	struct proc_stat stat;
	ssize_t n = proc_read(proc_fd, "self/stat", line, sizeof(line));
	int r = n < 0 ? (int)n : proc_stat_parse(line, &stat);

	if (r < 0)
		return r;
	*ret_ticks = stat.start_ticks;
	return 0;
}

int proc_start_ticks(int proc_fd, pid_t pid, uint64_t *ret_ticks)
{
	struct proc_stat stat;
	int r = proc_stat_read(proc_fd, pid, &stat);

	if (r < 0)
		return r;
	*ret_ticks = stat.start_ticks;
	return 0;
}

int proc_boot_id(int proc_fd, char ret_id[PROC_BOOT_ID_SIZE])
{
	char text[64];
	ssize_t n = proc_read(proc_fd, "sys/kernel/random/boot_id", text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (strspn(text, "0123456789abcdef-") != PROC_BOOT_ID_SIZE - 1)
		return -EBADMSG;
	memcpy(ret_id, text, PROC_BOOT_ID_SIZE - 1);
	ret_id[PROC_BOOT_ID_SIZE - 1] = '\0';
	return 0;
}

int proc_is_kernel(int proc_fd, pid_t pid)
{
	const unsigned kernel_thread = 0x00200000; /* PF_KTHREAD, since 2.6.28 */
	char name[32], text[1024];
	const char *at;
	unsigned flags;
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%d/stat", (int)pid);
	n = proc_read(proc_fd, name, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	/* The name may have anything in it, blanks and brackets too. */
	at = strrchr(text, ')');
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return -EBADMSG;
	return (flags & kernel_thread) != 0;
}

bool proc_is_init(int proc_fd, pid_t pid)
{
	const ino_t first = 0xeffffffc; /* PROC_PID_INIT_INO: of the pid namespace that the kernel begins with, since 3.8 */
	struct stat st;

	return pid == 1 && (fstatat(proc_fd, "self/ns/pid", &st, 0) < 0 || st.st_ino == first);
}

int proc_is_thread(int proc_fd, pid_t pid)
{
	char name[32], text[1024];
	const char *at;
	ssize_t n;
	int process;

	(void)snprintf(name, sizeof(name), "%d/status", (int)pid);
	n = proc_read(proc_fd, name, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	at = strstr(text, "\nTgid:");
	if (!at || sscanf(at, "\nTgid: %d", &process) != 1)
		return -EBADMSG;
	return process != (int)pid;
}

int proc_cgroup(int proc_fd, pid_t pid, char *ret_path, size_t size)
{
	char name[32], text[8192];
	const char *at;
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	n = proc_read(proc_fd, name, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	at = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!at)
		return -ENODATA;
	at = strstr(at, "0::") + 3;
	if (strcspn(at, "\n") >= size)
		return -ENAMETOOLONG;
	(void)snprintf(ret_path, size, "%.*s", (int)strcspn(at, "\n"), at);
	return 0;
}
