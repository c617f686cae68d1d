/* Bits of IA32_VMX_VMCS_ENUM: a mask of the index is no maximum, and no field of the list. */
#define IA32_VMX_VMCS_ENUM_HIGHEST_INDEX_FLAG	0x3FE
#define IA32_VMX_VMCS_ENUM_HIGHEST_INDEX_BITS	0x1FF
#define GUEST_RSP_FIELD		0x681c
#define GUEST_RIP_FIELD		0x681e
#define HOST_RSP_FIELD		0x6c14
#define VMENTRY_INTERRUPTION_INFORMATION_BIT	0
