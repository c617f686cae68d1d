"""#if, #else and #endif: which text a compiler never sees, and which pieces exclude each other."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from vmcsgen.records import Record
from vmcsgen.scan.expression import evaluate
from vmcsgen.scan.macros import DEPTH_LIMIT, Unevaluated, call_arguments, tokens
from vmcsgen.scan.patterns import lazy

_DIRECTIVE = lazy(
    rb"^(?:\xef\xbb\xbf)?[ \t]*\#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b"
    rb"((?:\\\r?\n|[^\n])*)",
    re.MULTILINE,
)
_ASSEMBLER_DIRECTIVE = lazy(
    rb"^(?:\xef\xbb\xbf)?[ \t]*[.%\#][ \t]*(if\w*|el(?:se)?if\w*|else|endif)\b([^\n;#]*)",
    re.MULTILINE | re.IGNORECASE,
)

_NESTING_LIMIT = 200


class Arm(Record):
    """From ``start`` on: the arms around the text, outermost first, and whether it is compiled."""

    start: int
    branch: tuple[tuple[int, int], ...]
    compiled: bool


class Branches(Record):
    """The arms of a file in source order; an arm ends where the next begins."""

    starts: list[int]
    arms: list[Arm]

    def at(self, offset: int) -> Arm:
        """The arm that byte ``offset`` stands in."""
        return self.arms[bisect_right(self.starts, offset) - 1]


class _Chain(Record):
    """An #if that is open: where it begins, and what is known of its current arm."""

    start: int
    asks: tuple[int, int] | None
    """Of one that asks for a name: the first chain that does, and 0 if its first arm is for those
    who define it, else 1."""
    arm: int
    others: bool
    """Whether it has an #elif."""
    outer: bool
    """Whether the text around is compiled."""
    decided: bool
    """Whether an arm above is compiled in any case."""

    @property
    def branch(self) -> tuple[tuple[int, int], ...]:
        """What tells the current arm from others."""
        if self.asks is None:
            return ((self.start, self.arm),)
        chain, first = self.asks
        here = (chain, first if self.arm == 0 else 1 - first)
        return (here, (~self.start, self.arm)) if self.others else (here,)


def branches(
    content: bytes, comments: Sequence[tuple[int, int]], assembler: bool = False
) -> Branches:
    """The arms of the preprocessor conditionals of a file: C's, or those of assemblers as well.

    ``comments`` are the spans of comments in source order: a directive in one is none. Only
    conditions that are numbers (``#if 0``) decide; every other arm counts as compiled. In C, all
    that ask whether a macro is defined are one chain, if the file itself leaves that macro alone.
    """
    directive = _ASSEMBLER_DIRECTIVE() if assembler else _DIRECTIVE()
    arms = [Arm(0, (), True)]
    stack: list[_Chain] = []
    comment_starts = [start for start, _ in comments]
    changed = set(_DEFINED().findall(content))
    asked: dict[str, int] = {}
    for match in directive.finditer(content):
        nearest = bisect_right(comment_starts, match.start()) - 1
        if nearest >= 0 and match.start() < comments[nearest][1]:
            continue
        word, rest = match[1].lower(), match[2].decode("latin-1")
        if word.startswith(b"if"):
            if len(stack) >= _NESTING_LIMIT:
                break
            truth = _truth(rest) if word == b"if" else None
            name, first = ("", 0) if assembler else _asked(word, rest)
            asks = None
            if name and name.encode("latin-1") not in changed:
                asks = (asked.setdefault(name, match.start()), first)
            outer = arms[-1].compiled
            stack.append(_Chain(match.start(), asks, 0, False, outer, truth is True))
            compiled = outer and truth is not False
        elif not stack:
            continue
        elif word == b"endif":
            compiled = stack.pop().outer
        else:
            chain = stack.pop()
            truth = _truth(rest) if word in (b"elif", b"elseif") else None
            compiled = chain.outer and not chain.decided and truth is not False
            stack.append(
                chain._replace(
                    arm=chain.arm + 1,
                    others=chain.others or word != b"else",
                    decided=chain.decided or truth is True,
                )
            )
        branch = tuple(pair for chain in stack for pair in chain.branch)
        arms.append(Arm(match.start(), branch, compiled))
    return Branches([arm.start for arm in arms], arms)


_DEFINED = lazy(rb"^[ \t]*\#[ \t]*(?:define|undef)[ \t]+(\w+)", re.MULTILINE)


def _asked(word: bytes, condition: str) -> tuple[str, int]:
    """The macro that an #if, #ifdef or #ifndef asks for, "" if it asks for something else, and
    whether it asks for it not to be defined."""
    try:
        found = list(tokens(condition))
    except Unevaluated:
        return "", 0
    absent = word == b"ifndef"
    if word == b"if":
        if absent := found[:1] == ["!"]:
            found.pop(0)
        if found[:1] != ["defined"]:
            return "", 0
        found = [each for each in found[1:] if each not in "()"]
    return (found[0], int(absent)) if len(found) == 1 else ("", 0)


_NOTHING: Mapping[str, int] = {}


def _truth(condition: str) -> bool | None:
    try:
        return _known(tokens(condition), 0)
    except Unevaluated:
        return None


def _known(sequence: Sequence[str], depth: int) -> bool | None:
    """Whether a condition holds wherever it is compiled, None if that depends on macros."""
    if depth > DEPTH_LIMIT:
        return None
    for operator, decisive in (("||", True), ("&&", False)):
        operands = _split(sequence, operator)
        if len(operands) > 1 and "?" not in sequence:
            truths = [_known(each, depth + 1) for each in operands]
            return decisive if decisive in truths else None if None in truths else not decisive
    if sequence[:1] == ("(",) and call_arguments(sequence, 0)[1] == len(sequence):
        return _known(sequence[1:-1], depth + 1)
    if "defined" in sequence:
        return None
    try:
        return evaluate(" ".join(sequence), _NOTHING) != 0
    except Unevaluated:
        return None


def _split(sequence: Sequence[str], operator: str) -> list[Sequence[str]]:
    """The operands of an operator that stands in no parentheses."""
    operands: list[Sequence[str]] = []
    begin = nesting = 0
    for position, token in enumerate(sequence):
        nesting += (token == "(") - (token == ")")
        if token == operator and nesting == 0:
            operands.append(sequence[begin:position])
            begin = position + 1
    return [*operands, sequence[begin:]]
