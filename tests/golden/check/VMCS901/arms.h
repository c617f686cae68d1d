/* VMCS: which of the two definitions counts depends on a condition. */
#ifdef CONFIG_HOST
#define BASE 0x6c00
#else
#define BASE 0x6800
#endif
enum vmcs_field {
	GUEST_RIP = 0x681e,
	GUEST_RSP = 0x681c,
#ifdef CONFIG_THIS_HOST
	HOST_CR0 = BASE | 0,
#else
	GUEST_CR0 = BASE | 0,
#endif
	HOST_RIP = 0x6c16,
};
