"""A message as text for people: place, severity, source line and caret. Imports next to nothing.

diagnostics.py holds the messages themselves; what must start fast prints its own through here.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

_LINE_SHOWN = 160
"""At most this many characters of a source line are shown."""

_COLORS = {"info": "\x1b[36m", "warning": "\x1b[33m", "error": "\x1b[31m"}


def printable(text: str) -> str:
    r"""``text`` with everything that could steer a terminal written as ``\xNN`` or ``\uNNNN``.

    Tabs become one blank, so that carets stay in place.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if character == "\t":
        return " "
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def counted(count: int, noun: str) -> str:
    """``1 field``, ``3 fields``: for nouns that take an s."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


_PAIRS_COMPARED = 200_000
"""Pairs of characters that are compared for one hint: enough for the names that a spec has of a
kind, and 30 ms for names that were made to be slow."""


def did_you_mean(wanted: str, known: Iterable[str], otherwise: str = "") -> str:
    """The hint for a name that is not among ``known``: the one that was probably meant.

    Where none is close it is ``otherwise``, or all of them.
    """
    from difflib import get_close_matches
    from itertools import accumulate, takewhile

    names = list(known)
    wanted = wanted[:80]
    likely = sorted(names, key=lambda name: abs(len(name) - len(wanted)))
    ends = accumulate(len(wanted) * len(name) for name in likely)
    compared = takewhile(lambda pair: pair[1] <= _PAIRS_COMPARED, zip(likely, ends, strict=True))
    close = get_close_matches(wanted, [name for name, _ in compared], 1, 0.55)
    if close:
        return f"did you mean {close[0]!r}?"
    return otherwise or f"one of: {', '.join(names)}"


def rendered(
    place: str,
    severity: str,
    rule: str,
    message: str,
    *,
    hint: str = "",
    text: str | None = None,
    line: int = 0,
    column: int = 0,
    length: int = 1,
    color: bool = False,
) -> str:
    """``path:line:col: severity: message [RULE]``, the source line with a caret, and the hint.

    ``severity`` is its label; ``line`` and ``column`` count from 1, 0 is the whole file.
    """
    paint = _COLORS[severity] if color else ""
    bold, reset = ("\x1b[1m", "\x1b[0m") if color else ("", "")
    lines = [
        f"{bold}{printable(place)}:{reset} {paint}{severity}:{reset} {printable(message)} [{rule}]"
    ]
    if text is not None and line:
        lines += _excerpt(text, line, column, length, (paint, reset))
    if hint:
        lines.append(f"  = help: {printable(hint)}")
    return "\n".join(lines)


def _excerpt(text: str, line: int, column: int, length: int, colors: tuple[str, str]) -> list[str]:
    paint, reset = colors
    start = 0
    if len(text) > _LINE_SHOWN:
        start = max(0, column - 1 - _LINE_SHOWN // 2)
        text = text[start : start + _LINE_SHOWN]
    before = printable(text[: max(0, column - 1 - start)])
    marked = printable(text[column - 1 - start :][:length])
    caret = "^" + "~" * (max(1, len(marked)) - 1)
    return [
        f"{line:>6} | {printable(text)}",
        f"{'':>6} | {' ' * len(before)}{paint}{caret}{reset}",
    ]


def wants_color(stream: TextIO) -> bool:
    """Whether to colour what is written to ``stream``: a terminal, and NO_COLOR unset."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()
