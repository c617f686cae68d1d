"""tree-sitter: grammars by language, parse trees, and what is the same for all languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from time import process_time
from typing import TYPE_CHECKING, Any

from vmcsgen.scan.constants import ParserMissing, SyntaxFault

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query

_GRAMMARS = {"c": "tree_sitter_c", "c++": "tree_sitter_cpp", "rust": "tree_sitter_rust"}


@cache
def language(name: str) -> Language:
    """The grammar of ``c``, ``c++`` or ``rust``; ParserMissing if it can't be had."""
    try:
        import tree_sitter

        return tree_sitter.Language(_binding(_GRAMMARS[name]).language())
    except (ImportError, ValueError) as error:
        raise ParserMissing(
            f"reading {name} takes the packages tree-sitter and {_GRAMMARS[name]}"
            f" ({error}); pip install 'vmcsgen[check]' brings both"
        ) from None


def _binding(package: str) -> Any:
    """The extension module of a grammar package, without running the package's __init__.

    That __init__ imports importlib.resources for query files that are not used here, which costs
    more than parsing a header does.
    """
    from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, PathFinder
    from importlib.util import module_from_spec, spec_from_file_location

    found = PathFinder.find_spec(package)
    for folder in (found and found.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            path = os.path.join(folder, "_binding" + suffix)
            if os.path.exists(path):
                name = f"{package}._binding"
                loader = ExtensionFileLoader(name, path)
                spec = spec_from_file_location(name, path, loader=loader)
                assert spec is not None
                module = module_from_spec(spec)
                loader.exec_module(module)
                return module
    raise ImportError(f"{package} is not installed")


SECONDS = 4.0
"""Processor time that parsing a file may take."""

_AT_ONCE = 1 << 15
"""Smaller files are parsed without looking at the clock."""

_DEPTH_LIMIT = 500
"""Deeper nodes are not searched: the time that takes grows with the square of the depth."""


def parse(grammar: Language, content: bytes) -> Node:
    """The root node of the parse tree of ``content``; SyntaxFault if that takes too long.

    Binary files called ``.h`` and other noise keep the parser busy mending for minutes.
    """
    from tree_sitter import Parser

    if len(content) < _AT_ONCE:
        return Parser(grammar).parse(content).root_node
    deadline = process_time() + SECONDS

    def piece(offset: int, _: object) -> bytes:
        return content[offset : offset + _AT_ONCE]

    def late(*_: object) -> bool:
        return process_time() > deadline

    try:
        return Parser(grammar).parse(piece, progress_callback=late).root_node
    except ValueError:
        raise SyntaxFault(f"it takes more than {SECONDS:g} s to parse") from None


@cache
def query(grammar: Language, pattern: str) -> Query:
    """A compiled tree-sitter query."""
    import tree_sitter

    compiled: Query = tree_sitter.Query(grammar, pattern)
    return compiled


def captures(compiled: Query, root: Node) -> dict[str, list[Node]]:
    """What the query finds below ``root``, by capture name, each list in source order."""
    from tree_sitter import QueryCursor

    cursor = QueryCursor(compiled)
    cursor.set_max_start_depth(_DEPTH_LIMIT)
    found = cursor.captures(root)
    for nodes in found.values():
        nodes.sort(key=lambda node: (node.start_byte, -node.end_byte))
    return found


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


def outermost(nodes: list[Node]) -> list[Node]:
    """Those of ``nodes`` (in source order) that lie in none of the others."""
    kept: list[Node] = []
    for node in nodes:
        if not kept or node.start_byte >= kept[-1].end_byte:
            kept.append(node)
    return kept
