"""Text to tokens, tokens to numbers and to what the macros among them stand for.

Macros expand as the preprocessor does it, token by token, so that a missing parenthesis has the
effect it has in a compiler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from vmcsgen.excerpt import counted
from vmcsgen.records import Record
from vmcsgen.scan.patterns import lazy

TOKEN_LIMIT = 4096
"""Most tokens an expression may have, or expand to."""

DEPTH_LIMIT = 48
"""Deepest nesting of macros, parentheses and operators."""


class Unevaluated(Exception):
    """An expression that has no number; the text says why, as a clause for people."""


class Macro(Record):
    """A #define: parameters (None: object-like) and the tokens it stands for."""

    parameters: tuple[str, ...] | None
    tokens: tuple[str, ...]


Names = Mapping[str, Macro | int | str]
"""What identifiers stand for: macros, or values already known (enumerators, constants), or a text
that says why the value is not known."""

FILE_TOKENS = 1 << 19
"""Most tokens that all expressions of a file may expand to: two seconds of work."""


class Room:
    """How many tokens the expressions of a file may still expand to."""

    def __init__(self) -> None:
        self.tokens = FILE_TOKENS


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

    Suffixes (``UL``, ``_u32``, those of C++ libraries but for sizes as ``_kb``), separators (``'``,
    ``_``), ``0X`` and ``0b`` are understood; with ``octal`` a leading zero means base 8 as in C.
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


def is_literal(text: str) -> bool:
    """Whether ``text`` is one integer literal, perhaps in parentheses."""
    stripped = text.strip()
    while stripped[:1] == "(" and stripped[-1:] == ")":
        stripped = stripped[1:-1].strip()
    return literal(stripped) is not None


def expand(sequence: Sequence[str], names: Names, room: Room | None = None) -> list[str]:
    """``sequence`` with every macro of ``names`` expanded; Unevaluated past the limits."""
    if room is None:
        room = Room()
    if room.tokens <= 0:
        raise Unevaluated(f"the macros of this file expand to more than {FILE_TOKENS} tokens")
    budget = [TOKEN_LIMIT]
    try:
        return list(_expand(sequence, names, frozenset(), budget, 0))
    finally:
        room.tokens -= TOKEN_LIMIT - budget[0]


def _expand(
    sequence: Sequence[str], names: Names, active: frozenset[str], budget: list[int], depth: int
) -> Iterator[str]:
    if depth > DEPTH_LIMIT:
        raise Unevaluated("its macros are nested too deeply")
    position = 0
    while position < len(sequence):
        token = sequence[position]
        position += 1
        macro = names.get(token) if token[0].isalpha() or token[0] == "_" else None
        if not isinstance(macro, Macro) or token in active:
            budget[0] -= 1
            if budget[0] < 0:
                raise Unevaluated(f"its macros expand to more than {TOKEN_LIMIT} tokens")
            yield token
            continue
        if macro.parameters is None:
            body = _paste(macro.tokens, {}, {})
        elif position < len(sequence) and sequence[position] == "(":
            arguments, position = call_arguments(sequence, position)
            if len(arguments) != len(macro.parameters):
                raise Unevaluated(f"{token} takes {counted(len(macro.parameters), 'argument')}")
            spelled = dict(zip(macro.parameters, arguments, strict=True))
            expanded = {
                name: list(_expand(argument, names, active, budget, depth + 1))
                for name, argument in spelled.items()
            }
            body = _paste(macro.tokens, spelled, expanded)
        else:
            yield token
            continue
        if _is_called(body, names, sequence[position : position + 1]):
            _, following = call_arguments(sequence, position)
            body += sequence[position:following]
            position = following
        budget[0] -= 1  # what expands to nothing costs, too
        if len(body) > budget[0]:
            raise Unevaluated(f"its macros expand to more than {TOKEN_LIMIT} tokens")
        yield from _expand(body, names, active | {token}, budget, depth + 1)


def call_arguments(sequence: Sequence[str], position: int) -> tuple[list[list[str]], int]:
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


def _is_called(body: Sequence[str], names: Names, following: Sequence[str]) -> bool:
    """Whether a replacement ends with the name of a macro whose arguments stand behind it."""
    last = names.get(body[-1]) if body and following and following[0] == "(" else None
    return isinstance(last, Macro) and last.parameters is not None


def _paste(
    body: Sequence[str], spelled: Mapping[str, Sequence[str]], expanded: Mapping[str, Sequence[str]]
) -> list[str]:
    """``body`` with parameters replaced and ``##`` joined, whose operands are as they are spelled
    (C11 6.10.3.1)."""
    replaced: list[str] = []
    joining = False
    for token, following in zip_longest(body, body[1:]):
        if token == "##":
            joining = bool(replaced)
            continue
        arguments = spelled if joining or following == "##" else expanded
        piece = list(arguments.get(token, (token,)))
        if joining and piece:
            replaced[-1] += piece.pop(0)
        replaced.extend(piece)
        joining = False
        if len(replaced) > TOKEN_LIMIT:
            raise Unevaluated(f"its macros expand to more than {TOKEN_LIMIT} tokens")
    return replaced
