"""Standalone generation: targets to files below one folder, checked, compared or written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vmcsgen.diagnostics import DiagnosticError, packed, refuse, unpacked
from vmcsgen.helpers import spread
from vmcsgen.records import Record
from vmcsgen.resources import shown
from vmcsgen.targets.current import present, remember, stamp_name

if TYPE_CHECKING:
    from vmcsgen.site.site import Manual


class Status(Enum):
    """How a file compares with what the spec says it must be."""

    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"
    EXTRA = "extra"
    """Stands in a target's folder, but no target makes it."""


class Comparison(Record):
    """One file of an output folder; ``wanted`` is None for an extra file."""

    path: Path
    status: Status
    wanted: bytes | None
    found: bytes | None


def compare(
    names: Sequence[str],
    out: Path | str,
    spec: Path | str | None = None,
    templates: Path | str | None = None,
    manual: Manual | None = None,
) -> tuple[Comparison, ...]:
    """Render the targets and compare with what stands in ``out``, one folder a target.

    Nothing is written. ``manual`` describes the command line, for the target that prints it.
    DiagnosticError if the spec or a target can't be used.
    """
    from vmcsgen.site.site import Site
    from vmcsgen.specfile.load import load
    from vmcsgen.targets.manifest import load_target
    from vmcsgen.targets.render import Renderer, Views
    from vmcsgen.writer import current, destination, is_temporary

    out = Path(out)
    templates = None if templates is None else Path(templates)
    if os.path.exists(out) and not os.path.isdir(out):
        raise refuse("is a file, not a folder", shown(out), hint="choose another with -o")
    loaded = load(spec)
    found: list[Comparison] = []
    views: Views = {}
    site = Site(loaded, spec, manual)
    made: dict[str, dict[str, str]] = {}
    renderers = []
    for name in names:
        target = load_target(name, templates)
        renderers.append(Renderer(loaded, target, views=views, site=site))
    weights = [each.target.size for each in renderers]

    def texts(number: int) -> tuple[list[str], list[list[Any]]]:
        try:
            return renderers[number].texts(), []
        except DiagnosticError as error:  # an answer like any other: nobody need try once more
            return [], packed(error)

    for renderer, (of_target, faults) in zip(renderers, spread(texts, weights), strict=True):
        if faults:
            raise unpacked(faults)
        target = renderer.target
        digests = made[target.id] = {}
        for output, text in zip(target.outputs, of_target, strict=True):
            wanted = text.encode()
            path = destination(out, f"{target.id}/{output.path}")
            existing = current(path)
            status = Status.CURRENT if existing == wanted else Status.STALE
            if existing is None:
                status = Status.MISSING
            found.append(Comparison(path, status, wanted, existing))
            digests[output.path] = hashlib.sha256(wanted).hexdigest()
        for extra in sorted(present(out / target.id) - set(digests)):
            if is_temporary(Path(extra).name):  # write_all removes what a killed run left
                continue
            found.append(Comparison(out / target.id / extra, Status.EXTRA, None, None))
    remember(stamp_name(names, spec, templates), made)
    return tuple(found)


def write_all(comparisons: Sequence[Comparison]) -> int:
    """Write what is stale or missing; the number of files written. Extra files are left alone."""
    from vmcsgen import writer

    for folder in {comparison.path.parent for comparison in comparisons}:
        writer.sweep(folder)
    return writer.write_all(
        (comparison.path, comparison.wanted)
        for comparison in comparisons
        if comparison.wanted is not None and comparison.status is not Status.CURRENT
    )


def unified_diff(comparison: Comparison) -> str:
    """What writing would change, as ``git apply`` takes it; empty for a current file.

    Paths are those of ``shown``, from the root where they lie elsewhere.
    """
    from vmcsgen.targets.diffs import file_diff

    before, after = (
        None if raw is None else raw.decode("utf-8", "surrogateescape")
        for raw in (comparison.found, comparison.wanted)
    )
    return file_diff(shown(comparison.path).lstrip("/"), before, after or "").text


def tally(comparisons: Iterable[Comparison]) -> Mapping[Status, int]:
    """How many files have which status."""
    counts = dict.fromkeys(Status, 0)
    for comparison in comparisons:
        counts[comparison.status] += 1
    return counts
