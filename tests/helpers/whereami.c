/* SPDX-License-Identifier: MIT */
/*
 * whereami.c - print /proc/self/cgroup as the first act
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
	char buf[4096];
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, sizeof(buf));

	return n > 0 && write(1, buf, (size_t)n) == n ? 0 : 1;
}
