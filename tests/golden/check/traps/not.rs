// VMCS
pub const GUEST_RIP: u32 = 0x681e;
pub const GUEST_RSP: u32 = 0x681c;
pub const GUEST_CR0: u32 = 0x6800;
pub const GUEST_IA32_PAT_HIGH: u32 = 0x2805;
pub const GUEST_IA32_PAT: u32 = GUEST_IA32_PAT_HIGH & !1;
