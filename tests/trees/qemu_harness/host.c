/* SPDX-License-Identifier: MIT */
/* What the rest of QEMU, and KVM behind it, would do for qemu.c. */
#include <linux/kvm.h>
#include <stdarg.h>

/* Constructors register types and options; none is wanted here. */
void register_module_init(void (*function)(void), int type);
void register_module_init(void (*function)(void), int type)
{
    (void)function;
    (void)type;
}

void register_dso_module_init(void (*function)(void), int type);
void register_dso_module_init(void (*function)(void), int type)
{
    (void)function;
    (void)type;
}

/*
 * KVM_GET_MSRS of a feature MSR: a KVM that supports everything. Here, because `type` is an int
 * in some versions of QEMU's header and unsigned long in others.
 */
int kvm_ioctl(void *state, unsigned long type, ...);
int kvm_ioctl(void *state, unsigned long type, ...)
{
    struct kvm_msrs *msrs;
    va_list arguments;

    (void)state;
    va_start(arguments, type);
    msrs = va_arg(arguments, struct kvm_msrs *);
    va_end(arguments);
    msrs->entries[0].data = 0xffffffff00000000;
    return 1;
}
