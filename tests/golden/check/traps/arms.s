# VMCS
.equ GUEST_RIP, 0x681e
.equ GUEST_RSP, 0x681c
.equ GUEST_CR0, 0x6800
.ifc \kind, host
.equ GUEST_CR4, 0x6804
.elseif 0 # never
.equ GUEST_CR4, 0x6844
.else
.equ GUEST_CR4, 0x6804
.endif
.if 0
.ifeq 1
.equ GUEST_CR3, 0x6842
.endif
.endif
