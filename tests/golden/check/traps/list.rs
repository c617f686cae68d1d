//! Rust: modules that repeat a name, enums, casts, tables.
pub mod guest {
    pub const RIP: u32 = 0x681e;
    pub const RSP: u32 = 0x681c;
    pub const CR3: u32 = 0x6802_u32;
}
pub mod host {
    pub const RIP: u32 = 0x6c16;
    pub const RSP: u32 = 0x6c14;
    pub const CR3: u32 = 0x6c02;
}
#[repr(u32)]
pub enum Vmcs {
    GuestRip = 0x681e,
    GuestRsp = 0x681c,
    HostRip = host::RIP as isize,
}
pub static TABLE: [(&str, u32); 3] =
    [("guest_rip", 0x681e), ("guest_rsp", 0x681c), ("host_rip", 0x6c16)];
