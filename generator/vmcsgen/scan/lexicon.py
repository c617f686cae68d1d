"""What the check knows of the spec: names to encodings, by project, in a form that loads fast.

Building a Spec means importing the whole model, which takes longer than checking a header; a
clean check needs only this extract. It is kept in the user's cache.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property

from vmcsgen.cache import keep, recall
from vmcsgen.records import Record
from vmcsgen.resources import PACKAGE, spec_folder
from vmcsgen.specfile.inputs import fingerprint, model_key

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any

    from vmcsgen.core.spec import Spec

WIDTH_16, WIDTH_64, WIDTH_32, WIDTH_NATURAL = range(4)
"""Bits 14:13 of an encoding (SDM 27.11.2)."""

CONTROL, READ_ONLY, GUEST, HOST = range(4)
"""Bits 11:10 of an encoding."""


class Known(Record):
    """A field of the spec, under its full-access encoding."""

    encoding: int
    id: str
    title: str
    status: str
    confirmed: bool
    spellings: Sequence[Sequence[str]]
    """The words of everything it is called: titles, and the names in all projects."""


class ProjectNames(Record):
    """A project's names for fields: what ``check`` expects of its lists."""

    id: str
    title: str
    names: Mapping[str, int]
    """Every name, high halves, aliases and extras included -> encoding."""
    high_names: Mapping[int, str]
    """Full-access encoding of a field -> the name of its high half, where the list has one."""
    paths: tuple[str, ...]


class Lexicon:
    """The extract of a spec that the check works with."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.version: str = plain["version"]
        self.digest: str = plain["digest"]
        self.vmcs_enum: int = plain["vmcs_enum"]
        """The raw VMCS_ENUM value with every field of the spec, announced ones included."""
        self.ladder: list[tuple[int, str]] = [tuple(rung) for rung in plain["ladder"]]
        """Raw value and requirement of each rung, highest first."""
        self.weights: Mapping[str, float] = plain["weights"]
        """How much each word of the spellings tells: rare ones most."""
        self.fields = {entry[0]: Known(*entry) for entry in plain["fields"]}
        self.projects = {
            entry[0]: ProjectNames(
                entry[0],
                entry[1],
                entry[2],
                {int(encoding): name for encoding, name in entry[3].items()},
                tuple(entry[4]),
            )
            for entry in plain["projects"]
        }

    @cached_property
    def encodings_by_name(self) -> Mapping[str, frozenset[int]]:
        """A name in any project -> every encoding it stands for."""
        found: dict[str, set[int]] = {}
        for project in self.projects.values():
            for name, encoding in project.names.items():
                found.setdefault(name, set()).add(encoding)
        return {name: frozenset(encodings) for name, encodings in found.items()}

    def field(self, value: int) -> Known | None:
        """The field that ``value`` encodes with full or high access, None if none does."""
        if value & 1 and value >> 13 != WIDTH_64:
            return None
        return self.fields.get(value & ~1)

    def describe(self, value: int) -> str:
        """The field behind an encoding in words: ``TSC multiplier (high)``."""
        field = self.field(value)
        if field is None:
            return "no field"
        title = field.title
        if title[1:2].islower():
            title = title[0].lower() + title[1:]
        return f"{title} (high)" if value & 1 else title


def load(root: str | None = None, key: str | None = None) -> Lexicon:
    """The lexicon of the spec in ``root`` (default: the one that comes with vmcsgen).

    ``key`` is its ``state``, where the caller has it. DiagnosticError with everything that is
    wrong with the spec.
    """
    key = state(root) if key is None else key
    plain = recall("lexicon", key) if key else None
    if plain is not None:
        try:
            return Lexicon(plain)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            pass  # an entry of another shape is rebuilt like a lost one
    built = _build(root)
    if key:
        keep("lexicon", key, built)
    return Lexicon(built)


def state(root: str | None = None) -> str:
    """All that a check depends on but the files checked: spec and code.

    Empty where the spec can't be listed: then nothing is kept.
    """
    key = model_key(root or spec_folder())
    return f"{key}\n{fingerprint(os.path.join(PACKAGE, 'scan'))}" if key else ""


def called(spec: Spec) -> dict[int, list[str]]:
    """Everything that each field is called, by its full-access encoding: titles and names."""
    found = {
        field.encoding.value: [field.id, field.title, *field.formerly] for field in spec.fields
    }
    for project in spec.projects:
        for identity, name in project.fields.items():
            full = spec.by_id[identity].encoding.value
            found[full] += [name, *project.aliases.get(identity, ())]
    return found


def _build(root: str | None) -> dict[str, Any]:
    from vmcsgen.core.enumeration import ladder, max_index
    from vmcsgen.scan.words import spellings, weights
    from vmcsgen.specfile.load import load as load_spec

    spec = load_spec(root)
    projects = []
    for project in spec.projects:
        names: dict[str, int] = {}
        high_names: dict[int, str] = {}
        for identity, name in project.fields.items():
            full = spec.by_id[identity].encoding.value
            names[name] = full
            for alias in project.aliases.get(identity, ()):
                names[alias] = full
            if identity in project.high_fields:
                names[project.high_fields[identity]] = full | 1
                high_names[full] = project.high_fields[identity]
        for extra in project.extras:
            names[extra.name] = extra.encoding
        if project.language == "none":
            continue
        paths = [file["path"] for file in project.files if "path" in file]
        projects.append([project.id, project.title, names, high_names, paths])
    spelled = {encoding: spellings(names) for encoding, names in called(spec).items()}
    return {
        "version": spec.version,
        "digest": spec.digest,
        "vmcs_enum": max_index(spec.fields) << 1,
        "ladder": [[rung.vmcs_enum, str(rung.requires)] for rung in ladder(spec)],
        "fields": [
            [
                field.encoding.value,
                field.id,
                field.title,
                field.status,
                field.confirmed,
                spelled[field.encoding.value],
            ]
            for field in spec.fields
        ],
        "weights": weights(list(spelled.values())),
        "projects": projects,
    }
