/* SPDX-License-Identifier: MIT */
/*
 * Does a field with this encoding exist for this vCPU? Answered by the generated header, and by
 * two searches of a sorted array. Usage: lookup METHOD ROUNDS ENCODING...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmcs.h"
#include "sorted.h"

#define NOINLINE __attribute__((noinline))

static const unsigned int count = sizeof(sorted) / sizeof(sorted[0]);

NOINLINE bool generated(uint64_t mask, uint32_t encoding)
{
	return vmcs_field_exists(mask, encoding);
}

NOINLINE bool binary(uint64_t mask, uint32_t encoding)
{
	unsigned int low = 0, high = count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (sorted[middle].encoding == encoding)
			return mask >> sorted[middle].group & 1;
		if (sorted[middle].encoding < encoding)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int by_encoding(const void *wanted, const void *row)
{
	uint32_t left = *(const uint32_t *)wanted, right = ((const struct row *)row)->encoding;

	return left < right ? -1 : left > right;
}

NOINLINE bool library(uint64_t mask, uint32_t encoding)
{
	const struct row *found =
		bsearch(&encoding, sorted, count, sizeof(sorted[0]), by_encoding);

	return found && (mask >> found->group & 1);
}

int main(int words, char **word)
{
	bool (*method)(uint64_t, uint32_t) = binary;

	if (words < 4)
		return 2;
	if (!strcmp(word[1], "generated"))
		method = generated;
	if (!strcmp(word[1], "library"))
		method = library;
	for (int each = 3; each < words; each++) {
		uint32_t encoding = (uint32_t)strtoul(word[each], NULL, 0);
		long exists = 0, rounds = strtol(word[2], NULL, 0);

		for (long round = 0; round < rounds; round++)
			exists += method(VMCS_ALL_GROUPS, encoding);
		puts(exists ? "1" : "0");
	}
	return 0;
}
