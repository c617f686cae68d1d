"""One file: its bytes to a Report of lists, findings, and facts that other files bear on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from vmcsgen.scan import maxima as typed
from vmcsgen.scan import rules
from vmcsgen.scan.constants import CONSTANTS_LIMIT, ConstantList, Source, Span, SyntaxFault, source
from vmcsgen.scan.files import SIZE_LIMIT, sniff
from vmcsgen.scan.findings import Finding, Fix, at
from vmcsgen.scan.match import MEMBERS_LIMIT, Matched, Matcher
from vmcsgen.scan.maxima import NarrowIndex, TypedMaximum

_MARKS = {
    opening: re.compile(rb"^[ \t]*(?:%b)[ \t]*vmcsgen[ \t]+(?:begin|end):" % opening, re.MULTILINE)
    for opening in (rb"/\*|//", rb"#")
}
_OPENINGS = {"c": rb"/\*|//", "c++": rb"/\*|//", "rust": rb"/\*|//"}
"""A mark counts in a comment of the file's own language: documentation may show others."""

FINDINGS_LIMIT = 1000
"""Most findings that one file may have."""


class ListSummary(NamedTuple):
    """A list of VMCS fields that was held against the spec."""

    path: str
    line: int
    construct: str
    project: str | None
    constants: int
    vmcs_enum: int
    """The raw VMCS_ENUM value that the fields of this list would give if all existed."""


class PlacedFact(NamedTuple):
    """What code says about existence (see conditions.Fact), with its place for the message."""

    kind: str
    owner: str
    name: str
    condition: Any
    value: int
    place: Finding


class Maximum(NamedTuple):
    """A typed maximum, or a narrow index (``bits``), with its place for the message."""

    place: Finding
    vmcs_enum: int
    bits: int = 0


class Report(NamedTuple):
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

    @property
    def empty(self) -> bool:
        """Whether nothing in the file concerns the check."""
        return not (
            self.constants or self.findings or self.maxima or self.conditions or self.marked
        )


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


def inspect(path: str, content: bytes, matcher: Matcher) -> Report:
    """The report on one file. ParserMissing if the parser for its language is not installed."""
    read = source(path, content, sniff(path, content))
    findings: list[Finding] = []
    summaries: list[ListSummary] = []
    maxima: list[Maximum] = []
    conditions: list[PlacedFact] = []
    try:
        lists = _read(read, maxima, conditions)
        if any(len(found.constants) >= CONSTANTS_LIMIT for found in lists):
            findings.append(_unread(read, f"more than {CONSTANTS_LIMIT} constants"))
        for found in lists:
            others = found.constants
            matched = matcher.match(found, path)
            if matched is not None:
                room = FINDINGS_LIMIT + 1 - len(findings)
                findings.extend(islice(rules.check(read, matched, matcher), room))
                if len(matched.members) == MEMBERS_LIMIT:
                    findings.append(_unread(read, f"more than {MEMBERS_LIMIT} constants in a list"))
                summaries.append(_summary(read, matched, matcher))
                fields = frozenset(matched.members)
                others = tuple(each for each in others if each not in fields)
            maxima.extend(
                _maximum(read, each)
                for each in typed.of_constants(others, read)
                if not matcher.named(each.name)
            )
    except SyntaxFault as error:
        findings.append(
            at("VMCS902", read, Span(0, 0), f"not inspected: no valid {read.language}: {error}")
        )
    generated = _generated(content)
    marked = _MARKS[_OPENINGS.get(read.language, rb"#")].search(content) is not None
    findings.sort(key=lambda finding: (finding.line, finding.column, finding.rule))
    return Report(
        path,
        sum(summary.constants for summary in summaries)
        + len(maxima)
        + sum(fact.kind == "case" for fact in conditions)
        + marked,
        tuple(summaries),
        tuple(findings[:FINDINGS_LIMIT]),
        tuple(each for each in maxima if not generated(each.place.line))[:FINDINGS_LIMIT],
        tuple(conditions[:FINDINGS_LIMIT]),
        len(findings) > FINDINGS_LIMIT,
        marked,
        True,
    )


_GENERATED = re.compile(rb"generated by vmcsgen", re.IGNORECASE)
_REGION_BEGIN = re.compile(rb"vmcsgen[ \t]+begin:")
_REGION_END = re.compile(rb"vmcsgen[ \t]+end:")
_HEAD = 1024
"""A file that is generated as a whole says so in its first bytes."""


def _generated(content: bytes) -> Callable[[int], bool]:
    """Whether vmcsgen wrote a line: what it derived was not typed by hand."""
    if _GENERATED.search(content, 0, _HEAD):
        return lambda line: True
    regions: list[tuple[int, int]] = []
    begin = _REGION_BEGIN.search(content)
    while begin is not None:
        end = _REGION_END.search(content, begin.end())
        last = len(content) if end is None else end.start()
        regions.append((content.count(b"\n", 0, begin.start()), content.count(b"\n", 0, last)))
        begin = _REGION_BEGIN.search(content, last) if end is not None else None
    return lambda line: any(first < line <= final for first, final in regions)


def _unread(read: Source, what: str) -> Finding:
    return at("VMCS902", read, Span(0, 0), f"not inspected to the end: {what}")


def too_large(path: str) -> Report:
    """The report on a file that is not parsed because of its size."""
    message = f"not inspected: larger than {SIZE_LIMIT >> 20} MiB"
    return Report(path, findings=(whole_file("VMCS902", path, message),))


def whole_file(rule: str, path: str, message: str) -> Finding:
    """A finding on a file as such."""
    return Finding(rule, path, 0, 0, 1, "", None, None, None, message)


def _summary(read: Source, matched: Matched, matcher: Matcher) -> ListSummary:
    members = matched.members
    values = [each.value for each in members if each.value is not None]
    known = [value for value in values if matcher.lexicon.field(value) is not None]
    return ListSummary(
        read.path,
        read.position(members[0].name_at.start)[0],
        matched.constants.construct,
        matched.project.id if matched.project else None,
        len(members),
        max((value & 0x3FE for value in known), default=0),
    )


def _read(read: Source, maxima: list[Maximum], conditions: list[PlacedFact]) -> list[ConstantList]:
    """The lists of a file, by language; what else it says is put into the other two."""
    found: list[ConstantList]
    if read.language in ("c", "c++"):
        from vmcsgen.scan import c
        from vmcsgen.scan.conditions import facts

        parsed = c.Syntax(read)
        found = list(c.lists(parsed))
        maxima.extend(_maximum(read, each) for each in typed.of_uses(parsed))
        maxima.extend(_narrow(read, each) for each in typed.narrow_indexes(parsed))
        for fact in facts(parsed):
            place = at("VMCS401", read, fact.at, "", name=fact.name)
            conditions.append(PlacedFact(*fact[:4], fact.value, place))
    elif read.language == "rust":
        from vmcsgen.scan import rust

        found = list(rust.lists(read))
    elif read.language == "python":
        from vmcsgen.scan import python

        found = list(python.lists(read))
    elif read.language == "assembler":
        from vmcsgen.scan import assembler

        found = list(assembler.lists(read))
    else:
        from vmcsgen.scan import tables

        found = list(tables.lists(read))
    return found


def _maximum(read: Source, found: TypedMaximum) -> Maximum:
    place = at("VMCS301", read, found.at, "", name=found.name, value=found.vmcs_enum)
    return Maximum(place, found.vmcs_enum)


def _narrow(read: Source, found: NarrowIndex) -> Maximum:
    place = at("VMCS302", read, found.at, found.what, name=found.name)
    return Maximum(place, 0, found.bits)
