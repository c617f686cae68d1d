"""series.yaml: how a target comes into a source tree, as a series of patches and their steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Severity, refuse
from vmcsgen.resources import shown
from vmcsgen.targets.choice import target_names
from vmcsgen.targets.languages import LANGUAGES
from vmcsgen.targets.manifest import Output, Target, load_target
from vmcsgen.targets.regions import can_be_named


@dataclass(frozen=True, slots=True)
class RegionStep:
    """Turn a hand-written list into the region of an output."""

    output: str


@dataclass(frozen=True, slots=True)
class FileStep:
    """Add the whole file of an output."""

    output: str


@dataclass(frozen=True, slots=True)
class DiffStep:
    """Edit code that others own: the first of these diffs that fits the tree (hunks.py)."""

    diffs: tuple[str, ...]


Step: TypeAlias = RegionStep | FileStep | DiffStep


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch: what it is called, the template of its message, and what it does."""

    subject: str
    message: str
    adopt: bool
    """Part of the first conversion of a tree; the others come only with the series."""
    steps: tuple[Step, ...]
    done: tuple[str, str] | None = None
    """A file and a text that it holds once the patch was applied, where steps can't tell."""


@dataclass(frozen=True, slots=True)
class Series:
    """All patches of a target, in order, and the cover letter's subject and template."""

    subject: str
    cover: str | None
    patches: tuple[Patch, ...]


def load_series(target: Target) -> Series:
    """The series of a target: its series.yaml, else one patch that makes all its regions.

    DiagnosticError with all that is wrong with the file.
    """
    from vmcsgen.specfile import nodes, schema

    path = target.folder / "series.yaml"
    if not path.is_file():
        regions = [each for each in target.outputs if each.replaces]
        problem = next((found for each in regions if (found := _unmarkable(target, each))), None)
        if problem is not None:
            raise refuse(problem, shown(target.folder / "target.yaml"), rule="TARGET004")
        steps = tuple(RegionStep(each.name) for each in regions)
        return Series(target.title, None, (Patch(target.title, "", True, steps),))
    document = nodes.parse(nodes.read_text(path, shown(path)), shown(path))
    faults = list(schema.check(document, "series"))
    if faults:
        raise DiagnosticError(faults)
    plain: Any = document.root.plain()
    for number, patch in enumerate(plain["patches"]):
        for place, step in enumerate(patch["steps"]):
            for problem in _problems(target, step):
                where = document.locate(document.at(("patches", number, "steps", place)))
                faults.append(Diagnostic(Severity.ERROR, "TARGET004", problem, where))
        if not (target.folder / patch["message"]).is_file():
            where = document.locate(document.at(("patches", number, "message")))
            problem = f"there is no {patch['message']!r} here"
            faults.append(Diagnostic(Severity.ERROR, "TARGET004", problem, where))
    if faults:
        raise DiagnosticError(faults)
    return Series(
        plain["subject"], plain.get("cover"), tuple(_patch(each) for each in plain["patches"])
    )


def series_for_tree(target: Target, templates: Path | None = None) -> Series:
    """The series of a target that a source tree can take over.

    DiagnosticError if it is not made for trees, or as ``load_series``.
    """
    series = load_series(target)
    if not _for_trees(series):
        names = (each for each in target_names(templates) if each != target.id)
        others = [each for each in names if _for_trees(load_series(load_target(each, templates)))]
        raise refuse(
            f"target {target.id} has nothing that a tree could take over", "TARGET",
            hint=f"one of: {', '.join(others)}" if others else "see docs/add-a-target.md",
        )  # fmt: skip
    return series


def _for_trees(series: Series) -> bool:
    return any(patch.steps for patch in series.patches)


def _problems(target: Target, step: Mapping[str, Any]) -> Iterator[str]:
    named = step.get("region") or step.get("file")
    output = target.output(named) if named else None
    if named and output is None:
        known = ", ".join(each.name for each in target.outputs)
        yield f"target {target.id} has no output {named!r} (it has {known})"
    if output is not None and (problem := _unmarkable(target, output)) is not None:
        yield problem
    if "diff" in step:
        for name in _step(step).diffs:  # type: ignore[union-attr]
            if not (target.folder / name).is_file():
                yield f"there is no {name!r} here"


def _unmarkable(target: Target, output: Output) -> str | None:
    """Why no marks can stand around an output in a tree, if so."""
    if not LANGUAGES[output.language].has_comments:
        return f"{output.name!r} can't stand between marks: {output.language} has no comments"
    if not can_be_named(f"{target.id}/{output.name}"):
        return f"{output.name!r} can't stand between marks, which can't carry this name"
    return None


def _patch(entry: Mapping[str, Any]) -> Patch:
    steps = tuple(_step(each) for each in entry["steps"])
    done = (entry["done"]["path"], entry["done"]["holds"]) if "done" in entry else None
    return Patch(entry["subject"], entry["message"], entry.get("adopt", False), steps, done)


def _step(entry: Mapping[str, Any]) -> Step:
    if "region" in entry:
        return RegionStep(entry["region"])
    if "file" in entry:
        return FileStep(entry["file"])
    diffs = entry["diff"]
    return DiffStep((diffs,) if isinstance(diffs, str) else tuple(diffs))
