"""The shapes that templates are handed: a field, a control, a rung; every text ready to print."""

from __future__ import annotations

from collections.abc import Mapping

from vmcsgen.records import Record


class FieldView(Record):
    """A confirmed field. ``hex`` texts are ``0x`` and four lower-case digits."""

    id: str
    title: str
    encoding: int
    hex: str
    high_encoding: int | None
    high_hex: str | None
    width: str
    """``16``, ``64``, ``32`` or ``natural``."""
    type: str
    """``control``, ``read_only``, ``guest`` or ``host``."""
    type_title: str
    width_code: int
    type_code: int
    index: int
    table: str
    constant: str
    """The id in capitals."""
    requires: str
    """The requirement as text: ``always``, a name, ``any(...)``, ``all(...)``."""
    requires_plain: object
    """The requirement as the spec and JSON write it."""
    words: str
    """The requirement in the SDM's manner, to complete "exists ..."."""
    group: int
    """Number of the requirement group: the bit in the mask that says whether it exists."""
    status: str
    formerly: tuple[str, ...]
    sources: tuple[str, ...]
    note: str
    names: Mapping[str, str]
    """Project id -> the project's constant."""
    high_names: Mapping[str, str]
    mark: str
    """What to add in a comment for a field outside the SDM edition: ``announced``, ``retired``."""


class EncodingView(Record):
    """One encoding of a field; a 64-bit field has two."""

    value: int
    hex: str
    high: bool
    constant: str
    title: str
    field: FieldView


class TestView(Record):
    """Bits of one capability group that must all be set."""

    __test__ = False

    group: str
    mask: int
    hex: str
    controls: tuple[ControlView, ...]


class ControlView(Record):
    """A control, or a CPUID feature seen as a control of the pseudo-group ``cpuid``."""

    name: str
    group: str
    id: str
    title: str
    bit: int
    hex: str
    """The bit as a mask within its group."""
    constant: str
    msr_name: str
    msr_bit: int
    """The bit in the capability MSR (or CPUID register) whose 1 means support."""
    status: str
    in_project: Mapping[str, str]
    """What the target's project calls it: ``macro``, ``word``, ``property``; may be empty."""


class CapabilityView(Record):
    """A capability group, its MSR and its controls, ascending by bit."""

    id: str
    title: str
    constant: str
    msr: int
    msr_hex: str
    msr_name: str
    member: str
    """The MSR's name in lower case, as a struct member."""
    true_msr: int | None
    true_msr_hex: str | None
    true_msr_name: str | None
    true_member: str | None
    shift: int
    activated_by: ControlView | None
    controls: tuple[ControlView, ...]
    mask_hex: str
    """All bits that any requirement asks for."""


class CodeView(Record):
    """A value that some bits of an encoding can take: a width or a type."""

    value: int
    label: str
    constant: str
    title: str
    bits: int
    """Width in bits; 0 for a type."""


class MsrView(Record):
    """A capability MSR."""

    address: int
    hex: str
    name: str
    member: str
    """The name in lower case, as a struct member."""


class RequirementView(Record):
    """A requirement as "or" of "and": alternatives of tests, one test a capability group."""

    text: str
    plain: object
    words: str
    always: bool
    alternatives: tuple[tuple[TestView, ...], ...]


class GroupView(Record):
    """A requirement group: the fields that exist together; ``number`` is its bit in the mask."""

    number: int
    mask_hex: str
    requirement: RequirementView
    fields: tuple[FieldView, ...]


class RungView(Record):
    """One step of the ladder, highest first."""

    index: int
    vmcs_enum: int
    hex: str
    requirement: RequirementView
    mask: int
    mask_hex: str
    """The requirement groups of which any makes this rung hold."""
    fields: tuple[FieldView, ...]


class ClassView(Record):
    """One of the 16 width-and-type classes in the dense two-level index.

    Fields of the class have the cells ``base`` to ``base + count - 1``, one for each index from
    0; ``cells`` holds the field or None for a hole.
    """

    number: int
    width: str
    type: str
    title: str
    base: int
    count: int
    cells: tuple[FieldView | None, ...]


class TableView(Record):
    """A table of SDM Appendix B."""

    id: str
    title: str
    fields: tuple[FieldView, ...]


class EntryView(Record):
    """A constant of a project: its own name for one encoding."""

    name: str
    hex: str
    hex8: str
    value: int
    high: bool
    field: FieldView
    new: bool = False
    """The project has no constant of this name yet."""


class SubsetView(Record):
    """The fields of a project, or of a part of it, and what derives from them."""

    id: str
    title: str
    constant: str
    fields: tuple[FieldView, ...]
    ids: frozenset[str]
    max_index: int
    vmcs_enum: int
    vmcs_enum_hex: str
    peak: FieldView | None
    """The first field with the highest index, which ``max_index`` is the index of."""


class ProjectView(Record):
    """A code base: its constants in its own order, and what derives from its subset of fields."""

    id: str
    title: str
    constant: str
    version: str
    entries: tuple[EntryView, ...]
    max_index: int
    vmcs_enum: int
    vmcs_enum_hex: str
    fields: int
    subsets: tuple[SubsetView, ...]
    peak: FieldView | None
    """The first field with the highest index, which ``max_index`` is the index of."""
