"""Rust macro bodies: rows such as ``GUEST_RIP = 0x681e`` and ``("GUEST_RIP", 0x681e)``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from tree_sitter import Node

    Pair = tuple[Node, list[Node]]
    """A name, and the tokens of the number that it is given."""

_COMMENTS = ("line_comment", "block_comment")
_NAMES = ("identifier", "string_literal")
_OPERATORS = frozenset("+ - * / % | & ^ << >> ! as :: identifier primitive_type".split())
"""What an expression may have beside literals and parentheses."""


def pairs(tree: Node) -> Iterator[Pair]:
    """The names and numbers that a token tree pairs, at most one pair a row.

    In rows that end with semicolons, a name that returns in another row is that of a column, as in
    ``GUEST_RIP: 0x681e, width: 64;``. In a tree without pairs, as ``(GUEST_RIP, 0x681e, 8)``, the
    first name belongs to the first number.
    """
    pending = [tree]
    while pending:
        parts = _split(pending.pop(), pending)
        rows = [[pair for part in row if (pair := _pair(part)) is not None] for row in parts]
        if any(rows):
            further = Counter(text for row in rows for text in {name.text for name, _ in row[1:]})
            for row in rows:
                yield from row[:1]
                yield from (pair for pair in row[1:] if further[pair[0].text] == 1)
            continue
        names = [part[0] for row in parts for part in row if _is_name(part)]
        numbers = [part for row in parts for part in row if _is_number(part)]
        if names and numbers:
            yield names[0], numbers[0]


def _split(tree: Node, nested: list[Node]) -> list[list[list[Node]]]:
    """The tokens between the brackets of ``tree``: by semicolons, and these parts by commas.

    Comments and attributes are left out, trees in it are added to ``nested``.
    """
    rows: list[list[list[Node]]] = [[[]]]
    attribute = False
    for node in tree.children[1:-1]:
        if node.type == ";":
            rows.append([[]])
        elif node.type == ",":
            rows[-1].append([])
        elif node.type == "#":
            attribute = True
            continue
        elif node.type == "token_tree" and attribute:
            pass
        elif node.type not in _COMMENTS:
            rows[-1][-1].append(node)
            if node.type == "token_tree":
                nested.append(node)
        attribute = False
    return rows


def _pair(part: list[Node]) -> Pair | None:
    """``NAME = 1``, ``NAME: u32 = 1``, ``NAME: 1``, ``NAME => 1`` or ``1 => NAME``."""
    kinds = [node.type for node in part]
    for joint in ("=", "=>", ":"):
        if joint not in kinds:
            continue
        at = kinds.index(joint)
        before, after = part[:at], part[at + 1 :]
        if joint == "=" and ":" in kinds[:at]:
            before = part[: kinds.index(":")]
        if before and before[-1].type in _NAMES and _is_number(after):
            return before[-1], after
        if joint == "=>" and _is_number(before) and after and _is_name(after[-1:]):
            return after[-1], before
        return None
    return None


def _is_name(part: list[Node]) -> bool:
    return len(part) == 1 and part[0].type in _NAMES


def _is_number(part: list[Node]) -> bool:
    """Whether tokens can be an expression for a number: a literal is among them."""
    literal = False
    pending = list(part)
    for node in pending:  # which grows
        if node.type == "token_tree" and node.children[0].type == "(":
            pending.extend(node.children[1:-1])
        elif node.type == "integer_literal":
            literal = True
        elif node.type not in _OPERATORS and node.type not in _COMMENTS:
            return False
    return literal
