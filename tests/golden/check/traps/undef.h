#define ENC(i) (0x6800 | (i) << 1)
enum vmcs_guest {
	GUEST_RIP = 0x681e,
	GUEST_CR0 = ENC(0),
	GUEST_CR3 = ENC(1),
};
#undef ENC
#define ENC(i) (0x6c00 | (i) << 1)
enum vmcs_host {
	HOST_CR0 = ENC(0),
	HOST_CR3 = ENC(1),
	HOST_CR4 = ENC(2),
};
