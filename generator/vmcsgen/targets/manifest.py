"""target.yaml: what a target is called, whose names it uses, and which files it makes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from vmcsgen import ready
from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Severity, did_you_mean, refuse
from vmcsgen.records import Record
from vmcsgen.resources import PACKAGE, shown, spec_folder, template_root
from vmcsgen.specfile.inputs import digest, fingerprint
from vmcsgen.targets.choice import folder_of, recipe_option
from vmcsgen.targets.languages import LANGUAGES


class Output(Record):
    """One file (or one region of a file) that a target makes.

    ``path`` is relative: to out/TARGET in standalone use, to the tree's top in a source tree.
    """

    template: str
    path: str
    language: str
    region: str | None = None
    project: str | None = None
    """The project whose names it uses, where that is not the target's."""
    elsewhere: tuple[str, ...] = ()
    """Where the file stands in older or newer source trees."""
    replaces: str | None = None
    """What the first conversion of a tree turns into the region: ``enum TAG`` or ``#define``."""
    every: bool = False
    """A file of its own lists every field, under the names that the project would give them."""

    @property
    def name(self) -> str:
        """What marks call it: the region, or the last part of a whole file's path."""
        return self.region or PurePosixPath(self.path).name


class Target(Record):
    """A folder of templates and what its target.yaml says."""

    id: str
    title: str
    folder: Path
    project: str | None
    license: str
    description: str
    outputs: tuple[Output, ...]
    names_from: tuple[str, ...] = ()
    """Files of a source tree whose macros and enumerators say what that tree knows."""
    members_from: Mapping[str, str] = {}
    """Tag of a struct -> the file of a source tree that says which members it has."""

    foreign: bool = False
    """It does not come with vmcsgen: its templates run in a sandbox."""
    option: str = ""
    """What ``vmcsgen gen`` must be given, beside its name, to find it."""

    @property
    def size(self) -> int:
        """Bytes of the templates of all outputs, of those that are there."""
        templates = [self.folder / each.template for each in self.outputs]
        return sum(each.stat().st_size for each in templates if each.is_file())

    def output(self, name: str) -> Output | None:
        """The output that marks call ``name``."""
        return next((each for each in self.outputs if each.name == name), None)

    def project_of(self, output: Output) -> str | None:
        """The project whose names an output uses."""
        return output.project or self.project


def load_target(name: str, root: Path | None = None) -> Target:
    """The target in folder ``name``; DiagnosticError with all that is wrong with its manifest."""
    folder = Path(folder_of(name, root))
    foreign = folder.parent != template_root()
    option = recipe_option(root)
    try:
        state = fingerprint(str(folder), *_JUDGES)
    except OSError as error:
        raise refuse(f"can't be listed: {error.strerror}", shown(folder)) from None

    def target(plain: Mapping[str, Any]) -> Target:
        return _target(name, folder, plain, foreign, option)

    def made() -> tuple[Target, Any]:
        plain = checked(name, folder)
        return target(plain), plain

    stamp = f"target-{digest([f'{folder}/target.yaml'], state)[:40]}"
    return ready.answer(stamp, f"target {name}", folder.parent, target, made)


def require_projects(target: Target, known: Collection[str]) -> None:
    """DiagnosticError, with the place in target.yaml, for a project that a spec does not have."""
    named: list[tuple[tuple[str | int, ...], str | None]] = [(("project",), target.project)]
    named += [(("outputs", n, "project"), each.project) for n, each in enumerate(target.outputs)]
    for place, project in named:
        if project is not None and project not in known:
            from vmcsgen.specfile import nodes

            path = target.folder / "target.yaml"
            document = nodes.parse(nodes.read_text(path, shown(path)), shown(path))
            where = document.locate(document.at(place))
            message = f"project {project!r} is not in the spec"
            hint = did_you_mean(project, known)
            raise DiagnosticError([Diagnostic(Severity.ERROR, "TARGET002", message, where, hint)])


_JUDGES = (PACKAGE, os.path.join(PACKAGE, "targets"), os.path.join(spec_folder(), "schema"))
"""Folders of what decides whether a manifest is in order."""


def checked(name: str, folder: Path) -> dict[str, Any]:
    """The plain manifest in a folder, checked against its schema, the folder and itself."""
    from vmcsgen.specfile import nodes, schema

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
        else:
            outputs.append(_output(entry))
    if plain["target"] != name:
        where = document.locate(document.at(("target",)))
        message = f"the folder is called {name!r}, not {plain['target']!r}"
        faults.append(
            Diagnostic(Severity.ERROR, "TARGET001", message, where, "a target has one name")
        )
    paths: set[str] = set()
    names: dict[str, str] = {}
    for position, output in enumerate(outputs):
        message = ""
        if output.path in paths:
            message = f"{output.path} is made twice"
        elif output.name in names:
            message = f"marks call {names[output.name]} and this by one name, {output.name!r}"
        if message and not faults:
            where = document.locate(document.at(("outputs", position, "path")))
            faults.append(Diagnostic(Severity.ERROR, "TARGET002", message, where))
        paths.add(output.path)
        names[output.name] = output.path
    if faults:
        raise DiagnosticError(faults)
    manifest: dict[str, Any] = plain
    return manifest


def _output(entry: Mapping[str, Any]) -> Output:
    return Output(
        entry["template"],
        entry["path"],
        entry["language"],
        entry.get("region"),
        entry.get("project"),
        tuple(entry.get("elsewhere", ())),
        entry.get("replaces"),
        entry.get("every", False),
    )


def _target(
    name: str, folder: Path, plain: Mapping[str, Any], foreign: bool, option: str
) -> Target:
    return Target(
        name,
        plain["title"],
        folder,
        plain.get("project"),
        plain["license"],
        plain.get("description", ""),
        tuple(map(_output, plain["outputs"])),
        tuple(plain.get("names_from", ())),
        plain.get("members_from", {}),
        foreign,
        option,
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
