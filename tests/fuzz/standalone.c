/* SPDX-License-Identifier: MIT */
/*
 * standalone.c - runs inputs without libFuzzer: the files and directories that are named
 *
 * Each is run whole, and cut in the middle of each of its last lines.
 */
#include "fuzz.h"

static size_t n_run;

static void run_text(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	n_run++;
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = malloc(1 << 20);
	size_t size;

	MUST(file && data);
	size = fread(data, 1, 1 << 20, file);
	MUST(fclose(file) == 0);
	run_text(data, size);
	for (size_t i = 1; i < 16; i++)
		run_text(data, size * i / 16);
	free(data);
}

static void run_path(const char *path)
{
	struct dirent **entry;
	struct stat st;
	int n;

	MUST(stat(path, &st) == 0);
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &entry, NULL, alphasort);
	MUST(n >= 0);
	for (int i = 0; i < n; i++) {
		char full[PATH_MAX];

		if (entry[i]->d_name[0] != '.') {
			(void)snprintf(full, sizeof(full), "%s/%s", path, entry[i]->d_name);
			run_path(full);
		}
		free(entry[i]);
	}
	free(entry);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	if (n_run == 0) {
		fprintf(stderr, "%s: no inputs\n", argv[0]);
		return 1;
	}
	printf("%zu inputs\n", n_run);
	return 0;
}
