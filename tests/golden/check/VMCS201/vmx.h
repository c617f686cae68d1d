enum vmcs_field {
	GUEST_CR0	= 0x6800,
	GUEST_CR3	= 0x6802,
	GUEST_CR4	= 0x6804,
	MY_GUEST_CR4	= 0x6804,
	MY_GUEST_CR3	= GUEST_CR3,	/* an alias by name is meant */
#ifdef OLD
	GUEST_DR7	= 0x681a,
#else
	GUEST_DEBUG_REGISTER_7 = 0x681a, /* no compiler sees both */
#endif
};
