void setup(vmcs &v)
{
	constexpr unsigned kGuestRsp = 0x681c;
	const unsigned kGuestRip = 0x681e;
	const unsigned kHostRsp = 0x6c14;
	const unsigned kHostRip = 0x6c18; // wrong
	v.write(kGuestRip, 0);
}
