/* SPDX-License-Identifier: MIT */
/*
 * becomeroot.c - be root for good, and execute a command: becomeroot COMMAND...
 *
 * For a copy that is set-uid to root: nobody but root may signal it from then on.
 */
#include <grp.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2 || setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return 125;
	execvp(argv[1], argv + 1);
	return 127;
}
