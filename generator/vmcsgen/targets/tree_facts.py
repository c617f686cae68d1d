"""What a target reads from the source tree that it is generated into."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity
from vmcsgen.resources import read_regular, shown
from vmcsgen.targets.c_source import closing_brace, without_comments
from vmcsgen.targets.header_names import header_names
from vmcsgen.targets.manifest import Target
from vmcsgen.writer import destination

FILE_LIMIT = 8 << 20
"""Bytes; a larger file of a source tree is not read."""


class TreeFacts:
    """What a tree knows, of the structs and headers that target.yaml names.

    Each is read when an output first asks for it: a tree may lack what no output of it needs.
    DiagnosticError if it lacks what is asked for.
    """

    def __init__(self, top: Path, target: Target) -> None:
        self._top = top
        self._target = target
        self._members: dict[str, tuple[str, ...]] = {}

    def members(self, tag: str) -> tuple[str, ...]:
        """The members of ``struct tag``, in their order; KeyError if target.yaml has no such."""
        if tag not in self._members:
            path = self._target.members_from[tag]
            self._members[tag] = struct_members(self._top, path, tag)
        return self._members[tag]

    @cached_property
    def names(self) -> Mapping[str, int | None] | None:
        """Macros and enumerators of the headers, with their values (``header_names``).

        None where target.yaml names no header.
        """
        if not self._target.names_from:
            return None
        found: dict[str, int | None] = {}
        for path in self._target.names_from:
            found |= header_names(tree_text(self._top, path))
        return found


def tree_text(top: Path, relative: str) -> str:
    """The text of a file below ``top``; bytes that are no UTF-8 survive as surrogates.

    DiagnosticError if it is missing, too large, or not inside the tree.
    """
    path = destination(top, relative)
    try:
        content = read_regular(path, FILE_LIMIT + 1)
    except OSError as error:
        raise _unusable(path, f"can't be read: {error.strerror}") from None
    if len(content) > FILE_LIMIT:
        raise _unusable(path, f"is larger than {FILE_LIMIT} bytes")
    return content.decode("utf-8", "surrogateescape")


def struct_members(top: Path, path: str, tag: str) -> tuple[str, ...]:
    """The members of ``struct tag`` in a C file of the tree, in their order."""
    text = without_comments(tree_text(top, path))
    found = re.search(rf"\bstruct\s+(?:\w+\s+)?{re.escape(tag)}\s*\{{", text)
    if found is None:
        raise _unusable(top / path, f"has no struct {tag}")
    body = text[found.end() : closing_brace(text, found.end())]
    members: list[str] = []
    for declaration in body.split(";"):
        first, *more = (
            re.findall(r"[A-Za-z_]\w*", re.split(r"[:\[]", declarator)[0])
            for declarator in _declarators(declaration)
        )
        members += [names[-1] for names in (first[1:], *more) if names]
    return tuple(members)


def _declarators(declaration: str) -> Iterator[str]:
    """What the commas of a declaration divide, but for those in parentheses."""
    depth = start = 0
    for mark in re.finditer(r"[(),]", declaration):
        if mark[0] == ",":
            if not depth:
                yield declaration[start : mark.start()]
                start = mark.end()
        else:
            depth = max(0, depth + (1 if mark[0] == "(" else -1))
    yield declaration[start:]


def _unusable(path: Path, message: str) -> DiagnosticError:
    where = Location(shown(path))
    hint = "is this the tree that the target is for?"
    return DiagnosticError([Diagnostic(Severity.ERROR, "TREE001", message, where, hint)])
