/* SPDX-License-Identifier: MIT */
/*
 * follow.c - the lines of a file to which others add, whatever is done to it
 *
 * The file can be renamed and a new one made (logrotate). Then the old one is read to its end and a
 * little longer, because a run may have opened it just before. Files that came and went between two
 * looks are found by their names and their time of creation. The file can also be copied and cut
 * off (logrotate's copytruncate). Then it is shorter than what was read, or has other text there,
 * even if it has grown since. Lines that were added before the copy are in the copy, which is
 * recognised by the same text at the same place. A line counts once it has its end.
 */
#include "helpers/metrics/follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* How long a run can take from looking at the name to writing its line, on a busy machine. */
#define BEFORE_USEC 60000000

#define FOLLOWED_NONE ((struct followed) { .fd = -EBADF })

static void followed_done(struct followed *followed)
{
	followed->fd = close_fd(followed->fd);
	buffer_done(&followed->line);
	*followed = FOLLOWED_NONE;
}

/* ------------------------------------------------------------------- lines */

static void end_line(struct follow *follow, struct followed *followed)
{
	if (followed->too_long || followed->line.failed)
		follow->line(follow->data, NULL, 0);
	else if (followed->line.length > 0)
		follow->line(follow->data, followed->line.text, followed->line.length);
	followed->line.length = 0;
	followed->line.failed = false;
	followed->too_long = false;
}

/* Adds to the line that has no end yet. */
static void add(struct followed *followed, const char *text, size_t length)
{
	if (followed->line.length + length > TEXT_RECEIPT_MAX) {
		followed->too_long = true;
		followed->line.length = 0;
	}
	if (!followed->too_long)
		(void)buffer_add(&followed->line, text, length);
}

static void take(struct follow *follow, struct followed *followed, const char *text, size_t length)
{
	const char *at = text, *end;
	size_t mark = length < FOLLOW_MARK_MAX ? length : FOLLOW_MARK_MAX;
	size_t kept = followed->n_mark + mark > FOLLOW_MARK_MAX ? FOLLOW_MARK_MAX - mark : followed->n_mark;

	while ((end = memchr(at, '\n', length - (size_t)(at - text)))) {
		add(followed, at, (size_t)(end - at));
		end_line(follow, followed);
		at = end + 1;
	}
	add(followed, at, length - (size_t)(at - text));
	memmove(followed->mark, followed->mark + followed->n_mark - kept, kept);
	memcpy(followed->mark + kept, text + length - mark, mark);
	followed->n_mark = kept + mark;
	followed->offset += (off_t)length;
}

/* To its end. 1: `until_usec` came first. */
static int read_on(struct follow *follow, struct followed *followed, uint64_t until_usec)
{
	char text[16384];

	for (;;) {
		ssize_t n = pread(followed->fd, text, sizeof(text), followed->offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		take(follow, followed, text, (size_t)n);
		if (sys_now_usec() >= until_usec)
			return 1;
	}
}

/* Forgets one of those that had the name before. A last line without an end is none. */
static void drop_before(struct follow *follow, size_t i)
{
	end_line(follow, &follow->before[i]);
	followed_done(&follow->before[i]);
	follow->n_before--;
	memmove(&follow->before[i], &follow->before[i + 1], (follow->n_before - i) * sizeof(follow->before[0]));
}

/* ------------------------------------------------------------ what is done */

/* Whether a file has the text that ours had right before the place up to which it was read. */
static bool has_mark(int fd, const struct followed *followed)
{
	char text[FOLLOW_MARK_MAX];
	ssize_t n = pread(fd, text, followed->n_mark, followed->offset - (off_t)followed->n_mark);

	return n == (ssize_t)followed->n_mark && memcmp(text, followed->mark, followed->n_mark) == 0;
}

/*
 * Opens a file that root or this user wrote. Another user's file could be a link to anywhere, or a fifo that
 * blocks us.
 */
static int open_ours(int dir_fd, const char *name, struct stat *ret_st)
{
	CLEANUP(closep) int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return -errno;
	if (!S_ISREG(ret_st->st_mode))
		return -EINVAL;
	if (ret_st->st_uid != 0 && ret_st->st_uid != geteuid())
		return -EPERM;
	return TAKE_FD(fd);
}

/* "journal.1", "journal-20261126". */
static bool is_copy_name(const char *name, const char *of)
{
	size_t length = strlen(of);

	return strncmp(name, of, length) == 0 && (name[length] == '.' || name[length] == '-');
}

/* NULL: it can't be read. */
static DIR *open_names(const struct follow *follow)
{
	int fd = openat(follow->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (!directory)
		(void)close_fd(fd);
	return directory;
}

static struct followed_id id_of(int fd, const struct stat *st)
{
	struct followed_id id = { .dev = st->st_dev, .ino = st->st_ino };
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BTIME, &x) == 0 && x.stx_mask & STATX_BTIME)
		id.born_usec = (uint64_t)x.stx_btime.tv_sec * 1000000 + x.stx_btime.tv_nsec / 1000;
	return id;
}

static void remember(struct follow *follow, int fd, const struct stat *st)
{
	follow->known[follow->n_known++ % FOLLOW_KNOWN_MAX] = id_of(fd, st);
}

/* Reads what a copy has beyond what was read, and returns whether there is one. */
static bool read_copy(struct follow *follow)
{
	DIR *directory = open_names(follow);
	struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		struct stat st;
		CLEANUP(closep) int copy = is_copy_name(entry->d_name, follow->name) ?
				open_ours(follow->dir_fd, entry->d_name, &st) : -EBADF;

		if (copy < 0 || !has_mark(copy, &follow->now))
			continue;
		found = true;
		/* The kernel's clock for files has ticks: one made in that of this look would seem to be made after it. */
		remember(follow, copy, &st);
		(void)close_fd(follow->now.fd);
		follow->now.fd = TAKE_FD(copy);
		/* It is as long as it was at that moment, and no longer. */
		(void)read_on(follow, &follow->now, UINT64_MAX);
	}
	if (directory)
		(void)closedir(directory);
	return found;
}

static int refuse(const struct follow *follow, int code, struct ration_error *reterr)
{
	const char *why = code == -EINVAL ? "isn't a regular file" : code == -EPERM ? "is a file of another user" :
			code == -ELOOP ? "is a link" : error_text(code);
	char shown[TEXT_SHOWN_MAX];

	return error_set(reterr, code, RATION_CAUSE_INVALID, "--journal %s: %s", text_show(shown, sizeof(shown), follow->path), why);
}

/* A process that has it open may add to it for a moment. The oldest one is dropped; nobody adds to it so late. */
static void keep_before(struct follow *follow, struct followed *followed)
{
	if (follow->n_before == FOLLOW_BEFORE_MAX)
		drop_before(follow, 0);
	followed->until_usec = sys_now_usec() + BEFORE_USEC;
	follow->before[follow->n_before++] = *followed;
	*followed = FOLLOWED_NONE;
}

static bool is_known(const struct follow *follow, const struct followed_id *id)
{
	for (size_t i = 0; i < follow->n_known && i < FOLLOW_KNOWN_MAX; i++) {
		const struct followed_id *at = &follow->known[i];

		if (at->dev == id->dev && at->ino == id->ino && at->born_usec == id->born_usec)
			return true;
	}
	return false;
}

/* Whether a file begins with what stands in ours now, of which nothing was read yet. */
static bool is_like_now(const struct follow *follow, int fd)
{
	char ours[FOLLOW_MARK_MAX], theirs[FOLLOW_MARK_MAX];
	ssize_t n = pread(fd, theirs, sizeof(theirs), 0);

	return n <= 0 || (pread(follow->now.fd, ours, (size_t)n, 0) == n && memcmp(ours, theirs, (size_t)n) == 0);
}

/*
 * Whether it was made after the last look; where the file system doesn't keep that, whether it was written to. Who
 * compresses a file gives the new one the time at which the old one was written to. A copy of the one that was read
 * holds nothing new.
 */
static bool is_missed(const struct follow *follow, int fd, const struct stat *st, bool compressed)
{
	const struct followed_id id = id_of(fd, st);
	uint64_t written_usec = (uint64_t)st->st_mtim.tv_sec * 1000000 + (uint64_t)st->st_mtim.tv_nsec / 1000;
	uint64_t made_usec = id.born_usec > 0 && !compressed ? id.born_usec : written_usec;

	return made_usec >= follow->had_name_usec && !is_known(follow, &id) &&
		!(follow->now.offset > 0 ? has_mark(fd, &follow->now) : is_like_now(follow, fd));
}

static bool is_compressed(const char *name)
{
	static const char *const ends[] = { ".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z" };
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t end = strlen(ends[i]);

		if (length > end && strcmp(name + length - end, ends[i]) == 0)
			return true;
	}
	return false;
}

static bool is_removed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

/*
 * Files that got the name after the last look, and lost it again. What is compressed can't be read; it is of no
 * concern if it is the one that was read.
 */
static void find_missed(struct follow *follow)
{
	DIR *directory = open_names(follow);
	struct dirent *entry;
	size_t n_found = 0, n_lost = 0;

	while (directory && (entry = readdir(directory))) {
		const bool compressed = is_compressed(entry->d_name);
		struct followed missed = FOLLOWED_NONE;
		struct stat st = { .st_size = 0 };
		CLEANUP(closep) int fd = is_copy_name(entry->d_name, follow->name) ?
				open_ours(follow->dir_fd, entry->d_name, &st) : -EBADF;

		if (fd < 0 || !is_missed(follow, fd, &st, compressed))
			continue;
		remember(follow, fd, &st);
		/* One place is for the one that was read. */
		if (compressed || n_found == FOLLOW_BEFORE_MAX - 1) {
			n_lost++;
			continue;
		}
		n_found++;
		missed.fd = TAKE_FD(fd);
		keep_before(follow, &missed);
	}
	if (!directory || n_lost > (is_removed(follow->now.fd) ? 1 : 0))
		follow->lost(follow->data);
	if (directory)
		(void)closedir(directory);
}

/* It was cut off: reads the new content from its beginning. */
static void begin_again(struct follow *follow)
{
	int fd = fcntl(follow->now.fd, F_DUPFD_CLOEXEC, 3);

	/* Cut off more than once, it has left more copies, which have nothing of what was read. */
	if (read_copy(follow))
		find_missed(follow);
	else
		follow->lost(follow->data);
	/* A line without an end is lost. */
	if (follow->now.line.length > 0 || follow->now.too_long)
		follow->line(follow->data, NULL, 0);
	followed_done(&follow->now);
	follow->now.fd = fd;
}

/* The kernel stamps files by this clock. */
static uint64_t stamp_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Looks at what has the name now. 1: it is another file than before. */
static int look_at_name(struct follow *follow)
{
	const uint64_t now_usec = stamp_usec();
	struct stat named, ours;
	int fd;

	if (fstatat(follow->dir_fd, follow->name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (follow->now.fd >= 0 && fstat(follow->now.fd, &ours) == 0 && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) {
		follow->had_name_usec = now_usec;
		return 0;
	}
	fd = open_ours(follow->dir_fd, follow->name, &named);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	follow->seen = true;
	remember(follow, fd, &named);
	if (follow->now.fd >= 0) {
		find_missed(follow);
		keep_before(follow, &follow->now);
	}
	follow->now.fd = fd;
	follow->had_name_usec = now_usec;
	return 1;
}

/* Those before: until nobody can add to them any more. */
static int look_before(struct follow *follow, uint64_t until_usec)
{
	size_t i = 0;

	while (i < follow->n_before) {
		int r = read_on(follow, &follow->before[i], until_usec);

		if (r != 0)
			return r;
		if (sys_now_usec() < follow->before[i].until_usec)
			i++;
		else
			drop_before(follow, i);
	}
	return 0;
}

static int look_now(struct follow *follow, uint64_t until_usec)
{
	struct stat st;
	int r;

	if (follow->now.fd < 0)
		return 0;
	if (fstat(follow->now.fd, &st) < 0)
		return -errno;
	/* Of one that was empty nothing but a copy shows that it was cut off. */
	if (follow->now.offset == 0)
		find_missed(follow);
	else if (st.st_size < follow->now.offset || !has_mark(follow->now.fd, &follow->now))
		begin_again(follow);
	r = look_before(follow, until_usec);
	return r != 0 ? r : read_on(follow, &follow->now, until_usec);
}

int follow_begin(struct follow *follow, const char *path, struct ration_error *reterr)
{
	const char *slash = strrchr(path, '/');
	CLEANUP(freep) char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	follow->path = path;
	follow->now = FOLLOWED_NONE;
	follow->n_before = 0;
	follow->dir_fd = -EBADF;
	follow->name = strdup(slash ? slash + 1 : path);
	if (!directory || !follow->name)
		return error_oom(reterr);
	if (!*follow->name)
		return refuse(follow, *path ? -EISDIR : -ENOENT, reterr);
	follow->dir_fd = open_readable(directory, O_DIRECTORY);
	return follow->dir_fd < 0 ? refuse(follow, -errno, reterr) : 0;
}

int follow_look(struct follow *follow, uint64_t until_usec, struct ration_error *reterr)
{
	int r;

	do {
		r = look_before(follow, until_usec);
		if (r == 0)
			r = look_now(follow, until_usec);
		if (r == 0)
			r = look_at_name(follow);
	} while (r == 1 && sys_now_usec() < until_usec);
	return r < 0 ? refuse(follow, r, reterr) : r;
}

void follow_done(struct follow *follow)
{
	followed_done(&follow->now);
	for (size_t i = 0; i < follow->n_before; i++)
		followed_done(&follow->before[i]);
	follow->n_before = 0;
	follow->dir_fd = close_fd(follow->dir_fd);
	free(TAKE_PTR(follow->name));
}
