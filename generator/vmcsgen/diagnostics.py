"""Location, Severity and Diagnostic: what is wrong, where, and how to mend it; and their text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Any, TextIO

from vmcsgen.excerpt import counted, did_you_mean, printable, rendered, wants_color

ERRORS_SHOWN = 50
"""At most this many diagnostics are printed as text in one run; the rest are counted."""


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


def packed(error: DiagnosticError) -> list[list[Any]]:
    """The diagnostics of an error as JSON values, to be sent to another process."""
    return [
        [int(each.severity), each.rule, each.message, astuple(each.location), each.hint]
        for each in error.diagnostics
    ]


def unpacked(diagnostics: Iterable[Sequence[Any]]) -> DiagnosticError:
    """The error that was ``packed``."""
    return DiagnosticError(
        Diagnostic(Severity(severity), rule, message, Location(*where), hint)
        for severity, rule, message, where, hint in diagnostics
    )


def refuse(message: str, path: str, *, rule: str = "INPUT", hint: str = "") -> DiagnosticError:
    """The error for a whole file (or other input) that can't be used."""
    return DiagnosticError([Diagnostic(Severity.ERROR, rule, message, Location(path), hint)])


def as_text(diagnostic: Diagnostic, color: bool = False) -> str:
    """The diagnostic for people: ``path:line:col: severity: message [RULE]``, line and caret."""
    location = diagnostic.location
    return rendered(
        str(location),
        diagnostic.severity.label,
        diagnostic.rule,
        diagnostic.message,
        hint=diagnostic.hint,
        text=location.text,
        line=location.line,
        column=location.column,
        length=location.length,
        color=color,
    )


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


__all__ = [
    "ERRORS_SHOWN",
    "Diagnostic",
    "DiagnosticError",
    "Location",
    "Severity",
    "as_plain",
    "as_text",
    "counted",
    "did_you_mean",
    "packed",
    "printable",
    "refuse",
    "report",
    "unpacked",
    "wants_color",
]
