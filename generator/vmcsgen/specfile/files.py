"""Which files make up a spec and what kind each is; what is no spec is refused here."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity, refuse
from vmcsgen.records import Record
from vmcsgen.resources import shown
from vmcsgen.specfile.inputs import files_of


class SpecFile(Record):
    """A file of a spec: where it is, how messages call it, and which schema it follows."""

    path: Path
    shown: str
    kind: str


def discover(root: Path, kinds: Iterable[str] | None = None) -> tuple[SpecFile, ...]:
    """Every file of the spec in folder ``root``, in a fixed order.

    DiagnosticError if ``root`` is no spec, or holds a file that nothing would read.
    """
    name = shown(root)
    if not os.path.isdir(root):  # Path.is_dir raises for names that are too long
        hint = "name the folder that holds fields/ and controls/"
        there = os.path.exists(root)
        problem = "is a file, not a spec folder" if there else "there is no such folder"
        raise refuse(problem, name, rule="SPEC008", hint=hint)
    try:
        listed = files_of(root)
    except OSError as error:
        raise refuse(f"can't be read: {error.strerror}", name) from None
    found: list[SpecFile] = []
    strays: list[Diagnostic] = []
    for relative, kind in listed:
        path = root / relative
        if relative.endswith(".yaml"):
            found.append(SpecFile(path, shown(path), kind))
        else:
            message = "is in a spec folder but nothing reads it: spec files end in .yaml"
            where = Location(shown(path))
            strays.append(
                Diagnostic(Severity.ERROR, "SPEC008", message, where, "rename or remove it")
            )
    if strays:
        raise DiagnosticError(strays)
    if not any(file.kind == "fields" for file in found):
        raise refuse(
            "holds no field file (fields/*.yaml)", name, rule="SPEC008", hint="is this the spec?"
        )
    wanted = None if kinds is None else frozenset(kinds)
    return tuple(file for file in found if wanted is None or file.kind in wanted)


def version_file(root: Path) -> Path:
    """The file that holds the spec's calendar version."""
    return root / "VERSION"
