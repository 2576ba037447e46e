// SPDX-License-Identifier: MIT
/*
 * fuse.c - a file system that stops answering
 *
 *     fuse DIR NAME[,NAME...] LOG COMMAND [ARGUMENT...]
 *
 * Executes COMMAND in a mount namespace where DIR is such a file system. All questions are answered but
 * those whose names are given (of the table below): these wait for ever, and each writes its name to LOG. A name of
 * `/hang` is a file or directory whose look-up alone waits. Names that begin with `d` are directories, with `l`
 * links to `target`, with `x` programs; with `f` regular files; others aren't there, until they are made. The server
 * ends when COMMAND does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "#!/bin/sh\nexit 7\n"
#define NODES 64

static const struct {
	unsigned number;
	const char *name;
} questions[] = {
	{ FUSE_LOOKUP, "lookup" }, { FUSE_GETATTR, "getattr" }, { FUSE_SETATTR, "setattr" }, { FUSE_OPEN, "open" },
	{ FUSE_READ, "read" }, { FUSE_WRITE, "write" }, { FUSE_FLUSH, "flush" }, { FUSE_CREATE, "create" },
	{ FUSE_UNLINK, "unlink" }, { FUSE_RENAME, "rename" }, { FUSE_RENAME2, "rename" }, { FUSE_LINK, "link" },
	{ FUSE_OPENDIR, "opendir" }, { FUSE_READDIR, "readdir" }, { FUSE_READLINK, "readlink" },
	{ FUSE_ACCESS, "access" }, { FUSE_RELEASE, "release" }, { 0, NULL },
};

/* 1 is the root. */
static struct node {
	char name[64];
	mode_t mode;
	unsigned long size;
	int gone;
} nodes[NODES] = { [1] = { .name = "", .mode = S_IFDIR | 0777 } };

static int device, log_fd;

static const char *name_of(unsigned question)
{
	for (int i = 0; questions[i].name; i++) {
		if (questions[i].number == question)
			return questions[i].name;
	}
	return "";
}

static int is_listed(const char *name, const char *list)
{
	size_t length = strlen(name);

	for (const char *at = list; length && (at = strstr(at, name)); at += length) {
		if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
			return 1;
	}
	return 0;
}

static void answer(const struct fuse_in_header *in, int error, const void *data, size_t size)
{
	struct fuse_out_header out = { .len = (unsigned)(sizeof(out) + (error ? 0 : size)), .error = -error,
		.unique = in->unique };
	struct iovec parts[] = { { &out, sizeof(out) }, { (void *)data, error ? 0 : size } };

	(void)!writev(device, parts, 2);
}

static struct fuse_attr attr_of(unsigned long i)
{
	return (struct fuse_attr) { .ino = i, .mode = nodes[i].mode, .nlink = 1, .size = nodes[i].size, .blksize = 4096 };
}

static unsigned long find(const char *name)
{
	for (unsigned long i = 2; i < NODES; i++) {
		if (nodes[i].name[0] && !nodes[i].gone && strcmp(nodes[i].name, name) == 0)
			return i;
	}
	return 0;
}

static unsigned long make(const char *name, mode_t mode, unsigned long size)
{
	for (unsigned long i = 2; i < NODES; i++) {
		if (nodes[i].name[0])
			continue;
		(void)snprintf(nodes[i].name, sizeof(nodes[i].name), "%s", name);
		nodes[i].mode = mode;
		nodes[i].size = size;
		return i;
	}
	return 0;
}

static unsigned long look_up(const char *name)
{
	unsigned long i = find(name);

	if (i)
		return i;
	switch (name[0]) {
	case 'd':
		return make(name, S_IFDIR | 0777, 0);
	case 'l':
		return make(name, S_IFLNK | 0777, 6);
	case 'x':
		return make(name, S_IFREG | 0755, strlen(PROGRAM));
	case 'f':
		return make(name, S_IFREG | 0666, 0);
	}
	return 0;
}

static struct fuse_entry_out entry_of(unsigned long i)
{
	return (struct fuse_entry_out) { .nodeid = i, .generation = 1, .attr = attr_of(i) };
}

static void answer_entry(const struct fuse_in_header *in, unsigned long i)
{
	struct fuse_entry_out entry = entry_of(i);

	answer(in, i ? 0 : ENOENT, &entry, sizeof(entry));
}

static void create(const struct fuse_in_header *in, const char *body)
{
	const struct fuse_create_in *how = (const void *)body;
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} both = { .open = { .fh = 0 } };

	both.entry = entry_of(make(body + sizeof(*how), S_IFREG | (how->mode & 07777), 0));
	answer(in, 0, &both, sizeof(both));
}

static void link_or_rename(const struct fuse_in_header *in, unsigned long from, const char *to)
{
	unsigned long old = find(to);

	if (old)
		nodes[old].gone = 1;
	if (from)
		(void)snprintf(nodes[from].name, sizeof(nodes[from].name), "%s", to);
	if (in->opcode == FUSE_LINK)
		answer_entry(in, from);
	else
		answer(in, from ? 0 : ENOENT, NULL, 0);
}

static void answer_attr(const struct fuse_in_header *in)
{
	struct fuse_attr_out out = { .attr = attr_of(in->nodeid) };

	answer(in, 0, &out, sizeof(out));
}

static void initialise(const struct fuse_in_header *in, const char *body)
{
	const struct fuse_init_in *theirs = (const void *)body;
	struct fuse_init_out ours = { .major = FUSE_KERNEL_VERSION, .minor = theirs->minor < 31 ? theirs->minor : 31,
		.max_write = 65536, .max_readahead = 65536, .time_gran = 1 };

	answer(in, 0, &ours, sizeof(ours));
}

static void act(const struct fuse_in_header *in, const char *body)
{
	unsigned long old;

	switch (in->opcode) {
	case FUSE_INIT:
		return initialise(in, body);
	case FUSE_LOOKUP:
		return answer_entry(in, look_up(body));
	case FUSE_SETATTR:
		if (((const struct fuse_setattr_in *)(const void *)body)->valid & FATTR_SIZE)
			nodes[in->nodeid].size = ((const struct fuse_setattr_in *)(const void *)body)->size;
		return answer_attr(in);
	case FUSE_GETATTR:
		return answer_attr(in);
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		return answer(in, 0, &(struct fuse_open_out) { .fh = 0 }, sizeof(struct fuse_open_out));
	case FUSE_CREATE:
		return create(in, body);
	case FUSE_READ:
		return answer(in, 0, PROGRAM, nodes[in->nodeid].mode & 0111 ? strlen(PROGRAM) : 0);
	case FUSE_READLINK:
		return answer(in, 0, "target", 6);
	case FUSE_READDIR:
		return answer(in, 0, "", 0);
	case FUSE_WRITE:
		old = ((const struct fuse_write_in *)(const void *)body)->size;
		nodes[in->nodeid].size += old;
		return answer(in, 0, &(struct fuse_write_out) { .size = (unsigned)old }, sizeof(struct fuse_write_out));
	case FUSE_UNLINK:
		old = find(body);
		if (old)
			nodes[old].gone = 1;
		return answer(in, old ? 0 : ENOENT, NULL, 0);
	case FUSE_RENAME:
		body += sizeof(struct fuse_rename_in);
		return link_or_rename(in, find(body), body + strlen(body) + 1);
	case FUSE_RENAME2:
		body += sizeof(struct fuse_rename2_in);
		return link_or_rename(in, find(body), body + strlen(body) + 1);
	case FUSE_LINK:
		return link_or_rename(in, ((const struct fuse_link_in *)(const void *)body)->oldnodeid,
				body + sizeof(struct fuse_link_in));
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		return answer(in, 0, NULL, 0);
	case FUSE_STATFS:
		return answer(in, 0, &(struct fuse_statfs_out) { .st = { .bsize = 4096, .namelen = 255 } },
				sizeof(struct fuse_statfs_out));
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	}
	answer(in, ENOSYS, NULL, 0);
}

static void serve(const char *silent, int parent_fd)
{
	static _Alignas(8) char buffer[1 << 18];
	const struct fuse_in_header *in = (const void *)buffer;

	for (;;) {
		struct pollfd fds[] = { { .fd = device, .events = POLLIN }, { .fd = parent_fd, .events = POLLIN } };
		const char *name;
		ssize_t n;

		if (poll(fds, 2, -1) < 0 || fds[1].revents)
			return;
		n = read(device, buffer, sizeof(buffer) - 1);
		if (n < (ssize_t)sizeof(*in))
			continue;
		buffer[n] = '\0';
		name = name_of(in->opcode);
		if (is_listed(name, silent) || (in->opcode == FUSE_LOOKUP && strstr((const char *)(in + 1), "hang")))
			dprintf(log_fd, "%s\n", name);
		else
			act(in, (const char *)(in + 1));
	}
}

/* Out of sight of those who look for processes of a test, and nobody's child. */
static void begin_server(const char *silent, char **envp)
{
	int parent_fd = (int)syscall(SYS_pidfd_open, getpid(), 0), null = open("/dev/null", O_RDWR);
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() > 0)
			_exit(0);
		(void)setsid();
		for (; *envp; envp++)
			memset(*envp, 0, strlen(*envp));
		for (int fd = 0; fd < 3; fd++)
			(void)dup2(null, fd);
		serve(silent, parent_fd);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
	(void)close(parent_fd);
	(void)close(null);
}

int main(int argc, char **argv, char **envp)
{
	char options[128];

	if (argc < 5)
		return 2;
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	log_fd = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40777,user_id=0,group_id=0,allow_other", device);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount("fuse", argv[1], "fuse", 0, options) < 0) {
		perror("fuse");
		return 3;
	}
	begin_server(argv[2], envp);
	(void)execvp(argv[4], argv + 4);
	perror(argv[4]);
	return 127;
}
