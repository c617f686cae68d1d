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

#define VMCS_FIELD_INDEX(field) (((field) >> 1) & 0x1f)
#define VMCS_FIELD_INDEX_WHOLE(field) (((field) >> 1) & 0x1ff)

static u8 vmcs_idx(u32 field)
{
	return field >> 1 & 0xf;
}

static u8 slot_of_list(u32 entry)
{
	return entry >> 1 & 0x1f;
}
