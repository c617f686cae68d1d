"""What a target reads from the source tree that it is generated into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity
from vmcsgen.resources import shown
from vmcsgen.targets.c_source import closing_brace, without_comments
from vmcsgen.targets.header_names import header_names
from vmcsgen.targets.manifest import Target
from vmcsgen.targets.writer import destination

FILE_LIMIT = 8 << 20
"""Bytes; a larger file of a source tree is not read."""


@dataclass(frozen=True, slots=True)
class TreeFacts:
    """What a tree knows: of the structs and headers that target.yaml names."""

    members: Mapping[str, tuple[str, ...]]
    """Tag of a struct -> its members, in their order."""
    names: Mapping[str, int | None] | None = None
    """Macros and enumerators of the headers, with their values (``header_names``).

    None where target.yaml names no header.
    """


def read_tree(top: Path, target: Target) -> TreeFacts:
    """The facts that ``target`` asks for; DiagnosticError if the tree doesn't hold them."""
    members = {tag: struct_members(top, path, tag) for tag, path in target.members_from.items()}
    if not target.names_from:
        return TreeFacts(members)
    names: dict[str, int | None] = {}
    for path in target.names_from:
        names |= header_names(tree_text(top, path))
    return TreeFacts(members, names)


def tree_text(top: Path, relative: str) -> str:
    """The text of a file below ``top``; bytes that are no UTF-8 survive as surrogates.

    DiagnosticError if it is missing, too large, or not inside the tree.
    """
    path = destination(top, relative)
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise _unusable(path, f"is larger than {FILE_LIMIT} bytes")
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise _unusable(path, f"can't be read: {error.strerror}") from None


def struct_members(top: Path, path: str, tag: str) -> tuple[str, ...]:
    """The members of ``struct tag`` in a C file of the tree, in their order."""
    text = without_comments(tree_text(top, path))
    found = re.search(rf"\bstruct\s+(?:\w+\s+)?{re.escape(tag)}\s*\{{", text)
    if found is None:
        raise _unusable(top / path, f"has no struct {tag}")
    body = text[found.end() : closing_brace(text, found.end())]
    members = []
    for declaration in body.split(";"):
        names = re.findall(r"[A-Za-z_]\w*", declaration.partition(":")[0].partition("[")[0])
        if len(names) > 1:
            members.append(names[-1])
    return tuple(members)


def _unusable(path: Path, message: str) -> DiagnosticError:
    where = Location(shown(path))
    hint = "is this the tree that the target is for?"
    return DiagnosticError([Diagnostic(Severity.ERROR, "TREE001", message, where, hint)])
