"""The spec as ``list`` and ``show`` need it: plain values, kept ready in the cache.

A catalog is what ``make`` returns: every field in full detail (docs/json.md) and an index from
every name to fields. Asking it neither builds a Spec nor imports what builds one.
"""

from __future__ import annotations

from vmcsgen.cache import read_entry, write_entry
from vmcsgen.core.numbers import parse_number
from vmcsgen.resources import spec_folder
from vmcsgen.specfile.inputs import model_key

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any, TypeAlias

    from vmcsgen.core.spec import Spec

    Catalog: TypeAlias = dict[str, Any]
    Entry: TypeAlias = dict[str, Any]
    Condition: TypeAlias = Callable[[Entry], bool]

LISTED = (
    "id", "title", "encoding", "width", "type", "index", "requires", "status", "sources", "names",
)  # fmt: skip
"""The keys of a field in ``list --format json``; ``show`` has more."""

KEYS = (
    "id", "title", "encoding", "width", "type", "index", "table", "requires", "status", "source",
    "project", "name",
)  # fmt: skip
"""What ``--where`` can ask for."""


def load_catalog(root: Path | str | None = None) -> Catalog:
    """The catalog of a spec folder; DiagnosticError with all that is wrong with the spec."""
    key = model_key(root or spec_folder())
    name = f"catalog-{key[:40]}.json"
    cached: Catalog | None = read_entry(name) if key else None
    if isinstance(cached, dict) and set(cached) == set(_SHAPE):
        return cached
    from vmcsgen.specfile.load import load

    catalog = make(load(root))
    if key:
        write_entry(name, catalog)
    return catalog


_SHAPE = ("fields", "controls", "names", "encodings", "tables", "sources", "projects")


def make(spec: Spec) -> Catalog:
    """The catalog of a Spec."""
    from vmcsgen.query import details

    position = {field.id: number for number, field in enumerate(spec.fields)}
    fields = [details(spec, field) for field in spec.fields]
    controls = {control["name"]: control for field in fields for control in field["controls"]}
    for field in fields:
        field["controls"] = [control["name"] for control in field["controls"]]
    return {
        "fields": fields,
        "controls": controls,
        "names": {
            text: [position[match.field.id] * 2 + match.high for match in matches]
            for text, matches in spec.by_text.items()
        },
        "encodings": {
            str(value): position[match.field.id] * 2 + match.high
            for value, match in spec.by_encoding.items()
        },
        "tables": dict(spec.tables),
        "sources": {source.id: source.title for source in spec.sources},
        "projects": [project.id for project in spec.projects],
    }


def find(catalog: Catalog, wanted: str) -> list[tuple[Entry, bool]]:
    """Every field that ``wanted`` can mean, and whether its high half is meant (``Spec.find``)."""
    number = parse_number(wanted)
    if number is not None:
        found = catalog["encodings"].get(str(number))
        matches = [] if found is None else [found]
    else:
        matches = catalog["names"].get(" ".join(wanted.split()).casefold(), [])
    return [(_whole(catalog, match >> 1), bool(match & 1)) for match in matches]


def _whole(catalog: Catalog, position: int) -> Entry:
    """A field in full detail: a catalog holds each control once, and fields name theirs."""
    field: Entry = catalog["fields"][position]
    return field | {"controls": [catalog["controls"][name] for name in field["controls"]]}


def parse_condition(text: str, catalog: Catalog) -> Condition:
    """The condition that ``KEY=VALUE`` writes, case-blind; DiagnosticError if it can't be met.

    ``id``, ``title``, ``requires`` and ``name`` ask for text that the value holds; the others for
    the value itself (a number in any base for ``encoding`` and ``index``).
    """
    from vmcsgen.diagnostics import did_you_mean, refuse

    def bad(hint: str) -> Exception:
        return refuse(f"can't select by {text!r}", "--where", rule="USAGE", hint=hint)

    key, separator, value = text.partition("=")
    key, value = key.strip().lower(), value.strip().casefold()
    if not separator or key not in KEYS:
        every = f"one of {', '.join(f'{each}=...' for each in KEYS)}"
        raise bad(did_you_mean(key, KEYS, every) if separator else every)
    if key in ("encoding", "index"):
        number = parse_number(value)
        if number is None:
            raise bad(f"{key} takes a number such as 0x2032 or 25")
        if key == "index":
            return lambda field: bool(field["index"] == number)
        return lambda field: number in (field["encoding"], field["high_encoding"])
    if key in _HOLDING:
        return lambda field: any(value in held.casefold() for held in _HOLDING[key](field))
    for named, held in (("project", "names"), ("source", "sources")):
        if key == named:
            if value not in catalog[f"{named}s"]:
                raise bad(did_you_mean(value, catalog[f"{named}s"]))
            return lambda field: value in field[held]
    known = sorted({field[key] for field in catalog["fields"]})
    for spelled in known:
        if value.replace("-", "_") == spelled.casefold().replace("-", "_"):
            return lambda field: bool(field[key] == spelled)
    raise bad(f"{key} is one of: {', '.join(known)}")


def _requirement_texts(field: Entry) -> list[str]:
    """The requirement as text, so that any name in it, or ``always``, or ``unknown`` is found."""
    return ["unknown" if field["requires"] is None else field["requires_text"]]


_HOLDING: dict[str, Callable[[Entry], Sequence[str]]] = {
    "id": lambda field: [field["id"]],
    "title": lambda field: [field["title"], *field["formerly"]],
    "requires": _requirement_texts,
    "name": lambda field: [
        *field["names"].values(),
        *field["high_names"].values(),
        *(name for names in field["aliases"].values() for name in names),
    ],
}


def select(catalog: Catalog, conditions: Sequence[Condition]) -> list[Entry]:
    """The fields for which all conditions hold, ascending by encoding."""
    return [
        field for field in catalog["fields"] if all(condition(field) for condition in conditions)
    ]
