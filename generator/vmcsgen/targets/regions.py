"""Marks in files that others own: finding regions, telling stale from hand-edited, replacing.

A region looks like this, in the comment syntax of its file::

    /* vmcsgen begin: linux/vmcs-field  spec 2026.11 sha256:0123456789ab */
    /* vmcsgen without: GUEST_S_CET GUEST_SSP */
    ...
    /* vmcsgen end: linux/vmcs-field  sha256:0123456789ab */

The begin mark says which spec the lines came from, the end mark what they were: a digest of the
lines between, so that an edit by hand is told from a spec that moved on. Lines ``with`` and
``without`` directly below the begin mark are the owner's: they choose among the constants.
Digests are taken without line ends, so that a checkout with CRLF is not an edit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from enum import Enum

from vmcsgen.diagnostics import Diagnostic, Location, Severity
from vmcsgen.records import Record
from vmcsgen.targets.languages import Language

DIGEST_DIGITS = 12
"""Hexadecimal digits of a digest in a mark."""

SELECTION_WIDTH = 78
"""Columns that a line of names below a begin mark fills at most."""

MARK_LIMIT = 1000
"""Characters; a longer line is no mark."""

EVERY = "all"
"""What ``with`` says to have every field, those too that the project has no name for."""


class State(Enum):
    """How a region compares with what the spec says it must be."""

    CURRENT = "current"
    STALE = "stale"
    HAND_EDITED = "hand-edited"


class Selection(Record):
    """Which constants the owner of a region wants: ``added`` (or EVERY) and not ``dropped``."""

    added: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def every(self) -> bool:
        """Whether every field is wanted, named by the project or not."""
        return EVERY in self.added


AS_NAMED = Selection()
"""All constants that the project names, and no other."""


class Region(Record):
    """A well-formed region of a file. Lines count from 1; ``body`` has no line ends."""

    name: str
    """``TARGET/OUTPUT``."""
    path: str
    begin: int
    end: int
    first: int
    """The first line of ``body``, behind the owner's lines."""
    indent: str
    newline: str
    stamp: str
    """What the begin mark says of the spec; empty in a mark written by hand."""
    digest: str
    """What the end mark says of the lines; empty in a mark written by hand."""
    selection: Selection
    body: tuple[str, ...]
    text: str
    """The begin mark's line, for messages."""

    @property
    def target(self) -> str:
        """The target that makes the region."""
        return self.name.partition("/")[0]

    @property
    def output(self) -> str:
        """Which of the target's outputs it is."""
        return self.name.partition("/")[2]

    @property
    def edited(self) -> bool:
        """Whether the lines are not those that vmcsgen wrote."""
        if not self.digest:
            return any(line.strip() for line in self.body)
        return digest(self.body) != self.digest

    def fault(self, rule: str, message: str, hint: str = "") -> Diagnostic:
        """A finding that points at the begin mark."""
        column = len(self.indent) + 1
        where = Location(self.path, self.begin, column, self.text, len(self.text.strip()))
        return Diagnostic(Severity.ERROR, rule, message, where, hint)


class Marked(Record):
    """The regions of one file, and what is wrong with its marks."""

    regions: tuple[Region, ...]
    faults: tuple[Diagnostic, ...]


def digest(lines: Iterable[str]) -> str:
    """The digest of the lines of a region, given without line ends."""
    text = "".join(f"{line}\n" for line in lines)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:DIGEST_DIGITS]


_OPENING = r"(?P<indent>[ \t]{0,200})(?:/\*|//|#|<!--|\.\.|\.\\\"|;|--)[ \t]*"
_CLOSING = r"[ \t]*(?:\*/|-->)?[ \t]*"
_NAME = r"(?P<name>[a-z0-9][a-z0-9.-]{0,79}/[A-Za-z0-9_.][A-Za-z0-9._-]{0,79})"
_ATTEMPT = re.compile(_OPENING + r"vmcsgen[ \t]+(?P<kind>begin|end|with|without)\b")
_BEGIN = re.compile(
    _OPENING + rf"vmcsgen begin: {_NAME}(?:[ \t]+(?P<stamp>spec [0-9.]{{1,20}} "
    rf"sha256:[0-9a-f]{{{DIGEST_DIGITS}}}))?" + _CLOSING
)
_END = re.compile(
    _OPENING
    + rf"vmcsgen end: {_NAME}(?:[ \t]+sha256:(?P<digest>[0-9a-f]{{{DIGEST_DIGITS}}}))?"
    + _CLOSING
)
_CHOICE = re.compile(
    _OPENING + r"vmcsgen (?P<kind>with|without): (?P<names>\w[\w:]*(?:[ \t]+\w[\w:]*)*)" + _CLOSING
)


def can_be_named(name: str) -> bool:
    """Whether a mark can carry this name (``TARGET/OUTPUT``)."""
    return re.fullmatch(_NAME, name) is not None


def parse(text: str, path: str) -> Marked:
    """Find the regions of ``text``; ``path`` is what messages call the file.

    Marks that are damaged, nested, unclosed, not opened, renamed between begin and end, or there
    twice are faults; a file with faults must not be written.
    """
    return _Reader(text, path).read()


class _Reader:
    """One pass over the lines of a file; ``opened`` is the begin mark that waits for its end."""

    def __init__(self, text: str, path: str) -> None:
        self.lines = text.split("\n")
        self.path = path
        self.regions: list[Region] = []
        self.faults: list[Diagnostic] = []
        self.first: dict[str, int] = {}
        self.opened: tuple[int, re.Match[str]] | None = None
        self.choices = 0

    def read(self) -> Marked:
        for number, line in enumerate(self.lines, 1):
            # Most lines of a file hold no mark, and a plain look-up is cheaper than a pattern.
            if "vmcsgen" not in line:
                continue
            attempt = _ATTEMPT.match(line)
            if attempt is not None and len(line) > MARK_LIMIT:
                self._fault(number, "REGION001", "this line is too long for a mark", "")
            elif attempt is not None:
                self._mark(number, line.removesuffix("\r"), attempt["kind"])
        if self.opened is not None:
            self._fault(self.opened[0], "REGION003", "this region is never closed",
                        f"end it with: vmcsgen end: {self.opened[1]['name']}")  # fmt: skip
        return Marked(tuple(self.regions), tuple(self.faults))

    def _mark(self, number: int, line: str, kind: str) -> None:
        if kind in ("with", "without"):
            self._choice(number, line)
            return
        found = (_BEGIN if kind == "begin" else _END).fullmatch(line)
        if found is None:
            shape = "TARGET/OUTPUT  spec VERSION sha256:DIGEST"
            if kind == "end":
                shape = "TARGET/OUTPUT  sha256:DIGEST"
            self._fault(number, "REGION001", f"this {kind} mark is damaged",
                        f"a mark reads: vmcsgen {kind}: {shape}")  # fmt: skip
        elif kind == "begin":
            self._begin(number, found)
        else:
            self._end(number, found)

    def _begin(self, number: int, found: re.Match[str]) -> None:
        if self.opened is not None:
            line, outer = self.opened
            self._fault(number, "REGION002", f"this region begins inside {outer['name']}",
                        f"which began in line {line} and must end first")  # fmt: skip
            return
        self.opened = number, found
        self.choices = 0

    def _choice(self, number: int, line: str) -> None:
        begin = self.opened[0] if self.opened else 0
        if not begin or number != begin + self.choices + 1:
            self._fault(number, "REGION001", "this line belongs directly below a begin mark", "")
        elif _CHOICE.fullmatch(line) is None:
            self._fault(number, "REGION001", "this line is damaged",
                        "it reads: vmcsgen without: NAME NAME ...")  # fmt: skip
        self.choices += 1

    def _end(self, number: int, found: re.Match[str]) -> None:
        if self.opened is None:
            self._fault(number, "REGION004", "this region ends but never began", "")
            return
        begin, opening = self.opened
        self.opened = None
        name = opening["name"]
        if found["name"] != name:
            self._fault(number, "REGION005", f"the region that ends here began as {name}",
                        f"in line {begin}; both marks carry the same name")  # fmt: skip
            return
        if self.first.setdefault(name, begin) != begin:
            self._fault(begin, "REGION006", f"region {name} is here twice",
                        f"the first began in line {self.first[name]}")  # fmt: skip
            return
        first = begin + self.choices + 1
        ends = "\r\n" if self.lines[begin - 1].endswith("\r") else "\n"
        body = tuple(line.removesuffix("\r") for line in self.lines[first - 1 : number - 1])
        self.regions.append(
            Region(
                name,
                self.path,
                begin,
                number,
                first,
                opening["indent"],
                ends,
                opening["stamp"] or "",
                found["digest"] or "",
                self._selection(begin, first),
                body,
                opening.string,
            )
        )

    def _selection(self, begin: int, first: int) -> Selection:
        names: dict[str, list[str]] = {"with": [], "without": []}
        for line in self.lines[begin : first - 1]:
            found = _CHOICE.fullmatch(line.removesuffix("\r"))
            if found is not None:
                names[found["kind"]] += found["names"].split()
        return Selection(tuple(names["with"]), tuple(names["without"]))

    def _fault(self, number: int, rule: str, message: str, hint: str) -> None:
        line = self.lines[number - 1].removesuffix("\r")
        text = line.strip()
        where = Location(self.path, number, line.find(text) + 1, line, len(text))
        self.faults.append(Diagnostic(Severity.ERROR, rule, message, where, hint))


def state(region: Region, wanted: Sequence[str]) -> State:
    """How a region compares with the lines it must have (without indentation).

    A region whose lines are right is current, whatever spec its begin mark names: a new spec
    that says the same of these fields is no reason to touch the file.
    """
    if list(region.body) == indented(wanted, region.indent):
        return State.CURRENT if not region.edited else State.STALE
    return State.HAND_EDITED if region.edited else State.STALE


def indented(lines: Iterable[str], indent: str) -> list[str]:
    """The lines as they stand below a mark with this indentation."""
    return [f"{indent}{line}" if line else line for line in lines]


def begin_mark(language: Language, name: str, stamp: str) -> str:
    """The line that opens a region."""
    return language.one_line(f"vmcsgen begin: {name}  {stamp}")


def end_mark(language: Language, name: str, lines: Iterable[str]) -> str:
    """The line that closes a region with these lines."""
    return language.one_line(f"vmcsgen end: {name}  sha256:{digest(lines)}")


def choice_lines(language: Language, selection: Selection) -> list[str]:
    """The owner's lines of a new region, none if it has all that the project names."""
    from textwrap import wrap

    made = []
    for kind, names in (("with", selection.added), ("without", selection.dropped)):
        width = SELECTION_WIDTH - len(language.one_line(f"vmcsgen {kind}: "))
        lines = wrap(" ".join(names), width, break_long_words=False, break_on_hyphens=False)
        made += [language.one_line(f"vmcsgen {kind}: {line}") for line in lines]
    return made


def enclosed(
    language: Language,
    name: str,
    stamp: str,
    lines: Sequence[str],
    selection: Selection = AS_NAMED,
) -> list[str]:
    """The lines of a new region, marks included."""
    choices = choice_lines(language, selection)
    return [begin_mark(language, name, stamp), *choices, *lines, end_mark(language, name, lines)]


def replace(
    text: str, bodies: Iterable[tuple[Region, Sequence[str]]], language: Language, stamp: str
) -> str:
    """``text`` with new lines in these regions of it; line ends and indentation stay.

    The owner's lines below the begin marks stay as they are.
    """
    lines = text.split("\n")
    for region, wanted in sorted(bodies, key=lambda each: -each[0].begin):
        body = indented(wanted, region.indent)
        carriage = region.newline.removesuffix("\n")
        tail = "\r" if lines[region.end - 1].endswith("\r") else ""
        opening = f"{region.indent}{begin_mark(language, region.name, stamp)}{carriage}"
        closing = f"{region.indent}{end_mark(language, region.name, body)}{tail}"
        lines[region.first - 1 : region.end] = [f"{line}{carriage}" for line in body] + [closing]
        lines[region.begin - 1] = opening
    return "\n".join(lines)
