// SPDX-License-Identifier: MIT
/*
 * The kernel's side of the harness: compiled like KVM's own files, it owns the variables that
 * vmx.c would own and calls the functions of vmcs12.o and nested.o.
 */
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

/* Kernels that gate the table of fields by host capabilities have this (Linux 7.2 and later). */
void nested_vmx_setup_vmcs12_fields(void) __attribute__((weak));

static void clear_field_offsets(void)
{
	/* Module load fills the table, and never clears what an earlier host had. */
	memset((void *)vmcs12_field_offsets, 0, nr_vmcs12_fields * sizeof(vmcs12_field_offsets[0]));
}

void harness_create_vcpu(const struct host *host)
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

	if (nested_vmx_setup_vmcs12_fields) {
		clear_field_offsets();
		nested_vmx_setup_vmcs12_fields();
	}
	nested_vmx_setup_ctls_msrs(&vmcs_config, vmx_capability.ept);

	/* vmx_vcpu_create() */
	memcpy(&vcpu.nested.msrs, &vmcs_config.nested, sizeof(vcpu.nested.msrs));
}

int harness_hardware_setup(void)
{
	static int (*exit_handlers[256])(struct kvm_vcpu *);

	return nested_vmx_hardware_setup(exit_handlers);
}

long harness_field_offset(unsigned long field)
{
	return get_vmcs12_field_offset(field);
}

int harness_set_msr(unsigned int index, unsigned long long value)
{
	return vmx_set_vmx_msr(&vcpu.vcpu, index, value);
}

int harness_get_msr(unsigned int index, unsigned long long *value)
{
	return vmx_get_vmx_msr(&vcpu.nested.msrs, index, value);
}
