"""target.yaml: what a target is called, whose names it uses, and which files it makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Severity
from vmcsgen.resources import shown, template_root
from vmcsgen.targets.languages import LANGUAGES


@dataclass(frozen=True, slots=True)
class Output:
    """One file (or one region of a file) that a target makes.

    ``path`` is relative: to out/TARGET in standalone use, to the tree's top in a source tree.
    """

    template: str
    path: str
    language: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A folder of templates and what its target.yaml says."""

    id: str
    title: str
    folder: Path
    project: str | None
    license: str
    description: str
    outputs: tuple[Output, ...]


def load_target(name: str, root: Path | None = None) -> Target:
    """The target in folder ``name``; DiagnosticError with all that is wrong with its manifest."""
    from vmcsgen.specfile import nodes, schema

    folder = (template_root() if root is None else root) / name
    path = folder / "target.yaml"
    document = nodes.parse(nodes.read_text(path, shown(path)), shown(path))
    faults = schema.check(document, "target")
    if faults:
        raise DiagnosticError(faults)
    plain: Any = document.root.plain()
    outputs = []
    for position, entry in enumerate(plain["outputs"]):
        node = document.at(("outputs", position))
        problem = _problem(entry, folder)
        if problem:
            key, message, hint = problem
            where = document.locate(node.value[key])
            faults.append(Diagnostic(Severity.ERROR, "TARGET002", message, where, hint))
            continue
        outputs.append(
            Output(entry["template"], entry["path"], entry["language"], entry.get("region"))
        )
    if plain["target"] != name:
        where = document.locate(document.at(("target",)))
        message = f"the folder is called {name!r}, not {plain['target']!r}"
        faults.append(
            Diagnostic(Severity.ERROR, "TARGET001", message, where, "a target has one name")
        )
    seen: set[tuple[str, str | None]] = set()
    for position, output in enumerate(outputs):
        if (output.path, output.region) in seen and not faults:
            where = document.locate(document.at(("outputs", position, "path")))
            message = f"{output.path} is made twice"
            faults.append(Diagnostic(Severity.ERROR, "TARGET002", message, where))
        seen.add((output.path, output.region))
    if faults:
        raise DiagnosticError(faults)
    return Target(
        name,
        plain["title"],
        folder,
        plain.get("project"),
        plain["license"],
        plain.get("description", ""),
        tuple(outputs),
    )


def _problem(entry: dict[str, str], folder: Path) -> tuple[str, str, str] | None:
    path = PurePosixPath(entry["path"])
    if path.is_absolute() or ".." in path.parts or "\\" in entry["path"]:
        return "path", f"{entry['path']!r} leads out of the output folder", "use a relative path"
    template = PurePosixPath(entry["template"])
    if template.is_absolute() or ".." in template.parts:
        return "template", f"{entry['template']!r} is outside the target's folder", ""
    if not (folder / entry["template"]).is_file():
        return "template", f"there is no template {entry['template']!r} here", shown(folder)
    if entry["language"] not in LANGUAGES:
        return "language", f"unknown language {entry['language']!r}", ", ".join(LANGUAGES)
    return None
