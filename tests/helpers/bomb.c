/* SPDX-License-Identifier: MIT */
/*
 * bomb.c - a fork bomb that can't hurt for ever: bomb [AT-MOST]
 *
 * Every process forks without end. Should the limit under test fail, the bomb
 * stops growing at AT-MOST forks (1000), and each process dies 300 s after the
 * first was started.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int at_most = argc > 1 ? atoi(argv[1]) : 1000;
	int *forks = mmap(NULL, sizeof(*forks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	time_t end = time(NULL) + 300;

	if (forks == MAP_FAILED)
		return 1;
	for (;;) {
		time_t now = time(NULL);

		if (now >= end)
			return 3;
		alarm((unsigned int)(end - now));
		if (__atomic_load_n(forks, __ATOMIC_RELAXED) >= at_most)
			pause();
		if (fork() > 0)
			__atomic_fetch_add(forks, 1, __ATOMIC_RELAXED);
	}
}
