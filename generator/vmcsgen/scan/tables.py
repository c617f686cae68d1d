"""YAML and JSON: mappings of names to numbers or numbers to names, and lists of records."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vmcsgen.records import Record
from vmcsgen.scan.columns import encoding_column
from vmcsgen.scan.constants import Constant, ConstantList, Source, Span, SyntaxFault
from vmcsgen.scan.macros import literal
from vmcsgen.scan.patterns import lazy

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any

    Node = Any
    """A Scalar, a Mapping, or a list of nodes."""

_DEPTH_LIMIT = 64

VALUES_LIMIT = 500_000
"""Most keys, values and collections of a JSON file. Its bytes tell little of the time it takes: the
compile commands of a project are megabytes of a few thousand long strings."""


class Scalar(Record):
    """A value and where it stands."""

    text: str
    at: Span
    plain: bool
    """Unquoted: may be a number."""

    @property
    def number(self) -> int | None:
        """The integer it writes, quoted hexadecimal included; None if it writes none."""
        if self.plain or self.text[:2].lower() == "0x":
            return literal(self.text.strip(), octal=False)
        return None


class Mapping(Record):
    """A mapping: keys and values in source order."""

    items: list[tuple[Scalar, Node]]


def lists(source: Source) -> Iterator[ConstantList]:
    """Every list of constants in a YAML or JSON file; SyntaxFault if it can't be parsed."""
    root = _json(source) if source.language == "json" else _yaml(source)
    pending: list[tuple[str, Node]] = [("", root)]
    while pending:
        title, node = pending.pop()
        inner: Iterator[tuple[str, Node]] = iter(())
        if isinstance(node, Mapping):
            inner = ((key.text[:60], value) for key, value in node.items)
        elif isinstance(node, list):
            inner = ((title, element) for element in node)
        pending.extend(each for each in inner if not isinstance(each[1], Scalar))
        constants = tuple(_constants(source, node))
        if constants:
            # A mapping may have a version or a date beside the fields.
            yield ConstantList(title or source.language, isinstance(node, list), constants)


def _constants(source: Source, node: Node) -> Iterator[Constant]:
    rows: Iterator[list[Scalar]] = iter(())
    if isinstance(node, Mapping):
        rows = ([key, value] for key, value in node.items if isinstance(value, Scalar))
    elif isinstance(node, list):
        rows = (_record(each) for each in node if not isinstance(each, Scalar))
    every = (pair for row in rows if (pair := _names_and_numbers(row)) is not None)
    pairs = list(source.first(every))
    if not pairs:
        return
    column = encoding_column([each.text for each in numbers] for _, numbers in pairs)
    for name, numbers in pairs:
        value = numbers[min(column, len(numbers) - 1)]
        yield Constant(
            name.text, value.number, name.at, value.at,
            value.plain and source.text(value.at).strip() == value.text,
        )  # fmt: skip


def _record(element: Node) -> list[Scalar]:
    """The scalars of a record, those first whose keys say what they are."""
    if isinstance(element, Mapping):
        scalars = [(key.text.lower(), each) for key, each in element.items if _is_scalar(each)]
        return [each for _, each in sorted(scalars, key=lambda pair: _rank(pair[0]))]
    return list(filter(_is_scalar, element)) if isinstance(element, list) else []


def _is_scalar(node: Node) -> bool:
    return isinstance(node, Scalar)


def _rank(key: str) -> int:
    wanted = ("name", "id", "field", "constant", "encoding", "value", "enc")
    return wanted.index(key) if key in wanted else len(wanted)


_NAME = lazy(r"[A-Za-z_][\w :()./-]*")


def _names_and_numbers(scalars: list[Scalar]) -> tuple[Scalar, list[Scalar]] | None:
    """The first name among scalars, and the numbers, None if there are not both."""
    numbers = [each for each in scalars if each.number is not None]
    names = [each for each in scalars if each.number is None and _NAME().fullmatch(each.text)]
    return (names[0], numbers) if names and numbers else None


def _yaml(source: Source) -> Node:
    """The first document, built from PyYAML's events: aliases and tags are not followed."""
    import yaml

    try:
        text = source.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SyntaxFault(f"not UTF-8: {error.reason}") from None
    shift = 3 if source.content[:3] == b"\xef\xbb\xbf" else 0
    offsets = _Offsets(text, shift)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stack: list[list[Node]] = [[]]
    kinds: list[type] = [list]
    try:
        events: Iterator[Any] = yaml.parse(text, Loader=loader)
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                plain = not event.style  # the C loader writes "", the other one None
                start: Any = event.start_mark
                end: Any = event.end_mark
                at = Span(offsets.at(start.index), offsets.at(end.index))
                stack[-1].append(Scalar(event.value, at, plain))
            elif isinstance(event, yaml.AliasEvent):
                stack[-1].append([])
            elif isinstance(event, yaml.CollectionStartEvent):
                if len(stack) > _DEPTH_LIMIT:
                    raise SyntaxFault(f"nested more than {_DEPTH_LIMIT} levels deep")
                stack.append([])
                kinds.append(Mapping if isinstance(event, yaml.MappingStartEvent) else list)
            elif isinstance(event, yaml.CollectionEndEvent):
                items, kind = stack.pop(), kinds.pop()
                stack[-1].append(_mapping(items) if kind is Mapping else items)
    except yaml.YAMLError as error:
        problem = str(getattr(error, "problem", None) or error).split("\n")[0]
        mark = getattr(error, "problem_mark", None)
        raise SyntaxFault(f"line {mark.line + 1}: {problem}" if mark else problem) from None
    except UnicodeEncodeError:
        raise SyntaxFault("a lone surrogate is not a character") from None
    return stack[0]


class _Offsets:
    """Character offsets to byte offsets; the same thing where all is ASCII."""

    def __init__(self, text: str, shift: int) -> None:
        self.text = text
        self.shift = shift
        self.ascii = text.isascii()
        self.last = (0, 0)

    def at(self, index: int) -> int:
        if self.ascii:
            return index + self.shift
        characters, size = self.last if self.last[0] <= index else (0, 0)
        size += len(self.text[characters:index].encode("utf-8", "surrogatepass"))
        self.last = (index, size)
        return size + self.shift


def _mapping(items: list[Node]) -> Mapping:
    pairs = zip(items[::2], items[1::2], strict=False)
    return Mapping([(key, value) for key, value in pairs if isinstance(key, Scalar)])


_JSON_TOKEN = lazy(
    rb"""[\s,:]*(?:(?P<word>[-+.\w]+)|(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<open>[\[{])|(?P<close>[\]}]))""",
    re.VERBOSE | re.DOTALL,
)


def _json(source: Source) -> Node:
    content = source.content
    stack: list[list[Node]] = [[]]
    position = 3 if content[:3] == b"\xef\xbb\xbf" else 0
    end = len(content.rstrip())
    count = 0
    while position < end:
        count += 1
        if count > VALUES_LIMIT:
            raise SyntaxFault(f"it has more than {VALUES_LIMIT:,} values")
        match = _JSON_TOKEN().match(content, position)
        if match is None:
            line = source.position(position)[0]
            raise SyntaxFault(f"line {line}: not JSON")
        position, kind = match.end(), match.lastgroup or ""
        start, stop = match.span(kind)
        if kind == "word":
            word = content[start:stop].decode("latin-1")
            stack[-1].append(Scalar(word, Span(start, stop), True))
        elif kind == "string":
            text = content[start + 1 : stop - 1].decode("utf-8", "replace")
            stack[-1].append(Scalar(text, Span(start, stop), False))
        elif kind == "open":
            if len(stack) > _DEPTH_LIMIT:
                raise SyntaxFault(f"nested more than {_DEPTH_LIMIT} levels deep")
            stack.append([])
        elif len(stack) == 1:
            raise SyntaxFault("a bracket closes that was not opened")
        else:
            items = stack.pop()
            stack[-1].append(_mapping(items) if content[start:stop] == b"}" else items)
    if len(stack) != 1:
        raise SyntaxFault("a bracket is not closed")
    return stack[0]
