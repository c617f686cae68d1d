union vmcs_exit_information { // of an instruction: no encoding
	struct {
		u32 scaling : 2;
		u32 idx : 4;
		u32 base : 4;
	};
};
