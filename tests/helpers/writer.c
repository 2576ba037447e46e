/* SPDX-License-Identifier: MIT */
/*
 * writer.c - write N bytes: writer N [FD]
 *
 * Says on the other of stdout and stderr how many it could write.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0, done = 0;
	int fd = argc > 2 ? atoi(argv[2]) : 1;
	char block[4096];

	memset(block, 'x', sizeof(block));
	while (done < n) {
		size_t want = n - done < (long)sizeof(block) ? (size_t)(n - done) : sizeof(block);
		ssize_t k = write(fd, block, want);

		if (k < 0) {
			dprintf(3 - fd, "wrote %ld: %s\n", done, strerror(errno));
			return 1;
		}
		done += k;
	}
	dprintf(3 - fd, "wrote %ld\n", done);
	return 0;
}
