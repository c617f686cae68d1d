"""Capability sets of virtual CPUs, and what the Python library says of the fields they have."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from functools import cache

from vmcsgen.core.capabilities import Capabilities
from vmcsgen.core.enumeration import enumerate_fields, existence
from vmcsgen.core.requirement import Requirement
from vmcsgen.core.spec import Field, Spec
from vmcsgen.specfile.cpus import load_cpus
from vmcsgen.specfile.load import load

WORD = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Vcpu:
    """The allowed 1-settings in a vCPU's VMX MSRs, as struct nested_vmx_msrs holds them."""

    pin: int = 0
    primary: int = 0
    secondary: int = 0
    exit: int = 0
    entry: int = 0
    vmfunc: int = 0

    @property
    def request(self) -> str:
        """The harness's request for this vCPU."""
        return "vcpu " + " ".join(f"{word:x}" for word in astuple(self))

    @property
    def capabilities(self) -> Capabilities:
        """The set as the library sees it; KVM offers no tertiary and secondary exit controls."""
        msrs = {0x481: self.pin, 0x482: self.primary, 0x48B: self.secondary, 0x483: self.exit,
                0x484: self.entry}  # fmt: skip
        values = {msr: word << 32 for msr, word in msrs.items()}
        values |= {0x491: self.vmfunc, 0x492: 0, 0x493: 0}
        spec = _spec()
        return Capabilities.from_msrs(spec, values, dict.fromkeys(spec.feature_by_name, False))


ALL = Vcpu(WORD, WORD, WORD, WORD, WORD, 2**64 - 1)
NOTHING = Vcpu()


@cache
def _spec() -> Spec:
    return load()


def single_controls() -> Iterator[Vcpu]:
    """One control each: alone, and with the controls that activate its group."""
    names = ("pin", "primary", "secondary", "exit", "entry", "vmfunc")
    activating = {"secondary": {"primary": 1 << 31}}
    activating["vmfunc"] = {"primary": 1 << 31, "secondary": 1 << 13}
    for name in names:
        for bit in range(64 if name == "vmfunc" else 32):
            yield Vcpu(**{name: 1 << bit})
            yield Vcpu(**{name: 1 << bit, **activating.get(name, {})})
            lacking = dict(zip(names, astuple(ALL), strict=True))
            lacking[name] &= ~(1 << bit)
            yield Vcpu(**lacking)


def real_cpus() -> Iterator[Vcpu]:
    """What every known CPU of the spec would give a vCPU that is offered all of it."""
    for cpu in load_cpus(_spec()).cpus:
        if {0x481, 0x482, 0x483, 0x484} <= cpu.msrs.keys():
            true = bool(cpu.msrs.get(0x480, 0) >> 55 & 1)
            words = [
                cpu.msrs.get(better if true else msr, cpu.msrs.get(msr, 0)) >> 32
                for msr, better in ((0x481, 0x48D), (0x482, 0x48E), (0x48B, 0x48B), (0x483, 0x48F),
                                    (0x484, 0x490))
            ]  # fmt: skip
            yield Vcpu(*words, cpu.msrs.get(0x491, 0))


def random_vcpus(count: int, seed: int) -> list[Vcpu]:
    """Capability sets with each control half the time, or nearly always, or hardly ever."""
    source = random.Random(seed)

    def word(bits: int) -> int:
        value = source.getrandbits(bits)
        match source.randrange(4):
            case 0:
                value |= source.getrandbits(bits) | source.getrandbits(bits)
            case 1:
                value &= source.getrandbits(bits) & source.getrandbits(bits)
        return value

    return [Vcpu(*(word(32) for _ in range(5)), word(64)) for _ in range(count)]


def expected(vcpus: Sequence[Vcpu], fields: Sequence[int]) -> list[tuple[frozenset[int], int]]:
    """For each vCPU which of `fields` (full encodings) exist, and VMCS_ENUM over those."""
    workers = os.cpu_count() or 1
    size = 500
    chunks = [vcpus[start : start + size] for start in range(0, len(vcpus), size)]
    with ProcessPoolExecutor(workers) as pool:
        answers = pool.map(_expected, chunks, [tuple(fields)] * len(chunks))
        return [answer for chunk in answers for answer in chunk]


def _expected(vcpus: Sequence[Vcpu], fields: Sequence[int]) -> list[tuple[frozenset[int], int]]:
    # Fields that require the same exist together: of each such group, the one with the highest
    # index is asked for.
    alike: dict[Requirement | None, list[Field]] = {}
    for encoding in fields:
        field = _spec().by_encoding[encoding].field
        alike.setdefault(field.requires, []).append(field)
    highest = {max(group, key=lambda field: field.index): group for group in alike.values()}
    answers = []
    for vcpu in vcpus:
        capabilities = vcpu.capabilities
        there = frozenset(
            field.encoding.value
            for asked, group in highest.items()
            if existence(asked, capabilities)
            for field in group
        )
        answers.append((there, enumerate_fields(highest, capabilities).vmcs_enum))
    return answers
