"""YAML with positions: text to a tree of nodes, with limits on size, depth and aliases.

Scalars follow the YAML 1.2 core schema without floats: ``on``, ``no``, ``010`` and ``1:30`` are
strings, ``0x2032`` and ``25`` are integers. Aliases are refused: a spec has no use for them, and
they are how a small file becomes a large one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, Location, Severity, refuse
from vmcsgen.resources import read_regular
from vmcsgen.specfile.inputs import SIZE_LIMIT

if TYPE_CHECKING:
    import yaml

DEPTH_LIMIT = 32
"""Deepest nesting of mappings and sequences."""

ALIASES_SHOWN = 3
"""A file with more aliases than this is not read on."""

FAULTS_LIMIT = 200
"""Most faults that are told of one file, or by the rules that compare files."""

Plain: TypeAlias = "bool | int | str | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML value, where it stands, and for a mapping where each key stands.

    ``value`` is None, bool, int, str, a tuple of nodes or a dict of key to node. ``start`` and
    ``end`` are (line, column) counted from 0.
    """

    value: Any
    start: tuple[int, int]
    end: tuple[int, int]
    keys: dict[str, Node] | None = None

    def plain(self) -> Plain:
        """The value without positions, as jsonschema takes it."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        value: bool | int | str | None = self.value
        return value


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text and its tree; ``path`` is the path as messages show it."""

    path: str
    lines: tuple[str, ...]
    root: Node

    def locate(self, node: Node) -> Location:
        """Where ``node`` stands, as far as it goes on its first line."""
        return locate(self.path, self.lines, node.start, node.end)

    def at(self, steps: Iterator[str | int] | tuple[str | int, ...]) -> Node:
        """The node that a path of keys and positions leads to."""
        node = self.root
        for step in steps:
            node = node.value[step]
        return node


def locate(
    path: str, lines: tuple[str, ...], start: tuple[int, int], end: tuple[int, int]
) -> Location:
    """The Location of a span of a file, both ends as (line, column) from 0."""
    line, column = start
    text = lines[line] if line < len(lines) else ""
    last = end[1] if end[0] == line else len(text)
    return Location(path, line + 1, column + 1, text, max(1, last - column))


def bounded(faults: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The first ``FAULTS_LIMIT`` faults, and in front that there are more; no more are looked for.

    A file of a megabyte can have half a million, with a hint for each.
    """
    first = list(islice(faults, FAULTS_LIMIT + 1))
    if len(first) <= FAULTS_LIMIT:
        return first
    message = f"more than {FAULTS_LIMIT} faults: the others are not told"
    where = Location(first[0].location.path)
    return [
        Diagnostic(Severity.ERROR, "SPEC009", message, where, "correct these first"),
        *first[:FAULTS_LIMIT],
    ]


def read_text(path: Path, shown: str) -> str:
    """The text of a regular UTF-8 file of at most SIZE_LIMIT bytes; DiagnosticError if it isn't."""
    try:
        raw = read_regular(path, SIZE_LIMIT + 1)
    except IsADirectoryError:
        raise refuse("is a directory, not a file", shown, hint="name the file itself") from None
    except OSError as error:
        raise refuse(f"can't be read: {error.strerror}", shown) from None
    if len(raw) > SIZE_LIMIT:
        raise refuse(
            f"is larger than {SIZE_LIMIT >> 20} MiB",
            shown,
            rule="SPEC001",
            hint="split it: one file per table or group",
        )
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start)
        begin = raw.rfind(b"\n", 0, error.start) + 1
        finish = raw.find(b"\n", error.start)
        text = raw[begin : None if finish < 0 else finish].decode("utf-8", "backslashreplace")
        column = len(raw[begin : error.start].decode("utf-8", "backslashreplace"))
        raise DiagnosticError(
            [
                Diagnostic(
                    Severity.ERROR,
                    "SPEC002",
                    f"byte 0x{raw[error.start]:02x} is not valid UTF-8",
                    Location(shown, line + 1, column + 1, text),
                    "save the file as UTF-8",
                )
            ]
        ) from None


def parse(text: str, shown: str) -> Document:
    """The tree of one YAML document; DiagnosticError with every fault that was found.

    A syntax error ends the reading; duplicate keys, aliases and the like are all collected.
    """
    import yaml

    builder = _Builder(shown, tuple(text.split("\n")))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        events = yaml.parse(text, Loader=loader)
        root = builder.document(events)
    except yaml.MarkedYAMLError as error:
        builder.syntax(error)
    except yaml.reader.ReaderError as error:
        position = error.position
        if loader is not yaml.SafeLoader:  # libyaml counts bytes
            position = len(text.encode()[:position].decode("utf-8", "ignore"))
        line = text.count("\n", 0, position)
        column = position - (text.rfind("\n", 0, position) + 1)
        builder.fail(
            "SPEC003",
            f"character U+{error.character:04X} is not allowed in YAML",
            (line, column),
            (line, column + 1),
            "remove it",
        )
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start)
        builder.fail("SPEC003", "a lone surrogate is not a character", (line, 0), (line, 1))
    if builder.faults:
        raise DiagnosticError(builder.faults)
    return Document(shown, builder.lines, root)


class _Builder:
    """Builds nodes from PyYAML's event stream and collects faults."""

    def __init__(self, shown: str, lines: tuple[str, ...]) -> None:
        self.shown = shown
        self.lines = lines
        self.faults: list[Diagnostic] = []
        self.aliases = 0

    def fault(
        self, rule: str, message: str, start: tuple[int, int], end: tuple[int, int], hint: str = ""
    ) -> None:
        where = locate(self.shown, self.lines, start, end)
        self.faults.append(Diagnostic(Severity.ERROR, rule, message, where, hint))
        if len(self.faults) > FAULTS_LIMIT:
            raise DiagnosticError(bounded(self.faults))

    def fail(
        self, rule: str, message: str, start: tuple[int, int], end: tuple[int, int], hint: str = ""
    ) -> NoReturn:
        self.fault(rule, message, start, end, hint)
        raise DiagnosticError(self.faults)

    def syntax(self, error: yaml.MarkedYAMLError) -> NoReturn:
        mark = error.problem_mark or error.context_mark
        start = (mark.line, mark.column) if mark else (0, 0)
        line = self.lines[start[0]] if start[0] < len(self.lines) else ""
        message = f"not valid YAML: {error.problem or error.context or error}"
        hint = ""
        if "\t" in line[: start[1] + 1]:
            message, hint = "a tab can't indent YAML", "indent with blanks"
            start = (start[0], line.index("\t"))
        elif error.context and error.context_mark:
            hint = f"{error.context} that begins on line {error.context_mark.line + 1}"
        self.fail("SPEC003", message, start, (start[0], start[1] + 1), hint)

    def document(self, events: Iterator[Any]) -> Node:
        import yaml

        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    start = _mark(event.start_mark)
                    self.fail(
                        "SPEC004", "a second document", start, (start[0], start[1] + 3),
                        "a spec file holds one document",
                    )  # fmt: skip
                root = self.node(next(events), events, 0)
        if root is None:
            self.fail("SPEC004", "the file is empty", (0, 0), (0, 1), "see docs/spec-format.md")
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        import yaml

        start, end = _mark(event.start_mark), _mark(event.end_mark)
        if isinstance(event, yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > ALIASES_SHOWN:
                self.fail("SPEC006", "and more aliases", start, end, "write the values out")
            self.fault("SPEC006", f"alias *{event.anchor}", start, end, "write the value out here")
            return Node(None, start, end)
        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None:
                self.fault("SPEC006", f"tag {event.tag}", start, end, "remove the tag")
            plain = event.implicit[0]
            return Node(_resolve(event.value) if plain else event.value, start, end)
        if depth >= DEPTH_LIMIT:
            self.fail(
                "SPEC005", f"nested more than {DEPTH_LIMIT} levels deep", start, end, "flatten it"
            )
        if event.tag is not None:
            self.fault("SPEC006", f"tag {event.tag}", start, end, "remove the tag")
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            for item in events:
                if isinstance(item, yaml.SequenceEndEvent):
                    end = _mark(item.end_mark)
                    break
                items.append(self.node(item, events, depth + 1))
            return Node(tuple(items), start, end)
        return self.mapping(start, events, depth)

    def mapping(self, start: tuple[int, int], events: Iterator[Any], depth: int) -> Node:
        import yaml

        values: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        end = start
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                end = _mark(event.end_mark)
                break
            key = self.node(event, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            name = key.value
            if isinstance(name, int):
                name = event.value  # 0x480: is a key spelled as it stands
            if not isinstance(name, str):
                self.fault("SPEC004", "a key must be plain text", key.start, key.end)
            elif name in values:
                first = keys[name].start[0] + 1
                self.fault(
                    "SPEC007",
                    f"key {name!r} stands twice",
                    key.start,
                    key.end,
                    f"it stands first on line {first}; keep one of them",
                )
            else:
                values[name], keys[name] = value, key
        return Node(values, start, end, keys)


def _mark(mark: Any) -> tuple[int, int]:
    return mark.line, mark.column


_INTEGER = re.compile(r"0x[0-9a-fA-F]{1,16}|0|-?[1-9][0-9]{0,18}")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "true": True, "false": False,
}  # fmt: skip


def _resolve(text: str) -> bool | int | str | None:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0)
    return text
