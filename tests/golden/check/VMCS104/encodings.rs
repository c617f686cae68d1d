//! VMCS field names that no project has: their words say the field, the value says another.
pub mod fields {
    pub const GUEST_RSP_FIELD: u32 = 0x681c;
    pub const GUEST_RIP_FIELD: u32 = 0x681e;
    pub const HOST_STACK_RSP: u32 = 0x6c14;
    pub const EXIT_INSTRUCTION_LENGTH: u32 = 0x440e;
    pub const PLE_WINDOW_FIELD: u32 = 0x4020;
    pub const EPT_POINTER_FULL_FIELD: u32 = 0x201a;
    pub const EPT_POINTER_FIELD_HIGH: u32 = 0x201c;
}
