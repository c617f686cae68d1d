"""What CPUID says of a processor: signature, vendor and brand, and the features of the spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from vmcsgen.core.spec import Feature, Spec

Leaf: TypeAlias = tuple[int, int]
"""A CPUID leaf and its subleaf."""

Registers: TypeAlias = tuple[int, int, int, int]
"""EAX, EBX, ECX, EDX."""

HYPERVISOR = 1 << 31
"""CPUID.1:ECX bit 31: reserved for hypervisors, which set it to say that they are there."""

_REGISTERS = ("eax", "ebx", "ecx", "edx")
_NOTHING: Registers = (0, 0, 0, 0)
_EXTENDED = 0x80000000
_FEATURE_LEAF = 7
_IDENTITY: tuple[Leaf, ...] = (
    (0, 0), (1, 0), (_FEATURE_LEAF, 0),
    (_EXTENDED, 0), (_EXTENDED + 2, 0), (_EXTENDED + 3, 0), (_EXTENDED + 4, 0),
)  # fmt: skip
"""Vendor, signature and brand, and how far the leaves go (SDM Vol. 2A, CPUID)."""


def signature(eax: int) -> tuple[int, int, int]:
    """Family, model and stepping of CPUID.1:EAX (SDM Vol. 2A, Figure 3-6).

    The extended model counts from family 6 up, not for 6 and 15 only: Zhaoxin's family 7 has one
    (Linux's x86_model() does the same).
    """
    family, model = eax >> 8 & 0xF, eax >> 4 & 0xF
    if family >= 6:
        model |= eax >> 12 & 0xF0
    if family == 0xF:
        family += eax >> 20 & 0xFF
    return family, model, eax & 0xF


def vendor(cpuid: Mapping[Leaf, Registers]) -> str:
    """The vendor string of leaf 0, such as ``GenuineIntel``; empty without it."""
    _, ebx, ecx, edx = cpuid.get((0, 0), _NOTHING)
    return characters(ebx, edx, ecx)


def brand(cpuid: Mapping[Leaf, Registers]) -> str:
    """The brand string of leaves 0x80000002 to 0x80000004, blanks cut; empty without them."""
    leaves = range(_EXTENDED + 2, _EXTENDED + 5)
    whole = "".join(characters(*cpuid.get((leaf, 0), _NOTHING)) for leaf in leaves)
    return " ".join(whole.split())


def characters(*registers: int) -> str:
    """The text that registers hold, up to a NUL; of its characters those that ASCII prints."""
    raw = b"".join(register.to_bytes(4, "little") for register in registers)
    return "".join(chr(byte) for byte in raw.partition(b"\0")[0] if 0x20 <= byte < 0x7F)


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
            found[feature.name] = bool(register(feature, registers) >> feature.bit & 1)
        elif _beyond(feature.leaf, feature.subleaf, cpuid):
            found[feature.name] = False
    return found


def leaves(spec: Spec) -> tuple[Leaf, ...]:
    """The leaves that a processor is asked for: who it is, and all that ``features`` looks at."""
    return tuple(sorted({*_IDENTITY, *((each.leaf, each.subleaf) for each in spec.features)}))


def register(feature: Feature, registers: Registers) -> int:
    """The value of the register that a feature's bit is in."""
    return registers[_REGISTERS.index(feature.register)]


def _beyond(leaf: int, subleaf: int, cpuid: Mapping[Leaf, Registers]) -> bool:
    first = leaf & _EXTENDED
    if (first, 0) in cpuid and leaf > cpuid[first, 0][0]:
        return True
    return leaf == _FEATURE_LEAF and (leaf, 0) in cpuid and subleaf > cpuid[leaf, 0][0]
