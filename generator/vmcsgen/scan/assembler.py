"""Assembler: .equ and .set, NAME = value, NAME equ value, %define and #define."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vmcsgen.scan.branches import branches
from vmcsgen.scan.constants import Constant, ConstantList, Source, Span
from vmcsgen.scan.expression import GAS, C, evaluate
from vmcsgen.scan.macros import Macro, Room, Unevaluated, is_literal, tokens
from vmcsgen.scan.patterns import lazy

_DEFINITION = lazy(
    rb"""(?:^(?:\xef\xbb\xbf)?|(?<=;)(?=[ \t]*\.))[ \t]*(?:
        \.(?:equ|set|equiv)[ \t]+(?P<gas>[\w.$]+)[ \t]*,[ \t]*(?P<gas_value>[^\n;#]+)
      | [%\#][ \t]*i?define[ \t]+(?P<define>\w+)[ \t]+(?P<define_value>[^\n;]+)
      | %(?:xi?define|i?assign)[ \t]+(?P<at_once>\w+)[ \t]+(?P<at_once_value>[^\n;]+)
      | (?P<equ>[\w.$]+):?[ \t]+(?:equ|EQU)[ \t]+(?P<equ_value>[^\n;]+)
      | (?P<assign>[A-Za-z_][\w.$]*)[ \t]*=[ \t]*(?P<assign_value>[^\n;=][^\n;]*)
    )""",
    re.MULTILINE | re.VERBOSE,
)
_KINDS = ("gas", "define", "at_once", "equ", "assign")
_COMMENT = lazy(rb"/\*.*?(?:\*/|\Z)", re.DOTALL)
_WITHOUT_BLOCKS = (".asm", ".nasm", ".mac")
"""Files whose comments begin with a semicolon: ``/*`` in one of them begins nothing."""


def lists(source: Source) -> Iterator[ConstantList]:
    """The constants of an assembler file, as one list."""
    content = source.content
    semicolons = source.path.lower().endswith(_WITHOUT_BLOCKS)
    if not semicolons:
        content = _COMMENT().sub(lambda found: re.sub(rb"[^\n]", b" ", found[0]), content)
    names: dict[str, Macro | int] = {}
    constants: list[Constant] = []
    arms = branches(content, (), assembler=True)
    room = Room()
    for match in source.first(_DEFINITION().finditer(content)):
        arm = arms.at(match.start())
        if not arm.compiled or _is_comment(content, match.start(), semicolons):
            continue
        constants.append(_constant(match, names, arm.branch, room))
    if constants:
        yield ConstantList("assembler constants", False, tuple(constants))


def _is_comment(content: bytes, offset: int, semicolons: bool) -> bool:
    """Whether what stands behind a semicolon is a comment, or goes on one."""
    before = content[content.rfind(b"\n", 0, offset) + 1 : offset]
    return b";" in before and (semicolons or b"#" in before or b"//" in before)


def _constant(
    match: re.Match[bytes],
    names: dict[str, Macro | int],
    branch: tuple[tuple[int, int], ...],
    room: Room,
) -> Constant:
    kind = next(name for name in _KINDS if match[name] is not None)
    raw = re.split(rb"//|\s\#|\s@", match[f"{kind}_value"])[0].rstrip()
    end = match.start(f"{kind}_value") + len(raw)
    raw = raw.lstrip()
    text = raw.decode("latin-1")
    name = match[kind].decode("latin-1")
    value: int | None = None
    reason = ""
    try:
        value = evaluate(text, names, GAS if kind in ("gas", "assign") else C, room)
        names[name] = value
        if kind == "define":
            names[name] = Macro(None, tokens(text))
    except Unevaluated as error:
        reason = str(error)
    return Constant(
        name, value, Span(*match.span(kind)), Span(end - len(raw), end), is_literal(text),
        reason=reason, branch=branch, alias_of=text if text.isidentifier() else "",
    )  # fmt: skip
