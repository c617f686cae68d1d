"""C and C++ source to constants: every form, and what is no constant."""

from __future__ import annotations

import pytest

from vmcsgen.scan import c, lexicon
from vmcsgen.scan.c_syntax import Syntax
from vmcsgen.scan.constants import source
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher

Lists = list[tuple[str, dict[str, int | None]]]


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(lexicon.load())


def read(text: str, language: str = "c") -> Lists:
    """Construct, and value by name, of every list."""
    found = c.lists(Syntax(source("file", text.encode(), language)))
    return [(each.construct, {one.name: one.value for one in each.constants}) for each in found]


def mended(text: str, matcher: Matcher, path: str = "vmx.h") -> str:
    """What --fix makes of a file."""
    fixes = [each.fix for each in inspect(path, text.encode(), matcher).findings if each.fix]
    for fix in sorted(fixes, reverse=True):
        assert text[fix.start : fix.end] == fix.old
        text = text[: fix.start] + fix.new + text[fix.end :]
    return text


def test_a_comment_in_a_define_is_a_blank() -> None:
    text = r"""
#define BASE /* of the natural ones */ 0x6800 /* guest
 state */ + 0x10 // not /* this
#define ENC(i) (BASE /* and */ + \
  (i) /* doubled */ * 2)
#define A ENC(1 /* one */)
#define B (/* first */ 0x6802)
/*
#define C 1 /* a comment ends where it ends */
#define D sizeof("/*") + 1
#define E '/*' /* x */ + 1
#define F 1'0 /* x */ + 1'0
#define H 8 /* // */
#define G 7 /* never closed
#define I 9
"""
    assert read(text)[-1] == (
        "#define",
        {"BASE": 0x6810, "A": 0x6812, "B": 0x6802, "D": None, "E": None, "F": 20,
         "H": 8, "G": 7},
    )  # fmt: skip


def test_rows_of_a_macro_list_may_have_comments() -> None:
    rows = " \\\n".join(("X(A, 0x6800 /* x */)", "/* y */ X(B, /* z */ 0x6802)", "X(C, 0x6804)"))
    assert read(f"#define LIST(X) \\\n{rows}\n") == [
        ("X(...)", {"A": 0x6800, "B": 0x6802, "C": 0x6804})
    ]


def test_attributes_of_enumerators() -> None:
    text = """
enum e { A, B __deprecated = 2, C __x, D /* c */ __y /* d */ = 4 /* e */, E DEP("no") = 5,
  F __attribute__((deprecated)) = 6, G [[deprecated("[]")]] = 7, H [[a]], I [[b, c]] __x = 9, J };
"""
    values = dict(zip("ABCDEFGHIJ", (0, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
    assert read(text) == [("enum e", values)]
    assert read(text, "c++") == [("enum e", values)]


@pytest.mark.parametrize(
    "head",
    ["enum __packed e {", "enum __attribute__((packed, aligned(2))) e {", "enum\n__x\ne\n{",
     "enum [[a]] e {"],
)  # fmt: skip
def test_attributes_of_enums(head: str) -> None:
    assert read(f"{head} A = 1, B }};") == [("enum e", {"A": 1, "B": 2})]
    assert read("struct s { enum t index : 4; }; enum class f : int { A };", "c++") == [
        ("enum f", {"A": 0})
    ]


def test_the_encoding_is_what_most_rows_have_behind_small_numbers() -> None:
    rows = (
        '{ .width = 64, .enc = 0x6800, .name = "A" }, { .width = 64, .enc = 1 << 5, .name = "B" }'
    )
    assert read(f'struct f t[] = {{ {rows}, {{ 2, 0x10, "C" }} }};') == [
        ("table", {"A": 0x6800, "B": 32, "C": 0x10})
    ]
    rows = '{ "A", 26624, 0xffff }, { "B", 26626, 0xffff }, { "C", 0, 0xffff }, { "D", 4 }'
    assert read(f"struct f t[] = {{ {rows} }};") == [
        ("table", {"A": 26624, "B": 26626, "C": 0, "D": 4})
    ]


def test_casts_to_types_of_others() -> None:
    text = """
#define A ((field_t)0x10)
#define B ((field_t)0x10 + 1)
#define C uint16_t(0x10 | 2)
#define D U(0x13)
#define E (A)
#define F (field_t)(0x15)
#define G (A) - 1
"""
    values = {"A": 0x10, "B": 0x11, "C": 0x12, "D": 0x13, "E": 0x10, "F": None, "G": 0x0F}
    assert read(text, "c++") == [("#define", values)]


def test_names_of_two_scopes() -> None:
    text = """
constexpr int base = 0x10;
namespace a { constexpr int base = 0x20; enum e { A = base, C = b::base }; }
namespace b::c { constexpr int base = 0x30; enum class f { D = base, E = a::base, X = 1 }; }
namespace b { constexpr int base = 0x40; enum class g { F = base, G = c::base, X = 2, H = X }; }
struct s { static constexpr int base = 0x50; static constexpr int I = base; };
void f() { constexpr int base = 0x60; constexpr int J = base; }
enum h { K = base, L = s::base, M = A, N = X, O = g::X };
"""
    assert read(text, "c++") == [
        ("enum e", {"A": 0x20, "C": 0x40}),
        ("enum f", {"D": 0x30, "E": 0x20, "X": 1}),
        ("enum g", {"F": 0x40, "G": 0x30, "X": 2, "H": 2}),
        ("enum h", {"K": 0x10, "L": 0x50, "M": 0x20, "N": None, "O": 2}),
        ("const", {"base": 0x10}),
        ("const a", {"base": 0x20}),
        ("const b::c", {"base": 0x30}),
        ("const b", {"base": 0x40}),
        ("const s", {"base": 0x50, "I": 0x50}),
        ("const", {"base": 0x60, "J": 0x60}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "X(A, 0x1) X(B, 0x2)\nX(C, 0x3)", "X(A, 0x1), X(B, 0x2), X(C, 0x3)",
        '#define LIST(X) X(A, 0x1) X("B", (0x2)) X(C, 3u)',
        "X(64, A, 0x1)\nX(64, B, 0x2)\nX(16, C, 0x3)",
        "X(A, name, 0x1)\nX(B, name, 0x2)\nX(C, name, 0x3)",
        "X(A, 0x1, f(1))\n\tX(B, 0x2) X(0x3, C)",
        "X(A, 0x1) X(B, 0x2) Y(D, 0x4) X(C, 0x3) Z(E), 0x5, X(F, f(0x6)); int X(G, 0x7)",
    ],
)  # fmt: skip
def test_rows_of_a_macro_list(text: str) -> None:
    assert read(f"{text}\n") == [("X(...)", {"A": 1, "B": 2, "C": 3})]


@pytest.mark.parametrize("path", ["vmx.h", "vmx.S"])
@pytest.mark.parametrize("wrong", ["0x6800 /* CR0 */ + 4", "(/* natural */ 0x6804)"])
def test_no_part_of_a_value_is_mended(path: str, wrong: str, matcher: Matcher) -> None:
    names = "".join(f"#define {name}\n" for name in ("GUEST_CR0 0x6800", "GUEST_CR4 0x6804"))
    text = f"{names}#define GUEST_CR3 {wrong}\n#define GUEST_RSP 0x681c\n"
    found = inspect(path, text.encode(), matcher).findings
    assert [(each.rule, each.value) for each in found] == [("VMCS101", 0x6804)]
    assert mended(text, matcher, path) == text
