"""Generated regions in checked files: stale, edited by hand, or with broken marks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from vmcsgen.diagnostics import DiagnosticError, Location
from vmcsgen.scan.findings import Finding, Fix
from vmcsgen.scan.patterns import lazy
from vmcsgen.targets.choice import target_names
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.regions import State
from vmcsgen.targets.tree import TreeFile, Workshop, examine_file

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from vmcsgen.core.spec import Spec

_RULES = {State.STALE: "VMCS501", State.HAND_EDITED: "VMCS502"}


def judge(
    paths: Sequence[str], roots: Sequence[str], spec: Spec, templates: Path | None = None
) -> Iterator[Finding]:
    """The findings on the regions of marked files; ``roots`` are the folders that were named.

    ``templates`` is a folder of targets beside ours.
    """
    workshops: dict[str, Workshop] = {}
    for path in paths:
        top = _top(path, roots)
        workshop = workshops.setdefault(top, Workshop(spec, Path(top), templates))
        try:
            file = examine_file(workshop, os.path.relpath(path, top), frozenset(), False)
        except DiagnosticError as error:
            for fault in error.diagnostics:
                if fault.location.line:
                    yield _finding("VMCS503", path, fault.location, fault.message, fault.hint)
                else:  # what the region is made from could not be read
                    reason = f"region not inspected: {fault.location.path} {fault.message}"
                    yield _finding("VMCS902", path, Location(path), reason, fault.hint)
            continue
        yield from _differences(path, file)


def _differences(path: str, file: TreeFile) -> Iterator[Finding]:
    fix = _fix(file)
    for result in file.regions:
        rule = _RULES.get(result.state)
        if rule is None:
            continue
        region = result.region
        if rule == "VMCS501":
            message = f"region {region.name} is stale: it is not what the spec gives now"
            hint = "vmcsgen gen --tree DIR, or vmcsgen check --fix, brings it up to date"
        else:
            message = f"region {region.name} was edited by hand"
            hint = "change the spec or the template; vmcsgen gen --tree DIR --force overwrites it"
        where = region.fault(rule, message).location
        yield _finding(rule, path, where, message, hint)._replace(
            name=region.name, fix=fix if rule == "VMCS501" else None
        )
        if rule == "VMCS501":
            fix = None  # it covers every stale region of the file


def _fix(file: TreeFile) -> Fix | None:
    """The smallest piece of the file whose replacement brings all stale regions up to date."""
    old, new = file.found, file.wanted
    if old == new:
        return None
    start = _shared(old, new)
    tail = _shared(
        old[: start - 1 if start else None : -1], new[: start - 1 if start else None : -1]
    )
    pieces = (old[start : len(old) - tail], new[start : len(new) - tail])
    decoded = [piece.decode("utf-8", "surrogateescape") for piece in pieces]
    return Fix(start, len(old) - tail, decoded[0], decoded[1])


def _shared(left: bytes, right: bytes) -> int:
    """How many bytes both begin with."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _finding(rule: str, path: str, where: Location, message: str, hint: str) -> Finding:
    return Finding(
        rule, path, where.line, where.column, where.length, "", None, None, None, message, hint,
        where.text,
    )  # fmt: skip


def _top(path: str, roots: Sequence[str]) -> str:
    """The top of the tree that ``path`` is in.

    Where a region's target says which file it is for, what stands before that; else the top of
    the repository, else the folder that was named.
    """
    absolute = os.path.abspath(path)
    for place in _places(path):
        if absolute.endswith(os.sep + place):
            return absolute.removesuffix(os.sep + place)
    folder = os.path.dirname(absolute)
    while folder != os.path.dirname(folder):
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        folder = os.path.dirname(folder)
    tops = [os.path.abspath(root) for root in roots if os.path.isdir(root)]
    return next(
        (top for top in tops if absolute.startswith(os.path.join(top, ""))),
        os.path.dirname(absolute),
    )


_BEGIN = lazy(rb"vmcsgen[ \t]+begin:[ \t]*([a-z0-9.-]{1,80})/([\w.-]{1,80})")


def _places(path: str) -> Iterator[str]:
    """The paths within a tree that the targets of the regions of a file name for them."""
    with open(path, "rb") as stream:
        names = _BEGIN().findall(stream.read())
    known = target_names()
    for target, output in names:
        if target.decode() in known:
            found = load_target(target.decode()).output(output.decode())
            if found is not None:
                yield from (str(found.path), *map(str, found.elsewhere))
