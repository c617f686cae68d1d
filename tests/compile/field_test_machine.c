/*
 * A make-believe processor for target kvm-unit-tests' field test: told on standard input what it
 * has, it runs the test and prints the results; numbers in hexadecimal.
 *
 *   msr INDEX VALUE
 *   cpuid LEAF SUBLEAF EAX EBX ECX EDX
 *   exists ENCODING     VMREAD and VMWRITE of it end well
 *   lax                 VMWRITE of read-only fields ends well, whatever IA32_VMX_MISC says
 *   run                 "pass TEXT" and "fail TEXT" for each result, then "end WRITES", or
 *                       "end changed" if a field does not hold what it held; all is forgotten
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"

#define ENCODINGS 0x8000u
#define UNSUPPORTED 12u
#define READ_ONLY 13u
#define GENERAL_PROTECTION 0x20du

static struct {
	struct {
		uint32_t index;
		uint64_t value;
	} msrs[64];
	struct {
		uint32_t leaf, subleaf, registers[4];
	} leaves[8];
	unsigned int msr_count, leaf_count, writes;
	bool lax, exists[ENCODINGS];
	uint64_t values[ENCODINGS];
} cpu;

uint32_t shim_rdmsr(uint32_t msr, uint64_t *value)
{
	for (unsigned int i = 0; i < cpu.msr_count; i++)
		if (cpu.msrs[i].index == msr) {
			*value = cpu.msrs[i].value;
			return 0;
		}
	return GENERAL_PROTECTION;
}

void shim_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	memset(registers, 0, 4 * sizeof(registers[0]));
	for (unsigned int i = 0; i < cpu.leaf_count; i++)
		if (cpu.leaves[i].leaf == leaf && cpu.leaves[i].subleaf == subleaf)
			memcpy(registers, cpu.leaves[i].registers, 4 * sizeof(registers[0]));
}

uint32_t shim_vmread(uint32_t encoding, uint64_t *value)
{
	if (encoding >= ENCODINGS || !cpu.exists[encoding])
		return UNSUPPORTED;
	*value = cpu.values[encoding];
	return 0;
}

uint32_t shim_vmwrite(uint32_t encoding, uint64_t value)
{
	uint64_t misc = 0;

	if (encoding >= ENCODINGS || !cpu.exists[encoding])
		return UNSUPPORTED;
	shim_rdmsr(0x485, &misc);
	if ((encoding >> 10 & 3) == 1 && !(misc >> 29 & 1) && !cpu.lax)
		return READ_ONLY;
	cpu.values[encoding] = value;
	cpu.writes++;
	return 0;
}

void shim_report(bool passed, const char *text)
{
	printf("%s %s\n", passed ? "pass" : "fail", text);
}

static void run(void)
{
	bool changed = false;
	uint32_t i;

	for (i = 0; i < ENCODINGS; i++)
		cpu.values[i] = i * 0x9e3779b97f4a7c15u;
	field_test();
	for (i = 0; i < ENCODINGS; i++)
		changed |= cpu.values[i] != i * 0x9e3779b97f4a7c15u;
	if (changed)
		puts("end changed");
	else
		printf("end %x\n", cpu.writes);
	memset(&cpu, 0, sizeof(cpu));
}

int main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		unsigned int index, subleaf, r[4];
		unsigned long long value;

		if (sscanf(line, "msr %x %llx", &index, &value) == 2) {
			cpu.msrs[cpu.msr_count].index = index;
			cpu.msrs[cpu.msr_count++].value = value;
		} else if (sscanf(line, "cpuid %x %x %x %x %x %x", &index, &subleaf, &r[0], &r[1],
				  &r[2], &r[3]) == 6) {
			cpu.leaves[cpu.leaf_count].leaf = index;
			cpu.leaves[cpu.leaf_count].subleaf = subleaf;
			memcpy(cpu.leaves[cpu.leaf_count++].registers, r, sizeof(r));
		} else if (sscanf(line, "exists %x", &index) == 1 && index < ENCODINGS) {
			cpu.exists[index] = true;
		} else if (!strcmp(line, "lax\n")) {
			cpu.lax = true;
		} else if (!strcmp(line, "run\n")) {
			run();
		} else {
			fprintf(stderr, "not understood: %s", line);
			return 2;
		}
	}
	return 0;
}
