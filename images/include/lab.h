/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs of labs share: calls that say why they failed, pages filled with data, one CPU
 * to stay on, results as KTAP (which is shown and never summed). Tags of pages: labkit_tags.h.
 */
#ifndef LAB_H
#define LAB_H

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LAB_PAGE 4096UL
#define LAB_MIB (1UL << 20)

__attribute__((noreturn, format(printf, 1, 2)))
static inline void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	fprintf(stderr, "# ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", error ? strerror(error) : "giving up");
	exit(1);
}

static inline long parse_number(const char *text)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || end == text || *end)
		die("'%s' is not a number", text);
	return number;
}

static inline void *map_anonymous(size_t bytes)
{
	void *region = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (region == MAP_FAILED)
		die("mmap of %zu bytes", bytes);
	return region;
}

/* No two pages alike and none zero: the kernel neither merges them nor drops them at swap-out. */
static inline void fill_page(volatile uint64_t *page, uint64_t index, uint64_t seed)
{
	uint64_t word;

	for (word = 0; word < LAB_PAGE / sizeof(*page); word += 64)
		page[word] = 0x9e3779b97f4a7c15ULL * (index + 1 + seed);
}

static inline void fill_pages(void *region, size_t bytes, uint64_t seed)
{
	uint64_t index;

	for (index = 0; index < bytes / LAB_PAGE; index++)
		fill_page((uint64_t *)((char *)region + index * LAB_PAGE), index, seed);
}

/* For what is counted a CPU: per-CPU lists, fast paths, shootdowns. Needs _GNU_SOURCE before. */
#ifdef _GNU_SOURCE
static inline void pin_to_cpu(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("CPU %d", cpu);
}
#endif

/* KTAP: ktap_plan() once, then a line a result, numbered from 1. */
static inline void ktap_plan(unsigned int tests)
{
	printf("KTAP version 1\n1..%u\n", tests);
}

__attribute__((format(printf, 3, 4)))
static inline void ktap_result(int ok, unsigned int number, const char *format, ...)
{
	va_list args;

	printf("%sok %u ", ok ? "" : "not ", number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static inline void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file)
		die("%s", path);
	if (fputs(text, file) == EOF || fclose(file))
		die("write of '%s' to %s", text, path);
}

#endif
