static const u16 vmcs12_offsets[] = {
	FIELD(VIRTUAL_PROCESSOR_ID, virtual_processor_id),
	FIELD64(TSC_MULTIPLIER, tsc_multiplier),
	FIELD64(EPT_POINTER, ept_pointer),
	FIELD(POSTED_INTR_NV, posted_intr_nv),
	FIELD(GUEST_INTR_STATUS, guest_intr_status),
};

static __init bool cpu_has_vmcs12_field(unsigned int idx)
{
	switch (VMCS12_IDX_TO_ENC(idx)) {
	case VIRTUAL_PROCESSOR_ID:
		return cpu_has_vmx_vpid();
	VMCS12_CASE64(EPT_POINTER):
		/* right: the group's own control follows from the control */
		return cpu_has_vmx_ept() && cpu_has_secondary_exec_ctrls();
	VMCS12_CASE64(TSC_MULTIPLIER):
		return cpu_has_vmx_ept();
	case POSTED_INTR_NV:
		return cpu_has_odd();
	default:
		return true;
	}
}
