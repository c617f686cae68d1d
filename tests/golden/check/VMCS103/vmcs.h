/* Bit 12, a value of more than 15 bits, high access to a 32-bit field. */
#define VMCS_GUEST_CR0			0x00006800
#define VMCS_GUEST_CR3			0x00007802
#define VMCS_GUEST_CR4			0x00016804
#define VMCS_EXIT_REASON		0x00004403
#define VMCS_EXIT_QUALIFICATION		0x00006400
#define VMCS_GUEST_RIP			0x0000681E
