"""Project: a code base with names of its own for fields and controls, and the parts of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vmcsgen.core.spec import Field


@dataclass(frozen=True, slots=True)
class Extra:
    """A constant of a project that is no field of the spec, and why it is there."""

    name: str
    encoding: int
    reason: str


@dataclass(frozen=True, slots=True)
class Word:
    """Where a project keeps the allowed 1-settings of a capability group, as QEMU does.

    Bit n of the word ``name`` is control n of the group; a macro for it begins with ``prefix``.
    """

    name: str
    prefix: str
    planned: bool = False
    """The project's version does not have the word yet."""


@dataclass(frozen=True, slots=True)
class Subset:
    """A part of a project that holds only some fields, such as KVM's ``struct vmcs12``.

    Where the subset is a struct, a field's member is called as the project's constant in lower
    case, or as ``members`` says.
    """

    title: str
    fields: tuple[str, ...]
    """Ids, ascending by encoding."""
    struct: str | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    """Ids of fields whose member is called otherwise."""
    other_members: tuple[str, ...] = ()
    """Members of the struct that are no fields."""
    capability_struct: str | None = None
    """The struct that holds a virtual CPU's capabilities."""
    capability_words: Mapping[str, Word] = field(default_factory=dict)
    """Capability group -> the member of that struct with its allowed 1-settings."""


@dataclass(frozen=True, slots=True)
class Project:
    """A code base with names of its own for fields and controls.

    ``fields`` and ``high_fields`` map field ids to constants; ``controls`` maps control and
    feature names to what the project calls them (``macro``, ``word``, ``property``).
    """

    id: str
    title: str
    language: str
    version: str
    source: str
    files: tuple[Mapping[str, str], ...]
    fields: Mapping[str, str]
    high_fields: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...]
    high: str | None
    full_suffix: str
    extras: tuple[Extra, ...]
    controls: Mapping[str, Mapping[str, str]]
    subsets: Mapping[str, Subset]
    new_name: str | None
    """How the project would spell a field it has no name for; ``{id}`` and ``{ID}`` stand for the
    field's id. None where nothing can be said."""
    words: Mapping[str, Word] = field(default_factory=dict)
    """Capability group -> the word that holds it; empty for a project without such words."""

    def name_for(self, field: Field) -> str | None:
        """The project's constant for a field, or the one it would take."""
        if field.id in self.fields:
            return self.fields[field.id]
        if self.new_name is None:
            return None
        return self.new_name.replace("{id}", field.id).replace("{ID}", field.id.upper())

    def high_name(self, name: str) -> str | None:
        """How this project would spell the high half of a field it calls ``name``."""
        if self.high is None:
            return None
        stem = name.removesuffix(self.full_suffix) if self.full_suffix else name
        return self.high.replace("{name}", name).replace("{stem}", stem)
