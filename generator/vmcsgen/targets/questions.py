"""What the probe guest asks a processor besides its VMCS encodings: MSRs and CPUID leaves."""

from __future__ import annotations

from vmcsgen.core.capabilities import CAPABILITY_MSRS
from vmcsgen.core.spec import Spec
from vmcsgen.records import Record

IA32_FEATURE_CONTROL = 0x3A

_IDENTITY_LEAVES = (
    (0, 0), (1, 0), (7, 0), (7, 1),
    (0x80000000, 0), (0x80000001, 0), (0x80000002, 0), (0x80000003, 0), (0x80000004, 0),
)  # fmt: skip
"""Vendor, signature, structured features, extended features, brand string (SDM Vol. 2, CPUID)."""

LOG_AREA = "vmcsgen probe: its log belongs into the sectors that follow"
"""What stands in the image where the probe may write its log; it writes nowhere else."""


class LeafQuestion(Record):
    """A CPUID leaf; ``leaf_hex`` is a C constant."""

    leaf_hex: str
    subleaf: int


class FeatureQuestion(Record):
    """A CPUID feature that a requirement names; ``member`` is its place in ``struct vmx_caps``."""

    title: str
    member: str
    leaf_hex: str
    subleaf: int
    register: str
    bit: int


class Questions(Record):
    """MSRs (C constants, ascending), CPUID leaves and features of the probe."""

    msrs: tuple[str, ...]
    leaves: tuple[LeafQuestion, ...]
    features: tuple[FeatureQuestion, ...]
    log_area: str = LOG_AREA


def questions(spec: Spec) -> Questions:
    """What the probe asks so that every requirement of ``spec`` can be decided."""
    msrs = {IA32_FEATURE_CONTROL, *CAPABILITY_MSRS}
    for group in spec.groups:
        msrs.add(group.msr)
        if group.true_msr is not None:
            msrs.add(group.true_msr)
    leaves = {*_IDENTITY_LEAVES, *((each.leaf, each.subleaf) for each in spec.features)}
    return Questions(
        tuple(f"{msr:#x}u" for msr in sorted(msrs)),
        tuple(LeafQuestion(f"{leaf:#x}u", subleaf) for leaf, subleaf in sorted(leaves)),
        tuple(
            FeatureQuestion(
                each.title,
                f"cpuid_{each.id}",
                f"{each.leaf:#x}u",
                each.subleaf,
                each.register,
                each.bit,
            )
            for each in spec.features
        ),
    )
