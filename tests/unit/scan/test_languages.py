"""Source code of other languages than C to constants: every form, and what is no constant."""

from __future__ import annotations

import pytest

from vmcsgen.scan import assembler, python, rust, tables
from vmcsgen.scan.constants import Constant, source

READERS = {"rust": rust.lists, "python": python.lists, "assembler": assembler.lists,
           "yaml": tables.lists, "json": tables.lists}  # fmt: skip

Lists = list[tuple[str, dict[str, int | None]]]


def read(language: str, text: str) -> Lists:
    """Construct, and value by name, of every list."""
    found = READERS[language](source("file", text.encode(), language))
    return [(each.construct, {one.name: one.value for one in each.constants}) for each in found]


def mendable(language: str, text: str) -> set[str]:
    """The names whose values --fix may replace."""
    every: list[Constant] = []
    for found in READERS[language](source("file", text.encode(), language)):
        every += found.constants
    return {each.name for each in every if each.literal}


def test_one_literal_that_is_the_value_is_mendable() -> None:
    assert mendable("python", "A = 1\nB = C = 2\nD: int = 3\nE = 1 + 2\n") == {"A", "D"}
    assert mendable("rust", "m! { A = 1, B = 1 + 2, 3 => C, D = (4), 5 + 1 => E, F: 6 | 1 }") == {
        "A", "C", "D"
    }  # fmt: skip


def test_python() -> None:
    text = """
A = 0x681e
B: int = A - 2
C = D = 1 << 3 | 4 & 6 ^ 1
E = ~-3 + (8 >> 1) * 2
F = True; G = "0x10"; H = A ** 2; I = unknown; J = 1 << 64; K.L = 5
def f(): M = 1
class V(Enum):
    N = 0x10
    O = V.N + 2
    def g(self): P = 1
    class W: Q = 3
T = {"R": 1, S: 2, "X": "no", **other, 3: "Y", None: 4}
U = [("Z", 5), ["AA", A | 1], call("BB", number=7), ("CC",), (8, 9), other.DD, ("EE", True)]
"""
    assert read("python", text) == [
        ("assignments", {"A": 0x681E, "B": 0x681C, "C": 13, "D": 13, "E": 10}),
        ("class V", {"N": 0x10, "O": 0x12}),
        ("class W", {"Q": 3}),
        ("dict", {"R": 1, "S": 2, "Y": 3}),
        ("table", {"Z": 5, "AA": 0x681F, "BB": 7}),
    ]


def test_rust() -> None:
    text = """
pub const A: u32 = 0x681e;
static B: u16 = A as u16 - 2;
fn f() { const C: u32 = 1; }
pub mod m { pub const A: u32 = 010; mod n { const D: u8 = 0b11; } }
impl T { const E: u32 = m::A; }
const TABLE: [(&str, u32); 2] = [("F", 1), (G::H, 2 | 4), Row { name: "I", value: (5) },
    J(K, 6), m::J(L, 7), m::Row { name: M, value: 8 }];
#[repr(u32)] enum V { L = 0x10, M, N = f(), O }
enum Plain { P, Q }
fields! { R = 1, S => 2, ("T", 3), U: 4, V + 5 }
few! { W = 1, X = 2 }
"""
    assert read("rust", text) == [
        ("enum V", {"L": 0x10, "M": 0x11, "N": None, "O": None}),
        ("const", {"A": 0x681E, "B": 0x681C, "m::A": 10, "m::n::D": 3, "T::E": 10}),
        ("const", {"C": 1}),
        ("table", {"F": 1, "G::H": 6, "I": 5, "K": 6, "L": 7, "M": 8}),
        ("macro", {"R": 1, "S": 2, "U": 4, "T": 3}),
    ]


def test_python_assigns_in_order() -> None:
    text = """
BASE = 0x10
class G:
    A = BASE + 1
    BASE = 0x30
    B = BASE
BASE = 0x20
C = BASE
D = [("E", BASE | 0), ("F", G.B + 1)]
BASE += 1
H = BASE
for I in J: K = 1
L = I
"""
    assert read("python", text) == [
        ("assignments", {"BASE": 0x20, "C": 0x20}),
        ("class G", {"A": 0x11, "BASE": 0x30, "B": 0x30}),
        ("table", {"E": None, "F": 0x31}),
    ]


def test_python_statements_of_which_one_is_executed() -> None:
    text = """
if x: A = 1; B = 1
elif y: A = 2; B = 1
else: C = 3
try: D = 4
except OSError: D = 5
else: E = 6
finally: F = 7
if 0: G = 8
else: H = 9
with z: I = 10
J = A
K = B
"""
    ((_, values),) = read("python", text)
    assert values == {"A": 2, "B": 1, "C": 3, "D": 5, "E": 6, "F": 7, "H": 9, "I": 10, "K": 1}
    (found,) = python.lists(source("file", text.encode(), "python"))
    one, other = (each for each in found.constants if each.name == "A")
    assert one.alternative_to(other)
    chain = "if x: A = 1\n" + "".join(f"elif x == {n}: A = {n}\n" for n in range(500))
    assert read("python", chain) == [("assignments", {"A": 499})]


def test_rust_items_in_any_order_and_by_module() -> None:
    text = """
mod g { const A: u32 = BASE + 1; const BASE: u32 = NEXT; const NEXT: u32 = 0x10; }
mod h { use super::*; const BASE: u32 = 0x20; const B: u32 = self::BASE; const C: u32 = TOP; }
const TOP: u32 = g::BASE | h::BASE;
const D: u32 = BASE;
impl T { const BASE: u32 = 0x40; const E: u32 = Self::BASE; }
fn f() { const BASE: u32 = 0x50; const F: u32 = BASE; }
enum V { G = BASE, H = T::BASE }
fn k() { const I: u32 = f::BASE; }
"""
    assert read("rust", text) == [
        ("enum V", {"G": None, "H": 0x40}),
        ("const", {
            "g::A": 0x11, "g::BASE": 0x10, "g::NEXT": 0x10, "h::BASE": 0x20, "h::B": 0x20,
            "h::C": 0x30, "TOP": 0x30, "D": None, "T::BASE": 0x40, "T::E": 0x40,
        }),
        ("const", {"BASE": 0x50, "F": 0x50}),
        ("const", {"I": None}),
    ]  # fmt: skip


def test_rust_macro_rows() -> None:
    text = """
sums! { A = 0x10 + 2, B: m::T = (1 << 2) | 1, 0x10 /* x */ | 8 => C, pub const D = !0 & 6 as u8;
    #[doc = "E"] E => "F", G = f(1), H = other, 0x11 => I::J, K: 7 }
tuples! { (L, 0x11, "l", 8), ("M", 1 + 1, 2), {N, 64, 3}, (O, P) }
one!(T, u64, 0x21); one! { U = 0x22 } two!(0x23, V); one!("W", 35);
columns! { Q: 1, width: 64; R: 2, width: 64; S: 3, width: 16; }
"""
    assert read("rust", text) == [
        ("macro", {"A": 0x12, "B": 5, "C": 0x18, "D": 6, "G": None, "J": 0x11, "K": 7}),
        ("macro", {"L": 0x11, "M": 2, "N": 64}),
        ("macro", {"Q": 1, "R": 2, "S": 3}),
        ("one!(...)", {"T": 0x21, "U": 0x22, "W": 35}),
    ]


ROWS = {
    "rust": ("const T: [F; 3] = [%s];", 'F { width: %d, encoding: %#x, name: "%s" }'),
    "python": ("T = [%s]", 'F(name="{2}", width={0}, encoding={1:#x})'),
    "json": ('{"T": [%s]}', '{"width": %d, "hex": "%#x", "name": "%s"}'),
    "yaml": ("T: [%s]", "[%d, %#x, %s]"),
}


@pytest.mark.parametrize("language", ROWS)
def test_the_encoding_is_what_most_rows_have_behind_small_numbers(language: str) -> None:
    around, row = ROWS[language]
    rows = [(64, 0x6800, "A"), (64, 0x6802, "B"), (16, 0x800, "C"), (2, 0x10, "D")]
    written = (row.format(*each) if "{2}" in row else row % each for each in rows)
    (_, values), *_ = read(language, around % ", ".join(written))
    assert values == {"A": 0x6800, "B": 0x6802, "C": 0x800, "D": 0x10}
    rows = [(26624, 8, "A"), (26626, 8, "B"), (0, 0xFFFF, "C")]
    written = (row.format(*each) if "{2}" in row else row % each for each in rows)
    (_, values), *_ = read(language, around % ", ".join(written))
    assert values == {"A": 26624, "B": 26626, "C": 0}


def test_rust_conditions() -> None:
    """An item below #[cfg] has the arm of that attribute, whatever else stands between."""
    text = """
#[cfg(a)]
// one
#[doc = "x"]
/// two
pub const A: u32 = 1;
const B: u32 = 2;
#[doc = "x"]
const C: u32 = 3;
#[doc = "x"]
#[ cfg (b)] const D: u32 = 4;
#[cfg_attr(a, b)]
const E: u32 = 5;
enum X {
  #[cfg(a)]
  F = 6,
  G = 7, // c
  #[cfg(not(a))] #[x] H = 8,
}
"""
    found = {
        constant.name: text[constant.branch[0][1] :].partition("]")[0] if constant.branch else ""
        for each in rust.lists(source("file", text.encode(), "rust"))
        for constant in each.constants
    }
    assert found == {
        "A": "#[cfg(a)", "B": "", "C": "", "D": "#[ cfg (b)", "E": "",
        "F": "#[cfg(a)", "G": "", "H": "#[cfg(not(a))",
    }  # fmt: skip


def test_assembler() -> None:
    text = """
.equ A, 0x681e # comment
 .set B , A - 2 ; comment
.equiv C, 3 // comment
D equ 681Eh ; comment
E: EQU 5
F = 6 @ comment
%define G (7 + A)
# define H 8 /* comment */
/* .equ I, 9
J = 10 */
K == 11
mov L, 12
.equ M, 13; .set N, M + 1
mov L, 12 # .equ O, 15; .equ P, 16
mov L, 12 ; Q = 17
%assign R 18
%assign R R + 1
%xdefine S R
"""
    (found,) = read("assembler", text)
    assert found == (
        "assembler constants",
        {
            "A": 0x681E,
            "B": 0x681C,
            "C": 3,
            "D": 0x681E,
            "E": 5,
            "F": 6,
            "G": 0x6825,
            "H": 8,
            "M": 13,
            "N": 14,
            "R": 19,
            "S": 19,
        },
    )
    nasm = source("file.asm", b"A equ 1 ; .equ B, 2\n", "assembler")
    assert [[one.name for one in each.constants] for each in assembler.lists(nasm)] == [["A"]]


def test_yaml_and_json() -> None:
    text = """
names: {A: 1, B: "0x2", C: no, D: [1], E: 1.5}
numbers: {0x3: F, "4": "not a number where it is quoted"}
records:
  - {name: H, value: 5, comment: x}
  - {id: I, encoding: "0x6"}
pairs: [[J, 7], [8, K], [L, M], [1, 2]]
"""
    assert read("yaml", text) == [
        ("pairs", {"J": 7, "K": 8}),
        ("records", {"H": 5, "I": 6}),
        ("records", {"encoding": 6}),
        ("records", {"value": 5}),
        ("numbers", {"F": 3}),
        ("names", {"A": 1, "B": 2}),
    ]
    assert read("json", '{"A": {"B": 1, "C": "0x2"}, "D": [["E", 3], ["F", 4]]}') == [
        ("D", {"E": 3, "F": 4}), ("A", {"B": 1, "C": 2})
    ]  # fmt: skip
