"""The probe's lines: finding them in a log among other text, and checking that none is missing.

A line is ``@vmcs1 NUMBER KIND ARGUMENT... *CHECKSUM`` (docs/probe.md). What else a serial port
carried, before, between or behind the lines, is no concern of ours.
"""

from __future__ import annotations

import binascii
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity, refuse
from vmcsgen.resources import shown

PROTOCOL = 1

LOG_LIMIT = 16 << 20
"""Bytes; a log is about 15,000, the image of a stick 1.4 million."""

LINES_LIMIT = 20_000
"""Marks in one log; a run of the probe has a few hundred lines."""

HOST = "host"
"""In place of a number: the line that ``vmcsgen probe run`` puts in front."""

_MARK = re.compile(rb"@vmcs([0-9]{1,4}) (?=[0-9a-f]{4} |host )")
_REST = re.compile(rb"(?P<body>[ -~]{1,400}?) \*(?P<checksum>[0-9a-f]{4})")
_DOUBLED = b"@@vvmmccss"
_BEFORE, _AFTER = 80, 120
"""Bytes around a mark that messages show."""

_REPAIR = "send the log again, as it came from the port"


@dataclass(frozen=True, slots=True)
class Line:
    """One sound line: its number (None for the host's), its words, and where it stood."""

    number: int | None
    words: tuple[str, ...]
    location: Location

    @property
    def kind(self) -> str:
        """The first word."""
        return self.words[0]

    def fault(self, message: str, rule: str = "LOG006", hint: str = _REPAIR) -> DiagnosticError:
        """The error for a sound line that can't be understood."""
        return DiagnosticError([Diagnostic(Severity.ERROR, rule, message, self.location, hint)])


@dataclass(slots=True)
class _Run:
    """What a log has of one run: the host's line before it, its sound lines, the damaged ones."""

    host: Line | None
    wounds: list[Diagnostic]
    lines: list[Line] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether what follows belongs to another run."""
        return self.lines[-1].kind == "end"


def checksum(body: bytes) -> int:
    """CRC-16/CCITT-FALSE of a line's body: the characters between mark and asterisk."""
    return binascii.crc_hqx(body, 0xFFFF)


def framed(words: Iterable[str]) -> str:
    """A line without its end: the words (the first is the number or ``host``), framed."""
    body = " ".join(words)
    return f"@vmcs{PROTOCOL} {body} *{checksum(body.encode('ascii')):04x}"


def read_bytes(path: Path) -> bytes:
    """The bytes of a log or image, ``-`` being standard input.

    DiagnosticError if it can't be read or is too large.
    """
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(LOG_LIMIT + 1)
        else:
            with path.open("rb") as stream:
                raw = stream.read(LOG_LIMIT + 1)
    except OSError as error:
        raise refuse(f"can't be read: {error.strerror}", shown(path), rule="LOG001") from None
    if len(raw) > LOG_LIMIT:
        raise refuse(
            f"is larger than {LOG_LIMIT >> 20} MiB: no log of the probe",
            shown(path),
            rule="LOG001",
            hint="for a stick, copy its first 1.44 MByte to a file",
        )
    return raw


def lines(raw: bytes, name: str) -> tuple[Line, ...]:
    """The lines of the last complete run in the log, the host's first if there is one.

    DiagnosticError if there is none, if the log is cut short, or if lines of the run are damaged,
    missing, or of another version of the protocol. A shorter log may stand on a stick in front of
    the rest of an older one: ``end`` ends a run, whatever the number of the line behind it.
    """
    host: Line | None = None
    wounds: list[Diagnostic] = []
    runs: list[_Run] = []
    for found in _scan(raw, name):
        between = not runs or runs[-1].ended
        if isinstance(found, Diagnostic):
            (wounds if between else runs[-1].wounds).append(found)
        elif found.number is None:
            host = found
        else:
            if found.number == 0 or between:
                runs.append(_Run(host, wounds))
                host, wounds = None, []
            runs[-1].lines.append(found)
    if not runs:
        raise DiagnosticError(wounds) if wounds else _no_lines(raw, name)
    faults: list[Diagnostic] = []
    for run in reversed(runs):
        problems = _incomplete(run, name)
        if not problems:
            return (*([run.host] if run.host else []), *run.lines)
        faults = faults or problems
    raise DiagnosticError(faults)


def _scan(raw: bytes, name: str) -> Iterator[Line | Diagnostic]:
    """Every line in order; a Diagnostic for each that bears the mark but is not sound."""
    line_number, counted_to = 1, 0
    foreign: set[int] = set()
    for count, mark in enumerate(_MARK.finditer(raw)):
        if count == LINES_LIMIT:
            raise refuse(f"has more than {LINES_LIMIT} lines: no log of the probe", name)
        line_number += raw.count(b"\n", counted_to, mark.start())
        counted_to = mark.start()
        where = _place(raw, mark, name, line_number)
        version = int(mark[1])
        if version != PROTOCOL:
            if version not in foreign:
                foreign.add(version)
                yield Diagnostic(
                    Severity.ERROR,
                    "LOG002",
                    f"the log follows version {version} of the probe's protocol, "
                    f"this vmcsgen reads version {PROTOCOL}",
                    where,
                    "read it with the vmcsgen that built the probe, or run a new probe",
                )
            continue
        rest = _REST.match(raw, mark.end())
        if rest is None or checksum(rest["body"]) != int(rest["checksum"], 16):
            yield Diagnostic(
                Severity.ERROR, "LOG003", "the line is damaged: its checksum does not fit",
                where, f"something else was written into it; {_REPAIR}",
            )  # fmt: skip
            continue
        number, *words = rest["body"].decode("ascii").split()
        if number == HOST:
            yield Line(None, (HOST, *words), where)
        else:
            yield Line(int(number, 16), tuple(words) or ("",), where)


def _place(raw: bytes, mark: re.Match[bytes], name: str, line_number: int) -> Location:
    """Where a mark stands, with the part of its line around it."""
    begin = max(0, mark.start() - _BEFORE)
    begin = max(begin, raw.rfind(b"\n", begin, mark.start()) + 1)
    excerpt = raw[begin : mark.end() + _AFTER].split(b"\n")[0].rstrip(b"\r\0")
    length = mark.end() - mark.start() - 1
    return Location(name, line_number, mark.start() - begin + 1, excerpt.decode("latin-1"), length)


def _no_lines(raw: bytes, name: str) -> DiagnosticError:
    if _DOUBLED in raw:
        return refuse(
            "every character stands twice: two ports were written into one file",
            name,
            rule="LOG001",
            hint="keep port 0xE9 and the serial port in files of their own",
        )
    what = "is empty" if not raw.strip(b"\0\r\n\t ") else "holds no line of the probe"
    return refuse(what, name, rule="LOG001", hint='a line begins with "@vmcs1 "')


def _incomplete(run: _Run, name: str) -> list[Diagnostic]:
    """What keeps a run from being complete: damaged or missing lines, no end."""
    problems = list(run.wounds)
    expected = 0
    for line in run.lines:
        # A damaged line leaves a gap too; one message for both is enough.
        if line.number is not None and line.number != expected and not run.wounds:
            problems.append(_gap(expected, line))
        expected = (line.number or 0) + 1
    if not run.ended:
        last = run.lines[-1]
        problems.append(
            Diagnostic(
                Severity.ERROR,
                "LOG005",
                f"the log is cut short: line {last.number:04x} ({last.kind}) is the last, "
                "the end line is missing",
                last.location,
                "the probe was stopped before its end, or not all of the log was kept",
            )
        )
    return problems


def _gap(expected: int, line: Line) -> Diagnostic:
    number = line.number or 0
    if number < expected:
        message = f"line {number:04x} stands after line {expected - 1:04x}: out of order"
    elif number == expected + 1:
        message = f"line {expected:04x} of the probe is missing"
    else:
        message = f"lines {expected:04x} to {number - 1:04x} of the probe are missing"
    return Diagnostic(Severity.ERROR, "LOG004", message, line.location, _REPAIR)
