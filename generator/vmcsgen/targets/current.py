"""Are the outputs current? Answered from the cached stamp, without parsing or rendering.

The stamp says which output bytes follow from which inputs: spec, templates and our own code.
"""

from __future__ import annotations

import os

from vmcsgen.cache import read_entry, write_entry
from vmcsgen.resources import PACKAGE, read_regular, spec_folder
from vmcsgen.specfile.inputs import KINDS, digest, facts_inputs, facts_key, fingerprint
from vmcsgen.states import remembered
from vmcsgen.targets.choice import folder_of, recipe_option

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def stamp_name(
    names: Sequence[str], spec: Path | str | None = None, templates: Path | str | None = None
) -> str:
    """The name of the stamp for these targets, from the digest of all that decides their bytes.

    Empty where the spec can't be listed.
    """
    key = facts_key(spec or spec_folder(), KINDS)
    if not key:
        return ""
    recipe = recipe_option(templates)
    found = digest(_templates(names, templates), key, _code(), recipe, *names)
    return f"gen-{found[:40]}.json"


def _code() -> str:
    """The state of our own code that decides outputs, besides what ``facts_key`` counts."""
    rooms = ("targets", "site", "capabilities", "commands")
    return fingerprint(*(os.path.join(PACKAGE, room) for room in rooms))


def _templates(names: Sequence[str], templates: Path | str | None) -> list[str]:
    """The files below the folders of targets, hidden ones too, in a fixed order."""
    return [
        path
        for target in names
        for path in sorted(
            os.path.join(base, name)
            for base, _, names in os.walk(folder_of(target, templates))
            for name in names
        )
    ]


def unchanged(
    names: Sequence[str],
    out: Path | str,
    spec: Path | str | None = None,
    templates: Path | str | None = None,
) -> int | None:
    """The number of files, if all of them are known to be current without rendering, else None.

    Compares the digests of inputs and outputs with the stamp; reads none of them where they all
    look as they did when that was last found.
    """
    try:
        inputs, code = facts_inputs(spec or spec_folder(), KINDS)
    except OSError:
        return None
    outputs = [os.path.join(out, name, path) for name in names for path in present(f"{out}/{name}")]
    folders = (os.path.abspath(out), os.fspath(spec or ""), os.fspath(templates or ""))
    state = (code, _code(), recipe_option(templates))
    what = "\n".join(("current", *folders, *state, *names))
    return remembered(
        what,
        (*inputs, *_templates(names, templates), *sorted(outputs)),
        lambda: _current(stamp_name(names, spec, templates), names, out),
    )


def _current(stamp: str, names: Sequence[str], out: Path | str) -> int | None:
    """The number of files, if their digests are those of the stamp, else None."""
    import hashlib

    known = read_entry(stamp) if stamp else None
    if not isinstance(known, dict) or set(known) != set(names):
        return None
    total = 0
    for target, made in known.items():
        folder = os.path.join(out, target)
        if not isinstance(made, dict) or present(folder) != set(made):
            return None
        for path, expected in made.items():
            try:
                found = read_regular(os.path.join(folder, path), -1)
            except OSError:
                return None
            if hashlib.sha256(found).hexdigest() != expected:
                return None
            total += 1
    return total


def remember(name: str, made: Mapping[str, Mapping[str, str]]) -> None:
    """Keep the digests of the outputs (target -> path -> SHA-256) under a stamp's name."""
    if name:
        write_entry(name, made)


SERIES = "series"
"""The folder beside a target's outputs in which a patch series is kept: no target makes it."""


def present(folder: Path | str) -> set[str]:
    """Every file below a folder, as relative paths; an empty set if there is no such folder."""
    found: set[str] = set()
    for base, folders, files in os.walk(folder):
        relative = os.path.relpath(base, folder).replace(os.sep, "/")
        if relative == "." and SERIES in folders:
            folders.remove(SERIES)
        found.update(name if relative == "." else f"{relative}/{name}" for name in files)
    return found
