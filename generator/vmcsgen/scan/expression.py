"""Constant expressions of C, C++, Rust and assembler: expanded tokens to a number.

Whatever can't be evaluated raises Unevaluated with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vmcsgen.records import Record
from vmcsgen.scan.components import encoding
from vmcsgen.scan.macros import (
    DEPTH_LIMIT,
    Names,
    Room,
    Unevaluated,
    call_arguments,
    expand,
    literal,
    tokens,
)

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import NoReturn

_SIZE_LIMIT = 128
"""Widest intermediate value, in bits."""


class Dialect(Record):
    """What differs between languages: ``levels`` has the precedence of each binary operator."""

    levels: Mapping[str, int]
    octal: bool
    """Whether a leading zero means base 8."""
    logical_not: bool
    """Whether ``!`` makes a truth, not the complement."""


_LEVELS: Mapping[str, int] = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7,
    ">=": 7, "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
_GAS_LEVELS: Mapping[str, int] = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, ">": 3, "<=": 3, ">=": 3, "+": 3, "-": 3,
    "|": 4, "^": 4, "&": 4, "<<": 5, ">>": 5, "*": 5, "/": 5, "%": 5,
}  # fmt: skip

C = Dialect(_LEVELS, True, True)
RUST = Dialect(_LEVELS, False, False)
GAS = Dialect(_GAS_LEVELS, True, True)
"""GNU as, whose shifts bind as multiplication does (its manual: Infix Operators)."""


def evaluate(text: str, names: Names, dialect: Dialect = C, room: Room | None = None) -> int:
    """The value of a constant expression; Unevaluated with the reason if it has none.

    ``room`` bounds what all expressions of a file may expand to.
    """
    expanded = expand(tokens(text), names, room)
    if not expanded:
        raise Unevaluated("it is empty")
    return _Parser(expanded, names, dialect).whole()


_CASTS = frozenset(
    "unsigned signed int long short char const uint ulong u8 u16 u32 u64 s8 s16 s32 s64 "
    "uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t size_t usize isize "
    "uintptr_t __u8 __u16 __u32 __u64 i8 i16 i32 i64 i128 u128 UINT8 UINT16 UINT32 UINT64 "
    "UINTN enum".split()
)


def _bits(high: int, low: int) -> int:
    if not 0 <= low <= high < 64:
        raise Unevaluated("a bit range is outside 0 to 63")
    return (1 << high + 1) - (1 << low)


_FUNCTIONS: Mapping[str, tuple[int, Callable[..., int]]] = {
    **dict.fromkeys(
        ("BIT", "BIT_ULL", "_BITUL", "_BITULL", "RT_BIT", "RT_BIT_32", "RT_BIT_64", "BIT32"),
        (1, lambda bit: _bits(bit, bit)),
    ),
    **dict.fromkeys(("GENMASK", "GENMASK_ULL"), (2, _bits)),
    **dict.fromkeys(
        (
            "UINT8_C",
            "UINT16_C",
            "UINT32_C",
            "UINT64_C",
            "INT32_C",
            "INT64_C",
            "_UL",
            "_ULL",
            "U",
            "UL",
            "ULL",
        ),
        (1, lambda value: value),
    ),
}
"""Macros of common headers whose definition a file need not hold."""


class _Parser:
    """Precedence climbing over expanded tokens."""

    def __init__(self, sequence: Sequence[str], names: Names, dialect: Dialect) -> None:
        self.sequence = sequence
        self.names = names
        self.dialect = dialect
        self.position = 0

    def whole(self) -> int:
        value = self.ternary(0)
        if self.position < len(self.sequence):
            self.stop(f"it has {self.peek()!r} where it should end")
        return value

    def peek(self) -> str:
        return self.sequence[self.position] if self.position < len(self.sequence) else ""

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            self.stop(f"{wanted!r} is missing")
        self.position += 1

    def stop(self, reason: str) -> NoReturn:
        raise Unevaluated(reason[:120])

    def ternary(self, depth: int) -> int:
        value = self.binary(1, depth)
        if self.peek() != "?":
            return value
        self.position += 1
        chosen = self.ternary(depth + 1)
        self.take(":")
        other = self.ternary(depth + 1)
        return chosen if value else other

    def binary(self, level: int, depth: int) -> int:
        if depth > DEPTH_LIMIT:
            self.stop("it is nested too deeply")
        levels = self.dialect.levels
        value = self.unary(depth)
        while levels.get(self.peek(), 0) >= level:
            operator = self.peek()
            self.position += 1
            right = self.binary(levels[operator] + 1, depth + 1)
            value = _apply(operator, value, right)
        return value

    def unary(self, depth: int) -> int:
        if depth > DEPTH_LIMIT:
            self.stop("it is nested too deeply")
        token = self.peek()
        if token in ("-", "+", "~", "!"):
            self.position += 1
            value = self.unary(depth + 1)
            if token == "!" and self.dialect.logical_not:
                return int(not value)
            return {"-": -value, "+": value}.get(token, ~value)
        value = self.primary(depth)
        while self.peek() == "as":  # Rust: Field::GuestRip as u32
            self.position += 1
            while self.peek() == "::" or self.peek().isidentifier():
                self.position += 1
        return value

    def primary(self, depth: int) -> int:
        if depth > DEPTH_LIMIT:
            self.stop("it is nested too deeply")
        token = self.peek()
        self.position += 1
        if token == "(":
            return self.parenthesis(depth)
        if token[:1].isdigit():
            value = literal(token, self.dialect.octal)
            if value is None or value.bit_length() > _SIZE_LIMIT:
                self.stop(f"{token!r} is not an integer")
            return value
        if token == "$" and self.peek()[:1].isdigit():
            return self.primary(depth + 1)
        if token.isidentifier():
            return self.identifier(token, depth)
        return self.stop(f"{token!r} is not a number or a name" if token else "it ends too early")

    def parenthesis(self, depth: int) -> int:
        closing = self.position
        while closing < len(self.sequence) and self.sequence[closing].isidentifier():
            closing += 1
        inside = self.sequence[self.position : closing]
        if inside and self.sequence[closing : closing + 1] == [")"]:
            following = "".join(self.sequence[closing + 1 : closing + 2])
            # A number behind it leaves no other meaning: (field_t)0x681e.
            if inside[0] in _CASTS or following[:1].isdigit():
                self.position = closing + 1
                return self.unary(depth + 1)
        value = self.ternary(depth + 1)
        self.take(")")
        return value

    def identifier(self, name: str, depth: int) -> int:
        path = ""
        while self.peek() == "::":  # of a path the last two parts, else the last one
            self.position += 1
            path, name = f"{name}::{self.peek()}", self.peek()
            self.position += 1
        if name == "static_cast" and self.peek() == "<":
            while self.peek() not in (">", ""):
                self.position += 1
            self.position += 1
            return self.primary(depth + 1)
        if self.peek() == "(":
            return self.call(name, depth)
        value = self.names.get(path) if path else None
        if value is None:
            value = self.names.get(name)
        if isinstance(value, int):
            return value
        if isinstance(value, str):
            self.stop(value)
        return self.stop(f"{name} is not defined as a number in this file")

    def call(self, name: str, depth: int) -> int:
        if name == "_AC":  # Linux: a literal and the suffix to give it
            self.position += 1
            value = self.ternary(depth + 1)
            while self.peek() not in (")", ""):
                self.position += 1
            self.take(")")
            return value
        if name in _CASTS:
            return self.primary(depth + 1)
        known = _FUNCTIONS.get(name)
        if known is None:
            return self.component(name)
        count, function = known
        self.position += 1
        values = [self.ternary(depth + 1)]
        while self.peek() == ",":
            self.position += 1
            values.append(self.ternary(depth + 1))
        self.take(")")
        if len(values) != count:
            self.stop(f"{name} takes {count} arguments")
        return function(*values)

    def component(self, name: str) -> int:
        """A call that nothing is known of: an encoding, if its arguments are the words for one."""
        arguments, following = call_arguments(self.sequence, self.position)
        indexes = [value for each in arguments if (value := _number(each)) is not None]
        words = [each[-1] for each in arguments if each and _number(each) is None]
        found = encoding(indexes[0], words) if len(indexes) == 1 and len(words) > 1 else None
        if found is None:
            self.stop(f"{name}(...) is not a macro defined in this file")
        self.position = following
        while self.peek() == ".":  # encode(...).value
            self.position += 2
            if self.peek() == "(":
                self.position = call_arguments(self.sequence, self.position)[1]
        return found


def _number(sequence: Sequence[str]) -> int | None:
    return literal(sequence[0]) if len(sequence) == 1 else None


def _apply(operator: str, left: int, right: int) -> int:
    match operator:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case "/" | "%":
            if right == 0:
                raise Unevaluated("it divides by zero")
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            value = quotient if operator == "/" else left - right * quotient
        case "<<" | ">>":
            if not 0 <= right < 64:
                raise Unevaluated(f"it shifts by {right}")
            value = left << right if operator == "<<" else left >> right
        case "&":
            value = left & right
        case "|":
            value = left | right
        case "^":
            value = left ^ right
        case "&&":
            value = int(bool(left and right))
        case "||":
            value = int(bool(left or right))
        case _:
            value = int(_COMPARISONS[operator](left, right))
    if value.bit_length() > _SIZE_LIMIT:
        raise Unevaluated(f"a value has more than {_SIZE_LIMIT} bits")
    return value


_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}
