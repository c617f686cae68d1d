"""Lists of constants: which are lists of VMCS fields, what belongs to them, what is judged."""

from __future__ import annotations

import pytest

from vmcsgen.scan import lexicon
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher
from vmcsgen.scan.report import Report
from vmcsgen.scan.words import claimed_state, claimed_width, says_high


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(lexicon.load())


def enum(*lines: str, name: str = "things") -> str:
    return f"enum {name} {{\n" + "".join(f"\t{line},\n" for line in lines) + "};\n"


def defines(*lines: str) -> str:
    return "".join(f"#define {line}\n" for line in lines)


def read(text: str, matcher: Matcher) -> Report:
    return inspect("list.h", text.encode(), matcher)


def said(text: str, matcher: Matcher) -> list[tuple[str, str]]:
    """Rule and name of every finding."""
    return [(each.rule, each.name) for each in read(text, matcher).findings]


NAMED = ("GUEST_RSP = 0x681c", "GUEST_RIP = 0x681e", "HOST_RSP = 0x6c14", "HOST_RIP = 0x6c16")
STRANGE = ("kGuestRsp = 0x681c", "kGuestRip = 0x681e", "kHostRsp = 0x6c14", "kHostRip = 0x6c16")


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        (enum(*NAMED[:3]), 3),
        (enum(*NAMED[:2]), 0),
        (enum(*NAMED[:1], name="vmcs_field"), 1),
        (enum("VIRTUAL_PROCESSOR_ID = 0", *NAMED[:2]), 3),
        (enum("VIRTUAL_PROCESSOR_ID = 0", name="vmcs_field"), 0),
        (enum("VIRTUAL_PROCESSOR_ID", *NAMED[:2]), 0),
        (enum("GUEST_RSP = 0x1", "GUEST_RIP = 0x2", "HOST_RSP = 0x3"), 0),
        (defines("VMCS_GUEST_RIP 0x681f"), 1),
        (defines("VMCS_GUEST_RIP 0x6822"), 1),
        (defines("VMCS_GUEST_RIP 0x6833"), 0),
        (defines("VMCS_VPID 0x1"), 0),
        (defines("GUEST_RIP 0x681f"), 0),
    ],
    ids=[
        "three that agree", "two are too few", "one in what says vmcs", "zero is an encoding",
        "zero alone says nothing", "no value of its own", "no value fits", "a bit of slip",
        "a neighbour", "neither", "a slip of zero", "a slip, and nothing says vmcs",
    ],
)  # fmt: skip
def test_what_makes_a_list(text: str, constants: int, matcher: Matcher) -> None:
    assert read(text, matcher).constants == constants


def test_strangers_between_defines_belong_while_they_are_few(matcher: Matcher) -> None:
    between = ["VMCS_ONE 0x6f00", "VMCS_TWO 0x6f02", "VMCS_THREE 0x6f04", "VMCS_FOUR 0x6f06"]
    first, last = "VMCS_GUEST_RSP 0x681c", "VMCS_GUEST_RIP 0x681e"
    assert len(said(defines(first, *between[:3], last), matcher)) == 3
    assert said(defines(first, *between, last), matcher) == []


@pytest.mark.parametrize(
    "codes",
    [
        ("EXIT_REASON 0x4402", "EXIT_REASON_CPUID 10", "EXIT_REASON_HLT 12"),
        ("GUEST_ACTIVITY_STATE 0x4826", "GUEST_ACTIVITY_ACTIVE 0", "GUEST_ACTIVITY_HLT 1"),
        ("PIN_BASED_VM_EXEC_CONTROL 0x4000", "PIN_BASED_NMI_EXITING 8",
         "PIN_BASED_VIRTUAL_NMIS 0x20"),
        ("VM_INSTRUCTION_ERROR 0x4400", "VMXERR_VMCALL_IN_ROOT 1"),
    ],
)  # fmt: skip
def test_what_a_field_can_hold_is_no_encoding(codes: tuple[str, ...], matcher: Matcher) -> None:
    """Its names are much like the field's, and stand below it."""
    text = defines("HOST_RIP 0x6c16", *codes, "GUEST_SYSENTER_CS 0x482a", "GUEST_CR0 0x6800")
    report = read(text, matcher)
    assert (report.constants, report.findings) == (4, ())


def test_a_small_number_may_be_a_slip_of_another(matcher: Matcher) -> None:
    text = defines("HOST_RIP 0x6c16", "MY_PIR_VECTOR 0x42", "GUEST_CR3 0x6802", "GUEST_CR0 0x6800")
    assert said(text, matcher) == [("VMCS102", "MY_PIR_VECTOR")]


def test_only_what_shares_the_stem_of_defines_is_judged(matcher: Matcher) -> None:
    strange = ("HV_GUEST_RSP_ 0x681c", "HV_GUEST_RIP_ 0x681e", "HV_HOST_RIP_ 0x6c16")
    for between in ("HV_THING", "THING"):
        text = defines(strange[0], f"{between} 0x6f00", *strange[1:])
        wanted = [("VMCS102", between)] if between == "HV_THING" else []
        assert said(text, matcher) == wanted
    assert said(enum("HvThing = 0x6f00", *STRANGE), matcher) == [("VMCS102", "HvThing")]


def test_what_lists_write_for_no_field(matcher: Matcher) -> None:
    none = ("FIELD_UNDEF = (u32)-1", "GUEST_NOTHING = ~0u", "FIELD_BAD = -1", "LIMIT = 0xffffffff")
    assert said(enum(*NAMED, *none), matcher) == []
    assert said(enum(*NAMED, "GUEST_CR3 = -1"), matcher) == [("VMCS103", "GUEST_CR3")]
    assert said(enum(*STRANGE, "kGuestCr3 = -1"), matcher) == [("VMCS103", "kGuestCr3")]


@pytest.mark.parametrize("form", ["%s: %s\n", '"%s": %s,\n'], ids=["yaml", "json"])
def test_a_mapping_may_have_other_keys(form: str, matcher: Matcher) -> None:
    pairs = [("revision", "18"), ("version", "3"), ("year", "2024")]
    pairs += [(name, str(int(value, 16))) for name, _, value in map(str.split, NAMED)]
    text = "".join(form % pair for pair in pairs)
    path, text = ("a.json", f"{{{text[:-2]}}}") if "," in form else ("a.yaml", text)
    report = inspect(path, text.encode(), matcher)
    assert (report.constants, report.findings) == (4, ())


def test_arms_of_one_condition_exclude_each_other(matcher: Matcher) -> None:
    first, second = "#define GUEST_RIP 0x681e\n", "#define GUEST_EIP 0x681e\n"
    rest = defines("GUEST_CR0 0x6800", "GUEST_CR3 0x6802", "GUEST_CR4 0x6804")
    for one, other, same in (
        ("#ifdef X", "#ifndef X", []), ("#if defined(X)", "#if !defined X", []),
        ("#ifdef X\n#else", "#ifdef X", []), ("#ifndef X", "#if defined(X) // and no more", []),
        ("#ifdef X\n#elif Y", "#ifdef X", []),
        ("#ifdef X", "#ifdef X", ["GUEST_EIP"]), ("#ifdef X", "#ifndef Y", ["GUEST_EIP"]),
        ("#ifdef X", "#ifndef X\n#define X\n", ["GUEST_EIP"]),
        ("#ifndef X", "#ifdef X\n#elif Y", ["GUEST_EIP"]),
        ("#ifdef X\n#elif Y", "#ifndef X", ["GUEST_EIP"]),
    ):  # fmt: skip
        text = f"{one}\n{first}#endif\n{other}\n{second}#endif\n{rest}"
        assert said(text, matcher) == [("VMCS201", name) for name in same], (one, other)


def test_what_a_condition_leaves_out_in_any_case(matcher: Matcher) -> None:
    rest = defines("GUEST_CR0 0x6800", "GUEST_CR4 0x6804", "GUEST_RIP 0x681e")
    for condition, compiled in {
        "0": 0, "(0)": 0, "defined(X) && 0": 0, "X && (Y || 1) && 0": 0, "(X && 0) || (0)": 0,
        "!1": 0, "X || 0": 1, "defined(X) && !0": 1, "1 || X": 1, "(X) && (Y)": 1, "X ? 0 : 0": 1,
        "X && 0 || Y": 1, "((": 1, "(" * 60 + "0" + ")" * 60: 1,
    }.items():  # fmt: skip
        text = f"#if {condition}\n#define GUEST_CR3 0x6804\n#endif\n{rest}"
        assert len(said(text, matcher)) == compiled, condition


def test_a_variable_in_two_calls_is_no_name_of_a_field(matcher: Matcher) -> None:
    rows = "".join(
        f"\tvmwrite({value}, {name});\n"
        for name, value in (("cr0", "0x6800"), ("cr3", "0x6802"), ("cr4", "0x6804"),
                            ("guest_rip", "0x681e"), ("cr0", "0x6c00"), ("cr3", "0x6c02"))
    )  # fmt: skip
    assert said(f"/* vmcs */\nvoid f(void)\n{{\n{rows}}}\n", matcher) == []
    again = [("VMCS202", "cr0"), ("VMCS202", "cr3")]
    assert said(f"/* vmcs */\n{rows}", matcher) == again


def test_a_known_name_without_a_value_is_a_remark_wherever_it_stands(matcher: Matcher) -> None:
    text = defines(*(each.replace(" =", "") for each in NAMED), "GUEST_CR3 OTHER(1)", "X OTHER(1)")
    assert said(text, matcher) == [("VMCS901", "GUEST_CR3")]


def test_a_wrong_value_lacks_no_half(matcher: Matcher) -> None:
    text = enum(*NAMED, "EPT_POINTER = 0x201c", "EPT_POINTER_HIGH = 0x201b")
    assert said(text, matcher) == [("VMCS101", "EPT_POINTER")]


def test_a_stranger_that_says_the_other_half(matcher: Matcher) -> None:
    text = enum(*STRANGE, "kEptPointerHigh = 0x201a", "kTscOffset = 0x2011")
    high, full = read(text, matcher).findings
    assert (high.rule, full.rule) == ("VMCS104", "VMCS104")
    assert high.message == (
        "kEptPointerHigh is 0x201a, full access to the EPT pointer (EPTP);"
        " by its name it is the high one, 0x201b"
    )
    assert (high.expected, high.field) == (0x201B, "ept_pointer")
    assert full.message == (
        "kTscOffset is 0x2011, high access to the TSC offset;"
        " by its name it is the full one, 0x2010"
    )
    # A name that says little of the field says little of its halves.
    assert said(enum(*STRANGE, "kSomethingHigh = 0x201a"), matcher) == []
    # A table may call both halves by the field's name.
    table = '{"kGuestRip", 0x681e}, {"kTscOffset", 0x2010}, {"kTscOffset", 0x2011}'
    assert said(f"static const struct x t[] = {{ {table} }};\n", matcher) == []


HALVES = tuple(
    f"{name}{half} = {encoding + bool(half):#x}"
    for name, encoding in [("kIoBitmapA", 0x2000), ("kIoBitmapB", 0x2002), ("kMsrBitmaps", 0x2004),
                           ("kTscOffset", 0x2010), ("kApicAccessAddress", 0x2014)]
    for half in ("", "High")
)  # fmt: skip


def test_an_unknown_list_misses_a_half_only_if_it_spells_most(matcher: Matcher) -> None:
    lone = "kEptPointer = 0x201a"
    assert said(enum(*HALVES, lone), matcher) == [("VMCS203", "kEptPointer")]
    assert said(enum(*HALVES[2:], lone), matcher) == []  # four pairs are no convention
    fulls = ("kVmreadBitmapAddress = 0x2026", "kTscMultiplier = 0x2032")
    assert said(enum(*HALVES, lone, *fulls), matcher) == []  # five of eight neither


def test_of_two_names_the_worse_one_has_anothers_encoding(matcher: Matcher) -> None:
    for pair in (("MINE = 0x6802", "GUEST_CR3 = 0x6802"), ("GUEST_CR3 = 0x6802", "MINE = 0x6802")):
        assert said(enum(*NAMED, *pair), matcher) == [("VMCS201", "MINE")]


WIDTHS = {
    0: "VMX_VMCS16_GUEST_ES VMCS_16BIT_CONTROL_VPID HV_16_ES ES_16",
    1: "VMX_VMCS64_CTRL_EPTP VMCS_64BIT_CONTROL_EPTPTR BITS64_EPTP",
    2: "VMX_VMCS32_CTRL_PIN VMCS_32BIT_CONTROL_PIN PIN_BITS_32",
    3: "VMX_VMCSNW_GUEST_RIP VMCS_NATURAL_RIP RIP_NATURAL_WIDTH",
    None: "GUEST_RIP VMCS_16BIT_OR_32BIT VMX_VMCS64_NATURAL_X R16 XMM64",
}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_width_that_a_name_claims(width: int | None) -> None:
    assert {name: claimed_width(name) for name in WIDTHS[width].split()} == dict.fromkeys(
        WIDTHS[width].split(), width
    )


def test_the_state_that_a_name_claims() -> None:
    names = ("GUEST_RIP", "kHostRip", "HOST_OF_GUEST_RIP", "GUESTS_RIP", "TSC_OFFSET")
    assert [claimed_state(each) for each in names] == [2, 3, None, None, None]


def test_names_that_say_the_high_half() -> None:
    for name in ("EPTP_HIGH", "eptp_high", "EptpHi", "EPTP_HI", "VMX_EPTP_HIGH_ENCODE"):
        assert says_high(name) and not says_high(f"{name}_X")
    assert says_high("EPT pointer (high)")
    assert not says_high("EPTPHI") and not says_high("HIGHEST")
