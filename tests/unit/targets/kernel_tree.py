"""A kernel tree in small: the files that target linux reads and writes, with few fields."""

from __future__ import annotations

from pathlib import Path

VMX_H = "arch/x86/include/asm/vmx.h"
SELFTESTS_VMX_H = "tools/testing/selftests/kvm/include/x86/vmx.h"
VMCS12_H = "arch/x86/kvm/vmx/vmcs12.h"
VMCS12_C = "arch/x86/kvm/vmx/vmcs12.c"
CAPABILITIES_H = "arch/x86/kvm/vmx/capabilities.h"

ENUM = """\
enum vmcs_field {
	VIRTUAL_PROCESSOR_ID            = 0x00000000,
	GUEST_ES_SELECTOR               = 0x00000800, /* ES */
	TSC_MULTIPLIER                  = 0x00002032,
	TSC_MULTIPLIER_HIGH             = 0x00002033,
	GUEST_IA32_PAT			= 0x00002804,
	GUEST_IA32_PAT_HIGH		= 0x00002805,
	GUEST_CR0                       = 0x00006800
};
"""

FILES = {
    VMX_H: f"""\
/* SPDX-License-Identifier: GPL-2.0 */
#define SECONDARY_EXEC_ENABLE_VPID      VMCS_CONTROL_BIT(VPID)
#define SECONDARY_EXEC_TSC_SCALING      VMCS_CONTROL_BIT(TSC_SCALING)
#define CPU_BASED_ACTIVATE_SECONDARY_CONTROLS VMCS_CONTROL_BIT(SEC_CONTROLS)

/* VMCS Encodings */
{ENUM}
#define VMX_AFTER 1
""",
    SELFTESTS_VMX_H: f"#define BEFORE 1\n\n{ENUM}\nstruct after;\n",
    VMCS12_H: """\
struct __packed vmcs12 {
	struct vmcs_hdr hdr;
	u32 abort;
	u32 launch_state; /* set to 0 by VMCLEAR */
	u32 padding[7];
	u64 tsc_multiplier;
	u64 guest_ia32_pat;
	natural_width guest_cr0;
	u16 virtual_processor_id;
	u16 guest_es_selector;
};
""",
    VMCS12_C: """\
/* vmcsgen begin: linux/vmcs12-fields */
/* vmcsgen end: linux/vmcs12-fields */
""",
    CAPABILITIES_H: """\
struct nested_vmx_msrs {
	u32 procbased_ctls_low;
	u32 procbased_ctls_high;
	u32 secondary_ctls_high;
	u32 pinbased_ctls_high;
	u32 exit_ctls_high;
	u32 entry_ctls_high;
	u64 vmcs_enum;
	u64 vmfunc_controls;
};
""",
}


def make(top: Path) -> Path:
    """Write the tree into ``top``."""
    for path, text in FILES.items():
        put(top, path, text)
    return top


def put(top: Path, path: str, text: str) -> None:
    """Write one file of it."""
    (top / path).parent.mkdir(parents=True, exist_ok=True)
    (top / path).write_bytes(text.encode())


def change(top: Path, path: str, old: str, new: str) -> None:
    """Replace a text that the file holds once."""
    text = (top / path).read_bytes().decode()
    assert text.count(old) == 1
    put(top, path, text.replace(old, new))


def files(top: Path) -> dict[str, bytes]:
    """Every file of the tree."""
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file() and ".git/" not in path.as_posix()
    }
