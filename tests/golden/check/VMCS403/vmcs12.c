static const u16 vmcs12_offsets[] = {
	FIELD(GUEST_PML_INDEX, guest_pml_index),
	FIELD64(HOST_IA32_PAT, host_ia32_pat),
};

static __init bool cpu_has_vmcs12_field(unsigned int idx)
{
	switch (VMCS12_IDX_TO_ENC(idx)) {
	case GUEST_PML_INDEX:
	default:
		return true;
	}
}
