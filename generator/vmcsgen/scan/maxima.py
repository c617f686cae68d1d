"""Maxima typed by hand: an index limit or a VMCS_ENUM value that is a number in the source.

IA32_VMX_VMCS_ENUM is a property of a set of capabilities (SDM A.9), so a number is at best right
for one processor. Found are constants named for it, and the places where code gives the MSR, or
a member named for it, a number: arguments, assignments, initialisers, the case of a switch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from vmcsgen.records import Record
from vmcsgen.scan.constants import Constant, Source, Span
from vmcsgen.scan.expression import evaluate
from vmcsgen.scan.macros import Unevaluated, literal
from vmcsgen.scan.patterns import lazy
from vmcsgen.scan.syntax import ancestors
from vmcsgen.scan.words import claimed_width

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from tree_sitter import Node

    from vmcsgen.scan.c_syntax import Syntax

IA32_VMX_VMCS_ENUM = 0x48A

_WHOLE_INDEX = (0x1FF, 0x3FE)
"""All bits that an index has: the mask of it, whatever it is called (SDM 27.11.2, A.9)."""


class TypedMaximum(Record):
    """A number that stands for the highest index, as raw VMCS_ENUM value (index shifted left)."""

    name: str
    vmcs_enum: int
    at: Span


_SAYS_ENUM = lazy(r"vmcs_?enum", re.IGNORECASE)
_SAYS_LIMIT = lazy(r"(?:^|_)(?:max|highest|largest|last|hi)(?:_|$)", re.IGNORECASE)
_SAYS_INDEX = lazy(r"(?:^|_)(?:index|idx)(?:_|$)", re.IGNORECASE)
_SAYS_ENCODING = lazy(r"(?:^|_)(?:encoding|enc)(?:_|$)", re.IGNORECASE)
_SAYS_OTHER = lazy(
    r"(?:^|_)(?:mask|shift|bits?|msr|bitpos|pos|offset|width|bf|len|count|type|reserved|rsvd|lo)"
    r"(?:_|$)|^(?:X86_)?MSR|_MSR",
    re.IGNORECASE,
)


def of_constants(constants: Iterable[Constant], source: Source) -> Iterator[TypedMaximum]:
    """Constants whose name says the maximum, and whose value is nothing but a number."""
    for constant in constants:
        raw = _raw(constant)
        if raw is not None and _number(source.text(constant.value_at)) is not None:
            yield TypedMaximum(constant.name, raw, constant.value_at)


def _raw(constant: Constant) -> int | None:
    name, value = constant.name, constant.value
    if value is None or constant.implicit:
        return None
    lowered = name.lower()
    if "vmcs" not in lowered or not any(word in lowered for word in _CLUES):
        return None
    if _SAYS_OTHER().search(name) or value in (IA32_VMX_VMCS_ENUM, *_WHOLE_INDEX):
        return None
    if _SAYS_ENUM().search(name):
        return value if _plausible(value) else None
    if not _SAYS_LIMIT().search(name) or claimed_width(name) is not None:
        return None  # what bounds the fields of one width is no VMCS_ENUM
    if _SAYS_INDEX().search(name):
        return value << 1 if 0 < value < 0x200 else None
    if _SAYS_ENCODING().search(name):
        return value if _plausible(value) else None
    return None


_CLUES = ("enum", "max", "highest", "largest", "last", "hi_")
"""One of these is in every name that the patterns above could take: they need not be tried."""


def _plausible(value: int) -> bool:
    """Whether a number can be meant as a VMCS_ENUM value: bits 9:1, some of them set."""
    return 0 < value < 0x400 and value & 1 == 0


def _number(text: str) -> int | None:
    """The value of an expression that names nothing, None if it does."""
    try:
        return evaluate(text, {})
    except Unevaluated:
        return None


_CLUE = lazy(rb"vmcs_?enum", re.IGNORECASE)
_IS_ENUM = lazy(r"vmcs_?enum(?:_value|_val)?$", re.IGNORECASE)


def of_uses(parsed: Syntax) -> Iterator[TypedMaximum]:
    """The numbers that C code gives to the MSR or to a member named for it."""
    seen: set[int] = set()
    for clue in _CLUE().finditer(parsed.content):
        node = parsed.root.descendant_for_byte_range(clue.start(), clue.end())
        if node is None or node.start_byte in seen:
            continue
        seen.add(node.start_byte)
        if node.type not in ("identifier", "field_identifier"):
            continue
        name = parsed.text(node)
        if not parsed.branches.at(node.start_byte).compiled:
            continue
        value = _given(node, name)
        if value is None:
            continue
        number = _number(parsed.text(value))
        if number is not None and _plausible(number) and number != IA32_VMX_VMCS_ENUM:
            yield TypedMaximum(name, number, Span(value.start_byte, value.end_byte))


_MSR_KINDS = ("identifier", "qualified_identifier", "parenthesized_expression", "cast_expression")
"""What stands for the MSR among arguments: beside a member, or its address, a number is a size."""


def _given(node: Node, name: str) -> Node | None:
    """The expression that the code around an identifier, ``name``, gives to what it names."""
    inner = node
    for outer in ancestors(node):
        kind = outer.type
        if kind in ("argument_list", "initializer_list"):
            return _beside(outer, inner) if inner.type in _MSR_KINDS else None
        if kind == "initializer_pair":
            value = outer.child_by_field_name("value")
            return value if value is not None and value.id != inner.id else None
        if kind == "assignment_expression":
            right = outer.child_by_field_name("right")
            return right if right is not None and right.id != inner.id else None
        if kind == "init_declarator":
            named = inner.id == node.id and _IS_ENUM().search(name)
            return outer.child_by_field_name("value") if named else None
        if kind == "case_statement":
            return _first_assigned(outer, inner)
        if kind in ("expression_statement", "compound_statement", "declaration"):
            return None
        inner = outer
    return None


def _beside(parent: Node, child: Node) -> Node | None:
    """What follows ``child`` among the children of a list, if that is a number's place."""
    following = False
    for each in parent.named_children:
        if following and each.type != "comment":
            return each
        following = following or each.id == child.id
    return None


def _first_assigned(case: Node, label: Node) -> Node | None:
    """What the first statement of a ``case`` assigns or returns, if the case is the MSR's."""
    value = case.child_by_field_name("value")
    if value is None or value.id != label.id:
        return None
    for statement in case.named_children:
        if statement.type == "expression_statement" and statement.named_children:
            expression = statement.named_children[0]
            if expression.type == "assignment_expression":
                return expression.child_by_field_name("right")
            return None
        if statement.type == "return_statement":
            return next(iter(statement.named_children), None)
    return None


class NarrowIndex(Record):
    """A place that keeps fewer bits of an index than the architecture or the spec needs."""

    name: str
    bits: int
    at: Span
    what: str


_INDEX_NAME = lazy(r"(?:^|_)(?:index|idx)$", re.IGNORECASE)

_MASK = lazy(rb"(index|idx)\s*&\s*(0x[0-9a-f]+|[0-9]+)\b", re.IGNORECASE)
_SHIFTED = lazy(rb"(>>\s*1[\s)]*[&%])\s*(0x[0-9a-f]+|[0-9]+)\b", re.IGNORECASE)
_NAMED = ("function_definition", "preproc_function_def")
_NAMED_FOR_INDEX = lazy(r"vmcs\w*(?:index|idx)|(?:index|idx)\w*vmcs", re.IGNORECASE)
_BIT_FIELD = lazy(rb"(?:index|idx)\s*:\s*([0-9]+)\s*;", re.IGNORECASE)


def narrow_indexes(parsed: Syntax) -> Iterator[NarrowIndex]:
    """Masks and bit-fields that hold an index of a VMCS encoding in fewer than 9 bits.

    A mask counts where the function around it speaks of VMCS and shifts a type or a width beside
    it, or where the function or macro is named for the index of a VMCS encoding; a bit-field named
    index counts in a union or struct named for the VMCS, beside an access type or a width.
    """
    lowered = parsed.content.lower()
    if b"idx" not in lowered and b"index" not in lowered:
        return
    # By where the function begins: it may be long, and full of masks.
    decoding: dict[int, bool] = {}
    for shifted, pattern in enumerate((_MASK, _SHIFTED)):
        for mask in pattern().finditer(parsed.content):
            node = parsed.root.descendant_for_byte_range(mask.start(1), mask.end(2))
            value = (literal(mask[2].decode("latin-1")) or 0) - mask[1].endswith(b"%")
            if node is None or value < 7 or value & value + 1:
                continue
            if node.type not in ("binary_expression", "preproc_arg") or _counts_a_shift(node):
                continue
            home = next((n for n in ancestors(node) if n.type in _NAMED), None)
            if home is None:
                continue
            if home.start_byte not in decoding:
                decoding[home.start_byte] = _decodes(parsed, home)
            if decoding[home.start_byte]:
                name, kept = "index", Span(mask.start(2), mask.end(2))
                if not shifted and node.type == "binary_expression":
                    name = parsed.text(node).partition("&")[0].strip()
                    kept = Span(node.start_byte, node.end_byte)
                yield NarrowIndex(name, value.bit_length(), kept, "masked to")
    for field in _BIT_FIELD().finditer(parsed.content):
        node = parsed.root.descendant_for_byte_range(field.start(), field.start() + 1)
        if node is None or node.type != "field_identifier":
            continue
        name = parsed.text(node)
        if not _INDEX_NAME().search(name):
            continue
        around = [n for n in ancestors(node) if n.type in ("struct_specifier", "union_specifier")]
        if any("vmcs" in _record_name(parsed, n) for n in around) and _is_encoding(parsed, around):
            at = Span(node.start_byte, field.end())
            yield NarrowIndex(name, int(field[1][:4]), at, "stored in")


def _counts_a_shift(mask: Node) -> bool:
    """Whether a mask says by how much something is shifted: which bit of a word of a bitmap, as in
    ``map[index >> 5] |= 1 << (index & 31)``."""
    inner = mask
    for outer in ancestors(mask):
        if outer.type == "binary_expression":
            operator, right = (outer.child_by_field_name(each) for each in ("operator", "right"))
            return (
                operator is not None
                and operator.type in ("<<", ">>", "<<=", ">>=")
                and right is not None
                and right.id == inner.id
            )
        if outer.type != "parenthesized_expression":
            return False
        inner = outer
    return False


def _decodes(parsed: Syntax, around: Node) -> bool:
    """Whether a function or macro takes encodings of the VMCS apart."""
    text = parsed.text(around)
    head = text.partition("{")[0] if around.type == "function_definition" else text
    if _NAMED_FOR_INDEX().search(head.partition("(")[0]):
        return True
    return around.type == "function_definition" and all(
        word in text.lower() for word in ("vmcs", "width", "type")
    )


def _is_encoding(parsed: Syntax, around: Sequence[Node]) -> bool:
    """Whether the members beside an index are those of an encoding, not of an instruction."""
    beside = parsed.text(around[0]).lower()
    return "access" in beside or "width" in beside


def _record_name(parsed: Syntax, record: Node) -> str:
    name = record.child_by_field_name("name")
    return "" if name is None else parsed.text(name).lower()
