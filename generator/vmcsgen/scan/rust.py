"""Rust: const and static items, enum discriminants, tables, associated constants, by module."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.scan import syntax
from vmcsgen.scan.constants import Constant, ConstantList, Source, Span
from vmcsgen.scan.expression import RUST, evaluate
from vmcsgen.scan.macros import Unevaluated, is_literal
from vmcsgen.scan.patterns import lazy
from vmcsgen.scan.rust_macros import pairs

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from tree_sitter import Node

_KINDS = {
    "const_item": "constant",
    "static_item": "constant",
    "enum_item": "enum",
    "enum_variant": "variant",
    "array_expression": "table",
    "macro_invocation": "macro",
    "attribute_item": "attribute",
}


def lists(source: Source) -> Iterator[ConstantList]:
    """Every list of constants in a Rust file."""
    found = syntax.collect(syntax.parse(syntax.language("rust"), source.content), _KINDS)
    reader = _Reader(source, _configured(source.content, found["attribute"]))
    by_function: dict[int, list[Constant]] = {}
    for node in source.first(found["constant"]):
        value = node.child_by_field_name("value")
        name = node.child_by_field_name("name")
        if (
            name is None
            or value is None
            or value.type in ("array_expression", "closure_expression")
        ):
            continue
        function, module = _home(source, node)
        by_function.setdefault(function, []).append(reader.constant(name, _span(value), module))
    by_enum: dict[int, list[Node]] = {}
    for node in source.first(found["variant"]):
        owner = next((n for n in syntax.ancestors(node) if n.type == "enum_item"), None)
        by_enum.setdefault(-1 if owner is None else owner.start_byte, []).append(node)
    for enum in found["enum"]:
        name = enum.child_by_field_name("name")
        title = "" if name is None else syntax.text(source.content, name)
        variants = tuple(reader.variants(by_enum.get(enum.start_byte, []), title))
        if any(not each.implicit for each in variants):
            yield ConstantList(f"enum {title}".rstrip(), True, variants)
    for constants in by_function.values():
        yield ConstantList("const", False, tuple(constants))
    for table in syntax.outermost(found["table"]):
        elements = source.first(syntax.elements(table))
        rows = [row for each in elements if (row := _row(each)) is not None]
        if rows:
            yield ConstantList(
                "table", True, tuple(reader.constant(name, _span(value)) for name, value in rows)
            )
    yield from _macros(reader, found["macro"])


class _Reader:
    """Evaluates in source order: a constant may refer to those before it."""

    def __init__(self, source: Source, configured: dict[int, int]) -> None:
        self.source = source
        self.configured = configured
        self.names: dict[str, int] = {}

    def constant(self, name: Node, value: Span, module: str = "", owner: str = "") -> Constant:
        """The constant at this node; it can be called by its module's or ``owner``'s name."""
        text = self.source.content[value.start : value.end].decode("latin-1")
        bare = syntax.text(self.source.content, name).strip('"')
        number, reason = self.evaluate(text)
        item = name.parent
        condition = None if item is None else self.configured.get(item.start_byte)
        if number is not None:
            self.names[bare] = number
            if module or owner:
                self.names[f"{owner or module.rpartition('::')[2]}::{bare}"] = number
        return Constant(
            f"{module}::{bare}" if module else bare,
            number,
            Span(name.start_byte, name.end_byte),
            value,
            is_literal(text),
            reason=reason,
            branch=() if condition is None else ((-1, condition),),
            alias_of=text if text.replace("::", "").isidentifier() else "",
        )

    def evaluate(self, text: str) -> tuple[int | None, str]:
        try:
            return evaluate(text, self.names, RUST), ""
        except Unevaluated as error:
            return None, str(error)

    def variants(self, nodes: list[Node], enum: str) -> Iterator[Constant]:
        following: int | None = 0
        for node in nodes:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is None:
                continue
            if value is not None:
                constant = self.constant(name, _span(value), "", enum)
            else:
                at = Span(name.start_byte, name.end_byte)
                bare = syntax.text(self.source.content, name)
                constant = Constant(bare, following, at, at, False, True)
            following = None if constant.value is None else constant.value + 1
            yield constant


def _span(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte)


def _home(source: Source, node: Node) -> tuple[int, str]:
    """Where the innermost function around an item begins (-1: none), and the modules and types in
    that function, "" if there are none."""
    modules: list[str] = []
    for parent in syntax.ancestors(node):
        if parent.type == "function_item":
            return parent.start_byte, "::".join(reversed(modules))
        if parent.type in ("mod_item", "impl_item", "trait_item"):
            name = parent.child_by_field_name("name") or parent.child_by_field_name("type")
            if name is not None:
                modules.append(syntax.text(source.content, name))
    return -1, "::".join(reversed(modules))


_BETWEEN = lazy(rb"(?:\s|//[^\n]*)*")
_CONDITION = lazy(rb"#\s*\[\s*cfg\b")


def _configured(content: bytes, attributes: list[Node]) -> dict[int, int]:
    """Where items below ``#[cfg(...)]`` begin -> where that does: what of them is compiled is not
    known. Other attributes and comments may stand between."""
    found: dict[int, int] = {}
    for node in attributes:
        between = _BETWEEN().match(content, node.end_byte)
        item = between.end() if between else node.end_byte
        if _CONDITION().match(content, node.start_byte):
            found[item] = node.start_byte
        elif node.start_byte in found:
            found[item] = found[node.start_byte]
    return found


_NUMBERS = (
    "integer_literal",
    "binary_expression",
    "parenthesized_expression",
    "type_cast_expression",
)


_ROWS = ("tuple_expression", "struct_expression", "call_expression")


def _row(element: Node) -> tuple[Node, Node] | None:
    """The name and the number that a tuple or struct in a table pairs."""
    names: list[Node] = []
    numbers: list[Node] = []
    pending = [element]
    for node in pending:  # which grows
        if len(names) + len(numbers) >= 8:
            break
        if node.type in _NUMBERS:
            numbers.append(node)
        elif node.type in ("string_literal", "identifier", "scoped_identifier"):
            names.append(node)
        elif node.type == "field_initializer":
            value = node.child_by_field_name("value")
            if value is not None:
                pending.append(value)
        elif node.type in ("field_initializer_list", "arguments"):
            pending.extend(node.named_children)
        elif node is element and node.type in _ROWS:
            called = node.child_by_field_name("function") or node.child_by_field_name("name")
            pending.extend(each for each in node.named_children if each != called)
    return syntax.paired(names, numbers)


def _macros(reader: _Reader, macros: list[Node]) -> Iterator[ConstantList]:
    """Macro bodies such as ``vmcs_fields! { GUEST_RIP = 0x681e, ... }`` and ``(0x681e, ...)``."""
    for macro in syntax.outermost(macros):
        tree = next((n for n in macro.named_children if n.type == "token_tree"), None)
        if tree is None:
            continue
        constants = tuple(
            reader.constant(name, Span(value[0].start_byte, value[-1].end_byte))
            for name, value in reader.source.first(pairs(tree))
        )
        if len(constants) >= 3:
            yield ConstantList("macro", True, constants)
