"""What a probe's log says, as facts: how instructions ended, MSR values, who answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vmcsgen.core.processor import Leaf, Registers, brand, characters, signature, vendor

UNSUPPORTED_COMPONENT = 12
READ_ONLY_COMPONENT = 13
"""VM-instruction error numbers (SDM Vol. 3, "VM Instruction Error Numbers")."""

_ERRORS = {
    UNSUPPORTED_COMPONENT: "unsupported VMCS component",
    READ_ONLY_COMPONENT: "read-only VMCS component",
}
_VECTORS = {6: "#UD", 13: "#GP", 14: "#PF"}

IA32_BIOS_SIGN_ID = 0x8B
_HYPERVISOR_LEAF = 0x40000000


@dataclass(frozen=True, slots=True)
class Ended:
    """How an instruction ended: ``ok``, an error number such as ``0c``, ``invalid``, ``trap0d``."""

    token: str

    @property
    def ok(self) -> bool:
        """Whether the instruction succeeded."""
        return self.token == "ok"

    @property
    def error(self) -> int | None:
        """The VM-instruction error number of a VMfailValid, else None."""
        return int(self.token, 16) if len(self.token) == 2 and not self.ok else None

    def __str__(self) -> str:
        if self.ok:
            return "succeeds"
        if self.error is not None:
            meaning = _ERRORS.get(self.error)
            return f"fails with error {self.error}" + (f" ({meaning})" if meaning else "")
        if self.token == "invalid":
            return "fails without an error number (VMfailInvalid)"
        vector = int(self.token.removeprefix("trap"), 16)
        return f"faults with {_VECTORS.get(vector, f'vector {vector}')}"


OK = Ended("ok")
UNSUPPORTED = Ended(f"{UNSUPPORTED_COMPONENT:02x}")
READ_ONLY = Ended(f"{READ_ONLY_COMPONENT:02x}")


@dataclass(frozen=True, slots=True)
class Answer:
    """How VMREAD and VMWRITE of one encoding ended.

    ``stored`` is what VMREAD gave after a VMWRITE of 32 ones; None where VMWRITE failed.
    """

    read: Ended
    written: Ended
    stored: int | None = None


SILENT = Answer(UNSUPPORTED, UNSUPPORTED)
"""The answer of every swept encoding that the log does not list."""


@dataclass(frozen=True, slots=True)
class OwnVerdict:
    """What the probe found by itself, with the spec that it was built from.

    The three VMCS_ENUM values are raw: as reported by the MSR, derived from the other MSRs, and
    made from the highest index that answered.
    """

    differences: Mapping[int, str]
    """Encoding -> ``missing`` or ``unexpected``."""
    reported: int
    derived: int
    found: int


@dataclass(frozen=True, slots=True)
class Host:
    """The emulator that a log comes from, as ``vmcsgen probe run`` noted it."""

    emulator: str
    version: str
    model: str
    settings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((f"{self.emulator} {self.version}", self.model, *self.settings))


@dataclass(frozen=True, slots=True)
class ProbeLog:
    """One complete run of the probe, as its log tells it."""

    spec_version: str
    spec_digest: str
    """The first digits of the digest of the spec that the probe was built from."""
    loader: str
    leaves: Mapping[Leaf, Registers]
    """What CPUID said."""
    msrs: Mapping[int, int]
    absent_msrs: frozenset[int]
    """MSRs whose RDMSR faulted."""
    answers: Mapping[int, Answer]
    """Encodings that answered otherwise than ``SILENT``."""
    malformed: Mapping[int, Answer]
    """Encodings with reserved bits set."""
    verdict: OwnVerdict
    host: Host | None = None

    def answer(self, encoding: int) -> Answer:
        """How the processor answered for an encoding of 0 to 0x7fff."""
        return self.answers.get(encoding, SILENT)

    @property
    def vendor(self) -> str:
        """The vendor string, such as ``GenuineIntel``."""
        return vendor(self.leaves)

    @property
    def brand(self) -> str:
        """The brand string; empty where there is none."""
        return brand(self.leaves)

    @property
    def hypervisor(self) -> str:
        """The signature of the hypervisor below, such as ``KVMKVMKVM``; empty on bare metal."""
        return characters(*self.leaves.get((_HYPERVISOR_LEAF, 0), ())[1:])

    @property
    def signature(self) -> int:
        """EAX of CPUID leaf 1; 0 without it."""
        return self.leaves[1, 0][0] if (1, 0) in self.leaves else 0

    @property
    def family(self) -> int:
        """The processor family, extended family included."""
        return signature(self.signature)[0]

    @property
    def model(self) -> int:
        """The processor model, extended model included."""
        return signature(self.signature)[1]

    @property
    def stepping(self) -> int:
        """The stepping."""
        return signature(self.signature)[2]

    @property
    def microcode(self) -> int | None:
        """The microcode revision, or None where the MSR does not exist."""
        value = self.msrs.get(IA32_BIOS_SIGN_ID)
        return None if value is None else value >> 32
