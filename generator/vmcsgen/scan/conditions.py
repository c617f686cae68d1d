"""Existence conditions in C and C++: what code says about when a field exists, as plain facts.

Read are KVM's cpu_has_vmcs12_field(), Bochs' vmcs_field_supported(), the functions and the
assignments that their conditions stand for, and ladders of VMCS_ENUM values such as QEMU's. What
the facts amount to is judged in existence.py, when all files are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from vmcsgen.records import Record
from vmcsgen.scan.constants import Span
from vmcsgen.scan.macros import Unevaluated, literal, tokens
from vmcsgen.scan.patterns import lazy
from vmcsgen.scan.syntax import ancestors

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any

    from tree_sitter import Node

    from vmcsgen.scan.c_syntax import Syntax

    Condition = Any
    """True, False, None (not understood), a name, or [``any`` or ``all``, operands...]."""

SWITCHES = {"cpu_has_vmcs12_field": "linux", "vmcs_field_supported": "bochs"}
"""A function that says which fields exist -> the project whose names it uses."""


class Fact(Record):
    """Something that code says.

    ``function``: the condition a function returns; ``set``: when a macro's bit is set in a set of
    supported controls; ``case``: when a field exists (of switch ``owner``; ``default`` for the
    rest); ``row``: a field that KVM's table offers; ``rung``: a VMCS_ENUM value of ladder
    ``owner``, and when it is given.
    """

    kind: str
    owner: str
    name: str
    condition: Condition
    at: Span
    value: int = 0


def facts(parsed: Syntax) -> Iterator[Fact]:
    """Every fact in a file."""
    masked = _without_comments(parsed)
    yield from _functions(masked)
    yield from _assignments(masked)
    for name in SWITCHES:
        yield from _switch(masked, name)
    yield from _rungs(parsed)


def _without_comments(parsed: Syntax) -> str:
    """The source with comments and what is not compiled blanked, offsets unchanged."""
    content = bytearray(parsed.content)
    for start, end in parsed.comments:
        content[start:end] = re.sub(rb"[^\n]", b" ", bytes(content[start:end]))
    arms = parsed.branches.arms
    for arm, following in zip(arms, [*arms[1:], None], strict=True):
        if not arm.compiled:
            end = len(content) if following is None else following.start
            content[arm.start : end] = re.sub(rb"[^\n]", b" ", bytes(content[arm.start : end]))
    return content.decode("latin-1")


_FUNCTION = lazy(r"\b(cpu_has_\w+)\s*\(\s*void\s*\)\s*\{\s*return\b([^;{}]{1,2000});\s*\}")


def _functions(masked: str) -> Iterator[Fact]:
    for match in _FUNCTION().finditer(masked):
        at = Span(*match.span(2))
        yield Fact("function", "", f"{match[1]}()", condition(match[2]), at)


_ASSIGNMENT = lazy(r"\b\w+_supported_bits\s*\|?=([^;{}]{1,4000});")
_GUARD = lazy(r"\bif\s*\(([^;{}]{1,300})\)\s*(\{?)\s*$")


_ASSIGNMENTS_LIMIT = 1000
"""Most assignments that are read in a file: what they stand under is looked for a long way back."""


def _assignments(masked: str) -> Iterator[Fact]:
    """Bits that Bochs sets: under the ``if`` right before, or the one whose block they stand in."""
    for match in islice(_ASSIGNMENT().finditer(masked), _ASSIGNMENTS_LIMIT):
        before = masked[max(0, match.start() - 600) : match.start()]
        before = re.sub(r"[\w\s]*->\s*$", "", before)  # cap->
        guard = _GUARD().search(before)
        if guard is None:
            guard = _enclosing_guard(masked, match.start())
        when: Condition = True if guard is None else condition(guard[1])
        for macro in re.findall(r"\b[A-Z][A-Z0-9_a-z]+\b", match[1]):
            yield Fact("set", "", macro, when, Span(*match.span(1)))


def _enclosing_guard(masked: str, position: int) -> re.Match[str] | None:
    """The ``if`` whose block ``position`` stands in, None in a function's own block."""
    depth = 0
    for index in range(position - 1, max(-1, position - 5000), -1):
        character = masked[index]
        if character == "}":
            depth += 1
        elif character == "{":
            if depth == 0:
                return _GUARD().search(masked[max(0, index - 400) : index + 1])
            depth -= 1
    return None


_STEP = lazy(
    r"\bcase\s+(?P<case>\w+)\s*:(?!:)"
    r"|(?<![\w.])(?!return\b|if\b)[A-Za-z_]\w*\s*\(\s*(?P<macro>[A-Z]\w*)\s*\)\s*:(?!:)"
    r"|\b(?P<default>default)\s*:|\breturn\b(?P<result>[^;{}]{0,1000});|\b(?P<if>if)\b"
)
_ROW = lazy(r"^[ \t]*FIELD(?:64)?\(\s*(\w+)\s*,", re.MULTILINE)


def _switch(masked: str, function: str) -> Iterator[Fact]:
    start = re.search(rf"\b{function}\s*\([^;(){{}}]{{0,200}}\)\s*(?:const\s*)?\{{", masked)
    if start is None:
        return
    end = _closing(masked, start.end())
    labels: list[tuple[str, Span]] = []
    choice = False
    for step in _STEP().finditer(masked, start.end(), end):
        if step["if"]:
            choice = True
        elif step["result"] is not None:
            result = None if choice else condition(step["result"])
            for label, at in labels:
                yield Fact("case", function, label, result, at)
            if not choice:
                labels = []
        else:
            if choice:  # the if ended with the case before
                labels, choice = [], False
            group = next(name for name in ("case", "macro", "default") if step[name])
            labels.append((step[group], Span(*step.span(group))))
    for row in _ROW().finditer(masked):
        yield Fact("row", function, row[1], True, Span(*row.span(1)))


def _closing(masked: str, position: int) -> int:
    depth = 1
    for index in range(position, min(len(masked), position + (1 << 17))):
        if masked[index] == "{":
            depth += 1
        elif masked[index] == "}":
            depth -= 1
            if depth == 0:
                return index
    return min(len(masked), position + (1 << 17))


def condition(text: str) -> Condition:
    """The condition that an expression states; None where it is not understood."""
    try:
        sequence = tokens(text)
    except Unevaluated:
        return None
    parser = _Parser(sequence)
    found = parser.either(0)
    return found if parser.position == len(sequence) else None


class _Parser:
    """Recursive descent over ``||``, ``&&``, ``&``, ``|``, names and calls."""

    def __init__(self, sequence: Sequence[str]) -> None:
        self.sequence = sequence
        self.position = 0

    def peek(self) -> str:
        return self.sequence[self.position] if self.position < len(self.sequence) else ""

    def either(self, depth: int) -> Condition:
        return self._joined("||", "any", self.both, depth)

    def both(self, depth: int) -> Condition:
        return self._joined("&&", "all", self.bits, depth)

    def bits(self, depth: int) -> Condition:
        """``word & MACRO``: the names of bits count, what holds the bits does not."""
        found = self.masks(depth)
        while self.peek() == "&":
            self.position += 1
            right = self.masks(depth)
            found = right if found == "" else found if right == "" else None
        return None if found == "" else found

    def masks(self, depth: int) -> Condition:
        return self._joined("|", "any", self.primary, depth)

    def _joined(self, operator: str, kind: str, part: Any, depth: int) -> Condition:
        if depth > 20:
            return None
        parts = [part(depth + 1)]
        while self.peek() == operator:
            self.position += 1
            parts.append(part(depth + 1))
        if len(parts) == 1:
            return parts[0]
        return None if None in parts or "" in parts else [kind, *parts]

    def primary(self, depth: int) -> Condition:
        """A condition; "" for a word of bits, which says nothing by itself."""
        token = self.peek()
        self.position += 1
        if token == "(":
            found = self.either(depth + 1)
            self.position += self.peek() == ")"
            return found
        if token in ("true", "1"):
            return True
        if token in ("false", "0"):
            return False
        if not token.isidentifier():
            return None
        if self.peek() == "(":
            return self.call(token)
        plain = True
        while self.peek() in (".", "->", "["):
            plain = False
            closing = self.peek() == "["
            self.position += 3 if closing else 2
        return token if plain and token.upper() == token else ""

    def call(self, name: str) -> Condition:
        self.position += 1
        arguments = []
        while self.peek() not in (")", ""):
            arguments.append(self.peek())
            self.position += 1
        self.position += 1
        if not arguments:
            return f"{name}()"
        if len(arguments) == 1 and arguments[0].isidentifier():
            return arguments[0]
        return None


_RUNG = lazy(rb"\bMSR_IA32_VMX_VMCS_ENUM\s*,\s*([^,;()]{1,40})\)")
_RUNGS_LIMIT = 100
"""Most values of a file that are read as rungs; the way up through a long chain costs much."""


def _rungs(parsed: Syntax) -> Iterator[Fact]:
    """The values that the arms of an if-else chain give to the VMCS_ENUM MSR."""
    for match in islice(_RUNG().finditer(parsed.content), _RUNGS_LIMIT):
        value = literal(match[1].decode("latin-1").strip())
        node = parsed.root.descendant_for_byte_range(match.start(), match.start() + 1)
        if value is None or node is None or node.type != "identifier":
            continue
        arm = _arm(parsed, node)
        if arm is not None:
            chain, when = arm
            yield Fact("rung", str(chain), "", when, Span(*match.span(1)), value)


def _arm(parsed: Syntax, node: Node) -> tuple[int, Condition] | None:
    """The chain (its offset) and the condition of the arm that ``node`` stands in."""
    inner = node
    when: Condition = None
    found = False
    chain: Node | None = None
    for outer in ancestors(node):
        if outer.type == "if_statement":
            if not found:
                inside = outer.child_by_field_name("consequence")
                test = outer.child_by_field_name("condition")
                if inside is not None and inside.id == inner.id and test is not None:
                    when = condition(parsed.text(test))
                else:
                    when = True
                found = True
            chain = outer
        elif outer.type == "function_definition" or (
            found and outer.type not in ("else_clause", "if_statement")
        ):
            break
        inner = outer
    return None if chain is None or not found else (chain.start_byte, when)
