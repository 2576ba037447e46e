/* SPDX-License-Identifier: MIT */
/*
 * cgroup.h - cgroup directories, and the files in them
 *
 * Everything goes by the fd of a directory and a name in it. A name is one path
 * component, so that nothing here can leave the directory it was given.
 * All return 0 or more, or a negative errno. -ENOENT and -ENODEV on a file of
 * an open directory both mean that the group has been removed, or that its
 * controller isn't enabled there: a normal state, not a fault.
 * Directories are those of cgroup2; what isn't about a file of cgroup2 alone works on
 * those of cgroup v1 as well (cgroup1.h).
 */
#ifndef RATION_SYS_CGROUP_CGROUP_H
#define RATION_SYS_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for any flat file that we read: memory.stat of 6.12 has under 2 KiB. */
#define CG_FILE_MAX 8192

/*
 * Opens the directory `path` and checks that it is on a cgroup2 file system.
 * -ENOTDIR; -EINVAL: not cgroup2.
 */
int cg_open_base(const char *path);

/* Whether the group at the path `path` is the one at `above`, or lies below it. */
bool cg_path_within(const char *path, const char *above);

/* Opens the directory `name` in `dir_fd`. */
int cg_open_dir(int dir_fd, const char *name);

/* Opens a file for reading, to be polled or read again. */
int cg_open_file(int dir_fd, const char *file);

/*
 * Reads a whole file into `buffer`, with a final NUL and without the final
 * newline. Returns its length. -EFBIG: it doesn't fit, and its beginning is there.
 */
int cg_read(int dir_fd, const char *file, char *buffer, size_t size);

/*
 * How soon to read cgroup.events again after it reported a change: the kernel reports another change within
 * 10 ms later, or never, if the group is removed before that.
 */
#define CG_LOOK_AGAIN_MSEC 15

/* The same from the start of an open file: a sixth of the cost of opening it anew. */
int cg_read_fd(int fd, char *buffer, size_t size);

/* Reads one number; "max" is UINT64_MAX. */
int cg_read_u64(int dir_fd, const char *file, uint64_t *ret);

/* Reads the number that a text begins with. -EINVAL: none. -ERANGE. */
int cg_text_u64(const char *text, uint64_t *ret);

/* Finds "KEY NUMBER" in the text of a flat keyed file. -ENODATA: no such key. */
int cg_text_key(const char *text, const char *key, uint64_t *ret);

/*
 * Finds the share of the last 10 s in which some or all tasks waited, in the "some" or "full" line of the text of a
 * pressure file: hundredths of a percent. -ENODATA: it has no such number, or none that can be.
 */
int cg_text_share(const char *text, const char *line, uint64_t *ret);

/* Finds `word` in a list of words that spaces separate. */
bool cg_text_has_word(const char *text, const char *word);

/*
 * Opens a pressure file and sets a trigger on its "some" or "full" line. The fd polls as urgent (EPOLLPRI)
 * when the group has been stalled for `stall_usec` in `window_usec` (0.5 to 10 s), at most once in a window;
 * and as failed (EPOLLERR) when the group is removed, which no other file of it reports. The kernel forgets
 * an event once any poll has seen it, also that of a loop around the caller's epoll: a caller that is woken
 * and sees nothing has to measure. Without CAP_SYS_RESOURCE a window is a multiple of 2 s, since 6.4: then it
 * becomes longer, and the stall with it. `ret_window_usec`, may be NULL. -EINVAL: out of range. -ENOENT,
 * -EOPNOTSUPP: pressure isn't measured here.
 */
int cg_open_trigger(int dir_fd, const char *file, const char *line, uint64_t stall_usec, uint64_t window_usec,
		uint64_t *ret_window_usec);

/* Writes `value` with one write(2): the kernel takes it whole or not at all. */
int cg_write(int dir_fd, const char *file, const char *value);

/*
 * Opens the group above an open one. < 0: we can't see it, or there is none: the directory above is on
 * another file system, or this is the root itself.
 */
int cg_open_above(int fd);

/* Takes the directory above in the place of an open one, whatever that is. *fd < 0 after a failure: -errno. */
int cg_step_up(int *fd);

/* Makes a group that everybody can look into, except for the file of its lock (lock.h). */
int cg_mkdir(int dir_fd, const char *name);

/*
 * Tells whether the directory `path` is the one that is open as `fd`. The kernel removes by name, and by then
 * somebody else may have removed the directory and made another. True if that can't be found out.
 */
bool cg_is(int fd, int dir_fd, const char *path);

/* Removes an empty group; `name` may be a path here. One that isn't there is no error. -EBUSY: not empty. */
int cg_rmdir(int dir_fd, const char *name);

/* Moves `pid` into the group. Never 0: that would move the writer. */
int cg_attach(int dir_fd, pid_t pid);

#endif
