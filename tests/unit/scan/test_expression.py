"""Constant expressions: what a C compiler would make of them."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from needs import need
from vmcsgen.scan.expression import GAS, RUST, C, evaluate
from vmcsgen.scan.macros import (
    DEPTH_LIMIT,
    FILE_TOKENS,
    Macro,
    Room,
    Unevaluated,
    is_literal,
    literal,
    tokens,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x681e", 0x681E), ("0X0000681E", 0x681E), ("0x681eUL", 0x681E), ("26654u", 26654),
        ("0x68'1e", 0x681E), ("0x681e_u32", 0x681E), ("0b110", 6), ("010", 8), ("0", 0),
        ("0o17", 15), ("681Eh", 0x681E), ("0x681eusize", 0x681E),
        ("0x681e_umx", 0x681E), ("0xab_cd_umx", 0xABCD), ("0x68_1e", 0x681E),
    ],
)  # fmt: skip
def test_literals_of_all_languages(text: str, value: int) -> None:
    assert literal(text) == value


@pytest.mark.parametrize(
    "text", ["", "0x", "1.5", "0xg", "GUEST_RIP", "08", "1e5", "'a'", "--1", "4_kb", "0x4_MiB"]
)
def test_what_is_no_literal(text: str) -> None:
    assert literal(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(1 << 5)", 32), ("1 << 5 | 3", 35), ("BASE + 2", 0x6802), ("~0u & 0xff", 255),
        ("(u32)0x10", 16), ("(unsigned long) 3", 3), ("BIT(3)", 8), ("GENMASK(9, 1)", 0x3FE),
        ("1 ? 2 : 3", 2), ("7 / 2 * 2", 6), ("-7 / 2", -3), ("-7 % 3", -1), ("!0 + !5", 1),
        ("3 /* three */ + \\\n 4 // seven", 7), ("_AC(0x10, UL)", 16), ("UINT64_C(5)", 5),
        ("0x20 as u32", 32), ("base::BASE", 0x6800), ("1 == 1 && 2 > 1", 1),
        ("ENC(3, 2, 15)", 0x681E), ("CALLED(BASE)", 0x6802), ("NEXT(NEXT(BASE))", 0x6804),
        ("GLUE(NE, XT)(1)", 3), ("guest::BASE", 0x6C00), ("host::BASE", 0x6800),
        ("NEXT(BASE)", 0x6802), ("GLUE(BA, SE)", 0x6800), ("TWICE(1 + 1)", 3),
        ("static_cast<int>(4) + 1", 5),
        ("encode(FULL, 15, GUEST, NATURAL)", 0x681E),
        ("enc(1, type::read_only_data, dword)", 0x4402),
        ("Enc::new(Access::High, 0, Type::HostState, Width::W64).bits() + 0", 0x2C01),
    ],
)  # fmt: skip
def test_expressions(text: str, value: int) -> None:
    names = {
        "BASE": 0x6800,
        "guest::BASE": 0x6C00,
        "CALLED": Macro(None, ("NEXT",)),
        "ENC": Macro(("w", "t", "i"), tokens("((w) << 13 | (t) << 10 | (i) << 1)")),
        "NEXT": Macro(("x",), tokens("((x) + 2)")),
        "GLUE": Macro(("a", "b"), tokens("a ## b")),
        "TWICE": Macro(("x",), tokens("x * 2")),  # 1 + 1 * 2: as the preprocessor does it
    }
    assert evaluate(text, names) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sizeof(int)", "sizeof(...) is not a macro"), ("UNKNOWN", "UNKNOWN is not defined"),
        ("1 / 0", "divides by zero"), ("1 << 64", "shifts by 64"), ("", "empty"),
        ("1 +", "too early"),
        ("(1", "')' is missing"), ("1 2", "where it should end"), ('"text"', "not a number"),
        ("F(1", "not closed"), ("F(1)", "takes 2 arguments"), ("1.5", "not an integer"),
        ("encode(0, 15, GUEST, NATURAL)", "encode(...) is not"),
        ("encode(15, GUEST, HOST)", "encode(...) is not"), ("encode(15, GUEST", "not closed"),
    ],
)  # fmt: skip
def test_what_has_no_value_says_why(text: str, reason: str) -> None:
    with pytest.raises(Unevaluated, match=None) as caught:
        evaluate(text, {"F": Macro(("a", "b"), ("a",))})
    assert reason in str(caught.value)


def test_a_macro_that_names_itself_ends() -> None:
    with pytest.raises(Unevaluated, match="A is not defined"):
        evaluate("A", {"A": Macro(None, ("A",))})
    with pytest.raises(Unevaluated):
        evaluate("A", {"A": Macro(None, ("B",)), "B": Macro(None, ("A", "+", "A"))})


@pytest.mark.parametrize(
    ("text", "c", "rust", "gas"),
    [
        ("6 & !1", 0, 6, 0), ("010", 8, 10, 8), ("1 + 1 << 2", 8, 8, 5), ("1 | 2 + 4", 7, 7, 7),
        ("3 & 1 + 4", 1, 1, 5), ("1 << 1 * 3", 8, 8, 6), ("6 == 2 + 4", 1, 1, 4),
    ],
)  # fmt: skip
def test_dialects(text: str, c: int, rust: int, gas: int) -> None:
    assert [evaluate(text, {}, dialect) for dialect in (C, RUST, GAS)] == [c, rust, gas]


def test_the_assembler_agrees(tmp_path: Path) -> None:
    need("as", "binutils")
    random = Random(2)
    texts = []
    while len(texts) < 300:
        text = str(random.randrange(64))
        for _ in range(random.randrange(1, 6)):
            symbol = random.choice(["+", "-", "*", "/", "%", "|", "&", "^", "<<", ">>"])
            text += f" {symbol} {random.randrange(1, 8)}"
        texts.append(text)
    program = tmp_path / "p.s"
    program.write_text("".join(f".equ s{n}, {text}\n" for n, text in enumerate(texts)))
    subprocess.run(["as", "-o", tmp_path / "p.o", program], check=True)
    listed = subprocess.run(["nm", tmp_path / "p.o"], check=True, capture_output=True, text=True)
    values = {name: int(value, 16) for value, _, name in map(str.split, listed.stdout.splitlines())}
    for number, text in enumerate(texts):
        with contextlib.suppress(Unevaluated):
            assert evaluate(text, {}, GAS) & (1 << 64) - 1 == values[f"s{number}"], text


def test_macros_that_expand_to_nothing_cost_too() -> None:
    """Each is twice the one before, and the last one is no token at all."""
    nothing: dict[str, Macro | int] = {"M0": Macro(None, ("##",))}
    nothing |= {f"M{n}": Macro(None, (f"M{n - 1}",) * 2) for n in range(1, 41)}
    nothing |= {"E": Macro(("x",), ("x", "x"))}
    for text in ("M40 1", "E(E(E(E(E(E(E(E(E(E(E(E(E(E(E(E()))))))))))))))) 1"):
        with pytest.raises(Unevaluated):
            evaluate(text, nothing)


def test_the_expressions_of_a_file_share_their_room() -> None:
    room = Room()
    names = {"B": Macro(None, tuple(["1", "+"] * 2000 + ["1"]))}
    for _ in range(FILE_TOKENS // 4001 + 1):
        assert evaluate("B", names, C, room) == 2001
    with pytest.raises(Unevaluated, match="the macros of this file expand to more than"):
        evaluate("B", names, C, room)
    assert evaluate("B", names) == 2001


def test_a_bomb_of_macros_is_refused() -> None:
    bomb = {f"M{n}": Macro(None, (f"M{n + 1}", "+") * 9 + (f"M{n + 1}",)) for n in range(20)}
    with pytest.raises(Unevaluated, match="more than 4096 tokens"):
        evaluate("M0", bomb)


def test_deep_nesting_is_refused() -> None:
    for text in ("(" * 5000 + "1" + ")" * 5000, "-" * 4000 + "1", "(" * DEPTH_LIMIT * 2 + "1"):
        with pytest.raises(Unevaluated):
            evaluate(text, {})


@given(st.text(max_size=200))
def test_any_text_has_a_value_or_a_reason(text: str) -> None:
    try:
        evaluate(text, {})
    except Unevaluated as error:
        assert str(error)
    is_literal(text)


def test_the_compiler_agrees(tmp_path: Path) -> None:
    need("cc", "gcc")
    random = Random(1)
    symbols = ["+", "-", "*", "/", "%", "|", "&", "^", "==", "!=", "<", ">=", "&&", "||"]
    texts = []
    while len(texts) < 300:
        text = str(random.randrange(64))
        for _ in range(random.randrange(1, 7)):
            text += f" {random.choice(symbols)} {random.randrange(1, 8)}"
        texts.append(text)
    lines = "".join(f'printf("%lld\\n", (long long)({text}));' for text in texts)
    program = tmp_path / "p.c"
    program.write_text("#include <stdio.h>\nint main(void) {" + lines + "return 0; }\n")
    compiled = tmp_path / "p"
    subprocess.run(["cc", "-w", "-fwrapv", "-o", compiled, program], check=True)
    printed = subprocess.run([compiled], check=True, capture_output=True, text=True).stdout
    for text, number in zip(texts, printed.split(), strict=True):
        assert evaluate(text, {}) == int(number), text
