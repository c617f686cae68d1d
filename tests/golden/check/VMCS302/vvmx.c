union vmcs_encoding {
	struct {
		u32 access_type : 1;
		u32 index : 5;
		u32 type : 2;
	};
};

static int vmcs_slot(u32 width, u32 type, u32 index)
{
	return (index & 0x1f) | type << 5 | width << 7;
}

static int vmcs_slot_of_all(u32 width, u32 type, u32 index)
{
	return (index & 0x1ff) | type << 9 | width << 11;
}
