"""Semantic rules: what a schema can't say. Each function checks one thing and yields SPEC1xx.

They run on documents that passed their schemas; docs/rules-spec.md lists them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from vmcsgen.core.encoding import Encoding, FieldType, Width, why_not
from vmcsgen.core.requirement import from_plain, names, terms
from vmcsgen.diagnostics import Diagnostic, Severity, did_you_mean
from vmcsgen.specfile.names import (
    NAMES_HINT,
    Documents,
    Entry,
    Names,
    entries,
    gather,
    unique,
    whole,
)
from vmcsgen.specfile.nodes import Document, bounded
from vmcsgen.specfile.project_rules import check_projects
from vmcsgen.specfile.spellings import check_spellings

GROUPS_LIMIT = 64
"""Distinct requirements that one 64-bit existence mask can hold (group 0, always, included)."""


def check(documents: Documents) -> list[Diagnostic]:
    """The semantic faults of a spec, in the order of the rules."""
    found = gather(documents)
    faults = chain(
        check_encodings(documents.get("fields", ())),
        check_fields(documents.get("fields", ()), found),
        check_requirements(documents.get("fields", ()), found),
        check_controls(documents.get("controls", ()), found),
        check_features(documents.get("cpuid", ()), found),
        check_sources(documents, found),
        check_disagreements(documents.get("disagreements", ()), found),
        check_emulators(documents.get("emulators", ()), found),
        check_projects(documents, found),
    )
    return bounded(faults)


def check_encodings(tables: Iterable[Document]) -> Iterator[Diagnostic]:
    """SPEC101 to SPEC104: the bits of each encoding, against the table's width and type."""
    for document in tables:
        table = whole(document).value
        width = Width.from_label(str(table["width"]))
        kind = FieldType.from_label(table["type"])
        for entry in entries(document, "fields"):
            yield from _check_encoding(entry, width, kind)


def _check_encoding(entry: Entry, width: Width, kind: FieldType) -> Iterator[Diagnostic]:
    value = entry.value["encoding"]
    if value >> 15 or value & 1 << 12:
        yield entry.fault(
            "SPEC101",
            f"{why_not(value)}",
            "encoding",
            "an encoding is 15 bits: 14:13 width, 12 zero, 11:10 type, 9:1 index, 0 access",
        )
        return
    if value & 1:
        yield entry.fault(
            "SPEC104",
            f"{value:#06x} has bit 0 set: high access",
            "encoding",
            f"write the full-access encoding {value & ~1:#06x}; the high half is derived",
        )
        value &= ~1
    encoding = Encoding(value)
    if encoding.width is not width:
        right = Encoding.build(width, encoding.type, encoding.index)
        yield entry.fault(
            "SPEC102",
            f"{encoding} is {_width(encoding.width)} (bits 14:13), "
            f"but this table holds {_width(width)} fields",
            "encoding",
            f"with this type and index it would be {right}",
        )
    if encoding.type is not kind:
        right = Encoding.build(encoding.width, kind, encoding.index)
        yield entry.fault(
            "SPEC103",
            f"{encoding} is of type {encoding.type.title} (bits 11:10), "
            f"but this table holds {kind.title} fields",
            "encoding",
            f"with this width and index it would be {right}",
        )


def _width(width: Width) -> str:
    return "natural-width" if width is Width.NATURAL else f"{width.label}-bit"


def check_fields(tables: Sequence[Document], found: Names) -> Iterator[Diagnostic]:
    """SPEC105 to SPEC108, SPEC113: unique ids, titles, encodings and tables; ascending order."""
    every = [entry for document in tables for entry in entries(document, "fields")]
    yield from unique(every, "id", "SPEC105", "field id")
    yield from check_spellings(tables)
    yield from unique(every, "title", "SPEC106", "title")
    yield from unique(every, "encoding", "SPEC107", "encoding")
    yield from unique([whole(document) for document in tables], "table", "SPEC113", "table")
    titles = {entry.value["title"].casefold(): entry for entry in every}
    for document in tables:
        highest = -1
        for entry in entries(document, "fields"):
            value = entry.value["encoding"]
            if value < highest:
                yield entry.fault(
                    "SPEC108",
                    f"{value:#06x} stands after {highest:#06x}",
                    "encoding",
                    "order the fields of a table by encoding",
                )
            highest = max(highest, value)
            for former in entry.value.get("formerly", ()):
                other = titles.get(former.casefold())
                if other is not None:
                    yield entry.fault(
                        "SPEC106",
                        f"former title {former!r} is the title of {other.value['id']}",
                        "formerly",
                        "a title must lead to one field only",
                    )


def check_requirements(tables: Sequence[Document], found: Names) -> Iterator[Diagnostic]:
    """SPEC109, SPEC110, SPEC112, SPEC123, SPEC124: names, circles and number of requirements."""
    held = {group.value["field"]: name for name, group in found.groups.items()}
    distinct: dict[object, Entry] = {}
    for document in tables:
        for entry in entries(document, "fields"):
            unconfirmed = entry.value.get("status") == "unconfirmed"
            if unconfirmed != ("requires" not in entry.value):
                yield _unconfirmed(entry, unconfirmed)
            if "requires" not in entry.value:
                continue
            requirement = from_plain(entry.value["requires"])
            used = list(names(requirement))
            unknown = [name for name in used if name not in found.requirable]
            for name in unknown:
                yield _unknown_name(entry, "SPEC109", name, found.requirable)
            if len(set(used)) != len(used):
                yield entry.fault(
                    "SPEC112", "the requirement names a control twice", "requires", "once will do"
                )
            group = held.get(entry.value["id"])
            if group is not None and any(name.startswith(f"{group}.") for name in used):
                yield entry.fault(
                    "SPEC110",
                    f"this field holds the controls of group {group}, and requires one of them",
                    "requires",
                    "require the control that activates the group",
                )
            if not unknown:
                distinct.setdefault(terms(requirement), entry)
    for entry in list(distinct.values())[GROUPS_LIMIT:]:
        yield entry.fault(
            "SPEC124",
            f"more than {GROUPS_LIMIT} distinct requirements: one 64-bit mask can't hold them",
            "requires",
            "widen the mask in core/enumeration and the C templates first",
        )


def _unconfirmed(entry: Entry, unconfirmed: bool) -> Diagnostic:
    if unconfirmed:
        return entry.fault(
            "SPEC123",
            "an unconfirmed field has no known requirement",
            "requires",
            "remove `requires`, or the status if a source states the condition",
        )
    return entry.fault(
        "SPEC123",
        f"field {entry.value['id']} does not say what it requires",
        "id",
        "add `requires:` (always, a control, or any/all of some)",
    )


def _unknown_name(entry: Entry, rule: str, name: str, known: Sequence[str], key: str = "requires"
) -> Diagnostic:  # fmt: skip
    hint = did_you_mean(name, known, NAMES_HINT)
    return entry.fault(rule, f"there is no control or feature {name!r}", key, hint)


def check_controls(groups: Sequence[Document], found: Names) -> Iterator[Diagnostic]:
    """SPEC114 to SPEC117, SPEC125: bits, ids, activation, the field that holds a group."""
    wholes = [whole(document) for document in groups]
    yield from unique(wholes, "group", "SPEC125", "group")
    yield from _own_msrs(wholes)
    for group in wholes:
        every = list(entries(group.document, "controls"))
        yield from unique(every, "bit", "SPEC114", "bit")
        yield from unique(every, "id", "SPEC115", "control id")
        size = 32 if group.value["capability"]["allowed_1"] == "high" else 64
        for entry in every:
            if entry.value["bit"] >= size:
                yield entry.fault(
                    "SPEC114",
                    f"bit {entry.value['bit']} does not exist: these controls have {size} bits",
                    "bit",
                    f"count from bit 0 of the control field: 0 to {size - 1}",
                )
        if group.value["field"] not in found.fields:
            yield group.fault(
                "SPEC116",
                f"there is no field {group.value['field']!r}",
                "field",
                did_you_mean(group.value["field"], found.fields, "field ids stand in spec/fields"),
            )
        activating = group.value.get("activated_by")
        if activating is None:
            continue
        if activating not in found.controls:
            yield _unknown_name(group, "SPEC117", activating, list(found.controls), "activated_by")
        elif _circular(group.value["group"], found):
            yield group.fault(
                "SPEC117",
                f"group {group.value['group']} activates itself in a circle",
                "activated_by",
                "name the control of another group that activates this one",
            )


def _own_msrs(groups: Sequence[Entry]) -> Iterator[Diagnostic]:
    """SPEC114: two groups never share an MSR, so that two controls never share a bit."""
    first: dict[int, str] = {}
    for group in groups:
        capability = group.node.value["capability"]
        entry = Entry(group.document, capability, group.value["capability"])
        for key in ("msr", "true_msr"):
            msr = entry.value.get(key)
            if msr in first:
                where = f"first at {first[msr]}; one of the two is wrong"
                yield entry.fault("SPEC114", f"MSR {msr:#x} is taken", key, where)
            elif msr is not None:
                first[msr] = entry.place(key)


def _circular(group: str, found: Names) -> bool:
    seen: set[str] = set()
    current: str | None = group
    while current is not None and current not in seen:
        seen.add(current)
        entry = found.groups.get(current)
        activating = entry.value.get("activated_by") if entry else None
        current = activating.partition(".")[0] if activating else None
    return current == group


def check_features(files: Sequence[Document], found: Names) -> Iterator[Diagnostic]:
    """SPEC115, SPEC117: unique features; what implies or rules them out must exist."""
    every = [entry for document in files for entry in entries(document, "features")]
    yield from unique(every, "id", "SPEC115", "feature id")
    for entry in every:
        for key in ("implied_by", "ruled_out_by"):
            for item in entry.value.get(key, ()):
                control = item.get("control", item.get("not_control"))
                if control is not None and control not in found.controls:
                    yield _unknown_name(entry, "SPEC117", control, list(found.controls), key)


def check_sources(documents: Documents, found: Names) -> Iterator[Diagnostic]:
    """SPEC111: every source that anything names is in sources.yaml, which names each once."""
    for document in documents.get("sources", ()):
        yield from unique(list(entries(document, "sources")), "id", "SPEC111", "source id")
    keys = {"fields": "fields", "controls": "controls", "cpuid": "features"}
    for kind, key in keys.items():
        for document in documents.get(kind, ()):
            for entry in entries(document, key):
                for position, source in enumerate(entry.value.get("sources", ())):
                    if source not in found.sources:
                        node = entry.node.value["sources"].value[position]
                        yield Diagnostic(
                            Severity.ERROR,
                            "SPEC111",
                            f"there is no source {source!r}",
                            document.locate(node),
                            did_you_mean(source, sorted(found.sources), "see spec/sources.yaml"),
                        )


def check_disagreements(files: Sequence[Document], found: Names) -> Iterator[Diagnostic]:
    """SPEC126: a disagreement is about fields, controls, sources and projects that exist."""
    every = [entry for document in files for entry in entries(document, "disagreements")]
    yield from unique(every, "id", "SPEC126", "disagreement")
    known: dict[str, Collection[str]] = {
        "fields": found.fields,
        "controls": found.requirable,
        "sources": found.sources,
        "project": found.projects,
        "source": found.sources,
    }
    for entry in every:
        yield from _unknown_of_kind(entry, known, "SPEC126")


def _unknown_of_kind(
    entry: Entry, known: Mapping[str, Collection[str]], rule: str
) -> Iterator[Diagnostic]:
    """What an entry names that does not exist; ``known`` has what can stand under a key."""
    for key, names_of_kind in known.items():
        value = entry.value.get(key, ())
        for name in (value,) if isinstance(value, str) else value:
            if name not in names_of_kind:
                yield entry.fault(
                    rule,
                    f"there is no {key.removesuffix('s')} {name!r}",
                    key,
                    did_you_mean(name, sorted(names_of_kind), "see the files of the spec"),
                )


def check_emulators(files: Sequence[Document], found: Names) -> Iterator[Diagnostic]:
    """SPEC135: deviations are told apart by their ids, and are of fields and sources that exist."""
    emulators = [entry for document in files for entry in entries(document, "emulators")]
    deviations = [entry for emulator in emulators for entry in emulator.entries("deviations")]
    yield from unique(emulators, "id", "SPEC135", "emulator")
    yield from unique(deviations, "id", "SPEC135", "deviation")
    known: dict[str, Collection[str]] = {"fields": found.fields, "sources": found.sources}
    for entry in deviations:
        yield from _unknown_of_kind(entry, known, "SPEC135")
