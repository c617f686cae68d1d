static void kvm_msr_entry_add_vmx(X86CPU *cpu, FeatureWordArray f)
{
    if (f[FEAT_VMX_EXIT_CTLS] & VMX_VM_EXIT_ACTIVATE_SECONDARY_CONTROLS) {
        kvm_msr_entry_add(cpu, MSR_IA32_VMX_VMCS_ENUM, 0x44);
    } else if (f[FEAT_VMX_SECONDARY_CTLS] & VMX_SECONDARY_EXEC_TSC_SCALING) {
        kvm_msr_entry_add(cpu, MSR_IA32_VMX_VMCS_ENUM, 0x30);
    } else {
        kvm_msr_entry_add(cpu, MSR_IA32_VMX_VMCS_ENUM, 0x2E);
    }
}
