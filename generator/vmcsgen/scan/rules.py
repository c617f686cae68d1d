"""The rules on lists: what is wrong with the constants of one list of VMCS fields, one by one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from vmcsgen.scan import lexicon as layout
from vmcsgen.scan import whole_lists
from vmcsgen.scan.constants import Constant, Source
from vmcsgen.scan.findings import Finding, at, on_constant
from vmcsgen.scan.match import CERTAIN, Matched, Matcher
from vmcsgen.scan.patterns import lazy
from vmcsgen.scan.words import claimed_state, claimed_width, says_high

MARGIN = 0.3
"""How much more a name must resemble another field than the one that the value encodes."""

_NO_FIELD = lazy(
    r"(?:^|_)(?:count|cnt|num|nr|max|last|min|first|mask|shift|invalid|none|unknown|end|begin|size"
    r"|total|reserved|rsvd|base|start|any|all)(?:_|$)",
    re.IGNORECASE,
)
"""Names that say they stand for no field: sentinels, masks, counts."""

_ALL_ONES = frozenset((1 << bits) - 1 for bits in (16, 32, 64))
"""What lists write for "no field", if not a negative number."""


def check(source: Source, matched: Matched, matcher: Matcher) -> Iterator[Finding]:
    """Every finding on one list, in source order within each rule."""
    judged: list[whole_lists.Judged] = []
    wrong: list[Finding] = []
    stem = "" if matched.constants.closed else _common_stem(matched)
    own = _own_numbers(matched)
    for constant in matched.members:
        if constant.value is not None and constant.value >> 16 in own:
            continue
        found = list(_value(source, constant, matched, stem, matcher))
        judged.append(_judge(constant, matched, matcher, not found))
        wrong += found
    yield from wrong
    yield from whole_lists.check(source, judged, wrong, matched, matcher)


def _judge(
    constant: Constant, matched: Matched, matcher: Matcher, right: bool
) -> whole_lists.Judged:
    wanted = _wanted(constant, matched, matcher)
    if wanted is None and constant.value is not None and right:
        wanted = constant.value if matcher.lexicon.field(constant.value) else None
    return whole_lists.Judged(constant, wanted, right)


def _wanted(constant: Constant, matched: Matched, matcher: Matcher) -> int | None:
    """The encoding that the tree's settings, or else the list's project, give a name."""
    own = {} if matched.project is None else matched.project.names
    return matcher.extras.get(constant.name, own.get(constant.name))


def _value(
    source: Source, constant: Constant, matched: Matched, stem: str, matcher: Matcher
) -> Iterator[Finding]:
    wanted = _wanted(constant, matched, matcher)
    if constant.value is None:
        if wanted is not None or matched.constants.closed:
            yield at(
                "VMCS901", source, constant.value_at,
                f"{constant.name} can't be evaluated: {constant.reason}",
                name=constant.name, expected=wanted,
            )  # fmt: skip
    elif wanted is not None:
        if constant.value != wanted:
            yield _wrong(source, constant, constant.value, wanted, matcher)
    elif constant.value in (known := matcher.named(constant.name)):
        return
    elif len(known) == 1:
        yield _wrong(source, constant, constant.value, next(iter(known)), matcher)
    elif not constant.implicit and _is_meant(constant, stem, matcher):
        yield from _stranger(source, constant, constant.value, matched, matcher)


def _is_meant(constant: Constant, stem: str, matcher: Matcher) -> bool:
    """Whether a name that no project has is meant as a field of a list whose names share a stem."""
    none = constant.value is not None and (constant.value < 0 or constant.value in _ALL_ONES)
    sentinel = none or _NO_FIELD().search(constant.name)
    if sentinel and matcher.resemblance.best(constant.name)[1] < CERTAIN:
        return False  # GUEST_FS_BASE and CR0_MASK are fields, GUEST_BASE and ACCESS_MASK are not
    return constant.name.startswith(stem)


def _own_numbers(matched: Matched) -> frozenset[int]:
    """Bits 31:16 that several values share: what a list numbers itself, beyond all encodings."""
    values = (each.value for each in matched.members if each.value is not None)
    upper = Counter(value >> 16 for value in values if value >= 0x10000)
    return frozenset(bits for bits, count in upper.items() if count >= 3)


def _common_stem(matched: Matched) -> str:
    """The first word of most names of the list; empty if they do not share one."""
    stems = Counter(each.name.rpartition("::")[2].partition("_")[0] for each in matched.members)
    stem, count = stems.most_common(1)[0]
    return stem if count * 2 > len(matched.members) else ""


def _wrong(
    source: Source, constant: Constant, value: int, wanted: int, matcher: Matcher
) -> Finding:
    from vmcsgen.core.encoding import why_not

    lexicon = matcher.lexicon
    field = lexicon.field(wanted)
    title = lexicon.describe(wanted) if field else f"{constant.name}"
    problem = why_not(value)
    if problem:
        message = f"{constant.name}: {problem}; {title} is {wanted:#06x}"
        rule = "VMCS103"
    elif lexicon.field(value) is None:
        message = f"{constant.name} is {value:#06x}, which no field has; {title} is {wanted:#06x}"
        rule = "VMCS101"
    else:
        other = lexicon.describe(value)
        message = f"{constant.name} is {value:#06x}, the {other}; the {title} is {wanted:#06x}"
        rule = "VMCS101"
    return on_constant(
        rule, source, constant, message, expected=wanted,
        field=field.id if field else None, hint=f"write {wanted:#06x}",
    )  # fmt: skip


def _stranger(
    source: Source, constant: Constant, value: int, matched: Matched, matcher: Matcher
) -> Iterator[Finding]:
    """A name that no project has, or has in several meanings: value first, words second."""
    from vmcsgen.core.encoding import why_not

    lexicon, name = matcher.lexicon, constant.name
    own = matcher.resemblance.to(name, value & ~1) if lexicon.field(value) else 0.0
    # Nothing else can resemble it much more than this: no need to look at every field.
    likely, resemblance = (value & ~1, own) if own >= 1 - MARGIN else matcher.resemblance.best(name)
    expected: int | None = None
    if resemblance >= CERTAIN:
        halved = likely >> 13 == layout.WIDTH_64 and not _is_called_high(likely, matcher)
        expected = likely | 1 if halved and says_high(name) else likely
    meant = f"; by its name it is the {lexicon.describe(expected)}, {expected:#06x}" if (
        expected is not None
    ) else ""  # fmt: skip
    target = lexicon.field(expected) if expected is not None else None
    identity = target.id if target else None
    problem = why_not(value)
    if problem:
        yield on_constant(
            "VMCS103", source, constant, f"{name}: {problem}{meant}",
            expected=expected, field=identity,
        )  # fmt: skip
        return
    field = lexicon.field(value)
    if field is None:
        yield on_constant(
            "VMCS102", source, constant,
            f"{name} is {value:#06x}, and no field of spec {lexicon.version} has it{meant}",
            expected=expected, field=identity,
        )  # fmt: skip
        return
    if expected is not None and likely != value & ~1 and own + MARGIN <= resemblance:
        yield on_constant(
            "VMCS104", source, constant,
            f"{name} is {value:#06x}, the {lexicon.describe(value)}{meant}",
            expected=expected, field=identity,
        )  # fmt: skip
        return
    if own >= CERTAIN and value >> 13 == layout.WIDTH_64 and says_high(name) != bool(value & 1):
        if any(each.name == name and each.value == value ^ 1 for each in matched.members):
            return  # a table that calls both halves by the field's name
        if says_high(name) and _is_called_high(value, matcher):
            return
        wrong, right = ("high", "full") if value & 1 else ("full", "high")
        yield on_constant(
            "VMCS104", source, constant,
            f"{name} is {value:#06x}, {wrong} access to the {lexicon.describe(value & ~1)};"
            f" by its name it is the {right} one, {value ^ 1:#06x}",
            expected=value ^ 1, field=field.id,
        )  # fmt: skip
        return
    yield from _contradiction(source, constant, value, matcher)


def _is_called_high(encoding: int, matcher: Matcher) -> bool:
    """Whether a field is "high" as a whole: of the two PASID directory addresses, one is."""
    field = matcher.lexicon.field(encoding)
    return field is not None and "high" in field.id.split("_")


_WIDTH_TITLES = ("16-bit", "64-bit", "32-bit", "natural-width")


def _contradiction(
    source: Source, constant: Constant, value: int, matcher: Matcher
) -> Iterator[Finding]:
    name, field = constant.name, matcher.lexicon.field(value)
    assert field is not None
    title = matcher.lexicon.describe(value)
    width, state = claimed_width(name), claimed_state(name)
    real = value >> 13
    if width == layout.WIDTH_64 and real == layout.WIDTH_NATURAL:
        width = None  # that is what it is on a 64-bit processor
    if width is not None and width != real:
        yield on_constant(
            "VMCS105", source, constant,
            f"{name} says {_WIDTH_TITLES[width]}, but {value:#06x} is the {title},"
            f" a {_WIDTH_TITLES[real]} field",
            field=field.id,
        )  # fmt: skip
    elif (
        state is not None
        and value >> 10 & 3 in (layout.GUEST, layout.HOST)
        and (state != value >> 10 & 3)
    ):
        said = "guest" if state == layout.GUEST else "host"
        yield on_constant(
            "VMCS105", source, constant,
            f"{name} says {said} state, but {value:#06x} is the {title}",
            field=field.id,
        )  # fmt: skip
