"""Fields and controls as plain values: the JSON shapes of ``list`` and ``show`` (docs/json.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vmcsgen.core.requirement import names, to_plain
from vmcsgen.core.spec import Field, Spec, UnknownFieldError
from vmcsgen.diagnostics import refuse


def find_field(spec: Spec, wanted: str, argument: str) -> Field:
    """The one field that ``wanted`` means; DiagnosticError with suggestions, for a command line.

    ``argument`` is what the message names as its place.
    """
    try:
        return spec.field(wanted)
    except UnknownFieldError as error:
        close = ", ".join(error.suggestions)
        hint = f"did you mean {close}?" if close else "vmcsgen list shows every field"
        raise refuse(str(error.args[0]), argument, rule="FIELD", hint=hint) from None


def project_names(spec: Spec, field: Field) -> dict[str, str]:
    """Project id -> that project's constant for the field, where it has one."""
    return {
        project.id: project.fields[field.id]
        for project in spec.projects
        if field.id in project.fields
    }


def high_names(spec: Spec, field: Field) -> dict[str, str]:
    """Project id -> that project's constant for the high half of the field, where it has one."""
    return {
        project.id: project.high_fields[field.id]
        for project in spec.projects
        if field.id in project.high_fields
    }


def control_names(spec: Spec, name: str) -> dict[str, dict[str, str]]:
    """Project id -> what that project calls a control or feature, where it has a name for it."""
    return {
        project.id: dict(project.controls[name])
        for project in spec.projects
        if name in project.controls
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


def details(spec: Spec, field: Field) -> dict[str, Any]:
    """A field as ``show --format json`` prints it: ``as_plain`` and everything else known."""
    high = field.high_encoding
    required = [] if field.requires is None else list(dict.fromkeys(names(field.requires)))
    return as_plain(spec, field) | {
        "table": field.table,
        "formerly": list(field.formerly),
        "note": field.note,
        "high_encoding": None if high is None else high.value,
        "high_names": high_names(spec, field),
        "aliases": {
            project.id: list(project.aliases[field.id])
            for project in spec.projects
            if field.id in project.aliases
        },
        "requires_text": None if field.requires is None else str(field.requires),
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


def control_details(spec: Spec, name: str) -> dict[str, Any]:
    """A control or feature: title, where its support is reported, its names in projects."""
    called = control_names(spec, name)
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
