/* SPDX-License-Identifier: MIT */
/* What the two sides of the harness say to each other: kvm.c sees the kernel's headers, main.c libc's. */
#ifndef HARNESS_H
#define HARNESS_H

/* The host's capabilities, each the 1-settings it allows, as KVM keeps them in vmcs_config. */
struct host {
	unsigned long long pin, primary, secondary, tertiary, exit, entry, misc, ept;
};

/* What module load and vCPU creation do, for a host with these capabilities. */
void harness_create_vcpu(const struct host *host);

/* Only what fills the table of fields, for such a host; a vCPU's capabilities may follow. */
void harness_fill_table(const struct host *host);

/* The rest of module load; fills the shadow VMCS bitmaps. At most once, after a vCPU was created. */
int harness_hardware_setup(void);

/* The allowed 1-settings of the vCPU's VMX MSRs, whatever the host; only where KVM follows them. */
int harness_set_capabilities(const struct host *vcpu, unsigned long long vmfunc);

/* The pages of the VMREAD and VMWRITE bitmaps that VMXON would choose for the vCPU. */
int harness_bitmaps(unsigned char *pages[2]);

/*
 * Bytes of struct vcpu_vmx and of struct nested_vmx in it; where nested.current_vmptr is, which
 * VMREAD and VMWRITE look at first, and where the groups are; where the vCPU of the harness is.
 */
#define LAYOUT 5
void harness_layout(unsigned long numbers[LAYOUT]);

/* The offset in struct vmcs12 for VMREAD and VMWRITE of an encoding, or -ENOENT. */
short harness_field_offset(unsigned long field);

/* KVM_SET_MSRS and KVM_GET_MSRS of a VMX capability MSR of the vCPU; 0 if accepted. */
int harness_set_msr(unsigned int index, unsigned long long value);
int harness_get_msr(unsigned int index, unsigned long long *value);

/* Generated for each symbol that KVM wants of the rest of the kernel: zeros, not to be called. */
struct stub {
	const char *start;
	const char *name;
};
extern const struct stub stubs[];
extern const unsigned long stub_count, stub_size;

#endif
