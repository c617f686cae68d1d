"""Python: assignments, an enum, a dict both ways, calls."""
import enum

GUEST_RIP = 0x681E
GUEST_RSP = GUEST_RIP - 2


class Vmcs(enum.IntEnum):
    HOST_RIP = 0x6C16
    HOST_RSP = (3 << 13) | (3 << 10) | (10 << 1)
    GUEST_CR3 = 0x6802


NAMES = {0x681E: "GUEST_RIP", 0x681C: "GUEST_RSP", 0x6C16: "HOST_RIP"}
READ = [("VMCS_LINK_POINTER", 0), ("GUEST_RIP", 4), ("HOST_RIP", 8)]
