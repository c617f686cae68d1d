// SPDX-License-Identifier: MIT
/*
 * Runs KVM's own nested VMX functions in user space: one request a line on standard input, one
 * answer a line on standard output, numbers in hexadecimal.
 *
 *   host PIN PRIMARY SECONDARY TERTIARY EXIT ENTRY MISC EPT   a vCPU on such a host: "ok"
 *   table HOST...       as host, but only what fills the table of fields: no RDMSR; "ok"
 *   vcpu PIN PRIMARY SECONDARY EXIT ENTRY VMFUNC   the vCPU's own capabilities instead, and the
 *                       fields that exist of those that `among` named: as hexadecimal digits, the
 *                       first named is the highest bit; then VMCS_ENUM
 *   among FIELD...      which fields `vcpu` tells of: "ok"
 *   bitmaps             as "shadow", of the bitmaps that VMXON chooses for the vCPU; after shadow
 *   layout              the numbers of harness_layout()
 *   fields              encoding:offset of every field that exists for the vCPU
 *   lookup FIELD        its offset, or a negative errno in decimal
 *   repeat COUNT FIELD  the same COUNT times, for counting instructions
 *   get MSR             value, or "refused"
 *   set MSR VALUE       0, or a negative errno in decimal
 *   shadow              "read" and the encodings whose VMREAD doesn't exit, "write" and likewise;
 *                       once, after host
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <asm/prctl.h>

#include "harness.h"

#define PAGE 4096
#define ENCODINGS 0x8000

/* Retpoline kernels return and call through these. */
__asm__(".globl __x86_return_thunk, __fentry__\n"
	"__fentry__: __x86_return_thunk: ret\n");

/* Pages that KVM asks for, in order: the VMREAD bitmap, the VMWRITE bitmap, and variants of both. */
#define PAGES 128
static unsigned char pages[PAGES][PAGE] __attribute__((aligned(PAGE)));
static int pages_given;

unsigned long __get_free_pages(unsigned int flags, unsigned int order);
unsigned long __get_free_pages(unsigned int flags, unsigned int order)
{
	(void)flags;
	return order || pages_given == PAGES ? 0 : (unsigned long)pages[pages_given++];
}

unsigned long get_free_pages_noprof(unsigned int flags, unsigned int order);
unsigned long get_free_pages_noprof(unsigned int flags, unsigned int order)
{
	return __get_free_pages(flags, order);
}

/* What the shadow VMCS bitmaps are allocated and locked with. */
void *__kmalloc_cache_noprof(void *cache, unsigned int flags, unsigned long size);
void *__kmalloc_cache_noprof(void *cache, unsigned int flags, unsigned long size)
{
	(void)cache, (void)flags;
	return calloc(1, size);
}

void *kmalloc_trace(void *cache, unsigned int flags, unsigned long size);
void *kmalloc_trace(void *cache, unsigned int flags, unsigned long size)
{
	return __kmalloc_cache_noprof(cache, flags, size);
}

void mutex_lock(void *lock);
void mutex_lock(void *lock)
{
	(void)lock;
}

void mutex_unlock(void *lock);
void mutex_unlock(void *lock)
{
	(void)lock;
}

/* KVM only prints what must not happen. */
int _printk(const char *format, ...);
int _printk(const char *format, ...)
{
	fprintf(stderr, "KVM printed: %s\n", format);
	_exit(4);
}

/* A privileged instruction or a call into a stub. */
static void trap(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *at = (const unsigned char *)registers[REG_RIP];
	const char *instruction = (const char *)at;
	unsigned long i;

	for (i = 0; i < stub_count; i++) {
		if (instruction >= stubs[i].start && instruction < stubs[i].start + stub_size) {
			fprintf(stderr, "KVM called %s, which is a stub\n", stubs[i].name);
			_exit(3);
		}
	}
	if (at[0] == 0x0f && at[1] == 0x32) {
		/* RDMSR: nested_vmx_setup_cr_fixed() reads which CR0 and CR4 bits may be 1: all. */
		registers[REG_RAX] = registers[REG_RDX] = 0xffffffff;
		registers[REG_RIP] += 2;
		return;
	}
	fprintf(stderr, "signal %d at %p, address %p\n", number, (void *)at, info->si_addr);
	_exit(5);
}

static void print_fields(void)
{
	const char *separator = "";
	unsigned long field;
	long offset;

	for (field = 0; field < ENCODINGS; field++) {
		offset = harness_field_offset(field);
		if (offset < 0)
			continue;
		printf("%s%lx:%lx", separator, field, (unsigned long)offset);
		separator = " ";
	}
	putchar('\n');
}

static void print_bitmaps(const unsigned char *read, const unsigned char *write)
{
	const unsigned char *bitmaps[] = { read, write };
	static const char *const names[] = { "read", " write" };
	int page, field;

	for (page = 0; page < 2; page++) {
		fputs(names[page], stdout);
		for (field = 0; field < ENCODINGS; field++)
			if (!(bitmaps[page][field / 8] & 1 << field % 8))
				printf(" %x", field);
	}
	putchar('\n');
}

static void print_shadow(void)
{
	if (harness_hardware_setup() || pages_given != 2)
		puts("none");
	else
		print_bitmaps(pages[0], pages[1]);
}

static void print_vcpu_bitmaps(void)
{
	unsigned char *chosen[2];

	if (harness_bitmaps(chosen))
		puts("none");
	else
		print_bitmaps(chosen[0], chosen[1]);
}

/* The fields that answers to `vcpu` tell of. */
static unsigned short among[ENCODINGS];
static int among_count;

static void read_among(const char *line)
{
	char *end;

	for (among_count = 0; among_count < ENCODINGS; line = end) {
		unsigned long field = strtoul(line, &end, 16);

		if (end == line)
			break;
		among[among_count++] = field;
	}
}

static void print_vcpu(void)
{
	unsigned long long vmcs_enum = 0;
	int i, digit = 0;

	for (i = 0; i < among_count; i++) {
		digit = digit << 1 | (harness_field_offset(among[i]) >= 0);
		if (i % 4 == 3) {
			putchar("0123456789abcdef"[digit]);
			digit = 0;
		}
	}
	harness_get_msr(0x48a, &vmcs_enum);
	printf(" %llx\n", vmcs_enum);
}

/* The numbers of "host" and "table". */
static int read_host(const char *line, const char *request, struct host *host)
{
	size_t length = strlen(request);

	return !strncmp(line, request, length) &&
	       sscanf(line + length, "%llx %llx %llx %llx %llx %llx %llx %llx", &host->pin,
		      &host->primary, &host->secondary, &host->tertiary, &host->exit, &host->entry,
		      &host->misc, &host->ept) == 8;
}

static int answer(const char *line)
{
	unsigned long long a = 0, b = 0;
	struct host host;
	long last = 0;

	if (read_host(line, "host ", &host)) {
		harness_create_vcpu(&host);
		puts("ok");
	} else if (read_host(line, "table ", &host)) {
		harness_fill_table(&host);
		puts("ok");
	} else if (sscanf(line, "vcpu %llx %llx %llx %llx %llx %llx", &host.pin, &host.primary,
			  &host.secondary, &host.exit, &host.entry, &a) == 6) {
		if (harness_set_capabilities(&host, a))
			puts("none");
		else
			print_vcpu();
	} else if (!strncmp(line, "among ", 6)) {
		read_among(line + 6);
		puts("ok");
	} else if (!strcmp(line, "bitmaps\n")) {
		print_vcpu_bitmaps();
	} else if (!strcmp(line, "layout\n")) {
		unsigned long numbers[LAYOUT];
		int i;

		harness_layout(numbers);
		for (i = 0; i < LAYOUT; i++)
			printf("%s%lx", i ? " " : "", numbers[i]);
		putchar('\n');
	} else if (!strcmp(line, "fields\n")) {
		print_fields();
	} else if (!strcmp(line, "shadow\n")) {
		print_shadow();
	} else if (sscanf(line, "lookup %llx", &a) == 1) {
		printf("%d\n", harness_field_offset(a));
	} else if (sscanf(line, "repeat %llx %llx", &a, &b) == 2) {
		while (a--)
			last = harness_field_offset(b);
		printf("%ld\n", last);
	} else if (sscanf(line, "get %llx", &a) == 1) {
		if (harness_get_msr(a, &b))
			puts("refused");
		else
			printf("%llx\n", b);
	} else if (sscanf(line, "set %llx %llx", &a, &b) == 2) {
		printf("%d\n", harness_set_msr(a, b));
	} else {
		fprintf(stderr, "no such request: %s", line);
		return 1;
	}
	return 0;
}

extern char __ref_stack_chk_guard __attribute__((weak));

int main(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	static char this_cpu[PAGE];
	static char line[ENCODINGS * 6];

	action.sa_sigaction = trap;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGILL, &action, NULL);

	/* Older kernels keep the stack guard at %gs:40, newer ones in a symbol, here a stub. */
	if (!&__ref_stack_chk_guard)
		syscall(SYS_arch_prctl, ARCH_SET_GS, this_cpu);

	while (fgets(line, sizeof(line), stdin))
		if (answer(line))
			return 2;
	return 0;
}
