/* VMCS: what no compiler sees, and names that only one arm defines. */
enum vmcs_field {
	GUEST_RSP = 0x681c,
	GUEST_CR0 = 0x6800,
#if 0	/* not defined by the SDM any more */
	GUEST_CR3 = 0x6842,
#endif
#if 0 && defined(CONFIG_LATER)
	GUEST_CR4 = 0x6844,
#endif
};
#ifdef CONFIG_X
#define GUEST_RIP 0x681e
#endif
#ifndef CONFIG_X
#define GUEST_RIP 0x681e
#endif
#define HOST_RSP 0x6c14
#ifndef HOST_RSP
#define HOST_RSP 0x6c14
#endif
