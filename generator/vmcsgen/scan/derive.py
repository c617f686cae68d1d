"""Typed maxima and narrow indexes: what the spec derives, and what that makes of a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vmcsgen.scan.files import shared_folders
from vmcsgen.scan.findings import Finding
from vmcsgen.scan.lexicon import Lexicon
from vmcsgen.scan.report import ListSummary, Maximum, Report
from vmcsgen.scan.whole_lists import WHOLE_LIST


def judge(reports: Sequence[Report], lexicon: Lexicon) -> Iterator[Finding]:
    """The findings on the typed maxima and narrow indexes of all reports."""
    lists = [each for report in reports for each in report.lists if each.constants >= WHOLE_LIST]
    for report in reports:
        for maximum in report.maxima:
            if maximum.bits:
                yield from _narrow(maximum, lexicon)
            else:
                yield _typed(maximum, _nearest(lists, report.path), lexicon)


def _nearest(lists: Sequence[ListSummary], path: str) -> ListSummary | None:
    """The list that shares the longest run of folders with ``path``."""
    return max(
        lists, key=lambda each: (shared_folders(path, each.path), each.constants), default=None
    )


def _typed(maximum: Maximum, nearest: ListSummary | None, lexicon: Lexicon) -> Finding:
    raw, top = maximum.vmcs_enum, lexicon.vmcs_enum
    rungs = dict(lexicon.ladder)
    if raw > top:
        verdict = f"too high: no field of spec {lexicon.version} has an index over {top >> 1}"
    elif raw not in rungs:
        verdict = "wrong for every processor: no set of capabilities gives it"
    elif raw == top:
        verdict = (
            f"right only by luck: true where {rungs[raw]} is supported, too high everywhere else"
        )
    else:
        above = [each for each in lexicon.ladder if each[0] > raw][-1]
        limits = f"too low as soon as {above[1]} is supported ({above[0]:#04x})"
        if rungs[raw] == "always":
            verdict = f"stale: {limits}"
        else:
            verdict = (
                f"stale, or right only by luck: too high unless {rungs[raw]} is supported, {limits}"
            )
        verdict += f"; with every field of spec {lexicon.version} it is {top:#04x}"
    own = ""
    if nearest is not None and nearest.vmcs_enum > raw:
        own = f"; the list in {nearest.path}:{nearest.line} goes up to {nearest.vmcs_enum:#04x}"
    place = maximum.place
    return place._replace(
        expected=top,
        message=f"{place.name}: a maximum typed by hand, VMCS_ENUM {raw:#04x}: {verdict}{own}",
        hint="derive it from the capabilities: see `vmcsgen gen -t c`, vmcs_enum()",
    )


def _narrow(maximum: Maximum, lexicon: Lexicon) -> Iterator[Finding]:
    limit = 1 << maximum.bits
    if lexicon.vmcs_enum >> 1 < limit:
        return
    mask = ~(0x3FE & ~((limit - 1) << 1))
    aliased = [
        (encoding, encoding & mask)
        for encoding, field in lexicon.fields.items()
        if field.confirmed and encoding >> 1 & 0x1FF >= limit and encoding & mask in lexicon.fields
    ]
    shown = ", ".join(
        f"{encoding:#06x} is taken for {other:#06x}" for encoding, other in aliased[:3]
    )
    place = maximum.place
    yield place._replace(
        message=f"{place.name} is {place.message} {maximum.bits} bits, but indexes go up to"
        f" {lexicon.vmcs_enum >> 1} and the architecture has 9 bits: {shown}"
        + (f" and {len(aliased) - 3} more" if len(aliased) > 3 else ""),
        hint="keep bits 9:1 of the encoding (SDM 27.11.2)",
    )
