//! Constants in a function, one list for each; the second of b is wrong.
unsafe fn a() {
    const GUEST_RSP: u64 = 0x681c;
    const GUEST_RIP: u64 = 0x681e;
    const HOST_RIP: u64 = 0x6c16;
    vmwrite(GUEST_RIP, 0);
}
fn b() {
    const GUEST_RIP: u64 = 0x681e;
    const GUEST_RSP: u64 = 0x681a;
    const HOST_RSP: u64 = 0x6c14;
    const HOST_RIP: u64 = 0x6c16;
}
