"""The macros and enumerators that a C header defines, with their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from vmcsgen.targets.c_source import without_comments

_CONTINUED = re.compile(r"\\\r?\n")
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w{0,199})(?!\w|\()(.*)$", re.MULTILINE)
_ENUM = re.compile(r"\benum\b[^{};()]{0,200}\{([^{}]*)\}")
_ENUMERATOR = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:=([^=]*))?\Z")


def header_names(text: str) -> dict[str, int | None]:
    """The object-like macros and enumerators of C source, in its order, with their values.

    A value is known for integer literals, shifts, ``BIT(n)`` and other names of known value, in
    any parentheses: what capability headers write. Any other value is None, and one of more than
    64 bits. Where a name is defined twice, by the preprocessor's branches, the last one counts.
    """
    plain = _CONTINUED.sub(" ", without_comments(text))
    found: dict[str, int | None] = {}
    for define in _DEFINE.finditer(plain):
        found[define[1]] = _number(define[2], found)
    for enum in _ENUM.finditer(plain):
        for name, value in _enumerators(enum[1], found):
            found[name] = value
    return found


def _enumerators(body: str, known: Mapping[str, int | None]) -> Iterator[tuple[str, int | None]]:
    following: int | None = 0
    for entry in body.split(","):
        enumerator = _ENUMERATOR.match(entry)
        if enumerator is None:
            following = None
            continue
        value = following if enumerator[2] is None else _number(enumerator[2], known)
        following = None if value is None else value + 1
        yield enumerator[1], value


_EXPRESSION_LIMIT = 200
_LITERAL = re.compile(r"(0[xX][0-9a-fA-F]{1,16}|0[0-7]{0,22}|[1-9][0-9]{0,19})[uUlL]{0,3}")
_SHIFT = re.compile(r"([^<>]+)<<([^<>]+)")
_BIT = re.compile(r"BIT(?:_ULL)?\s*\(([^()]+)\)")


def _number(text: str, known: Mapping[str, int | None]) -> int | None:
    if len(text) > _EXPRESSION_LIMIT:
        return None
    text = _unwrapped(text)
    if literal := _LITERAL.fullmatch(text):
        digits = literal[1].lower()
        if digits.startswith("0x"):
            return int(digits, 16)
        return int(digits, 8 if digits.startswith("0") else 10)
    if bit := _BIT.fullmatch(text):
        return _shifted(1, _number(bit[1], known))
    if shift := _SHIFT.fullmatch(text):
        return _shifted(_number(shift[1], known), _number(shift[2], known))
    return known.get(text)


def _shifted(value: int | None, places: int | None) -> int | None:
    if value is None or places is None or places > 63 or value.bit_length() + places > 64:
        return None
    return value << places


def _unwrapped(text: str) -> str:
    """The expression without blanks and parentheses around the whole of it."""
    text = text.strip()
    while text.startswith("(") and text.endswith(")"):
        depth = 0
        for position, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if not depth and position < len(text) - 1:
                return text
        text = text[1:-1].strip()
    return text
