/* vmcsgen begin: qemu/hvf-fields */
#define VMCS_GUEST_RIP 0x0000681E
