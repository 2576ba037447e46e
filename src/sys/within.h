/* SPDX-License-Identifier: MIT */
/*
 * within.h - a system call that a file system may never answer
 *
 * A process that calls a file system that doesn't answer can hang so that even SIGKILL doesn't end
 * it (FUSE, once the request has been read). So a second process makes the call. It shares our
 * memory, and has no fd of ours whose end somebody could wait for.
 */
#ifndef RATION_SYS_WITHIN_H
#define RATION_SYS_WITHIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether a file is where "/" is mounted, told without asking any file system. 0: it is. -ENOENT, -ENOTDIR: it isn't
 * there. -EXDEV: nobody knows, or it is elsewhere.
 */
int sys_near(const char *path);

/*
 * Calls function(data), which makes system calls and nothing else, and opens none of our fds. 0: it has
 * returned. -ETIMEDOUT: it hasn't, and was ended; where even that didn't help it is left (*ret_left), and `data` is to
 * stay where it is for ever, as it may still be written. -EINTR: somebody has killed it. Anything else: it
 * wasn't called, for want of such processes (-ENOSYS), of tasks or of fds.
 */
int sys_within(uint64_t within_usec, void (*function)(void *data), void *data, bool *ret_left);

#endif
