/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spank_ration.c - gives each task of a Slurm job a cgroup subtree of its own
 *
 * Slurm puts a task into job_J/step_S/user/task_N of cgroup v2, which root
 * owns, so that ration could make no groups there. This plugin makes
 * user/ration_M beside it, owned by the job's user, and sets RATION_BASE to it.
 * N is the task's number in the whole job, M that on this node: it is the one that
 * Slurm tells when a task ends.
 *
 *   - beside, not below: when a job is cancelled Slurm signals what is in task_N
 *     itself, and so whoever supervises has to stay there. What is in ration_M
 *     ends with the task, by this plugin;
 *   - what Slurm limits holds for both: its limits are those of step_S and job_J;
 *   - Slurm enables cpu, cpuset and memory only. The rest is enabled here, from
 *     Slurm's scope downwards, and never above it;
 *   - a process may move from task_N to ration_M if its user can write to
 *     cgroup.procs of their common ancestor, and so that file is the user's.
 *
 * The subtree is the user's, so its content is hostile: it is opened by fd and
 * never through a link; its size and depth are bounded by files that stay
 * root's; every wait ends. A failure is one message and never ends a job: the
 * hooks return an error then, which Slurm takes for one only where plugstack.conf
 * says `required` instead of `optional`.
 *
 * It includes Slurm's spank.h, which is under the GPL, and so it is under the
 * GPL, too, and shares no code with the rest of ration.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <slurm/spank.h>

SPANK_PLUGIN(ration, 1)

#define DEFAULT_MOUNT "/sys/fs/cgroup"
#define VARIABLE "RATION_BASE"
/* Namespace, tenant and group are three levels; a ration below ration needs three more. */
#define MAX_DEPTH 16
/* Groups, whoever makes them; the kernel counts. */
#define MAX_DESCENDANTS 4096
/* For what is to end in a task's subtree, which can take long only if the kernel can't kill a process. */
#define END_MSEC 10000
#define PATH_LEN 4096

/*
 * A step's daemon is a process of its own; these are its. The directory `user`, and how many tasks of this node there
 * are so far.
 */
static int user_fd = -1;
static int tasks;
static bool told;

/* One message a step: a thousand tasks fail for the same reason. */
static int fail(const char *what, const char *detail, int error)
{
	if (!told)
		slurm_error("ration: no cgroup subtree for this step's tasks: %s%s%s%s", what, detail, error ? ": " : "",
				error ? strerror(error) : "");
	told = true;
	return -1;
}

static int64_t now_msec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* 0 or an errno. */
static int write_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	error = write(fd, text, strlen(text)) < 0 ? errno : 0;
	(void)close(fd);
	return error;
}

/* What of the file fits, as a string; false: it can't be read. */
static bool read_file(int dir, const char *name, char *text, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	(void)close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length) {
		if ((at == text || at[-1] == ' ') && strchr(" \n", at[length]))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------ where the task is */

static const char *mount_point(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "mount=/", 7) == 0)
			return argv[i] + 6;
	}
	return DEFAULT_MOUNT;
}

/* The group of a process in cgroup v2, with the slash that it begins with. */
static bool group_of(const char *pid, char path[static PATH_LEN])
{
	char name[64], line[PATH_LEN];
	bool found = false;
	FILE *file;

	(void)snprintf(name, sizeof(name), "/proc/%s/cgroup", pid);
	file = fopen(name, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		found = strncmp(line, "0::/", 4) == 0 && strchr(line, '\n');
		line[strcspn(line, "\n")] = '\0';
	}
	if (file)
		(void)fclose(file);
	if (found)
		(void)strcpy(path, line + 3);
	return found;
}

/* The last part of a path, which it cuts off. */
static const char *cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return "";
	*slash = '\0';
	return slash + 1;
}

/*
 * Cuts SCOPE/job_J/step_S/user/task_N into the five. A group of other names isn't
 * one of Slurm's: without its plugin task/cgroup, for one, a task is elsewhere.
 */
struct place {
	char scope[PATH_LEN];
	const char *job, *step;
	int task;
};

static bool find_place(const char *pid, struct place *place)
{
	const char *name;
	char *end;

	if (!group_of(pid, place->scope))
		return false;
	name = cut_last(place->scope);
	if (strncmp(name, "task_", 5) != 0 || name[5] < '0' || name[5] > '9')
		return false;
	place->task = (int)strtol(name + 5, &end, 10);
	if (*end || place->task < 0 || strcmp(cut_last(place->scope), "user") != 0)
		return false;
	place->step = cut_last(place->scope);
	place->job = cut_last(place->scope);
	return strncmp(place->step, "step_", 5) == 0 && strncmp(place->job, "job_", 4) == 0 && place->scope[0];
}

/* ------------------------------------------------------------------ making it */

/* Each by itself: one that can't be enabled must not keep the others away. What can't be shows in the group. */
static void enable_all(int dir)
{
	char controllers[512], *rest, *name;

	if (!read_file(dir, "cgroup.controllers", controllers, sizeof(controllers)))
		return;
	for (name = strtok_r(controllers, " \n", &rest); name; name = strtok_r(NULL, " \n", &rest)) {
		char word[64];

		if ((size_t)snprintf(word, sizeof(word), "+%s", name) < sizeof(word))
			(void)write_file(dir, "cgroup.subtree_control", word);
	}
}

/* The directory `user` of the step, with all controllers enabled from Slurm's scope down to it. */
static int open_user(const char *mount, const struct place *place)
{
	const char *below[] = { place->job, place->step, "user" };
	char path[2 * PATH_LEN];
	struct statfs fs;
	int fd;

	(void)snprintf(path, sizeof(path), "%s%s", mount, place->scope);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("can't open ", path, errno);
	if (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC) {
		(void)close(fd);
		return fail(mount, " isn't cgroup v2: set mount=DIR in plugstack.conf", 0);
	}
	enable_all(fd);
	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		int next = open_dir(fd, below[i]), error = errno;

		(void)close(fd);
		if (next < 0)
			return fail("can't open the group ", below[i], error);
		fd = next;
		enable_all(fd);
	}
	return fd;
}

/* As cgroup-v2.rst has it: the directory, and what moves processes and enables controllers below. */
static int hand_over(int dir, uid_t uid, gid_t gid)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (fchownat(dir, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return errno;
	}
	return fchown(dir, uid, gid) < 0 ? errno : 0;
}

static int bound(int dir)
{
	char depth[16], descendants[16];
	int error;

	(void)snprintf(depth, sizeof(depth), "%d", MAX_DEPTH);
	(void)snprintf(descendants, sizeof(descendants), "%d", MAX_DESCENDANTS);
	error = write_file(dir, "cgroup.max.depth", depth);
	return error ? error : write_file(dir, "cgroup.max.descendants", descendants);
}

/* Says once what ration won't be able to limit. */
static void note_missing(int dir)
{
	static const char *const wanted[] = { "cpu", "memory", "pids" };
	char controllers[512];

	if (!read_file(dir, "cgroup.controllers", controllers, sizeof(controllers)))
		controllers[0] = '\0';
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted) && !told; i++) {
		if (has_word(controllers, wanted[i]))
			continue;
		slurm_error("ration: the tasks' cgroup subtrees lack the controller %s: Slurm's own group has to have it", wanted[i]);
		told = true;
	}
}

static int make_subtree(const char *name, uid_t uid, gid_t gid)
{
	int dir, error;

	if (mkdirat(user_fd, name, 0755) < 0)
		return fail("can't make the group ", name, errno);
	dir = open_dir(user_fd, name);
	error = dir < 0 ? errno : 0;
	if (!error && faccessat(dir, "cgroup.kill", F_OK, 0) < 0) {
		(void)close(dir);
		(void)unlinkat(user_fd, name, AT_REMOVEDIR);
		return fail("the kernel has no cgroup.kill: Linux 5.14 or later is needed", "", 0);
	}
	if (!error)
		error = bound(dir);
	if (!error && fchownat(user_fd, "cgroup.procs", uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0)
		error = errno;
	if (!error)
		error = hand_over(dir, uid, gid);
	if (!error)
		note_missing(dir);
	if (dir >= 0)
		(void)close(dir);
	if (error)
		(void)unlinkat(user_fd, name, AT_REMOVEDIR);
	return error ? fail("can't hand over the group ", name, error) : 0;
}

static void subtree_name(char name[static 32], int task)
{
	(void)snprintf(name, 32, "ration_%d", task);
}

/* ------------------------------------------------------------------ ending it */

static bool populated(int dir)
{
	char events[256];

	return read_file(dir, "cgroup.events", events, sizeof(events)) && strstr(events, "populated 1");
}

/* The kernel tells of each change of cgroup.events; false: it is too late. */
static bool wait_empty(int dir, int64_t end)
{
	struct pollfd events = { .fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC), .events = POLLPRI };
	char text[256];

	while (events.fd >= 0) {
		int64_t left = end - now_msec();
		ssize_t n = pread(events.fd, text, sizeof(text) - 1, 0);

		text[n < 0 ? 0 : n] = '\0';
		if (left <= 0 || n < 0 || !strstr(text, "populated 1"))
			break;
		(void)poll(&events, 1, (int)left);
	}
	if (events.fd >= 0)
		(void)close(events.fd);
	return !populated(dir);
}

/* The groups below, the deepest first: no deeper than MAX_DEPTH, and so many fds at most. */
static void remove_below(int dir, int depth, int64_t end)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!list && copy >= 0)
		(void)close(copy);
	while (list && now_msec() < end && (entry = readdir(list))) {
		int below;

		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dir, entry->d_name, AT_REMOVEDIR) == 0 || depth == 0)
			continue;
		below = open_dir(dir, entry->d_name);
		if (below < 0)
			continue;
		remove_below(below, depth - 1, end);
		(void)close(below);
		(void)unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
	if (list)
		(void)closedir(list);
}

/*
 * Ends what is in the subtree and removes it. Other tasks of the step are the
 * user's, too, and could make groups here meanwhile, or move a process in: no
 * group can be made any more, and who comes is killed in the next round.
 */
static int end_subtree(int task, int64_t end)
{
	char name[32];
	int dir, error = 0;

	subtree_name(name, task);
	dir = open_dir(user_fd, name);
	if (dir < 0)
		return errno == ENOENT ? 0 : fail("can't open the group ", name, errno);
	(void)write_file(dir, "cgroup.max.descendants", "0");
	for (bool gone = false; !gone;) {
		(void)write_file(dir, "cgroup.kill", "1");
		if (wait_empty(dir, end))
			remove_below(dir, MAX_DEPTH, end);
		gone = unlinkat(user_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
		error = gone ? 0 : errno;
		if (gone || now_msec() >= end)
			break;
		(void)poll(NULL, 0, 10);
	}
	(void)close(dir);
	if (error)
		slurm_error("ration: the group %s can't be ended within %d s: %s", name, END_MSEC / 1000, strerror(error));
	return error ? -1 : 0;
}

/* ------------------------------------------------------------- Slurm's hooks */

/* In the step's daemon, as root; the task is in its group and hasn't started yet. */
int slurm_spank_task_post_fork(spank_t spank, int argc, char **argv)
{
	struct place place;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	char text[32];
	int task;

	if (!spank_remote(spank))
		return 0;
	if (spank_get_item(spank, S_TASK_PID, &pid) != ESPANK_SUCCESS || spank_get_item(spank, S_JOB_UID, &uid) != ESPANK_SUCCESS ||
			spank_get_item(spank, S_JOB_GID, &gid) != ESPANK_SUCCESS || spank_get_item(spank, S_TASK_ID, &task) != ESPANK_SUCCESS)
		return fail("this version of Slurm doesn't tell the task's number, process and user", "", 0);
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	if (!find_place(text, &place))
		return fail("Slurm has put the task into no cgroup v2 of its own: it takes TaskPlugin=task/cgroup in slurm.conf and "
			    "CgroupPlugin=cgroup/v2 in cgroup.conf", "", 0);
	if (user_fd < 0)
		user_fd = open_user(mount_point(argc, argv), &place);
	if (user_fd < 0)
		return -1;
	if (task >= tasks)
		tasks = task + 1;
	subtree_name(text, task);
	return make_subtree(text, uid, gid);
}

/* A plugin's BASE, this one's or that of the step that this one was started from. */
static bool is_ours(const char *base)
{
	const char *name = strrchr(base, '/');

	return name && strncmp(name, "/ration_", 8) == 0 && strstr(base, "/step_");
}

/*
 * In the task itself, as the job's user, right before it becomes the command. A
 * BASE that the user chose stays; one of another step is another node's, maybe.
 */
int slurm_spank_task_init(spank_t spank, int argc, char **argv)
{
	char old[PATH_LEN], base[3 * PATH_LEN];
	bool has = spank_getenv(spank, VARIABLE, old, sizeof(old)) == ESPANK_SUCCESS;
	struct place place;
	struct stat st;
	int task;

	if (!spank_remote(spank) || (has && !is_ours(old)))
		return 0;
	if (find_place("self", &place) && spank_get_item(spank, S_TASK_ID, &task) == ESPANK_SUCCESS) {
		(void)snprintf(base, sizeof(base), "%s%s/%s/%s/user/ration_%d", mount_point(argc, argv), place.scope, place.job,
				place.step, task);
		if (stat(base, &st) == 0 && st.st_uid == geteuid())
			return spank_setenv(spank, VARIABLE, base, 1) == ESPANK_SUCCESS ? 0 : -1;
	}
	if (has)
		(void)spank_unsetenv(spank, VARIABLE);
	return 0;
}

/* In the step's daemon, as root: only what this task had ends. */
int slurm_spank_task_exit(spank_t spank, int argc, char **argv)
{
	int task;

	(void)argc;
	(void)argv;
	if (!spank_remote(spank) || user_fd < 0)
		return 0;
	if (spank_get_item(spank, S_TASK_ID, &task) != ESPANK_SUCCESS)
		return -1;
	return end_subtree(task, now_msec() + END_MSEC);
}

/* And what is left, if a task's end was never told. */
int slurm_spank_exit(spank_t spank, int argc, char **argv)
{
	/* For all together: a kernel that can't kill one process keeps the step no longer for many. */
	int64_t end = now_msec() + END_MSEC;
	int result = 0;

	(void)argc;
	(void)argv;
	if (!spank_remote(spank) || user_fd < 0)
		return 0;
	for (int task = 0; task < tasks; task++) {
		if (end_subtree(task, end) < 0)
			result = -1;
	}
	(void)close(user_fd);
	user_fd = -1;
	return result;
}
