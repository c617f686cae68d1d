/* The names claim a width or a state that the encodings do not have. */
enum hv_vmcs {
	HV_VMCS16_GUEST_CS_SEL = 0x0802,
	HV_VMCS16_GUEST_SS_SEL = 0x0804,
	HV_VMCS16_EXIT_REASON = 0x4402,
	HV_VMCS64_IDTR_BASE = 0x6818,
	HV_VMCSNW_HOST_CR3 = 0x6c02,
	HV_VMCSNW_HOST_DR7 = 0x681a,
};
