"""What C code says beside its lists: maxima, narrow indexes, conditions of existence."""

from __future__ import annotations

import pytest

import vmcsgen
from vmcsgen.scan import lexicon
from vmcsgen.scan.c_syntax import Syntax
from vmcsgen.scan.conditions import Fact, condition, facts
from vmcsgen.scan.constants import source
from vmcsgen.scan.existence import judge
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(lexicon.load())


def typed(text: str, matcher: Matcher) -> list[tuple[str, int, int]]:
    """Name, raw VMCS_ENUM value and bits (of a narrow index) of each maximum."""
    report = inspect("code.c", text.encode(), matcher)
    return [(each.place.name, each.vmcs_enum, each.bits) for each in report.maxima]


def inside(statement: str) -> str:
    return f"void f(struct caps *caps)\n{{\n\t{statement}\n}}\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("struct caps caps = { .vmcs_enum = 0x52 };", [("vmcs_enum", 0x52, 0)]),
        ("struct msr m[] = { { MSR_IA32_VMX_VMCS_ENUM, /* raw */ 0x52 } };",
         [("MSR_IA32_VMX_VMCS_ENUM", 0x52, 0)]),
        ("struct caps caps = { .other = vmcs_enum };", []),
        (inside("caps->raw = caps->vmcs_enum;"), []),
        (inside("#if 0\n\tcaps->vmcs_enum = 0x52;\n#endif"), []),
        (inside('print("vmcs_enum %d", 0x52);'), []),
        (inside("caps->vmcs_enum = 0x53;"), []),
        (inside("caps->vmcs_enum = LIMIT;"), []),
        (inside("{ vmcs_enum(caps); } call(0x52);"), []),
        (inside("switch (msr) { case OTHER: vmcs_enum; *data = 0x52; }"), []),
        (inside("switch (msr) { case MSR_IA32_VMX_VMCS_ENUM: return 0x52; }"),
         [("MSR_IA32_VMX_VMCS_ENUM", 0x52, 0)]),
        ("static u64 nested_vmcs_enum = 0x52;", [("nested_vmcs_enum", 0x52, 0)]),
        ("static u64 vmcs_enum_msr = 0x52, other = vmcs_enum;", []),
        (inside("memcpy(buf, &caps->vmcs_enum, 0x40);"), []),
        (inside("put(buf, caps->vmcs_enum & 0x3fe, 64);"), []),
        (inside("write((u32)MSR_IA32_VMX_VMCS_ENUM, 0x52);"),
         [("MSR_IA32_VMX_VMCS_ENUM", 0x52, 0)]),
        (inside("switch (msr) { case MSR_IA32_VMX_VMCS_ENUM: size = 8; }"), []),
        ("static const u64 m[] = { [VMCS_ENUM] = 41 << 1, [VMCS_REVISION] = 1 };",
         [("VMCS_ENUM", 0x52, 0)]),
        (inside("switch (msr) { case MSR_IA32_VMX_VMCS_ENUM: f(); *data = 0x52; }"), []),
    ],
    ids=[
        "designated", "row", "given to another", "read", "not compiled", "in a string",
        "no VMCS_ENUM has bit 0", "by name", "in another statement", "in another case",
        "returned", "initialised", "of another name", "an address", "a part of a member",
        "cast", "too small", "once",
        "not assigned first",
    ],
)  # fmt: skip
def test_where_code_types_a_maximum(
    text: str, found: list[tuple[str, int, int]], matcher: Matcher
) -> None:
    assert typed(text, matcher) == found


def test_names_of_a_maximum(matcher: Matcher) -> None:
    right = "VMCS_MAX_INDEX VMCS_LAST_IDX vmcs_highest_index VMCS_INDEX_HI_ VMCS12_LARGEST_INDEX"
    wrong = (
        "MAX_INDEX VMCS_INDEX VMCS_MAX VMCS_MAX_INDEX_MASK VMCS_MAX_INDEX_SHIFT VMCS_MAX_INDEX_BITS"
        " VMCS_MAX_INDEX_16BIT MSR_VMCS_MAX_INDEX VMCS_MAX_INDEX_RESERVED VMCS_CLIMAX_INDEX"
    )
    text = "".join(f"#define {name} 0x17\n" for name in f"{right} {wrong}".split())
    assert typed(text, matcher) == [(name, 0x2E, 0) for name in right.split()]
    values = {0x34: 1, 0x35: 0, 0: 0, 0x3FC: 1, 0x3FE: 0, 0x400: 0}
    for value, count in values.items():
        text = f"#define VMCS_MAX_ENCODING {value:#x}\n#define VMX_VMCS_ENUM_VALUE {value:#x}\n"
        assert [raw for _, raw, _ in typed(text, matcher)] == [value] * 2 * count
    assert typed("enum e { A, VMCS_MAX_INDEX };\n", matcher) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("struct vmcs_enc { u32 idx : 5; u32 width : 2; };", [("idx", 0, 5)]),
        ("struct vmcs_enc { u32 access : 1; u32 field_index : 4; };", [("field_index", 0, 4)]),
        ("struct vmcs_enc { u32 idx : 5; };", []),
        ("struct vmcs_enc { u32 index_of : 5; u32 width : 2; };", []),
        ("struct enc { u32 index : 5; u32 width : 2; };", []),
        ("struct vmcs { union { struct { u32 idx : 5; u32 width : 2; }; }; };", [("idx", 0, 5)]),
        ("/* struct vmcs_enc { u32 index : 5; }; */", []),
        ("int vmcs_index(int field) { return field >> 1 & 0x5; }", []),  # no mask
        ("int vmcs_index(int field) { return field >> 1 & 3; }", []),
        ("int vmcs(int e, int type) { int idx = e; return idx & 0x1f; }", []),
        ("int vmcs_index(int field) { return (field >> 1) % 32; }", [("index", 0, 5)]),
        ("int vmcs_index(int field) { return (field >> 1) % 33; }", []),
        ("int vmcs_index(int field) { return (field >> 1) % 0x200; }", [("index", 0, 9)]),
        ("int vmcs_index(int field) { return 1 << ((field >> 1) % 32); }", []),
        ("void vmcs_index(int idx) { bits[idx >> 5] |= 1u << (idx & 31); }", []),
        ("int vmcs_index(int idx) { return map[idx / 32] >> ((idx & 0x1f)) & 1; }", []),
        ("int vmcs_index(int idx) { return (idx & 0x1f) << 1; }", [("idx", 0, 5)]),
        ("int vmcs_index(int idx) { return 1 + (idx & 0x1f); }", [("idx", 0, 5)]),
    ],
)
def test_where_code_keeps_too_little_of_an_index(
    text: str, found: list[tuple[str, int, int]], matcher: Matcher
) -> None:
    assert typed(text, matcher) == found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("true", True), ("1", True), ("false", False), ("0", False), ("A", "A"), ("has()", "has()"),
        ("HAS(A)", "A"), ("word & A", "A"), ("A & word", "A"), ("c->word & A", "A"),
        ("c.word[2] & A", "A"), ("word & (A | B)", ["any", "A", "B"]),
        ("has() && word & A || B", ["any", ["all", "has()", "A"], "B"]), ("word", None),
        ("A & B", None), ("!A", None), ("A == B", None), ("has(A, B)", None), ("2", None),
        ("A && 7", None), ("A)", None), ("A ? B : C", None), ("", None),
        ("(" * 50 + "A" + ")" * 50, None),
    ],
)  # fmt: skip
def test_conditions(text: str, wanted: object) -> None:
    assert condition(text) == wanted


def stated(text: str, kind: str) -> dict[str, object]:
    """Name -> condition of the facts of a kind."""
    read: list[Fact] = list(facts(Syntax(source("code.cc", text.encode(), "c++"))))
    return {fact.name: fact.condition for fact in read if fact.kind == kind}


def test_what_stands_over_an_assignment_of_bits() -> None:
    text = """
void init(void)
{
  cap->vmx_supported_bits = A_BIT;
  if (X) { other(); }
  cap->vmx_supported_bits |= B_BIT | C_BIT;
  if (ONE) {
    while (0) { }
    cap->vmx_supported_bits |= D_BIT;
  }
  if (TWO)
    vmx_supported_bits |= E_BIT;
#if 0
  vmx_supported_bits |= F_BIT;
#endif
  // vmx_supported_bits |= G_BIT;
}
"""
    assert stated(text, "set") == {
        "A_BIT": True, "B_BIT": True, "C_BIT": True, "D_BIT": "ONE", "E_BIT": "TWO"
    }  # fmt: skip


def test_a_case_that_decides_step_by_step_is_not_understood() -> None:
    text = """
bool vmcs_field_supported(Bit32u encoding)
{
  switch (encoding) {
    case A: case B: return ONE;
    case C: if (x) return ONE; return TWO;
    case D: return TWO;
    default: return 0;
  }
}
bool other(void) { switch (x) { case E: return ONE; } }
"""
    assert stated(text, "case") == {
        "A": "ONE", "B": "ONE", "C": None, "D": "TWO", "default": False
    }  # fmt: skip


def judged(spec: vmcsgen.Spec, matcher: Matcher, text: str) -> list[tuple[str, str, str]]:
    """Rule, name and message of the findings on what a file says of existence."""
    stated = inspect("code.c", text.encode(), matcher).conditions
    return [(each.rule, each.name, each.message) for each in judge(stated, spec)]


def test_a_condition_is_compared_for_every_set_of_controls(
    spec: vmcsgen.Spec, matcher: Matcher
) -> None:
    text = """
static bool cpu_has_ept(void) { return has & SECONDARY_EXEC_ENABLE_EPT; }
static bool cpu_has_vpid(void) { return has & SECONDARY_EXEC_ENABLE_VPID; }
static bool cpu_has_loop(void) { return cpu_has_loop(); }
static bool cpu_has_vmcs12_field(unsigned int idx)
{
	switch (idx) {
	case VIRTUAL_PROCESSOR_ID: return cpu_has_vpid() || (cpu_has_vpid() && cpu_has_ept());
	case EPT_POINTER: return cpu_has_ept() && cpu_has_vpid() || cpu_has_vpid();
	case POSTED_INTR_NV: return cpu_has_loop();
	case TSC_MULTIPLIER: return false;
	case MINE: return false;
	default: return cpu_has_ept();
	}
}
"""
    vpid, ept = "secondary.enable_vpid", "secondary.enable_ept"
    assert judged(spec, matcher, text) == [
        ("VMCS401", "EPT_POINTER",
         "EPT_POINTER exists here if any(all(cpu_has_ept(), cpu_has_vpid()), cpu_has_vpid()),"
         f" that is any(all({ept}, {vpid}), {vpid}); the spec requires {ept}"),
        ("VMCS901", "POSTED_INTR_NV",
         "the condition of POSTED_INTR_NV can't be evaluated: if cpu_has_loop()"),
        ("VMCS401", "TSC_MULTIPLIER",
         "TSC_MULTIPLIER exists here never; the spec requires secondary.use_tsc_scaling"),
    ]  # fmt: skip


def ladder(*rungs: tuple[str, int]) -> str:
    arms = [f"if (f & {macro}) {{ add(c, MSR_IA32_VMX_VMCS_ENUM, {raw:#x}); }}"
            for macro, raw in rungs]  # fmt: skip
    return f"void f(void) {{ {' else '.join(arms)} }}\n"


def test_ladders_are_judged_one_by_one_and_only_if_understood(
    spec: vmcsgen.Spec, matcher: Matcher
) -> None:
    scaling, pml = ("VMX_SECONDARY_EXEC_TSC_SCALING", 0x32), ("VMX_SECONDARY_EXEC_ENABLE_PML", 0x2A)
    whole, other = ladder(scaling, pml), ladder(pml, scaling)
    assert [rule for rule, _, _ in judged(spec, matcher, whole + other)] == ["VMCS402", "VMCS402"]
    assert judged(spec, matcher, ladder(scaling, ("MY_OWN_CONTROL", 0x2A))) == []
    assert judged(spec, matcher, ladder(scaling)) == []  # one number is a typed maximum
