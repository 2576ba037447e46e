/* SPDX-License-Identifier: MIT */
/*
 * doors.c - what this process may do to another's run: doors PID DIRECTORY [--user UID]
 *
 * PID is its supervisor, DIRECTORY its group. Tries each way to disturb the run, and prints a line
 * for each: `NAME 0`, it may, or `NAME ERRNO`. What it may do it has done.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static pid_t target;
static const char *top;

static void tell(const char *name, long r)
{
	printf("%s %d\n", name, r < 0 ? errno : 0);
	fflush(stdout);
	errno = 0;
}

static const char *at(const char *name)
{
	static char path[8192];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static const char *proc(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)target, name);
	return path;
}

static long put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	long r = fd < 0 ? -1 : write(fd, text, strlen(text)), error = errno;

	if (fd >= 0)
		close(fd);
	errno = (int)error;
	return r;
}

static void try_the_process(void)
{
	struct rlimit none = { 0, 0 };
	struct sched_param param = { 0 };
	struct iovec here = { &none, 1 }, there = { (void *)4096, 1 };
	cpu_set_t one;
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	tell("kill", kill(target, SIGKILL));
	tell("stop", kill(target, SIGSTOP));
	tell("pidfd-signal", pidfd < 0 ? -1 : syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0));
	tell("sigqueue", sigqueue(target, SIGRTMIN, (union sigval) { .sival_int = 0 }));
	tell("ptrace", ptrace(PTRACE_SEIZE, target, 0, 0));
	tell("fd-theft", pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, 0, 0));
	tell("memory-read", process_vm_readv(target, &here, 1, &there, 1, 0) < 0 && errno == EFAULT ? 0 : -(errno == EPERM));
	tell("prlimit", prlimit(target, RLIMIT_FSIZE, &none, NULL));
	tell("policy", sched_setscheduler(target, SCHED_IDLE, &param));
	tell("affinity", sched_setaffinity(target, sizeof(one), &one));
	tell("nice", setpriority(PRIO_PROCESS, (id_t)target, 19));
	tell("ioprio", syscall(SYS_ioprio_set, 1, target, 3 << 13));
	tell("oom-score", put(proc("oom_score_adj"), "1000"));
	tell("its-memory", open(proc("mem"), O_RDWR));
	tell("its-fds", open(proc("fd/1"), O_RDONLY));
	tell("its-namespaces", open(proc("ns/mnt"), O_RDONLY));
	tell("clear-refs", put(proc("clear_refs"), "1"));
}

/* Of our own, with all capabilities there. */
static long in_a_namespace(void)
{
	char root[] = "/tmp/doors.XXXXXX";
	int status = 0;
	pid_t pid = mkdtemp(root) ? fork() : -1;

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS | 0x02000000 /* CLONE_NEWCGROUP */) < 0)
			_exit(errno);
		if (mount("none", root, "cgroup2", 0, NULL) < 0)
			_exit(errno);
		top = root;
		errno = 0;
		if (put(at("memory.max"), "max") > 0 || put(at("pids.max"), "max") > 0 ||
				put(at("cgroup.max.descendants"), "max") > 0)
			_exit(0);
		_exit(errno ? errno : EPERM);
	}
	waitpid(pid, &status, 0);
	rmdir(root);
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

static void try_the_group(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int fd;

	tell("freeze", put(at("cgroup.freeze"), "1"));
	tell("group-kill", put(at("cgroup.kill"), "1"));
	tell("memory.max", put(at("memory.max"), "max"));
	tell("pids.max", put(at("pids.max"), "max"));
	tell("cpu.max", put(at("cpu.max"), "max"));
	tell("enter", put(at("cgroup.procs"), "0"));
	tell("enter-thread", put(at("cgroup.threads"), "0"));
	tell("leave", put(at("../../cgroup.procs"), "0"));
	tell("controllers", put(at("cgroup.subtree_control"), "-memory"));
	tell("threaded", put(at("cgroup.type"), "threaded"));
	tell("no-groups", put(at("cgroup.max.descendants"), "0"));
	tell("mkdir", mkdir(at("doors"), 0755));
	tell("mkdir-beside", mkdir(at("../doors"), 0755));
	tell("rmdir", rmdir(top));
	tell("chmod", chmod(top, 0777));
	tell("chown", chown(top, geteuid(), getegid()));
	tell("user-note", setxattr(top, "user.ration.keep", "", 0, 0));
	tell("trusted-note", setxattr(top, "trusted.ration.keep", "", 0, 0));
	tell("remove-note", removexattr(top, "trusted.ration.owner"));
	fd = open(at("cgroup.max.descendants"), O_RDWR);
	tell("lock", fd < 0 ? -1 : fcntl(fd, F_OFD_SETLK, &lock));
	tell("mount-over", mount("none", top, "tmpfs", 0, NULL));
	tell("unmount", umount2("/sys/fs/cgroup", MNT_DETACH));
	tell("trigger", put(at("memory.pressure"), "some 500000 1000000"));
	tell("namespace", in_a_namespace());
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	target = atoi(argv[1]);
	top = argv[2];
	if (argc > 4) {
		uid_t uid = (uid_t)atoi(argv[4]);

		if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
			return 2;
	}
	try_the_process();
	try_the_group();
	printf("doors 0\n");
	return 0;
}
