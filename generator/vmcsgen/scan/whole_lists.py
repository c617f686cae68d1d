"""The rules that take a whole list to see: two constants of one encoding or one name, values that
belong to another constant of the list, halves that do not pair, and what a list lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from vmcsgen.records import Record
from vmcsgen.scan import lexicon as layout
from vmcsgen.scan.constants import Constant, Source
from vmcsgen.scan.findings import Finding, at, on_constant
from vmcsgen.scan.match import ALIKE, Matched, Matcher
from vmcsgen.scan.words import says_high, words

WHOLE_LIST = 40
"""A list with so many fields is meant to be whole: what it lacks is worth a remark."""

_HIGH_HALVES = 5
_HIGH_SHARE = 0.7
"""An unknown list spells high halves if it has so many of them, in number and in share."""


class Judged(Record):
    """What the rules made of one constant by itself."""

    constant: Constant
    encoding: int | None
    """The encoding it is meant to have, as far as that is known."""
    right: bool


def check(
    source: Source,
    judged: Sequence[Judged],
    wrong: Collection[Finding],
    matched: Matched,
    matcher: Matcher,
) -> Iterator[Finding]:
    """Every finding on the list as a whole; ``wrong`` is what its constants are found to be."""
    strangers = [
        each
        for each in judged
        if each.right
        and each.encoding is not None
        and not each.constant.alias_of
        and each.encoding not in matcher.named(each.constant.name)
    ]
    if strangers:
        yield from _anothers_value(source, strangers, wrong, matcher)
        yield from _halves(source, strangers, matcher)
    yield from _duplicates(source, judged, matched, matcher)
    yield from _missing_high(source, judged, matched, matcher)
    yield from _lacking(source, judged, matched, matcher)


def _anothers_value(
    source: Source, strangers: Sequence[Judged], wrong: Collection[Finding], matcher: Matcher
) -> Iterator[Finding]:
    """Two values were swapped, and only one of the two names is plain enough to tell by itself."""
    owners = {each.expected: each for each in wrong if each.expected not in (None, each.value)}
    for constant, encoding, _ in strangers:
        owner = owners.get(encoding) if encoding is not None else None
        if owner is None or encoding is None:
            continue
        if matcher.resemblance.to(constant.name, encoding & ~1) < ALIKE:
            field = matcher.lexicon.field(encoding)
            yield on_constant(
                "VMCS104", source, constant,
                f"{constant.name} is {encoding:#06x}, the {matcher.lexicon.describe(encoding)},"
                f" which {owner.name} on line {owner.line} is by its name",
                field=field.id if field else None,
            )  # fmt: skip


def _halves(source: Source, strangers: Sequence[Judged], matcher: Matcher) -> Iterator[Finding]:
    """Two names that differ only in saying "high" stand for the two halves of one field."""
    fulls: dict[frozenset[str], list[Constant]] = {}
    highs: dict[frozenset[str], list[Constant]] = {}
    for each in strangers:
        name = each.constant.name
        (highs if says_high(name) else fulls).setdefault(words(name), []).append(each.constant)
    for said, (high, *more) in highs.items():
        (full, *others) = fulls.get(said, [None])
        if full is None or more or others or full.value is None or high.value is None:
            continue  # only one of each leaves no doubt which belong together
        if full.value >> 13 == layout.WIDTH_64 and high.value == full.value | 1:
            continue
        wrong, right = high, full
        if _likeness(full, matcher) < _likeness(high, matcher):
            wrong, right = full, high
        line = source.position(right.name_at.start)[0]
        yield on_constant(
            "VMCS104", source, wrong,
            f"{wrong.name} is {wrong.value:#06x}, the {matcher.lexicon.describe(wrong.value or 0)};"
            f" {right.name}, by its name the other half, is {right.value:#06x} on line {line}",
        )  # fmt: skip


def _likeness(constant: Constant, matcher: Matcher) -> float:
    """How well a name fits its value: 1 if a project has it so."""
    value = constant.value
    if value is None or matcher.lexicon.field(value) is None:
        return 0.0
    if value in matcher.named(constant.name):
        return 1.0
    return matcher.resemblance.to(constant.name, value & ~1)


def _duplicates(
    source: Source, judged: Sequence[Judged], matched: Matched, matcher: Matcher
) -> Iterator[Finding]:
    known = matched.project.names if matched.project else {}
    by_name: dict[str, Constant] = {}
    by_value: dict[int, Judged] = {}
    for each in judged:
        constant = each.constant
        first = by_name.setdefault(constant.name, constant)
        if first is not constant and not first.alternative_to(constant):
            if first.value is not None and constant.value == first.value ^ 1:
                continue  # a table that calls both halves by the field's name
            if first.value == constant.value and (first.branch or constant.branch):
                continue  # a fallback: #ifndef NAME, or two conditions that exclude each other
            line = source.position(first.name_at.start)[0]
            yield at(
                "VMCS202", source, constant.name_at,
                f"{constant.name} is defined again; it stands first on line {line}",
                name=constant.name, value=constant.value,
            )  # fmt: skip
            continue
        if constant.value is None or constant.alias_of or not each.right:
            continue
        other = by_value.setdefault(constant.value, each)
        if other is each or other.constant.alternative_to(constant):
            continue
        if other.encoding is None or each.encoding is None:
            continue
        if constant.name in known and other.constant.name in known:
            continue  # the project has two names for this field
        if constant.name != other.constant.name:
            better, worse = other.constant, constant
            if _likeness(better, matcher) < _likeness(worse, matcher):
                better, worse = worse, better
            line = source.position(better.name_at.start)[0]
            yield at(
                "VMCS201", source, worse.value_at,
                f"{worse.name} has the encoding of {better.name} on line {line},"
                f" {worse.value:#06x}",
                name=worse.name, value=worse.value,
                hint="keep one name, or make the other an alias of it by name",
            )  # fmt: skip


def _missing_high(
    source: Source, judged: Sequence[Judged], matched: Matched, matcher: Matcher
) -> Iterator[Finding]:
    encodings = {each.encoding for each in judged}
    fulls = [
        each
        for each in judged
        if each.encoding is not None
        and each.encoding & 1 == 0
        and each.encoding >> 13 == layout.WIDTH_64
        and matcher.lexicon.field(each.encoding) is not None
    ]
    spelled = sum(each.encoding is not None and each.encoding | 1 in encodings for each in fulls)
    if not spelled:
        return  # this list does without them
    by_convention = spelled >= _HIGH_HALVES and spelled >= _HIGH_SHARE * len(fulls)
    for each in fulls:
        full = each.encoding
        assert full is not None
        if full | 1 in encodings:
            continue
        project = matched.project
        named = None
        if project is not None and each.constant.name in project.names:
            named = project.high_names.get(full)
            if named is None:
                continue  # this project does without it
        elif not by_convention:
            continue
        field = matcher.lexicon.field(full)
        assert field is not None
        called = f" ({named})" if named else ""
        yield at(
            "VMCS203", source, each.constant.name_at,
            f"{each.constant.name} has no high half{called}: {full | 1:#06x} is missing",
            name=each.constant.name, value=each.constant.value, expected=full | 1, field=field.id,
        )  # fmt: skip


def _lacking(
    source: Source, judged: Sequence[Judged], matched: Matched, matcher: Matcher
) -> Iterator[Finding]:
    present = {each.encoding & ~1 for each in judged if each.encoding is not None}
    if len(present) < WHOLE_LIST:
        return
    lacking = [
        field
        for encoding, field in matcher.lexicon.fields.items()
        if field.confirmed and encoding not in present
    ]
    if lacking:
        shown = ", ".join(f"{field.id} ({field.encoding:#06x})" for field in lacking[:6])
        more = f" and {len(lacking) - 6} more" if len(lacking) > 6 else ""
        yield at(
            "VMCS204", source, matched.members[0].name_at,
            f"{matched.constants.construct} lacks {len(lacking)} of"
            f" {sum(field.confirmed for field in matcher.lexicon.fields.values())} fields:"
            f" {shown}{more}",
            name=matched.constants.construct,
        )  # fmt: skip
