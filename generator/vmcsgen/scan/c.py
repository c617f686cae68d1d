"""C and C++: enums, #defines, constants, tables and macro lists."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.scan import syntax
from vmcsgen.scan.c_rows import macro_lists
from vmcsgen.scan.c_syntax import Syntax, trim
from vmcsgen.scan.constants import Constant, ConstantList, Span
from vmcsgen.scan.scopes import Scope, in_function

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from tree_sitter import Node


def lists(parsed: Syntax) -> Iterator[ConstantList]:
    """Every list of constants in the file: enums first, so that #defines may refer to them.

    A C++ enum may refer to constants above it: those are learnt before.
    """
    for node in _qualified(parsed) if parsed.source.language == "c++" else ():
        for _ in _declared_constants(parsed, node, parsed.around.scope(node)):
            pass
    yield from _enums(parsed)
    yield from _constants(parsed)
    yield from _defines(parsed)
    yield from _tables(parsed)
    yield from macro_lists(parsed)


def _enums(parsed: Syntax) -> Iterator[ConstantList]:
    enums = list(parsed.nodes("enum"))
    members: dict[int, list[Node]] = {}
    position = 0
    for node in parsed.nodes("enumerator"):
        while position < len(enums) and enums[position].end_byte <= node.start_byte:
            position += 1
        inside = position < len(enums) and enums[position].start_byte <= node.start_byte
        members.setdefault(position if inside else -1, []).append(node)
    for number, nodes in members.items():
        enum = enums[number] if number >= 0 else None
        title = "enum" if enum is None else _enum_title(parsed, enum)
        constants = tuple(_enumerators(parsed, nodes, *_enum_scopes(parsed, enum)))
        if constants:
            yield ConstantList(title, enum is not None, constants)


def _enum_title(parsed: Syntax, node: Node) -> str:
    name = node.child_by_field_name("name")
    return "enum" if name is None else f"enum {parsed.text(name)}"


def _enum_scopes(parsed: Syntax, enum: Node | None) -> tuple[Scope, Scope]:
    """The scope of what stands in an enum, and the one that its names can be called in as well."""
    if enum is None or parsed.source.language == "c":
        return (), ()
    around, name = parsed.around.scope(enum), enum.child_by_field_name("name")
    own = around if name is None else (*around, parsed.text(name))
    scoped = any(node.type in ("class", "struct") for node in enum.children[:2])
    return own, own if scoped else around


def _enumerators(
    parsed: Syntax, nodes: list[Node], scope: Scope, around: Scope
) -> Iterator[Constant]:
    following: int | None = 0
    for name, value in _named(parsed, nodes):
        if value is None:
            at = Span(name.start_byte, name.end_byte)
            reason = "" if following is not None else "the enumerator before it has no number"
            branch = parsed.branches.at(at.start).branch
            constant = Constant(parsed.text(name), following, at, at, False, True, reason, branch)
        else:
            constant = parsed.constant(name, value, scope)
        for each in {scope, around}:
            parsed.scopes.learn(constant.name, constant.value, each)
        following = None if constant.value is None else constant.value + 1
        yield constant


def _named(parsed: Syntax, nodes: list[Node]) -> Iterator[tuple[Node, Node | None]]:
    """The name and, if there is one, the value of each enumerator.

    Where a macro for an attribute stands between the two, the grammar sees two enumerators, and no
    comma.
    """
    name: Node | None = None
    end = 0
    for node in nodes:
        between = trim(parsed.content, end, node.start_byte)
        if name is None or between.start < between.end:
            if name is not None:
                yield name, None
            name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        end = node.end_byte
        if name is not None and value is not None:
            yield name, value
            name = None
    if name is not None:
        yield name, None


def _constants(parsed: Syntax) -> Iterator[ConstantList]:
    by_scope: dict[Scope, list[Constant]] = {}
    for node in _qualified(parsed):
        scope = parsed.around.scope(node)
        by_scope.setdefault(scope, []).extend(_declared_constants(parsed, node, scope))
    for scope, constants in by_scope.items():
        if constants:
            title = "::".join(in_function(scope)[1])
            yield ConstantList(f"const {title}".rstrip(), False, tuple(constants))


def _declared_constants(parsed: Syntax, node: Node, scope: Scope) -> Iterator[Constant]:
    """The constants of a declaration; later expressions can call them by name."""
    local = in_function(scope)[0] != ""
    for name, value in _declared(node):
        constant = parsed.constant(name, value, scope)
        parsed.scopes.learn(constant.name, constant.value, scope, local)
        yield constant


def _qualified(parsed: Syntax) -> Iterator[Node]:
    """The declarations that say const or constexpr, each once."""
    seen = -1
    for qualifier in parsed.nodes("qualifier"):
        node = qualifier.parent
        if (
            node is not None
            and node.type in ("declaration", "field_declaration")
            and node.start_byte != seen
            and parsed.text(qualifier) in ("const", "constexpr")
        ):
            seen = node.start_byte
            yield node


def _declared(node: Node) -> Iterator[tuple[Node, Node]]:
    if node.type == "field_declaration":
        name = node.child_by_field_name("declarator")
        value = node.child_by_field_name("default_value")
        if name is not None and value is not None:
            yield name, value
        return
    for child in node.children:
        if child.type == "init_declarator":
            name = child.child_by_field_name("declarator")
            value = child.child_by_field_name("value")
            if name is not None and value is not None and name.type == "identifier":
                if value.type == "initializer_list" and value.named_child_count == 1:
                    value = value.named_children[0]  # constexpr u32 x{0x681e};
                yield name, value


def _defines(parsed: Syntax) -> Iterator[ConstantList]:
    constants = []
    for node in parsed.nodes("define"):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and value is not None:
            constants.append(parsed.constant(name, value))
    if constants:
        yield ConstantList("#define", False, tuple(constants))


_NUMBER_KINDS = (
    "number_literal",
    "user_defined_literal",
    "parenthesized_expression",
    "binary_expression",
    "cast_expression",
)


def _tables(parsed: Syntax) -> Iterator[ConstantList]:
    for table in syntax.outermost(list(parsed.nodes("table"))):
        elements = parsed.source.first(syntax.elements(table))
        rows = syntax.paired(parsed.content, map(_row, elements))
        if rows:
            constants = tuple(parsed.constant(name, value) for name, value in rows)
            yield ConstantList(_table_title(parsed, table), True, constants)


def _table_title(parsed: Syntax, table: Node) -> str:
    """An enum whose underlying type the grammar can't read looks like a table: say what it is."""
    for outer in syntax.ancestors(table):
        if outer.type == "declaration":
            kind = outer.child_by_field_name("type")
            if kind is not None and kind.type == "enum_specifier":
                return _enum_title(parsed, kind)
            break
    return "table"


def _row(element: Node) -> syntax.Row:
    """The names and the numbers that one element of a table brings together."""
    names: list[Node] = []
    numbers: list[Node] = []
    pending = [element]
    for node in pending:  # which grows
        if len(names) + len(numbers) >= 8:
            break
        if node.type in _NUMBER_KINDS:
            numbers.append(node)
        elif node.type in ("string_literal", "identifier"):
            names.append(node)
        elif node.type == "initializer_pair":
            value = node.child_by_field_name("value")
            for designator in node.children_by_field_name("designator"):
                if designator.type == "subscript_designator":
                    pending.extend(designator.named_children)
            if value is not None:
                pending.append(value)
        elif node.type == "assignment_expression" or (
            # The former: an enum that looks like a table, see _table_title.
            node.type == "initializer_list" and (node is element or element.type != node.type)
        ):
            pending.extend(node.named_children)
    return names, numbers
