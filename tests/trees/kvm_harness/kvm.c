// SPDX-License-Identifier: MIT
/*
 * The kernel's side of the harness: compiled like KVM's own files, it owns the variables that
 * vmx.c would own and calls the functions of vmcs12.o and nested.o.
 */
/* nested.c as a whole, for what it keeps to itself; then nested.o is not linked. */
#ifdef WITH_NESTED_C
#include "nested.c"
#endif
#include "vmx.h"
#include "nested.h"
#include "vmcs12.h"
#include "harness.h"

/* Defined in vmx.c and x86.c; the types are the headers'. */
typeof(vmcs_config) vmcs_config;
typeof(vmx_capability) vmx_capability;
typeof(kvm_cpu_caps) kvm_cpu_caps;
typeof(boot_cpu_data) boot_cpu_data;
typeof(enable_vpid) enable_vpid;
typeof(enable_ept) enable_ept;
typeof(enable_ept_ad_bits) enable_ept_ad_bits;
typeof(enable_unrestricted_guest) enable_unrestricted_guest;
typeof(flexpriority_enabled) flexpriority_enabled;
typeof(enable_apicv) enable_apicv;

static struct vcpu_vmx vcpu;

#ifndef VMCS12_CELL
/* Kernels that gate the table of fields by host capabilities have this (Linux 7.2 and later). */
void nested_vmx_setup_vmcs12_fields(void) __attribute__((weak));
#endif

#ifdef VMCS12_CELL
/* The generated table: which fields exist is the vCPU's matter. */
static void setup_fields(void)
{
}

static void create_fields(void)
{
	vcpu.nested.vmcs12_groups = 0;
	nested_vmx_update_vmcs12_groups(&vcpu);
}

short harness_field_offset(unsigned long field)
{
	return get_vmcs12_field_offset(field, vcpu.nested.vmcs12_groups);
}

int harness_set_capabilities(const struct host *capabilities, unsigned long long vmfunc)
{
	vcpu.nested.msrs.pinbased_ctls_high = capabilities->pin;
	vcpu.nested.msrs.procbased_ctls_high = capabilities->primary;
	vcpu.nested.msrs.secondary_ctls_high = capabilities->secondary;
	vcpu.nested.msrs.exit_ctls_high = capabilities->exit;
	vcpu.nested.msrs.entry_ctls_high = capabilities->entry;
	vcpu.nested.msrs.vmfunc_controls = vmfunc;
	nested_vmx_update_vmcs12_groups(&vcpu);
	return 0;
}

#define GROUPS vmcs12_groups
#else
static void clear_field_offsets(void)
{
	/* Module load fills the table, and never clears what an earlier host had. */
	memset((void *)vmcs12_field_offsets, 0, nr_vmcs12_fields * sizeof(vmcs12_field_offsets[0]));
}

static void setup_fields(void)
{
	if (nested_vmx_setup_vmcs12_fields) {
		clear_field_offsets();
		nested_vmx_setup_vmcs12_fields();
	}
}

static void create_fields(void)
{
}

short harness_field_offset(unsigned long field)
{
	return get_vmcs12_field_offset(field);
}

int harness_set_capabilities(const struct host *capabilities, unsigned long long vmfunc)
{
	return -ENOENT;
}

#define GROUPS current_vmptr
#endif

void harness_layout(unsigned long numbers[LAYOUT])
{
	numbers[0] = sizeof(struct vcpu_vmx);
	numbers[1] = sizeof(struct nested_vmx);
	numbers[2] = offsetof(struct vcpu_vmx, nested.current_vmptr);
	numbers[3] = offsetof(struct vcpu_vmx, nested.GROUPS);
	numbers[4] = (unsigned long)&vcpu;
}

#ifdef WITH_NESTED_C
int harness_bitmaps(unsigned char *pages[2])
{
	unsigned long **bitmap = vmx_get_bitmaps(&vcpu);

	if (!bitmap)
		return -ENOMEM;
	pages[0] = (unsigned char *)bitmap[VMX_VMREAD_BITMAP];
	pages[1] = (unsigned char *)bitmap[VMX_VMWRITE_BITMAP];
	return 0;
}
#else
int harness_bitmaps(unsigned char *pages[2])
{
	return -ENOENT;
}
#endif

static void configure_host(const struct host *host)
{
	memset(&vcpu, 0, sizeof(vcpu));
	memset(&vmcs_config, 0, sizeof(vmcs_config));
	vmcs_config.pin_based_exec_ctrl = host->pin;
	vmcs_config.cpu_based_exec_ctrl = host->primary;
	vmcs_config.cpu_based_2nd_exec_ctrl = host->secondary;
	vmcs_config.cpu_based_3rd_exec_ctrl = host->tertiary;
	vmcs_config.vmexit_ctrl = host->exit;
	vmcs_config.vmentry_ctrl = host->entry;
	vmcs_config.misc = host->misc;
	vmx_capability.ept = host->ept;

	/* Every CPUID feature; the module parameters as vmx_hardware_setup() leaves them. */
	memset(kvm_cpu_caps, 0xff, sizeof(kvm_cpu_caps));
	enable_vpid = cpu_has_vmx_vpid();
	enable_ept = cpu_has_vmx_ept();
	enable_ept_ad_bits = enable_ept && cpu_has_vmx_ept_ad_bits();
	enable_unrestricted_guest = enable_ept && cpu_has_vmx_unrestricted_guest();
	flexpriority_enabled = cpu_has_vmx_flexpriority();
	enable_apicv = cpu_has_vmx_apicv();

}

void harness_fill_table(const struct host *host)
{
	configure_host(host);
	setup_fields();
}

void harness_create_vcpu(const struct host *host)
{
	configure_host(host);
	setup_fields();
	nested_vmx_setup_ctls_msrs(&vmcs_config, vmx_capability.ept);

	/* vmx_vcpu_create() */
	memcpy(&vcpu.nested.msrs, &vmcs_config.nested, sizeof(vcpu.nested.msrs));
	create_fields();
}

int harness_hardware_setup(void)
{
	static int (*exit_handlers[256])(struct kvm_vcpu *);

	return nested_vmx_hardware_setup(exit_handlers);
}

int harness_set_msr(unsigned int index, unsigned long long value)
{
	return vmx_set_vmx_msr(&vcpu.vcpu, index, value);
}

int harness_get_msr(unsigned int index, unsigned long long *value)
{
	return vmx_get_vmx_msr(&vcpu.nested.msrs, index, value);
}
