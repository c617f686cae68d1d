// VMCS
pub const GUEST_RIP: u32 = 0x681e;
pub const GUEST_RSP: u32 = 0x681c;
#[cfg(target_pointer_width = "64")]
pub const GUEST_CR0: u32 = 0x6800;
#[cfg(not(target_pointer_width = "64"))]
pub const GUEST_CR0: u32 = 0x6800;
