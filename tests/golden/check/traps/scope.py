class Guest:
    CR0 = 0x6800
    CR3 = 0x6802
    RIP = 0x681e
class Host:
    CR0 = 0x6c00
    CR3 = 0x6c02
    RIP = 0x6c16
class Vmcs:
    GUEST_CR0 = Guest.CR0
    GUEST_CR3 = Guest.CR3
    GUEST_RIP = Guest.RIP
    HOST_CR0 = Host.CR0
    HOST_CR3 = Host.CR3
    HOST_RIP = Host.RIP
