pub mod vmcs {
    pub mod guest { pub mod natural { pub const RIP: u32 = 0x681e; pub const CR0: u32 = 0x6800; pub const RSP: u32 = 0x681c; } }
    pub mod host { pub mod natural { pub const RIP: u32 = 0x6c16; pub const CR0: u32 = 0x6c00; pub const RSP: u32 = 0x6c14; } }
}
