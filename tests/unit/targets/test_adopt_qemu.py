"""adopt, gen --tree and patch on as much of QEMU as the target's own edits tell of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.cli import main
from vmcsgen.resources import template_root
from vmcsgen.targets.hunks import read_hunks

from .qemu_tree import EOI_EXIT, HEADER, KVM_C, VMCS_H, make


@pytest.fixture(params=["kvm.diff", "kvm-7.2.diff"])
def tree(request: pytest.FixtureRequest, spec: vmcsgen.Spec, tmp_path: Path) -> Path:
    return make(tmp_path / "qemu", spec, request.param)


def contents(tree: Path) -> dict[str, str]:
    return {str(p.relative_to(tree)): p.read_text() for p in tree.rglob("*") if p.is_file()}


def test_adopt_replaces_the_ladder_and_the_list_once(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["adopt", "qemu", str(tree)]) == 0
    after = contents(tree)
    assert "MSR_IA32_VMX_VMCS_ENUM, vmx_vmcs_enum(f));" in after[KVM_C]
    assert "0x2E" not in after[KVM_C]
    assert "secondary_ctls & VMX_SECONDARY_EXEC_TSC_SCALING" in after[HEADER]
    assert main(["adopt", "qemu", str(tree)]) == 0
    assert contents(tree) == after
    assert main(["gen", "--tree", str(tree), "--check"]) == 0
    assert "2 regions in 2 files: 2 current" in capsys.readouterr().err


def test_adopting_vmxcap_twice_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "scripts/kvm/vmxcap"
    script.parent.mkdir(parents=True)
    hunks = read_hunks(template_root() / "vmxcap/vmxcap.diff")
    script.write_text("".join("\n".join([*hunk.old, "", ""]) for hunk in hunks))
    assert main(["adopt", "vmxcap", str(tmp_path)]) == 0
    after = contents(tmp_path)
    capsys.readouterr()
    assert main(["adopt", "vmxcap", str(tmp_path)]) == 0
    assert contents(tmp_path) == after
    assert capsys.readouterr().out == "unchanged: scripts/kvm/vmx_controls.py\n"


def test_the_list_keeps_what_it_had_and_what_stood_around_it(tree: Path) -> None:
    before = (tree / VMCS_H).read_text().splitlines()
    assert main(["adopt", "qemu", str(tree)]) == 0
    after = (tree / VMCS_H).read_text().splitlines()
    numbers = [line for line in after if line.startswith("#define VMCS_") and "(" not in line]
    assert [line.lower() for line in numbers] == [
        line.lower() for line in before if line.startswith("#define VMCS_") and "(" not in line
    ]
    assert after.count("/* 16-bit control fields */") == 1
    assert after[0] == before[0]
    assert after[-1] == before[-1] == "/* what follows */"
    end = next(n for n, line in enumerate(after) if "vmcsgen end: qemu/hvf-fields" in line)
    assert after[end + 1] == EOI_EXIT


def test_a_macro_that_is_no_plain_number_is_not_defined_twice(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tree / VMCS_H
    path.write_text(
        path.read_text().replace(EOI_EXIT, f"{EOI_EXIT}\n#define VMCS_GUEST_SSP (0x682a)")
    )
    before = contents(tree)
    assert main(["adopt", "qemu", str(tree), "--all"]) == 2
    err = capsys.readouterr().err
    assert "VMCS_GUEST_SSP is defined here, and the region would define it too [ADOPT001]" in err
    assert contents(tree) == before
    assert main(["adopt", "qemu", str(tree)]) == 0


def test_an_unknown_ladder_is_refused_and_nothing_changes(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tree / KVM_C
    path.write_text(path.read_text().replace("0x2E);", "0x2C);"))
    before = contents(tree)
    assert main(["adopt", "qemu", str(tree)]) == 2
    assert "the lines of this hunk stand nowhere" in capsys.readouterr().err
    assert contents(tree) == before


def test_a_new_word_makes_the_ladder_stale(tree: Path) -> None:
    assert main(["adopt", "qemu", str(tree)]) == 0
    cpu_h = tree / "target/i386/cpu.h"
    cpu_h.write_text(
        cpu_h.read_text().replace("    FEATURE", "    FEAT_VMX_TERTIARY_CTLS,\n    FEATURE")
        + "#define VMX_TERTIARY_EXEC_IPI_VIRT (1ULL << 4)\n"
    )
    assert main(["gen", "--tree", str(tree), "--check"]) == 1
    assert main(["gen", "--tree", str(tree)]) == 0
    assert "tertiary_ctls & VMX_TERTIARY_EXEC_IPI_VIRT" in (tree / HEADER).read_text()
    assert main(["gen", "--tree", str(tree), "--check"]) == 0


def test_the_series_says_what_it_does(tree: Path, tmp_path: Path) -> None:
    mails = tmp_path / "series"
    mails.mkdir()
    before = contents(tree)
    author = "A Developer <dev@example.org>"
    assert main(["patch", "qemu", str(tree), "-o", str(mails), "-s", "--from", author]) == 0
    assert contents(tree) == before
    cover, ladder, fields = (path.read_text() for path in sorted(mails.glob("*.patch")))
    assert f"+++ b/{HEADER}\n" in ladder
    assert f"+++ b/{VMCS_H}\n" in fields
    assert "[PATCH 0/2]" in cover
    for mail in (ladder, fields):
        assert f"\nSigned-off-by: {author}\n---\n" in mail
    for mail in (cover, ladder, fields):
        prose = mail.partition("\n\n")[2].partition("\n---\n")[0]
        assert max(map(len, prose.splitlines())) <= 79
