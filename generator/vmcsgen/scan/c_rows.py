"""Rows of macros in C, such as ``X(GUEST_RIP, 0x681e)``, that some list is made of."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator

from vmcsgen.scan import syntax
from vmcsgen.scan.c_syntax import Syntax
from vmcsgen.scan.columns import encoding_column
from vmcsgen.scan.constants import Constant, ConstantList, Span
from vmcsgen.scan.macros import literal
from vmcsgen.scan.patterns import lazy

_ARGUMENT = rb"\s{0,99}(\()?\s{0,99}\"?(\w+)\"?\s{0,99}(?(%d)\)\s{0,99})"
_ARGUMENTS = tuple(_ARGUMENT % group for group in (2, 4, 6))
_ROW = lazy(
    rb"""(?:^[ \t]*(?:\#[ \t]*define[ \t]+\w+\([^()\n]{0,99}\)[ \t]+)?  # the first of a line
      |(?<=\))[ \t]{0,99}(?:,[ \t]{0,99})?)  # or one that follows another
    ([A-Za-z_]\w*)[ \t]*\(%b,%b(?:,%b)?[,)]"""
    % _ARGUMENTS,
    re.MULTILINE | re.VERBOSE,
)
_NUMBER = lazy(rb"(?:0[xX][0-9a-fA-F]+|[1-9][0-9]*)[uUlL]*")
_ROWS_WANTED = 3


def macro_lists(parsed: Syntax) -> Iterator[ConstantList]:
    """Rows of two or more arguments, in a file of their own or in a macro's body, by macro."""
    if parsed.content.count(b"(") < _ROWS_WANTED:
        return
    by_macro: dict[bytes, list[tuple[Span, list[Span]]]] = {}
    for macro, name, numbers in parsed.source.first(_rows(parsed)):
        by_macro.setdefault(macro, []).append((name, numbers))
    for macro, rows in by_macro.items():
        if len(rows) < _ROWS_WANTED:
            continue
        column = encoding_column([_text(parsed, each) for each in row[1]] for row in rows)
        constants = [_constant(parsed, name, n[min(column, len(n) - 1)]) for name, n in rows]
        names = Counter(each.name for each in constants)
        constants = [
            each for each in constants if names[each.name] == 1 or not _is_called(parsed, each)
        ]
        if constants:
            yield ConstantList(f"{macro.decode('latin-1')}(...)", True, tuple(constants))


def _rows(parsed: Syntax) -> Iterator[tuple[bytes, Span, list[Span]]]:
    """The macro, the first name and the numbers of each row that has both."""
    for match in _ROW().finditer(parsed.content):
        start = match.start(1)
        if any(first <= start < end for first, end in _near(parsed, start)):
            continue
        if not parsed.branches.at(start).compiled:
            continue
        arguments = [(match[each], Span(*match.span(each))) for each in (3, 5, 7) if match[each]]
        names = [at for text, at in arguments if not text[:1].isdigit()]
        numbers = [at for text, at in arguments if _NUMBER().fullmatch(text)]
        if names and numbers:
            yield match[1], names[0], numbers


def _near(parsed: Syntax, offset: int) -> list[tuple[int, int]]:
    nearest = bisect_right(parsed.comments, (offset, len(parsed.content))) - 1
    return parsed.comments[max(0, nearest) : nearest + 1]


def _text(parsed: Syntax, at: Span) -> str:
    return parsed.content[at.start : at.end].decode("latin-1")


def _constant(parsed: Syntax, name: Span, value: Span) -> Constant:
    branch = parsed.branches.at(name.start).branch
    number = literal(_text(parsed, value))
    return Constant(_text(parsed, name), number, name, value, True, branch=branch)


def _is_called(parsed: Syntax, row: Constant) -> bool:
    """Whether a row is a call of a function: one name in several of them is a variable, as in
    ``vmwrite(0x6800, cr0)``."""
    node = parsed.root.descendant_for_byte_range(row.name_at.start, row.name_at.end)
    return node is not None and any(
        each.type == "function_definition" for each in syntax.ancestors(node)
    )
