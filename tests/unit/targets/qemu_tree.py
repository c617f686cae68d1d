"""As much of a QEMU tree as the target's own edits tell of it."""

from __future__ import annotations

from pathlib import Path

import vmcsgen
from vmcsgen.resources import template_root
from vmcsgen.targets.hunks import read_hunks

CPU_H = """
enum FeatureWord {
    FEAT_7_1_EAX,
    FEAT_VMX_PROCBASED_CTLS,
    FEAT_VMX_SECONDARY_CTLS,
    FEATURE_WORDS,
};
#define VMX_SECONDARY_EXEC_TSC_SCALING 0x02000000
"""

KVM_C = "target/i386/kvm/kvm.c"
HEADER = "target/i386/kvm/vmx-vmcs-enum.h"
VMCS_H = "target/i386/hvf/vmcs.h"
EOI_EXIT = "#define VMCS_EOI_EXIT(vector) (VMCS_EOI_EXIT0 + ((vector) / 64) * 2)"


def make(top: Path, spec: vmcsgen.Spec, edits: str = "kvm.diff") -> Path:
    """The old sides of the edits, a list of fields, and a cpu.h."""
    files = {"target/i386/cpu.h": CPU_H}
    for hunk in read_hunks(template_root() / "qemu" / edits):
        files[hunk.path] = files.get(hunk.path, "") + "\n".join([*hunk.old, "", ""])
    project = spec.project_by_id["qemu"]
    lines = ["#define VMCS_INITIAL 0xffffffffffffffff", "", "/* 16-bit control fields */"]
    for identity, name in project.fields.items():
        lines.append(f"#define {name} 0x{spec.by_id[identity].encoding.value:08X}")
        if name == "VMCS_EOI_EXIT3":
            lines.append(EOI_EXIT)
    files[VMCS_H] = "\n".join([*lines, "", "/* what follows */", ""])
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    return top
