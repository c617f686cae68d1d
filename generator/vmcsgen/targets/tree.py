"""A whole source tree: every marked region compared with the spec, and brought up to date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import Diagnostic, DiagnosticError, did_you_mean, refuse
from vmcsgen.resources import shown
from vmcsgen.targets.choice import is_installed, suggestion, target_names
from vmcsgen.targets.find_marks import marked_files
from vmcsgen.targets.languages import LANGUAGES
from vmcsgen.targets.manifest import Output, Target, load_target
from vmcsgen.targets.regions import Region, State, parse, replace, state
from vmcsgen.targets.render import Renderer
from vmcsgen.targets.selection import UnknownConstantError
from vmcsgen.targets.tree_facts import TreeFacts, tree_text


@dataclass(frozen=True, slots=True)
class RegionResult:
    """One region and how it compares; ``kept`` if it will not be overwritten."""

    region: Region
    state: State
    kept: bool


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A marked file of a tree: what stands there and what shall."""

    path: str
    """Relative to the tree's top."""
    regions: tuple[RegionResult, ...]
    found: bytes
    wanted: bytes
    """Equal to ``found`` where all regions are current or kept."""


@dataclass(frozen=True, slots=True)
class _Maker:
    """What makes the regions of one target in one tree."""

    target: Target
    renderer: Renderer


class Workshop:
    """Targets made ready for one tree, each when a region first asks for it.

    Those of the folder ``templates`` come before ours of the same name.
    """

    def __init__(self, spec: Spec, top: Path, templates: Path | None = None) -> None:
        self.spec = spec
        self.top = top
        self._templates = templates
        self._theirs = frozenset(() if templates is None else target_names(templates))
        self.stamp = f"spec {spec.version} sha256:{spec.digest[:12]}"
        self._makers: dict[str, _Maker] = {}

    def maker(self, name: str) -> _Maker:
        """The target ``name`` with what it reads from the tree; DiagnosticError if it can't be."""
        if name not in self._makers:
            target = load_target(name, self._folder(name))
            renderer = Renderer(self.spec, target, TreeFacts(self.top, target))
            self._makers[name] = _Maker(target, renderer)
        return self._makers[name]

    def _folder(self, name: str) -> Path | None:
        """The folder of targets that holds this one, None for ours and those of packages."""
        return self._templates if name in self._theirs else None

    def output(self, region: Region) -> Output:
        """The output that a region's name means; DiagnosticError with a suggestion if none."""
        root = self._folder(region.target)
        if region.target not in target_names(root) and not is_installed(region.target, root):
            hint = did_you_mean(region.target, sorted({*self._theirs, *target_names()}))
            if self._templates is None:
                hint = suggestion(region.target)
                hint += " Targets of others: --templates DIR, or install the package that brings it"
            message = f"there is no target {region.target!r}"
            raise DiagnosticError([region.fault("REGION007", message, hint)])
        target = self.maker(region.target).target
        output = target.output(region.output)
        if output is None:
            hint = did_you_mean(region.output, (each.name for each in target.outputs))
            message = f"target {target.id} makes no {region.output!r}"
            raise DiagnosticError([region.fault("REGION007", message, hint)])
        return output

    def lines(self, region: Region) -> list[str]:
        """The lines that a region must have."""
        output = self.output(region)
        try:
            text = self.maker(region.target).renderer.body(output, region.selection)
        except UnknownConstantError as error:
            names = ", ".join(error.names)
            message = f"the lines below this mark name {names}, which no field is called"
            raise DiagnosticError([region.fault("REGION008", message)]) from None
        return text.removesuffix("\n").split("\n")


def examine(
    top: Path,
    spec: Spec,
    *,
    targets: Iterable[str] = (),
    templates: Path | None = None,
    force: bool = False,
) -> tuple[TreeFile, ...]:
    """Compare every marked region below ``top`` with what it must be; nothing is written.

    ``targets`` restricts it to the regions of these. A region that was edited by hand is kept
    unless ``force``. DiagnosticError with all that is wrong with marks, and if there is none:
    a look that saw nothing is no pass.
    """
    workshop = Workshop(spec, top, templates)
    chosen = frozenset(targets)
    files: list[TreeFile] = []
    faults: list[Diagnostic] = []
    for path in marked_files(top):
        try:
            file = examine_file(workshop, path, chosen, force)
        except DiagnosticError as error:
            faults += error.diagnostics
            continue
        if file.regions:
            files.append(file)
    if faults:
        raise DiagnosticError(faults)
    if not files:
        what = f"regions of {', '.join(sorted(chosen))}" if chosen else "marked regions"
        raise refuse(
            f"holds no {what}", shown(top), rule="TREE002",
            hint="vmcsgen adopt TARGET DIR makes the first ones",
        )  # fmt: skip
    return tuple(files)


def examine_file(workshop: Workshop, path: str, chosen: frozenset[str], force: bool) -> TreeFile:
    """One file of the tree; DiagnosticError with everything that is wrong with its marks."""
    text = tree_text(workshop.top, path)
    marked = parse(text, shown(workshop.top / path))
    faults = list(marked.faults)
    results: list[RegionResult] = []
    wanted = text
    changes: list[tuple[Region, list[str], Output]] = []
    for region in marked.regions:
        if chosen and region.target not in chosen:
            continue
        try:
            lines, output = workshop.lines(region), workshop.output(region)
        except DiagnosticError as error:
            faults += error.diagnostics
            continue
        found = state(region, lines)
        kept = found is State.HAND_EDITED and not force
        results.append(RegionResult(region, found, kept))
        if found is not State.CURRENT and not kept:
            changes.append((region, lines, output))
    if faults:
        raise DiagnosticError(faults)
    for region, lines, output in reversed(changes):
        language = LANGUAGES[output.language]
        wanted = replace(wanted, [(region, lines)], language, workshop.stamp)
    return TreeFile(
        path,
        tuple(results),
        text.encode("utf-8", "surrogateescape"),
        wanted.encode("utf-8", "surrogateescape"),
    )


def write_tree(top: Path, files: Iterable[TreeFile]) -> int:
    """Write the files that differ; how many had to change. Each is the old or the new one."""
    from vmcsgen.writer import destination, write

    return sum(
        write(destination(top, file.path), file.wanted)
        for file in files
        if file.wanted != file.found
    )
