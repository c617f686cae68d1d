"""Which files a result depends on, and the digest of their bytes. On the path of every start."""

from __future__ import annotations

import os

from vmcsgen import __version__
from vmcsgen.resources import PACKAGE, read_regular, spec_folder
from vmcsgen.states import remembered

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

SIZE_LIMIT = 1 << 20
"""Largest spec file, in bytes; no more of a file is read."""

FOLDERS = {"fields": "fields", "controls": "controls", "projects": "project", "cpus": "cpus"}
"""Folder of a spec -> kind of the files in it."""

SINGLE = {
    "sources.yaml": "sources",
    "disagreements.yaml": "disagreements",
    "errata.yaml": "errata",
    "ladders.yaml": "ladders",
    "emulators.yaml": "emulators",
}
"""File at a spec's top -> its kind."""

SPECIAL = {"controls/cpuid.yaml": "cpuid"}
"""Files whose kind is not that of their folder."""

MODEL_KINDS = ("fields", "controls", "cpuid", "project", "sources", "disagreements")
"""Kinds of files that the Spec itself is built from; the others are facts beside it."""

KINDS = (*FOLDERS.values(), *SINGLE.values(), *SPECIAL.values())
"""Every kind of file."""


def files_of(root: Path | str) -> list[tuple[str, str]]:
    """(path below ``root``, kind) of everything in a spec's folders, in a fixed order.

    Strays are included, with the kind of their folder; OSError if a folder can't be listed.
    """
    found: list[tuple[str, str]] = []
    for folder, kind in FOLDERS.items():
        try:
            names = sorted(os.listdir(os.path.join(root, folder)))
        except FileNotFoundError:
            continue
        for name in names:
            if not name.startswith("."):
                relative = f"{folder}/{name}"
                found.append((relative, SPECIAL.get(relative, kind)))
    found += [
        (name, kind) for name, kind in SINGLE.items() if os.path.exists(os.path.join(root, name))
    ]
    return found


def model_key(root: Path | str) -> str:
    """The digest of all that a validated Spec depends on: its files, the schemas and our code.

    Empty where the spec can't be listed.
    """
    return facts_key(root, MODEL_KINDS)


def facts_key(root: Path | str, kinds: Iterable[str]) -> str:
    """The digest of all that facts of these kinds depend on, as ``model_key``."""
    wanted = frozenset(kinds)
    try:
        paths, code = facts_inputs(root, wanted)
    except OSError:
        return ""
    what = "\n".join(("digest of", *sorted(wanted), os.path.abspath(root), code))
    return remembered(what, paths, lambda: digest(paths, code)) or ""


def facts_inputs(root: Path | str, kinds: Collection[str]) -> tuple[list[str], str]:
    """All that facts of these kinds depend on: files of a spec, and the state of our own code.

    OSError if a folder can't be listed.
    """
    files = [path for path, kind in files_of(root) if kind in kinds]
    schemas = os.path.join(spec_folder(), "schema")
    rooms = [os.path.join(PACKAGE, room) for room in ("", "core", "specfile")]
    paths = [os.path.join(root, name) for name in ("VERSION", *files)]
    return paths, fingerprint(schemas, *rooms)


def fingerprint(*folders: str) -> str:
    """What tells one state of our own files from another: version, names, sizes and times.

    Reading them at every start would cost more than all else that a start does.
    """
    states = [__version__]
    for folder in folders:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.is_file():
                state = entry.stat()
                states.append(f"{entry.name} {state.st_size} {state.st_mtime_ns}")
    return "\n".join(states)


def digest(paths: Iterable[str], *more: str) -> str:
    """SHA-256 (hex) over names and bytes of files, and ``more``; unreadable ones count as empty."""
    import hashlib

    total = hashlib.sha256()
    for path in paths:
        try:
            raw = read_regular(path, SIZE_LIMIT + 1)
        except OSError:
            raw = b""
        name = os.fsencode("/".join(path.split(os.sep)[-2:]))
        total.update(b"%d:%d:" % (len(name), len(raw)) + name + raw)
    for piece in more:
        total.update(f"{len(piece)}:{piece}".encode())
    return total.hexdigest()
