/* SPDX-License-Identifier: MIT */
/*
 * recording-file.c - where the lines of a recording are written to, as they come
 */
#include "cli/records/recording-file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/records/named-file.h"
#include "cli/say.h"
#include "util/cleanup.h"

/* How long the last line may wait for a reader. */
#define LAST_USEC 5000000

int recording_file_open(struct recording_file *recording, const char *flag, const char *target,
		struct ration_error *reterr)
{
	recording->file.flag = flag;
	return receipt_file_open(&recording->file, target, reterr);
}

int recording_file_begin(struct recording_file *recording, struct ration_error *reterr)
{
	int r = receipt_file_begin(&recording->file, reterr);
	struct stat st;

	if (r == 0)
		r = receipt_file_name(&recording->file, reterr);
	if (r < 0)
		return r;
	if (fstat(recording->file.fd, &st) < 0)
		return 0;
	recording->ours = recording->file.name && S_ISREG(st.st_mode);
	recording->pipe = S_ISFIFO(st.st_mode);
	return 0;
}

void recording_file_head(struct recording_file *recording, char *line)
{
	recording->head = line;
}

/* To a file of our own: all of it, or nothing. */
static int append(struct recording_file *recording, const char *text, size_t length)
{
	size_t done = 0;
	ssize_t n = 0;
	int code;

	while (done < length) {
		n = pwrite(recording->file.fd, text + done, length - done, recording->length + (off_t)done);
		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	code = done == length ? 0 : -errno;
	if (code == 0)
		recording->length += (int64_t)length;
	else if (done > 0 && ftruncate(recording->file.fd, recording->length) < 0)
		recording->torn = true;
	return code;
}

/* To whatever reads it. */
static int pass_on(struct recording_file *recording, const char *text, size_t length, uint64_t *wait_usec)
{
	int r = recording->torn ? say_to(recording->file.fd, "\n", 1, wait_usec) : 0;

	if (r < 0)
		return r;
	recording->torn = false;
	r = say_to(recording->file.fd, text, length, wait_usec);
	recording->torn = r < 0 && !(recording->pipe && length <= PIPE_BUF);
	return r;
}

static int write_line(struct recording_file *recording, const char *text, uint64_t *wait_usec)
{
	if (recording->ours)
		return append(recording, text, strlen(text));
	return pass_on(recording, text, strlen(text), wait_usec);
}

/* A recording can't be read without its first line. */
static int write_head(struct recording_file *recording, uint64_t *wait_usec)
{
	int r = recording->head ? write_line(recording, recording->head, wait_usec) : 0;

	if (r == 0)
		free(TAKE_PTR(recording->head));
	return r;
}

void recording_file_put(struct recording_file *recording, const char *line)
{
	uint64_t wait_usec = 0;
	int r = write_head(recording, &wait_usec);

	if (r == 0)
		r = write_line(recording, line, &wait_usec);
	if (r == 0)
		return;
	recording->dropped++;
	recording->error = r;
}

int recording_file_last(struct recording_file *recording, const char *line, struct ration_error *reterr)
{
	const struct receipt_file *file = &recording->file;
	uint64_t wait_usec = LAST_USEC;
	int r = write_head(recording, &wait_usec);

	if (r == 0)
		r = write_line(recording, line, &wait_usec);
	if (r == -ETIMEDOUT)
		return named_file_refuse(file->flag, file->target, r, "isn't read by anybody", reterr);
	return r < 0 ? named_file_refuse_write(file->flag, file->target, r, reterr) : 0;
}

/* Removes a recording that has nothing in it because nothing was started. */
static void take_back(const struct recording_file *recording)
{
	const struct receipt_file *file = &recording->file;

	if (recording->head && recording->ours && named_file_is_there(file->dir_fd, file->name, file->fd))
		(void)unlinkat(file->dir_fd, file->name, 0);
}

void recording_file_done(struct recording_file *recording)
{
	take_back(recording);
	free(TAKE_PTR(recording->head));
	receipt_file_done(&recording->file);
}
