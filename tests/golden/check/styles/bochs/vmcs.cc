bool BX_CPU_C::vmcs_field_supported(Bit32u encoding)
{
  switch(encoding)
  {
    case VMCS_32BIT_GUEST_PREEMPTION_TIMER_VALUE:
      return BX_SUPPORT_VMX_EXTENSION(BX_VMX_PREEMPTION_TIMER);
    default:
      return 0;
  }
}

void BX_CPU_C::init_vmx_controls(void)
{
  // The pin-based control has a name that nobody knows, so that its condition stays open.
  if (BX_SUPPORT_VMX_EXTENSION(BX_VMX_PREEMPTION_TIMER))
    cap->vmx_pin_vmexec_ctrl_supported_bits |= VMX_VM_EXEC_CTRL1_OF_OLD;
  if (BX_SUPPORT_VMX_EXTENSION(BX_VMX_PREEMPTION_TIMER))
    cap->vmx_vmexit_ctrl_supported_bits |= VMX_VMEXIT_CTRL1_STORE_VMX_PREEMPTION_TIMER;
}
