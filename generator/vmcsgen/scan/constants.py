"""Constant and ConstantList: what the readers of the languages hand to the rules.

These are named tuples, not dataclasses: a check of one header should start within a few bare
Python starts, and importing ``dataclasses`` alone costs more than one.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import islice

from vmcsgen.records import Record

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    Item = TypeVar("Item")

CONSTANTS_LIMIT = 50_000
"""Most constants of one kind that are read from one file; what comes after them is not."""


_MARK = "\ufeff"
"""The byte-order mark that some editors begin UTF-8 with: no column counts it."""


class Span(Record):
    """A piece of a source, as byte offsets; ``end`` is the offset after the last byte."""

    start: int
    end: int


class Constant(Record):
    """A name and the number that a source gives it.

    ``value`` is None where the expression could not be evaluated, ``reason`` then says why.
    ``branch`` names the arms of the ``#if`` chains around it, outermost first: two constants are
    alternatives of each other if their branches differ in the arm of one chain.
    """

    name: str
    value: int | None
    name_at: Span
    value_at: Span
    literal: bool
    """Whether the value is one literal: ``--fix`` may replace it."""
    implicit: bool = False
    """An enumerator without a value of its own."""
    reason: str = ""
    branch: tuple[tuple[int, int], ...] = ()
    alias_of: str = ""
    """The name, where the value is nothing but another constant's name."""

    def alternative_to(self, other: Constant) -> bool:
        """Whether no compilation sees both: they stand in two arms of one ``#if`` chain."""
        return exclusive(self.branch, other.branch)


def exclusive(branch: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...]) -> bool:
    """Whether two places, by the arms around them, stand in two arms of one ``#if`` chain."""
    mine = dict(branch)
    return any(mine.get(chain, arm) != arm for chain, arm in other)


class ConstantList(Record):
    """Constants that stand together: one enum, the #defines of a file, a table.

    ``construct`` says what they are, as in ``enum vmcs_field`` or ``#define``. In a ``closed``
    list (an enum, a table) every constant is meant to be of one kind; #defines of all kinds mix.
    """

    construct: str
    closed: bool
    constants: tuple[Constant, ...]


class SyntaxFault(Exception):
    """A file that can't be parsed at all; the text says why."""


class ParserMissing(Exception):
    """The parser of a language is not installed; the text says what to install."""


class Source(Record):
    """A file's bytes and how messages call it; ``unread`` says what its reader left out."""

    path: str
    content: bytes
    language: str
    line_starts: list[int]
    unread: set[str]

    def first(self, items: Iterable[Item]) -> Iterator[Item]:
        """The first CONSTANTS_LIMIT of ``items``; ``unread`` tells if there are more."""
        every = iter(items)
        yield from islice(every, CONSTANTS_LIMIT)
        for _ in every:
            self.unread.add(f"more than {CONSTANTS_LIMIT} constants")
            return

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (in characters), both from 1, of a byte offset."""
        line = self.line_number(offset)
        start = self.line_starts[line - 1]
        before = self.content[start:offset].decode("utf-8", "replace")
        return line, len(before.removeprefix(_MARK) if line == 1 else before) + 1

    def line_number(self, offset: int) -> int:
        """The line of a byte offset, from 1."""
        return bisect_right(self.line_starts, offset)

    def line(self, number: int) -> str:
        """Line ``number`` (from 1) without its end."""
        start = self.line_starts[number - 1]
        end = self.content.find(b"\n", start)
        raw = self.content[start : len(self.content) if end < 0 else end]
        text = raw.decode("utf-8", "replace").rstrip("\r")
        return text.removeprefix(_MARK) if number == 1 else text

    def text(self, span: Span) -> str:
        """What stands in ``span``."""
        return self.content[span.start : span.end].decode("utf-8", "replace")


def source(path: str, content: bytes, language: str) -> Source:
    """The Source of a file whose bytes are ``content``."""
    starts = [0]
    offset = content.find(b"\n")
    while offset >= 0:
        starts.append(offset + 1)
        offset = content.find(b"\n", offset + 1)
    return Source(path, content, language, starts, set())
