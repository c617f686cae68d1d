/* Nobody's list: a field that no spec has yet. */
#define MY_VMCS_GUEST_RSP	0x681c
#define MY_VMCS_GUEST_RIP	0x681e
#define MY_VMCS_GUEST_MAGIC	0x6890
#define MY_VMCS_GUEST_RFLAGS	0x6820
#define MY_VMCS_HOST_RIP	0x6c16
