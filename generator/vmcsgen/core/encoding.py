"""The bit layout of a VMCS field encoding (SDM Vol. 3, 27.11.2 and Table 27-20)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

INDEX_BITS = 9
INDEX_LIMIT = 1 << INDEX_BITS
"""One more than the largest index that bits 9:1 can hold."""


class EncodingError(ValueError):
    """A number that is not the encoding of any possible VMCS field; the text says why."""


class Width(IntEnum):
    """Width of a field, with the value that bits 14:13 of its encoding take."""

    W16 = 0
    W64 = 1
    W32 = 2
    NATURAL = 3

    @property
    def label(self) -> str:
        """The width as specs and JSON spell it: ``16``, ``64``, ``32`` or ``natural``."""
        return _WIDTH_LABELS[self]

    @property
    def bits(self) -> int:
        """Width in bits; a natural-width field has 64 on processors with Intel 64."""
        return _WIDTH_BITS[self]

    @classmethod
    def from_label(cls, label: str) -> Width:
        """The width a spec spells as ``label``; ValueError for any other text."""
        return cls(_WIDTH_LABELS.index(label))


class FieldType(IntEnum):
    """Type of a field, with the value that bits 11:10 of its encoding take."""

    CONTROL = 0
    READ_ONLY = 1
    GUEST = 2
    HOST = 3

    @property
    def label(self) -> str:
        """The type as specs and JSON spell it: ``control``, ``read_only``, ``guest``, ``host``."""
        return _TYPE_LABELS[self]

    @property
    def title(self) -> str:
        """The type in the SDM's words."""
        return _TYPE_TITLES[self]

    @classmethod
    def from_label(cls, label: str) -> FieldType:
        """The type a spec spells as ``label``; ValueError for any other text."""
        return cls(_TYPE_LABELS.index(label))


_WIDTH_LABELS = ("16", "64", "32", "natural")
_WIDTH_BITS = (16, 64, 32, 64)
_TYPE_LABELS = ("control", "read_only", "guest", "host")
_TYPE_TITLES = ("control", "read-only data", "guest state", "host state")


@dataclass(frozen=True, slots=True, order=True)
class Encoding:
    """A valid field encoding: 15 bits, bit 12 clear, high access only for 64-bit fields.

    Raises EncodingError for any other number, saying which bits are wrong.
    """

    value: int

    def __post_init__(self) -> None:
        problem = why_not(self.value)
        if problem:
            raise EncodingError(problem)

    @classmethod
    def build(cls, width: Width, kind: FieldType, index: int, high: bool = False) -> Encoding:
        """The encoding with these parts; EncodingError where no such encoding exists."""
        if not 0 <= index < INDEX_LIMIT:
            raise EncodingError(f"index {index} does not fit bits 9:1 (0 to {INDEX_LIMIT - 1})")
        return cls(width << 13 | kind << 10 | index << 1 | int(high))

    @property
    def width(self) -> Width:
        """Bits 14:13."""
        return Width(self.value >> 13)

    @property
    def type(self) -> FieldType:
        """Bits 11:10."""
        return FieldType(self.value >> 10 & 3)

    @property
    def index(self) -> int:
        """Bits 9:1."""
        return self.value >> 1 & (INDEX_LIMIT - 1)

    @property
    def high(self) -> bool:
        """Bit 0, access type: True for the high 32 bits of a 64-bit field."""
        return bool(self.value & 1)

    @property
    def full(self) -> Encoding:
        """The same component with full access."""
        return Encoding(self.value & ~1)

    def __int__(self) -> int:
        return self.value

    def __str__(self) -> str:
        return f"0x{self.value:04x}"


def why_not(value: int) -> str | None:
    """Why ``value`` is not an encoding, as a clause for people, or None if it is one."""
    if value < 0:
        return f"{value} is negative; an encoding is a 15-bit number"
    if value >> 15:
        return f"{value:#x} does not fit 15 bits; bits 31:15 of an encoding are reserved, zero"
    if value & 1 << 12:
        return f"{value:#06x} has bit 12 set, which is reserved, zero"
    if value & 1 and value >> 13 != Width.W64:
        width = Width(value >> 13)
        kind = "natural-width" if width is Width.NATURAL else f"{width.label}-bit"
        return f"{value:#06x} has bit 0 (high access) set, but its width bits say {kind}"
    return None
