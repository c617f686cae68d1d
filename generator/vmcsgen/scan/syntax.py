"""tree-sitter: grammars by language, parse trees, and what is the same for all languages."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from time import process_time

from vmcsgen.scan.columns import encoding_column
from vmcsgen.scan.constants import ParserMissing, SyntaxFault

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tree_sitter import Language, Node, Parser

    from vmcsgen.scan.scopes import Scope

    Row = tuple[list[Node], list[Node]]
    """The names and the numbers of a row of a table."""

_GRAMMARS = {"c": "tree_sitter_c", "c++": "tree_sitter_cpp", "rust": "tree_sitter_rust"}


@cache
def language(name: str) -> Language:
    """The grammar of ``c``, ``c++`` or ``rust``; ParserMissing if it can't be had."""
    try:
        grammar: Language = tree_sitter().Language(_binding(_GRAMMARS[name]).language())
    except (ImportError, ValueError) as error:
        raise ParserMissing(
            f"reading {name} takes the packages tree-sitter and {_GRAMMARS[name]}"
            f" ({error}); pip install 'vmcsgen[check]' brings both"
        ) from None
    return grammar


@cache
def tree_sitter() -> Any:
    """The extension module behind the package tree_sitter."""
    return _binding("tree_sitter")


def _binding(package: str) -> Any:
    """The extension module of a package, without running the package's __init__.

    Those import typing, and importlib.resources for files of queries that are not used here,
    which costs more than parsing a header does.
    """
    from importlib.machinery import (
        EXTENSION_SUFFIXES,
        ExtensionFileLoader,
        ModuleSpec,
        PathFinder,
    )

    found = PathFinder.find_spec(package)
    for folder in (found and found.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            path = os.path.join(folder, "_binding" + suffix)
            if os.path.exists(path):
                name = f"{package}._binding"
                loader = ExtensionFileLoader(name, path)
                module = loader.create_module(ModuleSpec(name, loader, origin=path))
                loader.exec_module(module)
                return module
    raise ImportError(f"{package} is not installed")


SECONDS = 3.0
"""Processor time that parsing a file may take."""

MEMORY = 256 << 20
"""Bytes that parsing a file may take, where the system says what a process has (Linux)."""

_AT_ONCE = 1 << 15
"""Smaller files are parsed without looking at the clock."""

_DEPTH_LIMIT = 500
"""Deeper nodes are not searched: finding ancestors takes time with the square of the depth."""


def parse(grammar: Language, content: bytes) -> Node:
    """The root node of the parse tree of ``content``; SyntaxFault if that takes too much.

    Binary files called ``.h`` and other noise keep the parser busy mending for minutes; a tree
    takes 20 to 400 times the bytes that it is the tree of.
    """
    parser: Parser = tree_sitter().Parser(grammar)
    if len(content) < _AT_ONCE:
        return parser.parse(content).root_node
    deadline = process_time() + SECONDS
    limit = _resident() + MEMORY
    reason = ""

    def piece(offset: int, _: object) -> bytes:
        return content[offset : offset + _AT_ONCE]

    def enough(*_: object) -> bool:
        nonlocal reason
        if process_time() > deadline:
            reason = f"{SECONDS:g} s"
        elif _resident() > limit:
            reason = f"{MEMORY >> 20} MiB"
        return bool(reason)

    try:
        return parser.parse(piece, progress_callback=enough).root_node
    except ValueError:
        raise SyntaxFault(f"it takes more than {reason} to parse") from None


def _resident() -> int:
    """Bytes of memory that this process has now; 0 where that can't be asked."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as stream:
            return int(stream.read().split()[1]) * _PAGE
    except OSError:
        return 0


_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def collect(root: Node, kinds: Mapping[str, str]) -> dict[str, list[Node]]:
    """The nodes below ``root`` of these kinds, under the name that each kind has here.

    Each list is in source order, an outer node before those in it. A walk in Python, because
    compiling a query takes longer than walking through a header of 1,000 lines.
    """
    found: dict[str, list[Node]] = {name: [] for name in kinds.values()}
    cursor = root.walk()
    depth = 0
    while True:
        node = cursor.node
        if node is not None and node.type in kinds:
            found[kinds[node.type]].append(node)
        if depth < _DEPTH_LIMIT and cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
            depth -= 1


def elements(node: Node) -> Iterator[Node]:
    """The named children of ``node``, one at a time: it may have millions."""
    cursor = node.walk()
    more = cursor.goto_first_child()
    while more:
        child = cursor.node
        if child is not None and child.is_named:
            yield child
        more = cursor.goto_next_sibling()


def paired(content: bytes, rows: Iterable[Row]) -> list[tuple[Node, Node]]:
    """The name and the number of each row of a table that has both: a string is a name before all
    others, and the numbers are of one column."""
    whole = [(names, numbers) for names, numbers in rows if names and numbers]
    column = encoding_column([text(content, each) for each in numbers] for _, numbers in whole)
    return [
        (
            next((node for node in names if node.type == "string_literal"), names[0]),
            numbers[min(column, len(numbers) - 1)],
        )
        for names, numbers in whole
    ]


def text(content: bytes, node: Node) -> str:
    """The source text of a node, one character a byte, so that offsets stay what they are."""
    return content[node.start_byte : node.end_byte].decode("latin-1")


def ancestors(node: Node) -> Iterator[Node]:
    """The parent of ``node``, its parent, and so on, as far as nodes are searched at all."""
    parent = node.parent
    for _ in range(_DEPTH_LIMIT):
        if parent is None:
            return
        yield parent
        parent = parent.parent


class Around:
    """Which of some nodes a place is in, and what they are called.

    Asking a node for its parent takes a walk down from the root each time, which is too long for
    each of many constants. ``called`` gives the names that a node adds to those around it.
    """

    def __init__(self, nodes: Iterable[Node], called: Callable[[Node], Scope]) -> None:
        self.nodes = sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte))
        self.called = called
        self.starts = [node.start_byte for node in self.nodes]
        self.outer: list[int] = []
        self.scopes: dict[int, Scope] = {-1: ()}
        open_: list[int] = []
        for number, node in enumerate(self.nodes):
            while open_ and self.nodes[open_[-1]].end_byte <= node.start_byte:
                open_.pop()
            self.outer.append(open_[-1] if open_ else -1)
            open_.append(number)

    def innermost(self, node: Node) -> Node | None:
        """The one that ``node`` is in, which it is not itself."""
        number = self._number(node)
        return self.nodes[number] if number >= 0 else None

    def scope(self, node: Node) -> Scope:
        """The names of all that ``node`` is in, outermost first."""
        number = self._number(node)
        path = []
        while number not in self.scopes:
            path.append(number)
            number = self.outer[number]
        scope = self.scopes[number]
        for each in reversed(path):
            scope = self.scopes[each] = (*scope, *self.called(self.nodes[each]))
        return scope

    def _number(self, node: Node) -> int:
        number = bisect_right(self.starts, node.start_byte) - 1
        while number >= 0:
            found = self.nodes[number]
            if found.end_byte >= node.end_byte and found.id != node.id:
                break
            number = self.outer[number]
        return number


def outermost(nodes: list[Node]) -> list[Node]:
    """Those of ``nodes`` (in source order) that lie in none of the others."""
    kept: list[Node] = []
    for node in nodes:
        if not kept or node.start_byte >= kept[-1].end_byte:
            kept.append(node)
    return kept
