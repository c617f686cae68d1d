//! Beyond all encodings this list has numbers of its own, for registers that are no fields.
#[repr(u32)]
pub enum VmcsField {
    GuestRsp = 0x681c,
    GuestRip = 0x681e,
    HostRsp = 0x6c14,
    GuestRax = 0xff007000,
    GuestRbx = 0xff007002,
    GuestRcx = 0xff007004,
}
