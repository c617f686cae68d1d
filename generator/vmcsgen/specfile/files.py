"""Which files make up a spec, what kind each is, and the digest of their bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity, refuse
from vmcsgen.resources import read_regular, shown
from vmcsgen.specfile.nodes import SIZE_LIMIT

MODEL_KINDS = ("fields", "controls", "cpuid", "project", "sources", "disagreements")
"""Kinds of files that the Spec itself is built from; the others are facts beside it."""

_FOLDERS = {"fields": "fields", "controls": "controls", "projects": "project", "cpus": "cpus"}
_SINGLE = {
    "sources": "sources",
    "disagreements": "disagreements",
    "errata": "errata",
    "emulators": "emulators",
}
_KIND_BY_PATH = {"controls/cpuid.yaml": "cpuid"}


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A file of a spec: where it is, how messages call it, and which schema it follows."""

    path: Path
    shown: str
    kind: str


def discover(root: Path, kinds: Iterable[str] | None = None) -> tuple[SpecFile, ...]:
    """Every file of the spec in folder ``root``, in a fixed order.

    DiagnosticError if ``root`` is no spec, or holds a file that nothing would read.
    """
    name = shown(root)
    if not root.is_dir():
        hint = "name the folder that holds fields/ and controls/"
        problem = "is a file, not a spec folder" if root.exists() else "there is no such folder"
        raise refuse(problem, name, rule="SPEC008", hint=hint)
    found: list[SpecFile] = []
    strays: list[Diagnostic] = []
    for folder, kind in _FOLDERS.items():
        for entry in sorted(_entries(root / folder)):
            path = root / folder / entry
            if not entry.endswith(".yaml"):
                message = "is in a spec folder but nothing reads it: spec files end in .yaml"
                where = Location(shown(path))
                strays.append(
                    Diagnostic(Severity.ERROR, "SPEC008", message, where, "rename or remove it")
                )
                continue
            special = _KIND_BY_PATH.get(f"{folder}/{entry}", kind)
            found.append(SpecFile(path, shown(path), special))
    for stem, kind in _SINGLE.items():
        path = root / f"{stem}.yaml"
        if path.exists():
            found.append(SpecFile(path, shown(path), kind))
    if strays:
        raise DiagnosticError(strays)
    if not any(file.kind == "fields" for file in found):
        raise refuse(
            "holds no field file (fields/*.yaml)", name, rule="SPEC008", hint="is this the spec?"
        )
    wanted = None if kinds is None else frozenset(kinds)
    return tuple(file for file in found if wanted is None or file.kind in wanted)


def _entries(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise refuse(f"can't be read: {error.strerror}", shown(folder)) from None


def version_file(root: Path) -> Path:
    """The file that holds the spec's calendar version."""
    return root / "VERSION"


def digest(paths: Iterable[Path], *more: bytes) -> str:
    """SHA-256 (hex) over names and bytes of files, and ``more``; unreadable ones count as empty.

    Reads no more of a file than the largest spec file could have.
    """
    total = hashlib.sha256()
    for path in paths:
        try:
            raw = read_regular(path, SIZE_LIMIT + 1)
        except OSError:
            raw = b""
        name = os.fsencode(path.parent.name + "/" + path.name)
        total.update(b"%d:%d:" % (len(name), len(raw)) + name + raw)
    for piece in more:
        total.update(b"%d:" % len(piece) + piece)
    return total.hexdigest()
