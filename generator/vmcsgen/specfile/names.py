"""What the semantic rules look at: entries of documents, and every name that a spec defines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vmcsgen.diagnostics import Diagnostic, Severity
from vmcsgen.specfile.nodes import Document, Node

Documents = Mapping[str, Sequence[Document]]

NAMES_HINT = "names are group.id; see spec/controls"


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping of a document, as rules look at it: its values, and where each stands."""

    document: Document
    node: Node
    value: Mapping[str, Any]

    def fault(self, rule: str, message: str, key: str = "", hint: str = "") -> Diagnostic:
        """The error at the value of ``key``, or at the whole entry."""
        node = self.node.value.get(key, self.node)
        return Diagnostic(Severity.ERROR, rule, message, self.document.locate(node), hint)

    def place(self, key: str) -> str:
        """``path:line`` of a value, for the other half of a duplicate."""
        return f"{self.document.path}:{self.node.value[key].start[0] + 1}"

    def entries(self, key: str) -> Iterator[Entry]:
        """The mappings in the list that stands under ``key``; none without such a list."""
        return _listed(self.document, self.node, key)


def entries(document: Document, key: str) -> Iterator[Entry]:
    """The mappings in the list that stands under ``key``; none without such a list."""
    return _listed(document, document.root, key)


def _listed(document: Document, node: Node, key: str) -> Iterator[Entry]:
    if key in node.value:
        for each in node.value[key].value:
            plain: Any = each.plain()
            yield Entry(document, each, plain)


def whole(document: Document) -> Entry:
    """The document itself as an entry."""
    plain: Any = document.root.plain()
    return Entry(document, document.root, plain)


@dataclass(slots=True)
class Names:
    """What is defined where, gathered once for the rules that compare files."""

    fields: dict[str, Entry] = field(default_factory=dict)
    controls: dict[str, Entry] = field(default_factory=dict)
    features: dict[str, Entry] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)
    groups: dict[str, Entry] = field(default_factory=dict)

    @property
    def requirable(self) -> list[str]:
        """Every name that a requirement may use."""
        return [*self.controls, *self.features]


def gather(documents: Documents) -> Names:
    """Collect names; where one is defined twice the first counts (other rules report it)."""
    found = Names()
    for document in documents.get("fields", ()):
        for entry in entries(document, "fields"):
            found.fields.setdefault(entry.value["id"], entry)
    for document in documents.get("controls", ()):
        group = whole(document)
        found.groups.setdefault(group.value["group"], group)
        for entry in entries(document, "controls"):
            found.controls.setdefault(f"{group.value['group']}.{entry.value['id']}", entry)
    for document in documents.get("cpuid", ()):
        for entry in entries(document, "features"):
            found.features.setdefault(f"cpuid.{entry.value['id']}", entry)
    for document in documents.get("sources", ()):
        found.sources |= {entry.value["id"] for entry in entries(document, "sources")}
    found.projects = {whole(document).value["project"] for document in documents.get("project", ())}
    return found


def unique(every: Iterable[Entry], key: str, rule: str, what: str) -> Iterator[Diagnostic]:
    """The entries whose value of ``key`` another entry had before, whatever its case."""
    first: dict[object, Entry] = {}
    for entry in every:
        value = entry.value[key]
        folded = value.casefold() if isinstance(value, str) else value
        if folded in first:
            text = f"{value:#06x}" if key == "encoding" else repr(value)
            yield entry.fault(
                rule,
                f"{what} {text} is taken",
                key,
                f"first at {first[folded].place(key)}; one of the two is wrong",
            )
        else:
            first[folded] = entry
