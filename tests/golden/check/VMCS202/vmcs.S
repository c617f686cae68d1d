/* The second .equ wins, in silence: a list of VMCS fields. */
.equ GUEST_RSP, 0x681c
.equ GUEST_RIP, 0x681e
.equ GUEST_RFLAGS, 0x6820
.equ GUEST_RIP, 0x681e
