/* SPDX-License-Identifier: MIT */
/*
 * ls-floor.c - what `ration ls` can't cost less than
 *
 * Usage: ls-floor DIRECTORY
 *
 * DIRECTORY is a namespace's. Opens each tenant and each group in it by name, and looks whose it is; reads the notes that a
 * list has of one that is kept, and the files of the columns that are there; and no others. Prints how many directories it
 * has seen. Nothing is parsed, nothing kept: as any tool must that shows these figures.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *const files[] = { "cgroup.events", "cpu.stat", "memory.current", "memory.pressure", "pids.current" };
static const char *const notes[] = { "keep", "created", "command" };

static void look(int fd)
{
	char text[4096], name[64];
	struct stat st;

	(void)fstat(fd, &st);
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s.ration.%s", geteuid() == 0 ? "trusted" : "user", notes[i]);
		(void)fgetxattr(fd, name, text, sizeof(text));
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int file = openat(fd, files[i], O_RDONLY | O_CLOEXEC);

		if (file < 0)
			continue;
		(void)!pread(file, text, sizeof(text), 0);
		(void)close(file);
	}
}

/* Returns how many directories there are below the one that is open, down to `depth` levels. -1: it can't be read. */
static long walk(int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	long n = 0;

	while (dir && (entry = readdir(dir))) {
		int child;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			continue;
		n++;
		look(child);
		if (depth > 1)
			n += walk(child, depth - 1);
		else
			(void)close(child);
	}
	return dir ? closedir(dir), n : -1;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	long n = fd < 0 ? -1 : walk(fd, 2);

	if (n < 0) {
		(void)fprintf(stderr, "ls-floor: %s\n", argc == 2 ? strerror(errno) : "usage: ls-floor DIRECTORY");
		return 1;
	}
	(void)printf("%ld\n", n);
	return 0;
}
