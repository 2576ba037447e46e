/* SPDX-License-Identifier: MIT */
/*
 * mmapfile.c - walk through a mapped file without end: mmapfile FILE [SECONDS]
 *
 * With a memory limit a little below the file's size every page is thrown out
 * before it is needed again: much work, no progress, and no OOM kill.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	volatile char sum = 0;
	struct stat st;
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror("mmapfile");
		return 1;
	}
	char *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 1;
	alarm(argc > 2 ? (unsigned int)atoi(argv[2]) : 1000);
	for (;;)
		for (off_t i = 0; i < st.st_size; i += 4096)
			sum = (char)(sum + p[i]);
}
