"""adopt: lists become regions with the same names, values and order, or nothing changes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.core.spec import Spec

from . import kernel_tree as tree_files
from .kernel_tree import SELFTESTS_VMX_H, VMX_H, change, files, make, put

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make(tmp_path / "linux")


def adopt(tree: Path, *arguments: str) -> int:
    return main(["adopt", "linux", str(tree), *arguments])


def constants(text: bytes) -> list[tuple[str, int]]:
    found = re.findall(r"^\t(\w+)\s*= (0[xX]\w+)", text.decode(), re.MULTILINE)
    return [(name, int(value, 16)) for name, value in found]


def test_names_values_and_order_stay(tree: Path, capsys: Capture) -> None:
    before = files(tree)
    assert adopt(tree) == 0
    after = files(tree)
    for path in (VMX_H, SELFTESTS_VMX_H):
        assert constants(after[path]) == constants(before[path])
        assert after[path] != before[path]
    assert capsys.readouterr().out.count("converted: ") == 2


def test_what_stands_around_a_list_stays(tree: Path) -> None:
    before = files(tree)
    adopt(tree)
    after = files(tree)
    for path in (VMX_H, SELFTESTS_VMX_H):
        old = before[path].decode().split(tree_files.ENUM)
        new = re.split(
            r"/\* vmcsgen begin.*vmcsgen end: [^\n]*\n", after[path].decode(), flags=re.S
        )
        assert new == old


def test_once_is_enough(tree: Path, capsys: Capture) -> None:
    adopt(tree)
    before = files(tree)
    capsys.readouterr()
    assert adopt(tree) == 0
    assert adopt(tree, "--diff") == 0
    assert capsys.readouterr().out.count("unchanged: ") == 4
    assert files(tree) == before


def test_diff_shows_and_writes_nothing(tree: Path, capsys: Capture) -> None:
    before = files(tree)
    assert adopt(tree, "--diff") == 1
    out = capsys.readouterr().out
    assert f"--- a/{VMX_H}\n+++ b/{VMX_H}\n" in out
    assert "+/* vmcsgen begin: linux/vmcs-field  spec " in out
    assert files(tree) == before


def test_all_adds_what_the_tree_has_no_name_for(tree: Path, spec: Spec) -> None:
    before = files(tree)
    assert adopt(tree, "--all") == 0
    text = files(tree)[VMX_H]
    assert b"/* vmcsgen with: all */\n" in text
    found = constants(text)
    old = constants(before[VMX_H])
    assert [each for each in found if each in old] == old
    assert dict(found)["PCONFIG_EXITING_BITMAP"] == 0x203E
    encodings = [
        each.value
        for field in spec.confirmed
        for each in (field.encoding, field.high_encoding)
        if each is not None
    ]
    assert sorted(value for _, value in found) == sorted(encodings)


def test_all_of_what_was_adopted_is_said_below_the_mark(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adopt(tree) == 0
    assert capsys.readouterr().err == "2 files: 2 changed\n"
    before = files(tree)
    assert adopt(tree, "--all") == 0
    assert "write 'vmcsgen with: all' below its mark" in capsys.readouterr().err
    assert files(tree) == before


def test_a_list_may_have_the_high_half_of_a_field_only(tree: Path) -> None:
    change(tree, SELFTESTS_VMX_H, "	TSC_MULTIPLIER                  = 0x00002032,\n", "")
    before = constants(files(tree)[SELFTESTS_VMX_H])
    assert ("TSC_MULTIPLIER_HIGH", 0x2033) in before
    assert adopt(tree) == 0
    assert constants(files(tree)[SELFTESTS_VMX_H]) == before


def test_an_older_place_of_a_file_is_found(tree: Path) -> None:
    older = SELFTESTS_VMX_H.replace("/x86/", "/x86_64/")
    put(tree, older, tree_files.FILES[SELFTESTS_VMX_H])
    (tree / SELFTESTS_VMX_H).unlink()
    assert adopt(tree) == 0
    assert b"vmcsgen begin" in files(tree)[older]


def test_crlf_files_stay_crlf(tree: Path) -> None:
    for path, content in files(tree).items():
        (tree / path).write_bytes(content.replace(b"\n", b"\r\n"))
    assert adopt(tree) == 0
    text = files(tree)[VMX_H]
    assert text.count(b"\n") == text.count(b"\r\n")


def test_a_crlf_file_that_ends_with_the_list_gets_no_lone_carriage_return(tree: Path) -> None:
    put(tree, VMX_H, f"one\n{tree_files.ENUM}".rstrip("\n").replace("\n", "\r\n"))
    assert adopt(tree) == 0
    text = files(tree)[VMX_H]
    assert text.endswith(b"*/")
    assert text.count(b"\r") == text.count(b"\r\n") == text.count(b"\n")


REFUSED = {
    "a value that differs": (
        ("= 0x00006800", "= 0x00006802"), "GUEST_CR0 is 0x6802 here, 0x6800 in the spec"
    ),
    "a name that no field has": (
        ("GUEST_CR0 ", "GUEST_CR9 "), "the region would lose GUEST_CR9"
    ),
    "another order": (
        ("	GUEST_ES_SELECTOR               = 0x00000800, /* ES */\n", ""),
        "TSC_MULTIPLIER would change its place",
    ),
    "an expression": (("= 0x00006800", "= BASE + 2"), "this is not NAME = NUMBER"),
    "no value": (("             = 0x00006800", ""), "this is not NAME = NUMBER"),
    "a condition inside": (("	GUEST_CR0", "#ifdef X\n	GUEST_CR0"), "this is not NAME = NUMBER"),
    "text behind the end": (("\n};\n\n#define VMX_AFTER", "\n} x;\n\n#define VMX_AFTER"),
                            "does not end with a line of its own"),
    "no such list": (("enum vmcs_field {", "enum vmcs_fields {"), "has no enum vmcs_field"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_not_stay_the_same_is_refused(tree: Path, capsys: Capture, case: str) -> None:
    (old, new), message = REFUSED[case]
    change(tree, VMX_H, old, new)
    if case == "another order":
        change(tree, VMX_H, "\tGUEST_CR0 ", "\tGUEST_ES_SELECTOR = 0x800,\n\tGUEST_CR0 ")
        message = "GUEST_ES_SELECTOR would change its place"
    before = files(tree)
    assert adopt(tree) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert VMX_H in captured.err
    assert files(tree) == before


@pytest.mark.parametrize(
    ("lines", "rule", "message"),
    [
        ("#define MINE 1\n", "ADOPT004", "write over the lines of this region"),
        ("/* vmcsgen without: NOPE */\n", "REGION008", "NOPE"),
    ],
)
def test_marks_put_there_by_hand_are_filled_only_where_nothing_is_lost(
    tree: Path, capsys: Capture, lines: str, rule: str, message: str
) -> None:
    begin, end = (f"/* vmcsgen {kind}: linux/vmcs-field */\n" for kind in ("begin", "end"))
    put(tree, VMX_H, begin + lines + end)
    before = files(tree)
    assert adopt(tree) == 2
    err = capsys.readouterr().err
    assert f"{VMX_H}:1:1: error: " in err
    assert message in err
    assert f"[{rule}]" in err
    assert files(tree) == before
    put(tree, VMX_H, begin + end)
    assert adopt(tree) == 0
    filled = files(tree)[VMX_H]
    put(tree, VMX_H, begin + filled.decode().partition("\n")[2])
    assert adopt(tree) == 0
    assert files(tree)[VMX_H] == filled


def test_a_comment_or_string_that_looks_like_the_list_is_none(tree: Path) -> None:
    text = files(tree)[VMX_H].decode()
    fake = '/* enum vmcs_field { A = 1 };\n*/\n#define S "enum vmcs_field { B = 2 };"\n'
    put(tree, VMX_H, fake + text)
    before = constants(files(tree)[VMX_H])
    assert adopt(tree) == 0
    assert constants(files(tree)[VMX_H]) == before


def test_an_unknown_target_or_folder_is_an_error(tree: Path, capsys: Capture) -> None:
    assert main(["adopt", "linx", str(tree)]) == 2
    assert "did you mean 'linux'?" in capsys.readouterr().err
    assert adopt(tree / "none") == 2
    assert main(["adopt", "c", str(tree)]) == 2


def test_a_new_field_changes_exactly_its_lines(tree: Path, tmp_path: Path, checkout: Path) -> None:
    """One entry in the spec, one name in the project: two enumerators, one cell, one rung."""
    assert adopt(tree) == 0
    assert main(["gen", "--tree", str(tree)]) == 0
    before = files(tree)
    spec = Path(shutil.copytree(checkout / "spec", tmp_path / "spec"))
    change_file(
        spec / "fields/b04-64bit-control.yaml",
        "  - id: tsc_multiplier\n",
        "  - id: made_up_address\n    title: Made-up address\n    encoding: 0x2030\n"
        "    requires: secondary.enable_vpid\n    sources: [sdm-2026-02]\n  - id: tsc_multiplier\n",
        drop=r"  - id: sub_page_permission_table_pointer\n(?:    .*\n)+",
    )
    forget(spec, "sub_page_permission_table_pointer")
    change_file(
        spec / "projects/linux.yaml",
        "  tsc_multiplier: TSC_MULTIPLIER\n",
        "  made_up_address: MADE_UP_ADDR\n  tsc_multiplier: TSC_MULTIPLIER\n",
    )
    change(tree, "arch/x86/kvm/vmx/vmcs12.h", "	u64 tsc", "	u64 made_up_addr;\n	u64 tsc")
    assert main(["gen", "--tree", str(tree), "--spec", str(spec)]) == 0
    after = files(tree)
    assert after[SELFTESTS_VMX_H] == before[SELFTESTS_VMX_H], "it has no name for the field"
    added, removed = difference(before[VMX_H], after[VMX_H])
    assert added == {
        "\tMADE_UP_ADDR                    = 0x00002030,",
        "\tMADE_UP_ADDR_HIGH               = 0x00002031,",
    }
    assert removed == set()
    added, removed = difference(before[tree_files.VMCS12_C], after[tree_files.VMCS12_C])
    assert added == {
        "\tFIELD(CONTROL_64, MADE_UP_ADDR, ENABLE_VPID, made_up_addr),",
        "\tif (groups & BIT_ULL(VMCS12_ENABLE_VPID))",
        "\t\treturn 0x30;",
    }
    assert removed == set()


def change_file(path: Path, old: str, new: str, drop: str = "") -> None:
    text = path.read_text()
    if drop:
        text, count = re.subn(drop, "", text)
        assert count == 1
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def forget(spec: Path, field: str) -> None:
    """Take every other mention of a field out of a copy of the spec."""
    for path in spec.rglob("*.yaml"):
        lines = path.read_text().split("\n")
        kept = [line for line in lines if not re.match(rf"\s*(- )?{field}\b", line)]
        if kept != lines:
            path.write_text("\n".join(kept))


def difference(before: bytes, after: bytes) -> tuple[set[str], set[str]]:
    """Lines that came and went, marks left out."""

    def lines(text: bytes) -> set[str]:
        return {line for line in text.decode().split("\n") if "vmcsgen" not in line}

    return lines(after) - lines(before), lines(before) - lines(after)
