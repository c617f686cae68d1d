"""Location, Severity and Diagnostic: what is wrong, where, and how to mend it; and their text."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TextIO

ERRORS_SHOWN = 50
"""At most this many diagnostics are printed as text in one run; the rest are counted."""

_LINE_SHOWN = 160
"""At most this many characters of a source line are shown."""


class Severity(IntEnum):
    """How bad a finding is; errors and warnings make the exit status 1."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """``info``, ``warning`` or ``error``, as in JSON."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: line and column count from 1 (columns in characters), 0 is the whole file.

    ``text`` is the source line without its end, or None where there is none to show; ``length``
    is how many characters the caret marks.
    """

    path: str
    line: int = 0
    column: int = 0
    text: str | None = None
    length: int = 1

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: the rule's id, what is wrong (a sentence) and the way to mend it."""

    severity: Severity
    rule: str
    message: str
    location: Location
    hint: str = ""


class DiagnosticError(Exception):
    """Input that can't be used; ``diagnostics`` are all that is wrong with it, in order."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(each.message for each in self.diagnostics))


def refuse(message: str, path: str, *, rule: str = "INPUT", hint: str = "") -> DiagnosticError:
    """The error for a whole file (or other input) that can't be used."""
    return DiagnosticError([Diagnostic(Severity.ERROR, rule, message, Location(path), hint)])


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


def as_text(diagnostic: Diagnostic, color: bool = False) -> str:
    """The diagnostic for people: ``path:line:col: severity: message [RULE]``, line and caret."""
    paint = _COLORS[diagnostic.severity] if color else ""
    bold, reset = ("\x1b[1m", "\x1b[0m") if color else ("", "")
    location = diagnostic.location
    lines = [
        f"{bold}{printable(str(location))}:{reset} "
        f"{paint}{diagnostic.severity.label}:{reset} "
        f"{printable(diagnostic.message)} [{diagnostic.rule}]"
    ]
    if location.text is not None and location.line:
        lines += _excerpt(location, paint, reset)
    if diagnostic.hint:
        lines.append(f"  = help: {printable(diagnostic.hint)}")
    return "\n".join(lines)


_COLORS = {
    Severity.INFO: "\x1b[36m",
    Severity.WARNING: "\x1b[33m",
    Severity.ERROR: "\x1b[31m",
}


def _excerpt(location: Location, paint: str, reset: str) -> list[str]:
    text = location.text or ""
    start = 0
    if len(text) > _LINE_SHOWN:
        start = max(0, location.column - 1 - _LINE_SHOWN // 2)
        text = text[start : start + _LINE_SHOWN]
    before = printable(text[: max(0, location.column - 1 - start)])
    marked = printable(text[location.column - 1 - start :][: location.length])
    caret = "^" + "~" * (max(1, len(marked)) - 1)
    return [
        f"{location.line:>6} | {printable(text)}",
        f"{'':>6} | {' ' * len(before)}{paint}{caret}{reset}",
    ]


def as_plain(diagnostic: Diagnostic) -> dict[str, object]:
    """The diagnostic as JSON has it: rule, severity, path, line, column, message, hint."""
    return {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity.label,
        "path": diagnostic.location.path,
        "line": diagnostic.location.line,
        "column": diagnostic.location.column,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }


def wants_color(stream: TextIO) -> bool:
    """Whether to colour what is written to ``stream``: a terminal, and NO_COLOR unset."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def report(diagnostics: Iterable[Diagnostic], stream: TextIO | None = None) -> None:
    """Print diagnostics as text (standard error by default), and how many were left out."""
    out = sys.stderr if stream is None else stream
    color = wants_color(out)
    hidden = 0
    for number, diagnostic in enumerate(diagnostics):
        if number < ERRORS_SHOWN:
            print(as_text(diagnostic, color), file=out)
        else:
            hidden += 1
    if hidden:
        print(f"... and {hidden} more", file=out)
