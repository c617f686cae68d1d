"""What can't be so in a processor's VMX capability MSRs: contradictions within and between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vmcsgen.core.capabilities import IA32_VMX_BASIC, TRUE_CONTROLS_BIT
from vmcsgen.core.enumeration import IA32_VMX_VMCS_ENUM
from vmcsgen.core.spec import Group, Spec

DEFAULT1 = {"pin": 0x16, "primary": 0x0401E172, "exit": 0x00036DFF, "entry": 0x000011FF}
"""The default1 class of each group that has one, reserved controls included (SDM A.3 to A.5)."""

_WORD = 0xFFFFFFFF
_VMCS_ENUM_BITS = 0x3FE
_BASIC_RESERVED = 1 << 31 | 0b111 << 45
"""IA32_VMX_BASIC bit 31 is always 0, bits 47:45 are reserved (SDM A.1)."""


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """One contradiction; ``msr`` is where it shows, ``bit`` the bit of that MSR, if it is one."""

    msr: int
    bit: int | None
    message: str


def inconsistencies(spec: Spec, msrs: Mapping[int, int]) -> tuple[Inconsistency, ...]:
    """Every contradiction in capability MSR values (by address), in order of group and bit.

    MSRs that are missing are not judged.
    """
    return tuple(_each(spec, msrs))


def _each(spec: Spec, msrs: Mapping[int, int]) -> Iterator[Inconsistency]:
    yield from _reserved(msrs)
    for group in spec.groups:
        for msr in (group.msr, group.true_msr):
            if msr is not None and msr in msrs and group.shift:
                yield from _settings(group, msr, msrs[msr])
        yield from _true_msr(group, msrs)
        yield from _activation(spec, group, msrs)


def _reserved(msrs: Mapping[int, int]) -> Iterator[Inconsistency]:
    basic = msrs.get(IA32_VMX_BASIC, 0)
    for bit in _bits(basic & _BASIC_RESERVED):
        yield Inconsistency(IA32_VMX_BASIC, bit, f"bit {bit} is reserved, zero, but reads 1")
    for bit in _bits(msrs.get(IA32_VMX_VMCS_ENUM, 0) & ~_VMCS_ENUM_BITS):
        yield Inconsistency(
            IA32_VMX_VMCS_ENUM, bit, f"bit {bit} is reserved, zero, but reads 1 (SDM A.9)"
        )


def _settings(group: Group, msr: int, value: int) -> Iterator[Inconsistency]:
    """Controls that must be 1 (bits 31:0) and can't be 1 (bits 63:32)."""
    must, may = value & _WORD, value >> 32
    for bit in _bits(must & ~may):
        yield Inconsistency(
            msr,
            bit,
            f"bit {bit} says that {_control(group, bit)} must be 1, "
            f"bit {bit + 32} that it can't be",
        )
    if group.id not in DEFAULT1:
        for bit in _bits(must & may):
            yield Inconsistency(
                msr, bit, f"bit {bit} reads 1, but bits 31:0 of this MSR are always 0"
            )
    elif msr == group.msr:
        for bit in _bits(DEFAULT1[group.id] & ~must):
            yield Inconsistency(
                msr,
                bit,
                f"bit {bit} reads 0, but {_control(group, bit)} is of the default1 class, whose "
                "0-setting only the TRUE_ MSR can allow",
            )


def _true_msr(group: Group, msrs: Mapping[int, int]) -> Iterator[Inconsistency]:
    """The TRUE_ MSR differs only in default1 controls that it allows to be 0 (SDM A.2 to A.5)."""
    if group.true_msr is None or group.true_msr not in msrs:
        return
    basic = msrs.get(IA32_VMX_BASIC)
    if basic is not None and not basic >> TRUE_CONTROLS_BIT & 1:
        yield Inconsistency(
            group.true_msr,
            None,
            f"has a value, but bit {TRUE_CONTROLS_BIT} of IA32_VMX_BASIC says that it does not "
            "exist",
        )
    if group.msr not in msrs:
        return
    plain, true = msrs[group.msr], msrs[group.true_msr]
    for bit in _bits((plain ^ true) >> 32):
        yield Inconsistency(
            group.true_msr,
            bit + 32,
            f"bit {bit + 32} ({_control(group, bit)} can be 1) reads {true >> bit + 32 & 1}, "
            f"but {plain >> bit + 32 & 1} in {group.msr_name} ({group.msr:#x})",
        )
    allowed = DEFAULT1.get(group.id, 0)
    for bit in _bits((plain ^ true) & _WORD):
        if true >> bit & 1 or not allowed >> bit & 1:
            yield Inconsistency(
                group.true_msr,
                bit,
                f"bit {bit} ({_control(group, bit)} must be 1) reads {true >> bit & 1}, "
                f"but {plain >> bit & 1} in {group.msr_name} ({group.msr:#x})",
            )


def _activation(spec: Spec, group: Group, msrs: Mapping[int, int]) -> Iterator[Inconsistency]:
    """A group's MSR that allows something, though the control that activates it can't be 1."""
    value = msrs.get(group.msr, 0) >> group.shift
    if group.activated_by is None or not value:
        return
    control = spec.controls[group.activated_by]
    activating = spec.group_by_id[control.group]
    outer = msrs.get(activating.msr)
    if outer is not None and not outer >> activating.shift + control.bit & 1:
        for bit in _bits(value):
            yield Inconsistency(
                group.msr,
                bit + group.shift,
                f"bit {bit + group.shift} ({_control(group, bit)}) reads 1, but bit "
                f"{activating.shift + control.bit} of {activating.msr_name} ({activating.msr:#x}) "
                f"says that {control.name} can't be 1",
            )


def _control(group: Group, bit: int) -> str:
    found = next((control for control in group.controls if control.bit == bit), None)
    return f"{group.id} control {bit}" if found is None else found.name


def _bits(value: int) -> Iterator[int]:
    return (bit for bit in range(64) if value >> bit & 1)
