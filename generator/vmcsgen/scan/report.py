"""Report: what one file holds, as workers send it and the cache keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from vmcsgen.records import Record
from vmcsgen.scan.files import SIZE_LIMIT
from vmcsgen.scan.findings import Finding, Fix

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any


class ListSummary(Record):
    """A list of VMCS fields that was held against the spec."""

    path: str
    line: int
    construct: str
    project: str | None
    constants: int
    vmcs_enum: int
    """The raw VMCS_ENUM value that the fields of this list would give if all existed."""


class PlacedFact(Record):
    """What code says about existence (see conditions.Fact), with its place for the message."""

    kind: str
    owner: str
    name: str
    condition: Any
    value: int
    place: Finding


class Maximum(Record):
    """A typed maximum, or a narrow index (``bits``), with its place for the message."""

    place: Finding
    vmcs_enum: int
    bits: int = 0


class Report(Record):
    """What one file holds. ``constants`` is how many were held against the spec, maxima typed by
    hand, existence conditions and generated regions included."""

    path: str
    constants: int = 0
    lists: tuple[ListSummary, ...] = ()
    findings: tuple[Finding, ...] = ()
    maxima: tuple[Maximum, ...] = ()
    conditions: tuple[PlacedFact, ...] = ()
    dropped: bool = False
    """Whether there would be more findings."""
    marked: bool = False
    """Whether it may hold generated regions."""
    parsed: bool = False
    """Whether its constants were read; other files only went through the filter."""
    lacking: str = ""
    """Why it was not read: what to install for its language. Never kept in a cache."""

    @property
    def empty(self) -> bool:
        """Whether nothing in the file concerns the check."""
        return not (
            self.constants or self.findings or self.maxima or self.conditions or self.marked
            or self.lacking
        )  # fmt: skip


def to_plain(report: Report) -> list[object]:
    """The report as the cache keeps it."""
    return [
        report.path, report.constants, report.lists, report.findings, report.maxima,
        report.conditions, report.dropped, report.marked, report.parsed,
    ]  # fmt: skip


def from_plain(plain: Sequence[Any]) -> Report:
    """The report that ``to_plain`` and JSON made a list of."""
    path, constants, lists, findings, maxima, conditions, dropped, marked, parsed = plain
    return Report(
        path,
        constants,
        tuple(ListSummary(*each) for each in lists),
        tuple(map(_finding, findings)),
        tuple(Maximum(_finding(each[0]), *each[1:]) for each in maxima),
        tuple(PlacedFact(*each)._replace(place=_finding(each[5])) for each in conditions),
        dropped,
        marked,
        parsed,
    )


def _finding(plain: Sequence[Any]) -> Finding:
    finding = Finding(*plain)
    return finding if finding.fix is None else finding._replace(fix=Fix(*finding.fix))


def too_large(path: str, limit: int = SIZE_LIMIT) -> Report:
    """The report on a file that is not parsed because it has more than ``limit`` bytes."""
    message = f"not inspected: larger than {limit >> 20} MiB"
    return Report(path, findings=(whole_file("VMCS902", path, message),))


def whole_file(rule: str, path: str, message: str) -> Finding:
    """A finding on a file as such."""
    return Finding(rule, path, 0, 0, 1, "", None, None, None, message)
