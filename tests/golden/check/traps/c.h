/* How lists are really written. Nothing here is wrong.
   GUEST_RIP = 0x1234, in a comment is no constant.
#define GUEST_RSP 0x1234 neither
*/
#define VMCS_INITIAL 0xffffffffffffffff
#define VMCS_INVALID_ENCODING 0xffffffff
#define VMCS_IDENT(encoding) ((encoding) | 0x80000000)
#define VMCS_VPID 0x0000ul
#define VMCS_GUEST_ACTIVITY 0X00004826
#define VMCS_GUEST_INTERRUPTIBILITY (0x4824) /* 0x9999 */
#define VMCS_GUEST_RSP \
	(0x6800 \
	 + 28)
#define VMCS_GUEST_RIP	0x681E	// the end
#if 0
#define VMCS_GUEST_RFLAGS 0x1111
#else
#define VMCS_GUEST_RFLAGS 0x6820
#endif
#define VMCS_HOST_RSP (3 << 13 | 3 << 10 | 10 << 1)
#define VMCS_HOST_RIP ((u32)(VMCS_HOST_RSP + 2u))

/* VMCS interruption information */
#define VMCS_INTR_VALID (1U << 31)
#define VMCS_INTR_T_MASK 0x700
#define VMCS_IDT_VEC_TYPE 0x700
#define TSC_OFFSET 0x10

static const struct write { enum field f; u64 value; } writes[] = {
	{ GUEST_CS_SELECTOR, 0x08 },
	{ GUEST_RIP, 0xfff0 },
	{ GUEST_RFLAGS, 2 },
};
