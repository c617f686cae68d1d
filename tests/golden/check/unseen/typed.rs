cfg_if::cfg_if! {
    if #[cfg(feature = "vmx")] {
        pub const VMCS_GUEST_RIP: u32 = 0x6820;
        pub const VMCS_GUEST_RSP: u32 = 0x681c;
        pub const VMCS_GUEST_CR0: u32 = 0x6800;
        pub const VMCS_GUEST_CR3: u32 = 0x6802;
    }
}
