"""Rust: const and static items, enum discriminants, tables, associated constants, by module."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.records import Record
from vmcsgen.scan import syntax
from vmcsgen.scan.constants import Constant, ConstantList, Source, Span
from vmcsgen.scan.expression import RUST, evaluate
from vmcsgen.scan.macros import Unevaluated, is_literal
from vmcsgen.scan.patterns import lazy
from vmcsgen.scan.rust_macros import pairs
from vmcsgen.scan.scopes import Scope, Scopes, in_function, of_function

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
    "mod_item": "scope",
    "impl_item": "scope",
    "trait_item": "scope",
    "function_item": "scope",
}


def lists(source: Source) -> Iterator[ConstantList]:
    """Every list of constants in a Rust file."""
    found = syntax.collect(syntax.parse(syntax.language("rust"), source.content), _KINDS)
    scopes = [*found["scope"], *found["enum"]]
    reader = _Reader(source, _configured(source.content, found["attribute"]), scopes)
    owners = syntax.Around(found["enum"], lambda _: ())
    items = [item for node in source.first(found["constant"]) if (item := reader.item(node))]
    by_enum: dict[int, list[Node]] = {}
    for node in source.first(found["variant"]):
        owner = owners.innermost(node)
        by_enum.setdefault(-1 if owner is None else owner.start_byte, []).append(node)
    enums = [
        (enum, (*reader.around.scope(enum), *reader.called(enum)))
        for enum in found["enum"]
        if enum.start_byte in by_enum
    ]
    variants = [
        _Item(name, _span(value), scope)
        for enum, scope in enums
        for node in by_enum[enum.start_byte]
        if (name := node.child_by_field_name("name")) is not None
        and (value := node.child_by_field_name("value")) is not None
    ]
    reader.learn(items + variants)
    for enum, scope in enums:
        members = tuple(reader.variants(by_enum[enum.start_byte], scope))
        if any(not each.implicit for each in members):
            title = "" if enum.child_by_field_name("name") is None else scope[-1]
            yield ConstantList(f"enum {title}".rstrip(), True, members)
    by_function: dict[str, list[Constant]] = {}
    for item in items:
        by_function.setdefault(in_function(item.scope)[0], []).append(reader.constant(item))
    for constants in by_function.values():
        yield ConstantList("const", False, tuple(constants))
    for table in syntax.outermost(found["table"]):
        elements = source.first(syntax.elements(table))
        rows = syntax.paired(source.content, map(_row, elements))
        if rows:
            items = [_Item(name, _span(value), ()) for name, value in rows]
            yield ConstantList("table", True, tuple(map(reader.constant, items)))
    yield from _macros(reader, found["macro"])


class _Item(Record):
    """Where the name and the value of a constant stand, and the scope that it has the name in."""

    name: Node
    value: Span
    scope: Scope


_ROUNDS = 2
"""So often values are looked for that others, further below, stand in the way of."""


class _Reader:
    """Evaluates: an item may refer to those below it."""

    def __init__(self, source: Source, configured: dict[int, int], scopes: list[Node]) -> None:
        self.source = source
        self.configured = configured
        self.scopes = Scopes()
        self.around = syntax.Around(scopes, self.called)
        self.values: dict[Span, tuple[int | None, str]] = {}

    def item(self, node: Node) -> _Item | None:
        """The constant that an item declares, None if it is none."""
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return None
        if value.type in ("array_expression", "closure_expression"):
            return None
        return _Item(name, _span(value), self.around.scope(node))

    def called(self, node: Node) -> Scope:
        """What a module, type or function adds to the scope of what is in it."""
        if node.type == "function_item":
            return (of_function(node.start_byte),)
        name = node.child_by_field_name("name") or node.child_by_field_name("type")
        return () if name is None else (syntax.text(self.source.content, name),)

    def learn(self, items: list[_Item]) -> None:
        """Let every item be called by its name, in whatever order they stand."""
        for item in items:
            self.scopes.declare(self.text(item.name), item.scope)
        for everywhere in (False, True):  # what may be imported must be known before
            for _ in range(_ROUNDS):
                left = [item for item in items if not self.learnt(item, everywhere)]
                progress, items = len(left) < len(items), left[::-1]  # what is below comes first
                if not progress:
                    break

    def learnt(self, item: _Item, everywhere: bool = True) -> bool:
        """Whether an item has a value, which it can be called by from now on."""
        number, reason = self.evaluate(item, everywhere)
        self.values[item.value] = number, reason
        if number is not None:
            local = in_function(item.scope)[0] != ""
            self.scopes.learn(self.text(item.name), number, item.scope, local)
        return number is not None

    def evaluate(self, item: _Item, everywhere: bool) -> tuple[int | None, str]:
        text = self.source.content[item.value.start : item.value.end].decode("latin-1")
        try:
            return evaluate(text, self.scopes.at(item.scope, everywhere), RUST), ""
        except Unevaluated as error:
            return None, str(error)

    def text(self, node: Node) -> str:
        return syntax.text(self.source.content, node)

    def constant(self, item: _Item) -> Constant:
        """The constant; its name has the modules and types around it in its function."""
        if item.value not in self.values:
            self.learnt(item)
        text = self.source.content[item.value.start : item.value.end].decode("latin-1")
        number, reason = self.values[item.value]
        whole = item.name.parent
        condition = None if whole is None else self.configured.get(whole.start_byte)
        return Constant(
            "::".join((*in_function(item.scope)[1], self.text(item.name).strip('"'))),
            number,
            _span(item.name),
            item.value,
            is_literal(text),
            reason=reason,
            branch=() if condition is None else ((-1, condition),),
            alias_of=text if text.replace("::", "").isidentifier() else "",
        )

    def variants(self, nodes: list[Node], scope: Scope) -> Iterator[Constant]:
        """The variants of an enum, which are called by their own names alone."""
        following: int | None = 0
        for node in nodes:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is None:
                continue
            bare = self.text(name)
            if value is not None:
                constant = self.constant(_Item(name, _span(value), scope))._replace(name=bare)
            else:
                constant = Constant(bare, following, _span(name), _span(name), False, True)
            following = None if constant.value is None else constant.value + 1
            yield constant


def _span(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte)


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


def _row(element: Node) -> syntax.Row:
    """The names and the numbers that a tuple or struct in a table brings together."""
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
    return names, numbers


def _macros(reader: _Reader, macros: list[Node]) -> Iterator[ConstantList]:
    """Macro bodies such as ``vmcs_fields! { GUEST_RIP = 0x681e, ... }``, and what macros of one
    name make of few rows each, as ``vmcs_field!(GUEST_RIP, 0x681e);``."""
    few: dict[str, list[Constant]] = {}
    for macro in syntax.outermost(macros):
        tree = next((n for n in macro.named_children if n.type == "token_tree"), None)
        if tree is None:
            continue
        constants = [
            reader.constant(_Item(name, Span(value[0].start_byte, value[-1].end_byte), ()))
            for name, value in reader.source.first(pairs(tree))
        ]
        if len(constants) >= _ROWS_WANTED:
            yield ConstantList("macro", True, tuple(constants))
        elif constants:
            called = macro.child_by_field_name("macro")
            few.setdefault("" if called is None else reader.text(called), []).extend(constants)
    for name, constants in few.items():
        if len(constants) >= _ROWS_WANTED:
            yield ConstantList(f"{name}!(...)", True, tuple(reader.source.first(constants)))


_ROWS_WANTED = 3
