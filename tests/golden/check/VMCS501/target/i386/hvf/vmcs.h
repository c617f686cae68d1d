/* A region whose marks were put in by hand, not filled yet. */
/* vmcsgen begin: qemu/hvf-fields */
/* vmcsgen end: qemu/hvf-fields */
#define VMCS_INVALID_ENCODING 0xffffffff
