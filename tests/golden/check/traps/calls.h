/* VMCS: a macro that is called by another name, and in its own argument. */
#ifdef __ASSEMBLER__
#define BASE 0x6800
#else
#define BASE 0x6800u
#endif
#define MAKE(i) (BASE | (i) << 1)
#define NATURAL MAKE
enum vmcs_field {
	GUEST_RIP = 0x681e,
	GUEST_CR0 = NATURAL(0),
	GUEST_CR3 = NATURAL(1),
	GUEST_CR4 = MAKE((MAKE(1) & 7)),
};
