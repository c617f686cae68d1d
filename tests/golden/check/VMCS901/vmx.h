#define ENC(width, type, index)	((width) << 13 | (type) << 10 | (index) << 1)
enum vmcs_field {
	GUEST_RSP	= ENC(3, 2, 14),
	GUEST_RIP	= ENC(3, 2, 15),
	GUEST_RFLAGS	= ELSEWHERE(3, 2, 16),
	HOST_RSP	= ENC(3, 3, 10) + 0,
	HOST_RIP	= HOST_RSP + 2,
};
