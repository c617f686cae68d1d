/* Halves that are called F and H, and a field that is "high" as a whole. Nothing here is wrong. */
#define VMX_EPTP_F			0x201a
#define VMX_EPTP_H			0x201b
#define VMX_PASID_DIR_ADDR_LO	0x2038
#define VMX_PASID_DIR_ADDR_HI	0x203a
#define VMX_GUEST_PAT_F		0x2804
#define VMX_GUEST_PAT_H		0x2805
#define VMX_IOBMPA			0x2000	/* names that say little, between those that do */
#define VMX_IOBMPB			0x2002
#define VMX_MSRBMP			0x2004
#define VMX_EXECVM			0x200c
#define VMX_TSC_OFFSET		0x2010
#define VMX_EXIT_QUALIFICATION	0x6400
#define VMX_GUEST_LINEAR_ADDRESS	0x640a
#define VMX_EXIT_QUALIFICATION_IS_VALID_GLA	0x80	/* a bit in the field above */
#define VMX_GUEST_RIP		0x681e
#define VMX_VMCS64_GUEST_RSP		0x681c	/* 64 bits wide, where this runs */

#define VPID_INVALID			0	/* a value, no field */
#define VMX_VPID_TYPE_INDIVIDUAL_ADDR	0
