/* Every way to type a maximum; the last three are none. */
#define VMCS_MAX_FIELD_INDEX	0x17
#define VMX_HIGHEST_VMCS_ENCODING	(0x34)
#define MSR_IA32_VMX_VMCS_ENUM	0x0000048a
#define VMCS_ENUM_INDEX_MASK	0x3fe
#define VMX_HIGHEST_16BIT_VMCS_ENCODING	(0x20)

int read_msr(struct vmcs_caps *caps, u32 msr, u64 *data)
{
	switch (msr) {
	case MSR_IA32_VMX_VMCS_ENUM:
		*data = 0x1f << 1;
		break;
	}
	caps->vmcs_enum = 0x52;
	write_msr(caps, MSR_IA32_VMX_VMCS_ENUM, 0x54);
	write_msr(caps, MSR_IA32_VMX_VMCS_ENUM, 0);
	write_msr(caps, MSR_IA32_VMX_VMCS_ENUM, -1ull);
	caps->vmcs_enum = highest_index(caps) << 1;
	return 0;
}
