/* vmcsgen begin: qemu/hvf-fields  spec 2026.11 sha256:000000000000 */
#define VMCS_GUEST_RIP 0x0000681E
/* vmcsgen end: qemu/hvf-fields  sha256:000000000000 */
