"""#if, #else and #endif: which text a compiler never sees, and which pieces exclude each other."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from vmcsgen.records import Record
from vmcsgen.scan.expression import evaluate
from vmcsgen.scan.macros import Unevaluated, tokens
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


def branches(
    content: bytes, comments: Sequence[tuple[int, int]], assembler: bool = False
) -> Branches:
    """The arms of the preprocessor conditionals of a file: C's, or those of assemblers as well.

    ``comments`` are the spans of comments in source order: a directive in one is none. Only
    conditions that are numbers (``#if 0``) decide; every other arm counts as compiled.
    """
    directive = _ASSEMBLER_DIRECTIVE() if assembler else _DIRECTIVE()
    arms = [Arm(0, (), True)]
    stack: list[tuple[int, int, bool, bool]] = []  # chain, arm, outer compiled, decided
    comment_starts = [start for start, _ in comments]
    for match in directive.finditer(content):
        nearest = bisect_right(comment_starts, match.start()) - 1
        if nearest >= 0 and match.start() < comments[nearest][1]:
            continue
        word, rest = match[1].lower(), match[2].decode("latin-1")
        if word.startswith(b"if"):
            if len(stack) >= _NESTING_LIMIT:
                break
            truth = _truth(rest) if word == b"if" else None
            stack.append((match.start(), 0, arms[-1].compiled, truth is True))
            compiled = arms[-1].compiled and truth is not False
        elif not stack:
            continue
        elif word == b"endif":
            compiled = stack.pop()[2]
        else:
            chain, arm, outer, decided = stack.pop()
            truth = _truth(rest) if word in (b"elif", b"elseif") else None
            stack.append((chain, arm + 1, outer, decided or truth is True))
            compiled = outer and not decided and truth is not False
        branch = tuple((chain, arm) for chain, arm, _, _ in stack)
        arms.append(Arm(match.start(), branch, compiled))
    return Branches([arm.start for arm in arms], arms)


_NOTHING: Mapping[str, int] = {}


def _truth(condition: str) -> bool | None:
    try:
        found = tokens(condition)
        if found[:2] == ("0", "&&") and not {"||", "?"} & set(found):
            return False
        if "defined" in found:
            return None
        return evaluate(condition, _NOTHING) != 0
    except Unevaluated:
        return None
