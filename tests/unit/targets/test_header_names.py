"""The names that a header defines."""

from __future__ import annotations

import time

import pytest

from vmcsgen.targets.header_names import header_names


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0x02000000", 1 << 25),
        ("0x0000000000000100ull", 1 << 8),
        ("(1U << 17)", 1 << 17),
        ("(1ULL << 63)", 1 << 63),
        ("BIT(4)", 1 << 4),
        ("BIT_ULL( 40 )", 1 << 40),
        ("((0x20))", 0x20),
        ("010", 8),
        ("0", 0),
        ("0x10 /* of the word */", 0x10),
        ("\\\n    0x10", 0x10),
        ("FIRST", 3),
        ("(1 << FIRST)", 8),
        ("UNKNOWN", None),
        ("(A | B)", None),
        ("1 << 64", None),
        ("1 << -1", None),
        ('"text"', None),
        ("", None),
        ("08", None),
        ("(" * 300 + "1" + ")" * 300, None),
    ],
)
def test_the_value_of_a_macro(value: str, number: int | None) -> None:
    assert header_names(f"#define FIRST 3\n#define NAME {value}\n")["NAME"] == number


def test_macros_with_parameters_and_comments_are_no_names() -> None:
    text = "/* #define ONE 1 */\n#define CALL(x) x\n// #define TWO 2\n  #  define THREE 3\n"
    assert header_names(text) == {"THREE": 3}


def test_enumerators_count_on() -> None:
    text = "#define BASE 7\ntypedef enum Word {\n A, /* comment, with comma */\n B = 5,\n C,\n"
    text += " D = BASE,\n E = sizeof(int), F,\n G = 0x10,\n} Word;\nenum { H };"
    assert header_names(text) == {
        "BASE": 7, "A": 0, "B": 5, "C": 6, "D": 7, "E": None, "F": None, "G": 16, "H": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "/*" * 300_000,
        "enum " * 300_000,
        "enum {" * 200_000,
        "enum {" + "A," * 300_000 + "}",
        "#define A (" * 100_000,
        "#define " * 200_000,
        "//\\\n" * 200_000,
        "\\\n" * 500_000,
        "#define A A\n#define A (A)\n",
        '"' * 300_000,
        "enum a" + " " * 500_000,
        "#define A0 1\n" + "".join(f"#define A{n + 1} A{n}<<63\n" for n in range(20_000)),
    ],
    ids=range(12),
)
def test_hostile_headers_cost_little_time(text: str) -> None:
    began = time.process_time()
    header_names(text)
    assert time.process_time() - began < 3
