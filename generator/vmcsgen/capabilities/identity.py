"""Which processor CPUID leaves speak of, and which features of the spec they report."""

from __future__ import annotations

from collections.abc import Mapping

from vmcsgen.capabilities.dump import HYPERVISOR, Identity, Leaf, Registers
from vmcsgen.core.processor import signature
from vmcsgen.core.spec import Spec

_REGISTERS = ("eax", "ebx", "ecx", "edx")
_FEATURE_LEAF = 7


def identify(cpuid: Mapping[Leaf, Registers]) -> Identity:
    """What CPUID leaves 0, 1 and 0x80000002 to 0x80000004 say (SDM Vol. 2A, CPUID)."""
    vendor = ""
    if (0, 0) in cpuid:
        _, ebx, ecx, edx = cpuid[0, 0]
        vendor = _text(ebx, edx, ecx)
    brand = "".join(
        _text(*cpuid[leaf, 0])
        for leaf in (0x80000002, 0x80000003, 0x80000004)
        if (leaf, 0) in cpuid
    )
    if cpuid.get((1, 0), (0, 0, 0, 0))[0] == 0:  # libvirt leaves the signature out
        return Identity(vendor, " ".join(brand.split()))
    return Identity(vendor, " ".join(brand.split()), *signature(cpuid[1, 0][0]))


def _text(*registers: int) -> str:
    raw = b"".join(register.to_bytes(4, "little") for register in registers)
    return "".join(chr(byte) for byte in raw if 0x20 <= byte < 0x7F)


def is_virtual(cpuid: Mapping[Leaf, Registers]) -> bool | None:
    """Whether a hypervisor says that it is there; None without leaf 1."""
    return bool(cpuid[1, 0][2] & HYPERVISOR) if (1, 0) in cpuid else None


def features(spec: Spec, cpuid: Mapping[Leaf, Registers]) -> dict[str, bool]:
    """The features of the spec that the leaves decide, by name.

    A leaf or subleaf above the highest that the processor says it has reports nothing: the feature
    is not there. One that the source merely lacks decides nothing.
    """
    found: dict[str, bool] = {}
    for feature in spec.features:
        registers = cpuid.get((feature.leaf, feature.subleaf))
        if registers is not None:
            value = registers[_REGISTERS.index(feature.register)]
            found[feature.name] = bool(value >> feature.bit & 1)
        elif _beyond(feature.leaf, feature.subleaf, cpuid):
            found[feature.name] = False
    return found


def _beyond(leaf: int, subleaf: int, cpuid: Mapping[Leaf, Registers]) -> bool:
    if (0, 0) in cpuid and leaf > cpuid[0, 0][0]:
        return True
    return leaf == _FEATURE_LEAF and (leaf, 0) in cpuid and subleaf > cpuid[leaf, 0][0]
