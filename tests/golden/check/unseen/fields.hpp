// A list that no project of the spec has: fields of the VMCS, with mistakes in them.
enum class VmcsField : unsigned __int32 {
    kVpid = 0x0000,
    kAddrOfIoBitmapA = 0x2000,
    kAddrOfIoBitmapAHigh = 0x2001,
    kOwner = 0x481a,               // swapped with the next but one; the name alone says nothing
    kGuestTrBase = 0x6834,         // 0x6814: "base" in a name is no sentinel
    kGuestDsRights = 0x200c,
    kShadowOfCr4 = 0x6008,         // CR3-target value 0; 0x6006 is right
    kCr3Target0 = 0x6008,
    kEptPtr = 0x201a,
    kEptPtrHigh = 0x201d,          // the other half is 0x201b
    kPmlog = 0x200e,               // the name says nothing, but the halves must pair
    kPmlogHigh = 0x2025,
    kGuestRip = 0x681e,
    kHostRip = 0x6c16,
    kNoField = 0xffff,
};
