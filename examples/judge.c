/* SPDX-License-Identifier: MIT */
/*
 * judge.c - a judge: judge [-m MEMORY] [-t CPU-TIME] [-w WALL-TIME] [-p TASKS] [-o OUTPUT]
 *                          INPUT EXPECTED COMMAND [ARGUMENT...]
 *
 * Runs a submission with INPUT as its stdin, compares what it writes with EXPECTED,
 * and prints one line: the verdict, and what it took. A number that isn't the
 * kernel's count of the whole group says what it is; one that nobody has (memory,
 * where a submission was over before anybody could look) is "not known".
 * Exit status: 0 accepted, 1 not accepted, 2 the judge failed.
 *
 * Limits are all that ration does. What the submission may see and touch is for
 * others: put bwrap(1) or the like in front of COMMAND.
 */
#include <fcntl.h>
#include <ration.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a judge says. Not listed: what isn't the submission's fault, and is no verdict. */
static const struct {
	enum ration_verdict verdict;
	const char *word;
} words[] = {
	{ RATION_VERDICT_OK, "AC" }, /* if the output is right */
	{ RATION_VERDICT_EXIT, "RE" },
	{ RATION_VERDICT_SIGNAL, "RE" },
	{ RATION_VERDICT_PIDS, "RE" },
	{ RATION_VERDICT_CPU_TIME, "TLE" },
	{ RATION_VERDICT_WALL_TIME, "TLE" },
	{ RATION_VERDICT_MEMORY, "MLE" },
	{ RATION_VERDICT_OUTPUT, "OLE" },
};

static struct ration_error error;

static int take_limits(int argc, char **argv, struct ration_limits *limits)
{
	static const char usage[] = "usage: judge [-m MEMORY] [-t CPU-TIME] [-w WALL-TIME] [-p TASKS] "
				    "[-o OUTPUT] INPUT EXPECTED COMMAND [ARGUMENT...]";
	struct {
		char option;
		enum ration_limit limit;
		const char *value;
	} rows[] = {
		{ 'm', RATION_LIMIT_MEMORY, "256M" },
		{ 't', RATION_LIMIT_CPU_TIME, "2s" },
		{ 'w', RATION_LIMIT_TIMEOUT, "10s" }, /* it may sleep, or wait for what never comes */
		{ 'p', RATION_LIMIT_PIDS, "16" },
		{ 'o', RATION_LIMIT_OUTPUT, "16M" },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	int option, r = 0;

	while ((option = getopt(argc, argv, "+m:t:w:p:o:")) != -1 && option != '?') {
		for (size_t i = 0; i < n; i++) {
			if (rows[i].option == option)
				rows[i].value = optarg;
		}
	}
	if (option == '?' || argc - optind < 3)
		return -snprintf(error.message, sizeof(error.message), "%s", usage);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = ration_limits_parse(limits, rows[i].limit, rows[i].value, &error);
	return r;
}

/* Warns about limits that have a weaker mechanism on this machine. */
static void warn(const struct ration_plan *plan)
{
	for (size_t i = 0; i < ration_plan_count(plan); i++) {
		const struct ration_plan_item *item = ration_plan_item(plan, i);

		if (item->weaker)
			fprintf(stderr, "judge: %s is enforced by %s: %s\n", ration_limit_info(item->limit)->name,
					ration_mechanism_name(item->mechanism), item->reason);
	}
}

/* Byte for byte, but for blanks and newlines at the end. */
static bool same(FILE *a, FILE *b)
{
	static const char blanks[] = " \t\r\n";
	int x, y;

	do {
		x = getc(a);
		y = getc(b);
	} while (x == y && x != EOF);
	while (x != EOF && strchr(blanks, x))
		x = getc(a);
	while (y != EOF && strchr(blanks, y))
		y = getc(b);
	return x == EOF && y == EOF;
}

static void print_metric(const struct ration_receipt *receipt, const char *name, enum ration_metric metric,
		const char *format(char *, uint64_t))
{
	uint64_t value;
	enum ration_source source = ration_receipt_metric(receipt, metric, &value);
	char text[RATION_TEXT_MAX];

	if (source == RATION_SOURCE_ABSENT)
		printf(", %s not known", name);
	else
		printf(", %s %s", name, format(text, value));
	if (source == RATION_SOURCE_RUSAGE || source == RATION_SOURCE_SAMPLED)
		printf(" (%s)", ration_source_name(source));
}

/* Prints the line. Returns the exit status. */
static int judge(const struct ration_receipt *receipt, FILE *output, FILE *expected)
{
	enum ration_verdict verdict = ration_receipt_verdict(receipt);
	const char *word = NULL;
	uint64_t refused;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].verdict == verdict)
			word = words[i].word;
	}
	if (!word) {
		fprintf(stderr, "judge: the run ended as %s: that is no verdict\n", ration_verdict_name(verdict));
		return 2;
	}
	if (verdict == RATION_VERDICT_OK && !same(output, expected))
		word = "WA";
	if (ferror(output) || ferror(expected)) {
		fprintf(stderr, "judge: can't read the output or EXPECTED: that is no verdict\n");
		return 2;
	}
	printf("%s", word);
	print_metric(receipt, "cpu", RATION_METRIC_CPU_USEC, ration_format_duration);
	print_metric(receipt, "wall", RATION_METRIC_WALL_USEC, ration_format_duration);
	print_metric(receipt, "memory", RATION_METRIC_MEMORY_PEAK_BYTES, ration_format_size);
	if (verdict == RATION_VERDICT_EXIT)
		printf(", exit %d", ration_receipt_child_status(receipt));
	if (verdict == RATION_VERDICT_SIGNAL)
		printf(", signal %d", ration_receipt_child_signal(receipt));
	if (verdict == RATION_VERDICT_PIDS)
		printf(", too many tasks");
	/* The kernel refuses a fork; what becomes of it is up to the submission. */
	(void)ration_receipt_metric(receipt, RATION_METRIC_PIDS_REFUSED, &refused);
	if (refused > 0)
		printf(", forks refused");
	printf("\n");
	return strcmp(word, "AC") != 0;
}

/* argv: INPUT EXPECTED COMMAND... */
static int run(const struct ration_host *host, const struct ration_plan *plan, char **argv)
{
	FILE *input = fopen(argv[0], "re"), *expected = fopen(argv[1], "re");
	FILE *output = tmpfile(), *null = fopen("/dev/null", "we");
	struct ration_run_options how = { .size = sizeof(how), .argv = argv + 2, .tenant = "judge" };
	struct ration_run *run = NULL;
	int status = 2;

	if (!input || !expected || !output || !null) {
		perror("judge: INPUT, EXPECTED or a file for the output");
		exit(2);
	}
	how.fds = (const int[]){ fileno(input), fileno(output), fileno(null) };
	if (ration_run_start(host, plan, &how, &run, &error) >= 0 && ration_run_wait(run, &error) >= 0) {
		/* rewind(3) doesn't tell of a failure: the output would be taken for empty. */
		if (fseek(output, 0, SEEK_SET) == 0)
			status = judge(ration_run_receipt(run), output, expected);
		else
			perror("judge: the output");
	}
	ration_run_free(run);
	(void)fclose(input);
	(void)fclose(expected);
	(void)fclose(output);
	(void)fclose(null);
	return status;
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE") };
	struct ration_limits *limits = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	int status = 2, r = ration_limits_new(&limits);

	opterr = 0;
	if (r >= 0)
		r = take_limits(argc, argv, limits);
	if (r >= 0)
		r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	if (r >= 0) {
		warn(plan);
		status = run(host, plan, argv + optind);
	}
	if (error.message[0])
		fprintf(stderr, "judge: %s\n", error.message);
	if (fflush(stdout) != 0) {
		perror("judge: standard output");
		status = 2;
	}
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	return status;
}
