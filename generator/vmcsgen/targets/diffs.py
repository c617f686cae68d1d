"""Unified diffs as git writes them, made without git so that they are the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from vmcsgen.diagnostics import printable

CONTEXT = 3
"""Unchanged lines around a change."""

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
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    hunks = [
        line for group in matcher.get_grouped_opcodes(CONTEXT) for line in _hunk(group, old, new)
    ]
    inserted = sum(line.startswith("+") for line in hunks)
    deleted = sum(line.startswith("-") for line in hunks)
    text = "".join(head + hunks) if hunks or before is None else ""
    return FileDiff(path, text, inserted, deleted, before is None)


def for_terminal(text: str) -> str:
    """A diff with everything that could steer a terminal escaped; tabs stay, for patch."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def _lines(text: str) -> list[str]:
    """Lines with their ends; only a line feed ends a line, as git has it."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _hunk(
    group: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]
) -> Iterator[str]:
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
