"""Targets that other Python packages bring: entry points of the group ``vmcsgen.targets``.

They are looked for only where a target is asked for by name that does not come with vmcsgen, and
by ``vmcsgen targets``: what ``gen`` makes by default never depends on what else is installed, and
no start pays for the search. No code of the package is run: an entry point names the folder of a
package that holds NAME/target.yaml.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

from vmcsgen.diagnostics import refuse

GROUP = "vmcsgen.targets"
_NAME = re.compile(r"[a-z0-9][a-z0-9.]*(-[a-z0-9.]+)*")


@dataclass(frozen=True, slots=True)
class Installed:
    """A target that a package brings; ``folder`` holds its own folder, called as it is."""

    name: str
    package: str
    folder: str


def installed() -> Mapping[str, Installed]:
    """Every target that an installed package brings, by name.

    DiagnosticError if two packages bring one of the same name. Entry points that lead to no
    target are left out.
    """
    found: dict[str, Installed] = {}
    for entry in entry_points(group=GROUP):
        folder = _folder(entry)
        if folder is None or not _NAME.fullmatch(entry.name):
            continue
        package = entry.dist.name if entry.dist else entry.module
        other = found.get(entry.name)
        if other is not None and other.folder != folder:
            message = f"packages {other.package} and {package} both bring a target of this name"
            raise refuse(message, entry.name, hint="uninstall one, or use --templates")
        found[entry.name] = Installed(entry.name, package, folder)
    return {name: found[name] for name in sorted(found)}


def package_without(name: str) -> str | None:
    """The package whose entry point names a target that it does not bring."""
    for entry in entry_points(group=GROUP, name=name):
        if _folder(entry) is None:
            return entry.dist.name if entry.dist else entry.module
    return None


def _folder(entry: EntryPoint) -> str | None:
    """The folder that holds NAME/target.yaml, found without importing the package."""
    try:
        top, *below = entry.module.split(".")
        spec = find_spec(top)
    except (AttributeError, ImportError, ValueError):  # the first: what it says is no module
        return None
    for location in (spec and spec.submodule_search_locations) or ():
        folder = os.path.join(location, *below)
        if os.path.isfile(os.path.join(folder, entry.name, "target.yaml")):
            return folder
    return None
