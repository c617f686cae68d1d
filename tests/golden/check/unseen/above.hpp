// VMCS
constexpr unsigned GUEST_NATURAL = 0x6800;
enum vmcs_field : unsigned {
	GUEST_CR0 = GUEST_NATURAL + 0,
	GUEST_CR3 = GUEST_NATURAL + 4,
	GUEST_CR4 = GUEST_NATURAL + 4,
	GUEST_RIP = GUEST_NATURAL + 0x20,
};
