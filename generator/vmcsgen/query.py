"""Questions about fields: conditions for ``list``, and the JSON shape of a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vmcsgen.core.requirement import names, to_plain
from vmcsgen.core.spec import Field, Spec, parse_number
from vmcsgen.diagnostics import DiagnosticError, refuse

Condition = Callable[[Field], bool]

KEYS = (
    "id", "title", "encoding", "width", "type", "index", "table", "requires", "status", "source",
    "project", "name",
)  # fmt: skip
"""What ``--where`` can ask for."""


def parse_condition(text: str, spec: Spec) -> Condition:
    """The condition that ``KEY=VALUE`` writes, case-blind; DiagnosticError if it can't be met.

    ``id``, ``title``, ``requires`` and ``name`` ask for text that the value holds; the others for
    the value itself (a number in any base for ``encoding`` and ``index``).
    """
    key, separator, value = text.partition("=")
    key, value = key.strip().lower(), value.strip().casefold()
    if not separator or key not in KEYS:
        raise _bad(text, f"one of {', '.join(f'{each}=...' for each in KEYS)}")
    if key in ("encoding", "index"):
        number = parse_number(value)
        if number is None:
            raise _bad(text, f"{key} takes a number such as 0x2032 or 25")
        if key == "encoding":
            match = spec.by_encoding.get(number)
            return lambda field: match is not None and match.field is field
        return lambda field: field.index == number
    if key == "project":
        if value not in spec.project_by_id:
            raise _bad(text, f"projects: {', '.join(spec.project_by_id)}")
        return lambda field: field.id in spec.project_by_id[value].fields
    if key == "source":
        return lambda field: value in field.sources
    if key == "name":
        return lambda field: any(
            value in name.casefold() for name in project_names(spec, field).values()
        )
    if key == "requires":
        return lambda field: _requires(field, value)
    if key == "title":
        return lambda field: any(
            value in title.casefold() for title in (field.title, *field.formerly)
        )
    if key == "id":
        return lambda field: value in field.id
    texts: dict[str, Callable[[Field], str]] = {
        "width": lambda field: field.width.label,
        "type": lambda field: field.type.label,
        "table": lambda field: field.table.casefold(),
        "status": lambda field: field.status,
    }
    known = sorted({texts[key](field) for field in spec.fields})
    if value.replace("-", "_") not in known and value not in known:
        raise _bad(text, f"{key} is one of: {', '.join(known)}")
    return lambda field: texts[key](field) in (value, value.replace("-", "_"))


def _requires(field: Field, value: str) -> bool:
    if field.requires is None:
        return value == "unknown"
    return value == str(field.requires) or any(value in name for name in names(field.requires))


def _bad(text: str, hint: str) -> DiagnosticError:
    return refuse(f"can't select by {text!r}", "--where", rule="USAGE", hint=hint)


def select(spec: Spec, conditions: Sequence[Condition]) -> tuple[Field, ...]:
    """The fields for which all conditions hold, ascending by encoding."""
    return tuple(
        field for field in spec.fields if all(condition(field) for condition in conditions)
    )


def project_names(spec: Spec, field: Field) -> dict[str, str]:
    """Project id -> that project's constant for the field, where it has one."""
    return {
        project.id: project.fields[field.id]
        for project in spec.projects
        if field.id in project.fields
    }


def as_plain(spec: Spec, field: Field) -> dict[str, object]:
    """A field as ``list --format json`` prints it (docs/json.md)."""
    return {
        "id": field.id,
        "title": field.title,
        "encoding": field.encoding.value,
        "width": field.width.label,
        "type": field.type.label,
        "index": field.index,
        "requires": None if field.requires is None else to_plain(field.requires),
        "status": field.status,
        "sources": list(field.sources),
        "names": project_names(spec, field),
    }


def details(spec: Spec, field: Field) -> dict[str, object]:
    """A field as ``show --format json`` prints it: ``as_plain`` and everything else known."""
    high = field.high_encoding
    required = [] if field.requires is None else list(dict.fromkeys(names(field.requires)))
    return as_plain(spec, field) | {
        "table": field.table,
        "formerly": list(field.formerly),
        "note": field.note,
        "high_encoding": None if high is None else high.value,
        "high_names": {
            project.id: project.high_fields[field.id]
            for project in spec.projects
            if field.id in project.high_fields
        },
        "aliases": {
            project.id: list(project.aliases[field.id])
            for project in spec.projects
            if field.id in project.aliases
        },
        "requires_words": spec.words(field.requires),
        "controls": [control_details(spec, name) for name in _closed(spec, required)],
    }


def _closed(spec: Spec, required: Iterable[str]) -> list[str]:
    """The names with the activating controls they presuppose, each before what it activates."""
    ordered: dict[str, None] = {}

    def add(name: str) -> None:
        activating = spec.activation(name)
        if activating is not None:
            add(activating)
        ordered[name] = None

    for name in required:
        add(name)
    return list(ordered)


def control_details(spec: Spec, name: str) -> dict[str, object]:
    """A control or feature: title, where its support is reported, its names in projects."""
    called = {
        project.id: dict(project.controls[name])
        for project in spec.projects
        if name in project.controls
    }
    feature = spec.feature_by_name.get(name)
    if feature is not None:
        where: dict[str, object] = {
            "leaf": feature.leaf,
            "subleaf": feature.subleaf,
            "register": feature.register,
            "bit": feature.bit,
        }
        return {"name": name, "title": feature.title, "cpuid": where, "names": called}
    control = spec.controls[name]
    group = spec.group_by_id[control.group]
    return {
        "name": name,
        "title": control.title,
        "group": group.title,
        "bit": control.bit,
        "msr": group.msr,
        "msr_name": group.msr_name,
        "msr_bit": control.bit + group.shift,
        "true_msr": group.true_msr,
        "true_msr_name": group.true_msr_name,
        "activated_by": group.activated_by,
        "status": control.status,
        "names": called,
    }
