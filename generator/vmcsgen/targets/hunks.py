"""Edits of source files written as diffs whose hunks are found by their lines, not by numbers.

A ``.diff`` file beside the templates says what a target changes in code that others own. It
reads as a unified diff. The old side of a hunk must stand in the file exactly once, wherever
that is; a line ``...`` (behind its sign) stands for any lines up to the next line of the hunk,
so that a table can go without being spelled out. A hunk that changes nothing is a condition: its
lines must be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity
from vmcsgen.resources import shown

GAP = "..."
TELLING = 12
"""A deleted line longer than this is not met elsewhere by chance."""

GAP_LIMIT = 3000
"""Lines that a gap stands for at most."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place of one file: signed lines (blank, ``-`` or ``+`` first), without line ends."""

    path: str
    lines: tuple[str, ...]
    origin: Location

    @property
    def old(self) -> tuple[str, ...]:
        """The lines that must be there; GAP stands for any."""
        return tuple(line[1:] for line in self.lines if line[0] != "+")

    @property
    def new(self) -> tuple[str, ...]:
        """The lines that there are afterwards; GAP stands for any that stay."""
        return tuple(line[1:] for line in self.lines if line[0] != "-")


class UnfitError(ValueError):
    """A hunk that does not fit a file; ``hunk`` says which, the text says why."""

    def __init__(self, hunk: Hunk, message: str) -> None:
        super().__init__(message)
        self.hunk = hunk


def read_hunks(path: Path) -> tuple[Hunk, ...]:
    """The hunks of a ``.diff`` file of a target; DiagnosticError if it is malformed."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _malformed(path, 0, "", f"can't be read: {error}") from None
    return tuple(_hunks(path, lines))


def _hunks(path: Path, lines: Sequence[str]) -> Iterator[Hunk]:
    target = ""
    start = 0
    body: list[str] = []
    for number, line in enumerate([*lines, "@@"], 1):
        starts = line.startswith("@@")
        if body and (starts or line.startswith("--- ")):
            if all(each[0] == "-" for each in body) or all(each[0] == "+" for each in body):
                message = "this hunk has no line that stays: nobody could see that it was applied"
                raise _malformed(path, start, lines[start - 1], message)
            where = Location(shown(path), start, 1, lines[start - 1])
            yield Hunk(target, tuple(body), where)
            body, start = [], 0
        if starts:
            start = number
        elif line.startswith("--- "):
            start = 0
        elif line.startswith("+++ b/") and not start:
            target = line.removeprefix("+++ b/").strip()
        elif start and target:
            if not line and number == len(lines):
                continue
            if line and line[0] not in " +-":
                raise _malformed(path, number, line, "a line of a hunk begins with ' ', '+' or '-'")
            body.append(line or " ")
        elif start:
            raise _malformed(path, number, line, "this hunk belongs to no file (+++ b/PATH)")


def _malformed(path: Path, line: int, text: str, message: str) -> DiagnosticError:
    where = Location(shown(path), line, 1, text, max(1, len(text)))
    return DiagnosticError([Diagnostic(Severity.ERROR, "TARGET005", message, where)])


def apply(hunk: Hunk, text: str) -> str:
    """``text`` with the hunk applied; unchanged where its new side stands there already.

    Every line keeps its own end. Raises UnfitError where the old side is missing or stands there
    more than once.
    """
    raw = text.split("\n")
    lines = [line.removesuffix("\r") for line in raw]
    places = _places(hunk.old, lines)
    if places and hunk.old == hunk.new:
        return text
    if len(places) != 1:
        if not places and _places(hunk.new, lines) and _gone(hunk, lines):
            return text
        count = f"{len(places)} times" if places else "nowhere"
        raise UnfitError(hunk, f"the lines of this hunk stand {count} in {hunk.path}")
    if _done(hunk, lines, places[0][0]):
        return text
    return "\n".join(_edited(hunk, raw, places[0]))


def _gone(hunk: Hunk, lines: Sequence[str]) -> bool:
    """Whether what a hunk only deletes is gone: its context alone stands in many places."""
    if any(line[0] == "+" for line in hunk.lines):
        return True
    deleted = {line[1:] for line in hunk.lines if line[0] == "-" and len(line.strip()) > TELLING}
    return not deleted & set(lines)


def _done(hunk: Hunk, lines: Sequence[str], place: int) -> bool:
    """Whether a hunk that only adds lines was applied: its old side stays, inside the new."""
    if any(line[0] == "-" for line in hunk.lines):
        return False
    return any(found[0] <= place < found[-1] for found in _places(hunk.new, lines))


def _places(wanted: Sequence[str], lines: Sequence[str]) -> list[list[int]]:
    """Every place of ``wanted`` in ``lines``, as the line number of each; GAP has its first."""
    if not wanted:
        return []
    return [
        place
        for start, line in enumerate(lines)
        if line == wanted[0] and (place := _match(wanted, lines, start))
    ]


def _match(wanted: Sequence[str], lines: Sequence[str], start: int) -> list[int]:
    place: list[int] = []
    at = start
    for number, line in enumerate(wanted):
        place.append(at)
        if line == GAP:
            following = wanted[number + 1] if number + 1 < len(wanted) else None
            end = min(len(lines), at + GAP_LIMIT)
            while at < end and lines[at] != following:
                at += 1
        elif at < len(lines) and lines[at] == line:
            at += 1
        else:
            return []
    return [*place, at]


def _edited(hunk: Hunk, lines: Sequence[str], place: Sequence[int]) -> list[str]:
    """The lines with the hunk applied; new ones end as the first that the hunk is about does."""
    made = list(lines[: place[0]])
    carriage = "\r" if lines[place[0]].endswith("\r") else ""
    old = 0
    for line in hunk.lines:
        if line[0] == "+":
            made.append(line[1:] + carriage)
            continue
        if line[0] == " ":
            made += lines[place[old] : place[old + 1]]
        old += 1
    return made + list(lines[place[-1] :])
