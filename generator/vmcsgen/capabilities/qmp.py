"""QEMU's CPU models: properties of QMP's ``query-cpu-model-expansion`` to controls and features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vmcsgen.capabilities.dump import Collector
from vmcsgen.core.consistency import DEFAULT1
from vmcsgen.core.processor import Leaf, Registers
from vmcsgen.core.spec import Spec

WITHOUT_VMX = "VMX is off in this CPU model"

_COMPLETE = 50
"""An expansion with this many ``vmx-`` properties is taken for whole (QEMU 4.2 has 80)."""


def properties(spec: Spec) -> dict[str, str]:
    """Control or feature name by QEMU's property, such as ``vmx-tsc-scaling``."""
    project = spec.project_by_id.get("qemu")
    if project is None:
        return {}
    return {
        names["property"]: name for name, names in project.controls.items() if "property" in names
    }


def allowed(spec: Spec, name: str, flag: bool) -> bool:
    """Whether a control can be 1 in a guest whose QEMU property, or feature word bit, is ``flag``.

    A control of the default1 class always can: for it, the property says whether it can be 0
    (make_vmx_msr_value() in QEMU's target/i386/kvm/kvm.c).
    """
    control = spec.controls[name]
    return flag or bool(DEFAULT1.get(control.group, 0) >> control.bit & 1)


def add_model(collector: Collector, name: str | None, props: Mapping[str, Any], spec: Spec) -> None:
    """A CPU model as a processor of its own.

    A whole expansion without a property for a control means that this QEMU can't give the control
    to a guest, but for those that it sets itself (it names their bit without a property), and
    unless ``migratable`` is off, which passes on whatever the host has. So with CPUID features
    whose property is known. A model whose VMX is off has no field at all.
    """
    if props.get("vmx") is False:
        collector.fault(f'{WITHOUT_VMX}: ask for it with "props": {{"vmx": true}}', 0)
        return
    draft = collector.begin()
    draft.name = name
    draft.virtual = True
    known = properties(spec)
    for key, flag in props.items():
        target = known.get(key)
        if target is None or not isinstance(flag, bool):
            continue
        if target in spec.feature_by_name:
            draft.features[target] = flag
        else:
            draft.controls[target] = allowed(spec, target, flag)
    project = spec.project_by_id.get("qemu")
    whole = sum(key.startswith("vmx-") for key in props) >= _COMPLETE
    if project is not None and whole and props.get("migratable") is not False:
        for control in spec.controls:
            if "property" in project.controls.get(control, {}) or not project.controls.get(
                control, {}
            ).get("macro"):
                draft.controls.setdefault(control, allowed(spec, control, False))
        for feature in spec.feature_by_name:
            if "property" in project.controls.get(feature, {}):
                draft.features.setdefault(feature, False)
    draft.cpuid |= _leaves(props)


def _leaves(props: Mapping[str, Any]) -> dict[Leaf, Registers]:
    """CPUID leaf 0 from the model's vendor and level, leaf 1 from family, model and stepping."""
    leaves: dict[Leaf, Registers] = {}
    vendor, level = props.get("vendor"), props.get("level")
    if (
        isinstance(vendor, str)
        and len(vendor) == 12
        and vendor.isascii()
        and isinstance(level, int)
    ):
        ebx, edx, ecx = (int.from_bytes(vendor[at : at + 4].encode(), "little") for at in (0, 4, 8))
        leaves[0, 0] = level & 0xFFFFFFFF, ebx, ecx, edx
    numbers = [props.get(key) for key in ("family", "model", "stepping")]
    known = [n for n in numbers if isinstance(n, int) and 0 <= n <= 0xFF]
    if len(known) == len(numbers):
        family, model, stepping = known
        extended = max(0, family - 0xF) << 20 | model >> 4 << 16
        eax = extended | min(family, 0xF) << 8 | (model & 0xF) << 4 | stepping & 0xF
        leaves[1, 0] = eax, 0, 0, 0
    return leaves
