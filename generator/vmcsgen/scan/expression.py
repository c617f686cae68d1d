"""Constant expressions of C, C++, Rust and assembler: text to tokens, tokens to a number.

Macros expand as the preprocessor does it, token by token, so that a missing parenthesis has the
effect it has in a compiler. Whatever can't be evaluated raises Unevaluated with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn

from vmcsgen.excerpt import counted
from vmcsgen.scan.components import encoding
from vmcsgen.scan.patterns import lazy

TOKEN_LIMIT = 4096
"""Most tokens an expression may have, or expand to."""

DEPTH_LIMIT = 48
"""Deepest nesting of macros, parentheses and operators."""

_SIZE_LIMIT = 128
"""Widest intermediate value, in bits."""


class Unevaluated(Exception):
    """An expression that has no number; the text says why, as a clause for people."""


class Macro(NamedTuple):
    """A #define: parameters (None: object-like) and the tokens it stands for."""

    parameters: tuple[str, ...] | None
    tokens: tuple[str, ...]


Names = Mapping[str, Macro | int]
"""What identifiers stand for: macros, or values already known (enumerators, constants)."""

_TOKEN = lazy(
    r"""
    (?P<blank>(?:\s|\\\r?\n|/\*.*?(?:\*/|\Z)|//(?:\\\r?\n|[^\n])*)+)
  | (?P<number>\.?[0-9](?:[eEpP][+-]|'(?=\w)|[\w.])*)
  | (?P<name>[^\W\d][\w$]*)
  | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
  | (?P<operator><<|>>|\#\#|::|&&|\|\||[<>=!]=|->|\S)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of ``text`` without comments, blanks and line continuations.

    Unevaluated if there are too many.
    """
    found = [
        match[0]
        for match in _TOKEN().finditer(text[: TOKEN_LIMIT * 64])
        if match.lastgroup != "blank"
    ]
    if len(found) > TOKEN_LIMIT or len(text) > TOKEN_LIMIT * 64:
        raise Unevaluated(f"it has more than {TOKEN_LIMIT} tokens")
    return tuple(found)


_LITERAL = lazy(
    r"(?:0[xX](?P<hex>[0-9a-fA-F][0-9a-fA-F_']*?)|0[bB](?P<bin>[01][01_']*?)"
    r"|0[oO](?P<oct>[0-7][0-7_]*?)|(?P<dec>[0-9][0-9_']*?))"
    r"(?:_?(?:[uU]|[lL]{1,2}|[uU][lL]{1,2}|[lL]{1,2}[uU]|[uU]?[zZ]|[ui](?:8|16|32|64|128|size))"
    r"|(?!_[kmgt]i?b?$)(?=_[a-z0-9]*[g-z])_[a-z][a-z0-9]*)?"
)
_MASM_HEX = lazy(r"[0-9][0-9a-fA-F]*[hH]")


def literal(text: str, octal: bool = True) -> int | None:
    """The number that one literal token writes, None if it is no integer literal.

    Suffixes (``UL``, ``_u32``, a C++ library's own but for those of sizes, as ``_kb``), separators
    (``'``, ``_``), ``0X`` and ``0b`` are understood;
    with ``octal`` a leading zero means base 8 as in C.
    """
    if len(text) > 80:
        return None
    if text[:2] == "0x" and text.isalnum():  # what nearly all are; the pattern knows the rest
        try:
            return int(text, 16)
        except ValueError:
            pass
    match = _LITERAL().fullmatch(text)
    if match is None:
        return int(text[:-1], 16) if _MASM_HEX().fullmatch(text) else None
    for group, base in (("hex", 16), ("bin", 2), ("oct", 8)):
        if match[group] is not None:
            return int(match[group].replace("'", "").replace("_", ""), base)
    digits = match["dec"].replace("'", "").replace("_", "")
    if octal and len(digits) > 1 and digits[0] == "0":
        return int(digits, 8) if set(digits) <= set("01234567") else None
    return int(digits)


def evaluate(text: str, names: Names, octal: bool = True) -> int:
    """The value of a constant expression; Unevaluated with the reason if it has none."""
    expanded = expand(tokens(text), names)
    if not expanded:
        raise Unevaluated("it is empty")
    return _Parser(expanded, names, octal).whole()


def is_literal(text: str) -> bool:
    """Whether ``text`` is one integer literal, perhaps in parentheses."""
    stripped = text.strip()
    while stripped[:1] == "(" and stripped[-1:] == ")":
        stripped = stripped[1:-1].strip()
    return literal(stripped) is not None


def expand(sequence: Sequence[str], names: Names) -> list[str]:
    """``sequence`` with every macro of ``names`` expanded; Unevaluated past the limits."""
    budget = [TOKEN_LIMIT]
    return list(_expand(sequence, names, frozenset(), budget, 0))


def _expand(
    sequence: Sequence[str], names: Names, active: frozenset[str], budget: list[int], depth: int
) -> Iterator[str]:
    if depth > DEPTH_LIMIT:
        raise Unevaluated("its macros are nested too deeply")
    position = 0
    while position < len(sequence):
        token = sequence[position]
        position += 1
        macro = names.get(token)
        if not isinstance(macro, Macro) or token in active:
            budget[0] -= 1
            if budget[0] < 0:
                raise Unevaluated(f"its macros expand to more than {TOKEN_LIMIT} tokens")
            yield token
            continue
        if macro.parameters is None:
            body: Sequence[str] = _paste(macro.tokens, {})
        elif position < len(sequence) and sequence[position] == "(":
            arguments, position = _arguments(sequence, position)
            if len(arguments) != len(macro.parameters):
                raise Unevaluated(f"{token} takes {counted(len(macro.parameters), 'argument')}")
            body = _paste(macro.tokens, dict(zip(macro.parameters, arguments, strict=True)))
        else:
            yield token
            continue
        if len(body) > budget[0]:
            raise Unevaluated(f"its macros expand to more than {TOKEN_LIMIT} tokens")
        yield from _expand(body, names, active | {token}, budget, depth + 1)


def _arguments(sequence: Sequence[str], position: int) -> tuple[list[list[str]], int]:
    """The arguments of a call whose ``(`` stands at ``position``, and what follows its ``)``."""
    arguments: list[list[str]] = [[]]
    nesting = 0
    for index in range(position, len(sequence)):
        token = sequence[index]
        if token in "([{":
            nesting += 1
            if nesting == 1:
                continue
        elif token in ")]}":
            nesting -= 1
            if nesting == 0:
                return (arguments if arguments != [[]] else []), index + 1
        if token == "," and nesting == 1:
            arguments.append([])
        else:
            arguments[-1].append(token)
    raise Unevaluated("a parenthesis is not closed")


def _paste(body: Sequence[str], arguments: Mapping[str, Sequence[str]]) -> list[str]:
    """``body`` with parameters replaced and ``##`` joined (C11 6.10.3)."""
    replaced: list[str] = []
    joining = False
    for token in body:
        if token == "##":
            joining = bool(replaced)
            continue
        piece = list(arguments.get(token, (token,)))
        if joining and piece:
            replaced[-1] += piece.pop(0)
        replaced.extend(piece)
        joining = False
        if len(replaced) > TOKEN_LIMIT:
            raise Unevaluated(f"its macros expand to more than {TOKEN_LIMIT} tokens")
    return replaced


_LEVELS: Mapping[str, int] = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7,
    ">=": 7, "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip

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
        ("UINT8_C", "UINT16_C", "UINT32_C", "UINT64_C", "INT32_C", "INT64_C", "_UL", "_ULL"),
        (1, lambda value: value),
    ),
}
"""Macros of common headers whose definition a file need not hold."""


class _Parser:
    """Precedence climbing over expanded tokens."""

    def __init__(self, sequence: Sequence[str], names: Names, octal: bool) -> None:
        self.sequence = sequence
        self.names = names
        self.octal = octal
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
        value = self.unary(depth)
        while _LEVELS.get(self.peek(), 0) >= level:
            operator = self.peek()
            self.position += 1
            right = self.binary(_LEVELS[operator] + 1, depth + 1)
            value = _apply(operator, value, right)
        return value

    def unary(self, depth: int) -> int:
        if depth > DEPTH_LIMIT:
            self.stop("it is nested too deeply")
        token = self.peek()
        if token in ("-", "+", "~", "!"):
            self.position += 1
            value = self.unary(depth + 1)
            return {"-": -value, "+": value, "~": ~value, "!": int(not value)}[token]
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
            value = literal(token, self.octal)
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
        if inside and self.sequence[closing : closing + 1] == [")"] and inside[0] in _CASTS:
            self.position = closing + 1
            return self.unary(depth + 1)
        value = self.ternary(depth + 1)
        self.take(")")
        return value

    def identifier(self, name: str, depth: int) -> int:
        while self.peek() == "::":  # a path: the last part names the constant
            self.position += 1
            name = self.peek()
            self.position += 1
        if name == "static_cast" and self.peek() == "<":
            while self.peek() not in (">", ""):
                self.position += 1
            self.position += 1
            return self.primary(depth + 1)
        if self.peek() == "(":
            return self.call(name, depth)
        value = self.names.get(name)
        if isinstance(value, int):
            return value
        return self.stop(f"{name} is not defined as a number in this file")

    def call(self, name: str, depth: int) -> int:
        if name == "_AC":  # Linux: a literal and the suffix to give it
            self.position += 1
            value = self.ternary(depth + 1)
            while self.peek() not in (")", ""):
                self.position += 1
            self.take(")")
            return value
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
        arguments, following = _arguments(self.sequence, self.position)
        indexes = [value for each in arguments if (value := _number(each)) is not None]
        words = [each[-1] for each in arguments if each and _number(each) is None]
        found = encoding(indexes[0], words) if len(indexes) == 1 and len(words) > 1 else None
        if found is None:
            self.stop(f"{name}(...) is not a macro defined in this file")
        self.position = following
        while self.peek() == ".":  # encode(...).value
            self.position += 2
            if self.peek() == "(":
                self.position = _arguments(self.sequence, self.position)[1]
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
