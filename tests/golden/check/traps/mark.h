#if 0
#define GUEST_RIP 0x6820
#endif
#define GUEST_RSP 0x681c
#define GUEST_CR0 0x6800
#define GUEST_CR3 0x6802
/* VMCS */
