/* SPDX-License-Identifier: MIT */
/*
 * Runs QEMU's own kvm_msr_entry_add_vmx() in user space: one request a line on standard input,
 * answers on standard output, numbers in hexadecimal.
 *
 *   words               a line for each feature word: index, "msr" MSR or "cpuid" LEAF SUBLEAF
 *                       REGISTER, and the property of each bit, "-" where it has none
 *   enum INDEX=VALUE... the VMCS_ENUM that QEMU sets for these feature words
 */
#include "target/i386/kvm/kvm.c"
#include "cpu-internal.h"

static void print_words(void)
{
    static const char *const registers[] = {
        [R_EAX] = "eax", [R_EBX] = "ebx", [R_ECX] = "ecx", [R_EDX] = "edx",
    };
    int word, bit;

    for (word = 0; word < FEATURE_WORDS; word++) {
        const FeatureWordInfo *info = &feature_word_info[word];

        if (info->type == MSR_FEATURE_WORD) {
            printf("%x msr %x ", word, info->msr.index);
        } else if (info->cpuid.needs_ecx) {
            printf("%x cpuid %x %x %s ", word, info->cpuid.eax, info->cpuid.ecx,
                   registers[info->cpuid.reg]);
        } else {
            printf("%x cpuid %x - %s ", word, info->cpuid.eax,
                   registers[info->cpuid.reg]);
        }
        for (bit = 0; bit < 64; bit++) {
            printf("%s%s", bit ? "," : "",
                   info->feat_names[bit] ? info->feat_names[bit] : "-");
        }
        putchar('\n');
    }
}

static int print_enum(char *words)
{
    static struct {
        struct kvm_msr_list list;
        uint32_t indices[3];
    } supported = {
        { .nmsrs = 3 },
        { MSR_IA32_VMX_BASIC, MSR_IA32_VMX_MISC, MSR_IA32_VMX_EPT_VPID_CAP },
    };
    static uint64_t buffer[MSR_BUF_SIZE / sizeof(uint64_t)];
    static X86CPU cpu;
    FeatureWordArray features = { 0 };
    char *word;
    int i;

    for (word = strtok(words, " \n"); word; word = strtok(NULL, " \n")) {
        unsigned long index = strtoul(word, &word, 16);

        if (index >= FEATURE_WORDS || *word != '=') {
            return 1;
        }
        features[index] = strtoull(word + 1, NULL, 16);
    }
    kvm_feature_msrs = &supported.list;
    cpu.kvm_msr_buf = (void *)buffer;
    cpu.kvm_msr_buf->nmsrs = 0;
    kvm_msr_entry_add_vmx(&cpu, features);
    for (i = 0; i < cpu.kvm_msr_buf->nmsrs; i++) {
        if (cpu.kvm_msr_buf->entries[i].index == MSR_IA32_VMX_VMCS_ENUM) {
            printf("%" PRIx64 "\n", (uint64_t)cpu.kvm_msr_buf->entries[i].data);
            return 0;
        }
    }
    return 1;
}

int main(void)
{
    char line[4096];

    while (fgets(line, sizeof(line), stdin)) {
        if (!strcmp(line, "words\n")) {
            print_words();
        } else if (strncmp(line, "enum", 4) || print_enum(line + 4)) {
            fprintf(stderr, "no answer to: %s", line);
            return 2;
        }
    }
    return 0;
}
