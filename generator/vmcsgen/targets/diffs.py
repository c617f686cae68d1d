"""Unified diffs as git writes them, made without git so that they are the same everywhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

from vmcsgen.diagnostics import printable

CONTEXT = 3
"""Unchanged lines around a change."""

MARGIN = 8 * CONTEXT
"""Lines kept where the equal ends are left out: a change may slide over lines that repeat."""

PAIRS_LIMIT = 20_000_000
"""Pairs of equal lines up to which lines are compared one by one."""

Opcode: TypeAlias = tuple[str, int, int, int, int]
"""A tag, and the lines of both sides that it is about."""

HEADING_WIDTH = 80
"""Characters of a hunk's heading, which names the function that it is in."""

_HEADING = re.compile(r"[A-Za-z_$]")
_MISSING_END = "\n\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changes in one file; ``text`` is empty where nothing does."""

    path: str
    text: str
    inserted: int
    deleted: int
    created: bool


def file_diff(path: str, before: str | None, after: str) -> FileDiff:
    """The change of one file that ``git apply`` takes; ``before`` is None for a new file.

    ``path`` is relative to the tree's top.
    """
    old = _lines(before or "")
    new = _lines(after)
    head = [f"diff --git a/{path} b/{path}\n"]
    if before is None:
        head += ["new file mode 100644\n", "--- /dev/null\n"]
    else:
        head.append(f"--- a/{path}\n")
    head.append(f"+++ b/{path}\n")
    hunks = [line for group in _groups(old, new) for line in _hunk(group, old, new)]
    inserted = sum(line.startswith("+") for line in hunks)
    deleted = sum(line.startswith("-") for line in hunks)
    text = "".join(head + hunks) if hunks or before is None else ""
    return FileDiff(path, text, inserted, deleted, before is None)


def _groups(old: Sequence[str], new: Sequence[str]) -> Iterator[list[Opcode]]:
    """The changes from ``old`` to ``new`` with their context, as difflib groups them.

    Where comparing every line would take too long, what both have at their ends is left out first,
    and if that is not enough, all of the rest is one change: files of others may be built to.
    """
    if old == new:
        return
    start = end = 0
    if _pairs(old, new) > PAIRS_LIMIT:
        start = _common(old, new)
        end = min(_common(old[::-1], new[::-1]), len(old) - start, len(new) - start)
        start, end = max(0, start - MARGIN), max(0, end - MARGIN)
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    if _pairs(left, right) > PAIRS_LIMIT:
        groups = [_one_change(left, right)]
    else:
        groups = list(SequenceMatcher(None, left, right, False).get_grouped_opcodes(CONTEXT))
    for group in groups:
        yield [
            (tag, i1 + start, i2 + start, j1 + start, j2 + start) for tag, i1, i2, j1, j2 in group
        ]


def _pairs(left: Sequence[str], right: Sequence[str]) -> int:
    """How many pairs of equal lines difflib would look at."""
    counts = Counter(left)
    return sum(counts[line] for line in right)


def _one_change(left: Sequence[str], right: Sequence[str]) -> list[Opcode]:
    lead = _common(left, right)
    tail = min(_common(left[::-1], right[::-1]), len(left) - lead, len(right) - lead)
    i, j = len(left) - tail, len(right) - tail
    first, last = max(0, lead - CONTEXT), min(tail, CONTEXT)
    codes = [
        ("equal", first, lead, first, lead),
        ("replace", lead, i, lead, j),
        ("equal", i, i + last, j, j + last),
    ]
    return [code for code in codes if code[1] < code[2] or code[3] < code[4]]


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(left, right, strict=False))
    limit = min(len(left), len(right))
    return next((number for number, (one, other) in pairs if one != other), limit)


def for_terminal(text: str) -> str:
    """A diff with everything that could steer a terminal escaped; tabs stay, for patch."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def _lines(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends a line, as git has it."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _hunk(group: Sequence[Opcode], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    ranges = f"-{_range(first[1], last[2])} +{_range(first[3], last[4])}"
    heading = next(
        (line for line in reversed(old[: first[1]]) if _HEADING.match(line)), ""
    ).rstrip()[:HEADING_WIDTH]
    yield f"@@ {ranges} @@ {heading}".rstrip() + "\n"
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from (_shown(" ", line) for line in old[i1:i2])
            continue
        yield from (_shown("-", line) for line in old[i1:i2])
        yield from (_shown("+", line) for line in new[j1:j2])


def _range(start: int, stop: int) -> str:
    length = stop - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"


def _shown(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}{_MISSING_END}"
