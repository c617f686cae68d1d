/* VMCS */
.equ GUEST_RIP, 0x681e
.equ GUEST_RSP, 0x681c
.equ GUEST_CR0, 0x6800
#if 0
.equ GUEST_CR3, 0x6842
#endif
#ifdef __x86_64__
.equ GUEST_CR4, 0x6804
#else
.equ GUEST_CR4, 0x6804
#endif
