"""Hand-written lists of constants in C files: where they stand, and what names have what values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vmcsgen.diagnostics import Diagnostic, Location, Severity
from vmcsgen.targets.c_source import closing_brace, without_comments


@dataclass(frozen=True, slots=True)
class Constant:
    """One name of a list; ``line`` counts from 1."""

    name: str
    value: int
    line: int


@dataclass(frozen=True, slots=True)
class Construct:
    """A list of constants: lines ``first`` to ``last`` of its file, counted from 1."""

    first: int
    last: int
    constants: tuple[Constant, ...]
    foreign: tuple[str, ...]
    """Lines between that are neither constants nor comments, kept by whoever replaces the rest."""
    faults: tuple[Diagnostic, ...]


_LITERAL = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]{0,3}")
_ENUMERATOR = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*([\w]+)\s*")
_DEFINE = re.compile(r"[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+(\w+)[ \t]*\r?")


def find(text: str, kind: str, names: frozenset[str], path: str) -> Construct | None:
    """The construct of ``kind`` (``enum TAG`` or ``#define``) in a C file, or None.

    ``names`` are the constants that a list of macros is known by: it reaches from the first line
    that defines one of them to the last.
    """
    blanked = without_comments(text)
    if kind == "#define":
        return _macros(text, blanked, names, path)
    return _enum(text, blanked, kind, path)


def _enum(text: str, blanked: str, kind: str, path: str) -> Construct | None:
    tag = re.escape(kind.split()[1])
    opening = re.search(rf"^[ \t]*enum[ \t]+{tag}\s*\{{", blanked, re.MULTILINE)
    if opening is None:
        return None
    start, stop = opening.end(), closing_brace(blanked, opening.end())
    first = text.count("\n", 0, opening.start()) + 1
    last = text.count("\n", 0, stop) + 1
    constants: list[Constant] = []
    faults: list[Diagnostic] = []
    lines = text.split("\n")
    at = text.count("\n", 0, start) + 1
    for part in blanked[start:stop].split(","):
        line = at + part.count("\n", 0, len(part) - len(part.lstrip()))
        at += part.count("\n")
        found = _ENUMERATOR.fullmatch(part)
        value = _number(found[2]) if found else None
        if found and value is not None:
            constants.append(Constant(found[1], value, line))
        elif part.strip():
            faults.append(_fault(lines, path, line, "this is not NAME = NUMBER"))
    rest = blanked[stop + 1 : (blanked + "\n").index("\n", stop)].strip()
    if rest != ";":
        faults.append(_fault(lines, path, last, "the enum does not end with a line of its own"))
    return Construct(first, last, tuple(constants), (), tuple(faults))


def _macros(text: str, blanked: str, names: frozenset[str], path: str) -> Construct | None:
    lines = blanked.split("\n")
    matches = {
        number: found
        for number, line in enumerate(lines, 1)
        if (found := _DEFINE.fullmatch(line)) and found[1] in names
    }
    if not matches:
        return None
    first, last = min(matches), max(matches)
    constants: list[Constant] = []
    foreign: list[str] = []
    faults: list[Diagnostic] = []
    originals = text.split("\n")
    for number in range(first, last + 1):
        line = lines[number - 1]
        found = matches.get(number)
        value = _number(found[2]) if found else None
        if found and value is not None:
            constants.append(Constant(found[1], value, number))
        elif found:
            faults.append(_fault(originals, path, number, "this macro is not a plain number"))
        elif line.strip():
            foreign.append(originals[number - 1].removesuffix("\r"))
            if re.match(r"[ \t]*#[ \t]*(if|el|endif)", line) or line.rstrip().endswith("\\"):
                message = "the list can't become a region across this line"
                faults.append(_fault(originals, path, number, message))
    return Construct(first, last, tuple(constants), tuple(foreign), tuple(faults))


def _number(text: str) -> int | None:
    found = _LITERAL.fullmatch(text)
    if found is None:
        return None
    octal = found[1].startswith("0") and found[1].isdigit() and len(found[1]) > 1
    try:
        return int(found[1], 8 if octal else 0)
    except ValueError:
        return None


def _fault(lines: Sequence[str], path: str, line: int, message: str) -> Diagnostic:
    shown = lines[line - 1].removesuffix("\r")
    where = Location(path, line, 1, shown, max(1, len(shown)))
    return Diagnostic(Severity.ERROR, "ADOPT001", message, where, "edit it first, or by hand")
