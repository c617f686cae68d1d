pub mod guest { pub const CR0: u32 = 0x6800; pub const CR3: u32 = 0x6802; pub const RIP: u32 = 0x681e; }
pub mod host { pub const CR0: u32 = 0x6c00; pub const CR3: u32 = 0x6c02; pub const RIP: u32 = 0x6c16; }
pub const GUEST_CR0: u32 = guest::CR0;
pub const GUEST_CR3: u32 = guest::CR3;
pub const GUEST_RIP: u32 = guest::RIP;
pub const HOST_CR0: u32 = host::CR0;
pub const HOST_CR3: u32 = host::CR3;
pub const HOST_RIP: u32 = host::RIP;
