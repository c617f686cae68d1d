"""A C or C++ file: its parse tree, its preprocessor arms, and what its names stand for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from vmcsgen.records import Record
from vmcsgen.scan import syntax
from vmcsgen.scan.branches import Branches, branches
from vmcsgen.scan.constants import Constant, Source, Span, exclusive
from vmcsgen.scan.expression import C, evaluate
from vmcsgen.scan.macros import Macro, Room, Unevaluated, is_literal, literal, tokens
from vmcsgen.scan.patterns import lazy
from vmcsgen.scan.scopes import Scope, Scopes, of_function

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from tree_sitter import Node

_KINDS = {
    "comment": "comment",
    "preproc_def": "define",
    "preproc_function_def": "macro",
    "enumerator": "enumerator",
    "enum_specifier": "enum",
    "type_qualifier": "qualifier",
    "initializer_list": "table",
    "function_definition": "scope",
    "namespace_definition": "scope",
    "class_specifier": "scope",
    "struct_specifier": "scope",
}


class Syntax:
    """A parsed C or C++ file: its tree, its preprocessor arms, and what its names stand for.

    ``content`` is what was parsed: the source, byte for byte, but for comments in #defines.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.content = _plain(source.content)
        self.root = syntax.parse(syntax.language(source.language), self.content)
        self.found = syntax.collect(self.root, _KINDS)
        self.comments = [(n.start_byte, n.end_byte) for n in self.found["comment"]]
        self.branches: Branches = branches(self.content, self.comments)
        self.macros: dict[str, Macro] = {}
        self.scopes = Scopes()
        self.around = syntax.Around(self.found["scope"], self._called)
        self.redefined: dict[str, list[_Definition]] = {}
        self.room = Room()
        self._learn_macros()

    def _called(self, node: Node) -> Scope:
        if node.type == "function_definition":
            return (of_function(node.start_byte),)
        name = node.child_by_field_name("name")
        return ("",) if name is None else tuple(self.text(name).split("::"))

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return syntax.text(self.content, node)

    def nodes(self, kind: str) -> Iterator[Node]:
        """Nodes of a kind that are compiled (not under ``#if 0``), up to the limit."""
        for node in self.source.first(self.found[kind]):
            if self.branches.at(node.start_byte).compiled:
                yield node

    def evaluate(self, text: str, offset: int, scope: Scope) -> tuple[int | None, str]:
        """The value of an expression that stands at ``offset``, or None and why it has none."""
        try:
            first = _Here(self, offset, scope, 0)
            number = evaluate(text, first, C, self.room)
            if first.unsure:
                last = _Here(self, offset, scope, -1)
                if evaluate(text, last, C, self.room) != number:
                    return None, f"{first.unsure} is defined in more than one way"
            return number, ""
        except Unevaluated as error:
            return None, str(error)

    def constant(self, name: Node, value: Node, scope: Scope = ()) -> Constant:
        """The constant whose name and value stand at these nodes, in ``scope``."""
        at = trim(self.content, value.start_byte, value.end_byte)
        text = self.source.content[at.start : at.end].decode("latin-1")
        number, reason = literal(text), ""
        plain = number is not None
        if not plain:
            number, reason = self.evaluate(text, at.start, scope)
        branch = self.branches.at(name.start_byte).branch
        # By place: naming the arguments takes as long as all the rest.
        return Constant(
            self.text(name).strip('"'), number, Span(name.start_byte, name.end_byte), at,
            plain or is_literal(text), False, reason, branch, text if text.isidentifier() else "",
        )  # fmt: skip

    def _learn_macros(self) -> None:
        definitions: dict[str, list[_Definition]] = {}
        for node in (*self.nodes("define"), *self.nodes("macro")):
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is None or value is None:
                continue
            parameters = node.child_by_field_name("parameters")
            names = None
            if parameters is not None:
                names = tuple(map(self.text, parameters.named_children))
            try:
                macro = Macro(names, tokens(self.text(value)))
            except Unevaluated:
                continue  # said again, with the reason, where the constant itself is evaluated
            branch = self.branches.at(node.start_byte).branch
            found = definitions.setdefault(self.text(name), [])
            found.append(_Definition(node.start_byte, branch, macro))
        for each, found in definitions.items():
            self.macros[each] = found[-1].macro
            if any(other.macro != found[-1].macro for other in found):
                self.redefined[each] = sorted(found, key=lambda definition: definition.start)


_PIECES = (
    rb"/\*.*?(?:\*/|\Z)"
    rb"|//(?:[^\\\n]|\\(?:\r\n|.)){0,9999}"
    rb"|\"(?:[^\"\\\n]|\\(?:\r\n|.)){0,9999}\"?"
    rb"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.){1,8}'"
)
_TEXT = rb"\"(?:[^\"\\\n]|\\.){0,999}\""
_ATTRIBUTE = (
    rb"\[\[(?:[^\[\]\"]|%b){0,999}\]\]"
    rb"|__attribute__[ \t]*\(\((?:[^()\"]|%b|\((?:[^()\"]|%b){0,999}\)){0,999}\)\)"
    % (_TEXT, _TEXT, _TEXT)
)
_OUTSIDE = lazy(
    rb"%b|(?P<define>\#[ \t]*define\b)|(?P<attribute>%b)" % (_PIECES, _ATTRIBUTE), re.DOTALL
)
_INSIDE = lazy(rb"%b|\\\r?\n|(?P<end>\n)" % _PIECES, re.DOTALL)


_ENUM = lazy(
    rb"(\benum\s{1,99})(?!class\b|struct\b)(\w+)(?=\s{1,99}\w+\s{0,99}(?::[\w\s]{1,60})?\{)"
)


def _plain(content: bytes) -> bytes:
    """``content`` with blanks for what the grammar can't read: comments in #defines, which end
    their values, and attributes as ``[[deprecated]]`` and ``enum __packed``, which end an enum.

    A comment of several lines does not end a #define (C11 5.1.1.2), so its line ends go as well.
    ``/*`` in a string is a comment for the grammar, too.
    """
    if b"enum" in content:
        content = _ENUM().sub(lambda found: found[1] + b" " * len(found[2]), content)
    if not (
        b"[[" in content or b"__attribute__" in content
        or (b"define" in content and b"/*" in content)
    ):  # fmt: skip
        return content
    plain = bytearray(content)
    position, inside = 0, False
    while found := (_INSIDE if inside else _OUTSIDE)().search(content, position):
        start, position, piece = found.start(), found.end(), found[0]
        if found.lastgroup == "attribute":
            plain[start:position] = b" " * len(piece)
        elif found.lastgroup:
            inside = found.lastgroup == "define"
        elif inside and b"/*" in piece:
            whole = piece[:1] == b"/"
            plain[start:position] = b" " * len(piece) if whole else piece.replace(b"/*", b"  ")
    return bytes(plain)


class _Definition(Record):
    """One of several #defines of a name: behind #undef, or in another arm of an #if."""

    start: int
    branch: tuple[tuple[int, int], ...]
    macro: Macro


class _Here(Mapping[str, "Macro | int | str"]):
    """What names stand for at one place of a file: a constant, or the last #define above.

    Where it depends on conditions which one that is, ``choice`` (0 or -1) takes the first or last
    of them, and ``unsure`` is the name.
    """

    def __init__(self, parsed: Syntax, offset: int, scope: Scope, choice: int) -> None:
        self.parsed = parsed
        self.offset = offset
        self.scope = scope
        self.choice = choice
        self.unsure = ""

    def __getitem__(self, name: str) -> Macro | int | str:
        found = self.parsed.redefined.get(name)
        if found is None:
            constant = self.parsed.scopes.find(name, self.scope)
            if isinstance(constant, int) or (constant and name not in self.parsed.macros):
                return constant
            return self.parsed.macros[name]
        here = self.parsed.branches.at(self.offset).branch
        first = bisect_right(found, self.offset, key=lambda each: each.start)
        above = reversed(found[max(0, first - _ARMS) : first])
        candidates: list[Macro] = []
        for each in above if first else found[:_ARMS]:
            if not exclusive(here, each.branch):
                candidates.append(each.macro)
                if first and set(each.branch) <= set(here):
                    break  # whatever is above it no longer counts
        if not candidates:
            raise KeyError(name)
        if candidates[0] != candidates[-1]:
            self.unsure = name
        return candidates[self.choice]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parsed.macros)

    def __len__(self) -> int:
        return len(self.parsed.macros)


_ARMS = 16
"""So many definitions of a name are looked at."""


_BLANK = lazy(rb"(?:\s|\\\r?\n|/\*.*?\*/|//[^\n]*)+", re.DOTALL)


def trim(content: bytes, start: int, end: int) -> Span:
    """The span without comments, blanks and line continuations at its ends."""
    piece = content[start:end]
    if b"/" not in piece and b"\\" not in piece:
        return Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()) or start)
    match = _BLANK().match(piece)
    first = match.end() if match else 0
    last, position = first, first
    while position < len(piece):  # comments in between stay, those at the end go
        match = _BLANK().match(piece, position)
        if match is not None:
            position = match.end()
            continue
        following = _BLANK().search(piece, position)
        position = last = following.start() if following else len(piece)
    return Span(start + first, start + last)
