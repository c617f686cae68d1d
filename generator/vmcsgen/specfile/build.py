"""From documents that passed every check to the frozen Spec."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from vmcsgen.core.encoding import Encoding
from vmcsgen.core.project import Extra, Project, Subset, Word
from vmcsgen.core.requirement import from_plain, to_plain
from vmcsgen.core.spec import Control, Disagreement, Feature, Field, Group, Inference, Source, Spec
from vmcsgen.specfile.nodes import Document

GROUP_ORDER = (
    "pin", "primary", "secondary", "tertiary", "exit", "secondary_exit", "entry", "vmfunc",
)  # fmt: skip
"""The groups in the SDM's order (27.6, 27.7, 27.8)."""


def build(version: str, documents: Mapping[str, Sequence[Document]]) -> Spec:
    """The Spec that the documents (by kind) describe."""
    plain: dict[str, list[Any]] = {
        kind: [document.root.plain() for document in found] for kind, found in documents.items()
    }
    fields = sorted(
        (_field(entry, table["table"]) for table in plain["fields"] for entry in table["fields"]),
        key=lambda field: field.encoding,
    )
    groups = sorted(map(_group, plain.get("controls", ())), key=lambda group: _rank(group.id))
    features = tuple(
        _feature(entry) for file in plain.get("cpuid", ()) for entry in file["features"]
    )
    order = {field.id: field for field in fields}
    projects = tuple(
        sorted(
            (_project(entry, order) for entry in plain.get("project", ())),
            key=lambda project: project.id,
        )
    )
    sources = tuple(
        Source(
            entry["id"],
            entry["title"],
            str(entry.get("edition", "")),
            str(entry.get("date", "")),
            entry.get("url") or entry.get("where", ""),
            entry.get("kind", ""),
        )
        for file in plain.get("sources", ())
        for entry in file["sources"]
    )
    tables = {table["table"]: table["title"] for table in plain["fields"]}
    return Spec(
        version,
        _digest(version, fields, groups, features),
        tuple(fields),
        tuple(groups),
        features,
        projects,
        sources,
        tuple(
            _disagreement(entry)
            for file in plain.get("disagreements", ())
            for entry in file["disagreements"]
        ),
        tables,
    )


def _disagreement(entry: Mapping[str, Any]) -> Disagreement:
    return Disagreement(
        entry["id"],
        entry.get("project") or entry["source"],
        entry["kind"],
        entry.get("effect", ""),
        _texts(entry, "fields"),
        _texts(entry, "controls"),
        entry["theirs"],
        entry["ours"],
        entry["reason"],
        _texts(entry, "sources"),
    )


def _rank(group: str) -> tuple[int, str]:
    known = GROUP_ORDER.index(group) if group in GROUP_ORDER else len(GROUP_ORDER)
    return known, group


def _texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(map(str, entry.get(key, ())))


def _field(entry: Mapping[str, Any], table: str) -> Field:
    return Field(
        entry["id"],
        entry["title"],
        Encoding(entry["encoding"]),
        from_plain(entry["requires"]) if "requires" in entry else None,
        table,
        entry.get("status", "sdm"),
        _texts(entry, "formerly"),
        _texts(entry, "sources"),
        entry.get("note", ""),
    )


def _group(entry: Mapping[str, Any]) -> Group:
    capability = entry["capability"]
    return Group(
        entry["group"],
        entry["title"],
        entry["field"],
        capability["msr"],
        capability["name"],
        32 if capability["allowed_1"] == "high" else 0,
        capability.get("true_msr"),
        capability.get("true_name"),
        entry.get("activated_by"),
        tuple(
            sorted(
                (_control(entry["group"], control) for control in entry["controls"]),
                key=lambda control: control.bit,
            )
        ),
    )


def _control(group: str, entry: Mapping[str, Any]) -> Control:
    return Control(
        group,
        entry["id"],
        entry["title"],
        entry["bit"],
        entry.get("status", "sdm"),
        entry.get("default1", False),
        _texts(entry, "formerly"),
        _texts(entry, "sources"),
        entry.get("note", ""),
    )


def _feature(entry: Mapping[str, Any]) -> Feature:
    inferences = [
        _inference(item, conclusion)
        for key, conclusion in (("implied_by", True), ("ruled_out_by", False))
        for item in entry.get(key, ())
    ]
    return Feature(
        entry["id"],
        entry["title"],
        entry["leaf"],
        entry["subleaf"],
        entry["register"],
        entry["bit"],
        tuple(inferences),
        _texts(entry, "sources"),
        entry.get("note", ""),
    )


def _inference(entry: Mapping[str, Any], conclusion: bool) -> Inference:
    when = not any(key.startswith("not_") for key in entry)
    return Inference(
        conclusion,
        when,
        entry["reason"],
        entry.get("control", entry.get("not_control")),
        entry.get("msr", entry.get("not_msr")),
        entry.get("bit"),
        entry.get("only") == "hardware",
    )


def _project(entry: Mapping[str, Any], fields: Mapping[str, Field]) -> Project:
    names: dict[str, str] = {
        identity: entry["fields"][identity] for identity in fields if identity in entry["fields"]
    }
    project = Project(
        entry["project"],
        entry["title"],
        entry["language"],
        str(entry.get("version", "")),
        entry.get("source", ""),
        tuple({key: str(value) for key, value in file.items()} for file in entry.get("files", ())),
        names,
        {},
        {identity: tuple(found) for identity, found in entry.get("aliases", {}).items()},
        _texts(entry, "order"),
        entry.get("high"),
        entry.get("full_suffix", ""),
        tuple(
            Extra(extra["name"], extra["encoding"], extra["reason"])
            for extra in entry.get("extras", ())
        ),
        {
            name: {key: str(value) for key, value in found.items()}
            for name, found in entry.get("controls", {}).items()
        },
        {subset["id"]: _subset(subset, fields) for subset in entry.get("subsets", ())},
        entry.get("new_name"),
        {
            group: Word(word["name"], word["prefix"], word.get("planned", False))
            for group, word in entry.get("words", {}).items()
        },
    )
    exceptions: Mapping[str, str | None] = entry.get("high_names", {})
    for identity, name in names.items():
        if fields[identity].high_encoding is None:
            continue
        high = exceptions[identity] if identity in exceptions else project.high_name(name)
        if high is not None:
            assert isinstance(project.high_fields, dict)
            project.high_fields[identity] = high
    return project


def _subset(entry: Mapping[str, Any], fields: Mapping[str, Field]) -> Subset:
    capabilities = entry.get("capabilities", {})
    return Subset(
        entry["title"],
        tuple(each for each in fields if each in entry["fields"]),
        entry.get("struct"),
        dict(entry.get("members", {})),
        _texts(entry, "other_members"),
        capabilities.get("struct"),
        {
            group: Word(word["name"], "", word.get("planned", False))
            for group, word in capabilities.get("words", {}).items()
        },
    )


def _digest(
    version: str, fields: Sequence[Field], groups: Sequence[Group], features: Sequence[Feature]
) -> str:
    """SHA-256 over the model in canonical JSON: comments, names and dumps don't change it."""
    model = {
        "version": version,
        "fields": [
            [field.id, field.title, field.encoding.value, field.table, field.status]
            + [None if field.requires is None else to_plain(field.requires), field.formerly]
            for field in fields
        ],
        "groups": [
            [group.id, group.title, group.field, group.msr, group.msr_name, group.shift]
            + [group.true_msr, group.true_msr_name, group.activated_by]
            + [[[c.id, c.title, c.bit, c.status, c.default1, c.formerly] for c in group.controls]]
            for group in groups
        ],
        "features": [
            [feature.id, feature.title, feature.leaf, feature.subleaf, feature.register]
            + [feature.bit]
            for feature in features
        ],
    }
    text = json.dumps(model, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
