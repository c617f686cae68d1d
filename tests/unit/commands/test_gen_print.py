"""gen --print: one output on standard output, for builds that make it themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmcsgen.cli import main

HEADER = "vmx-vmcs-enum.h"


def test_it_prints_what_gen_writes(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gen", "-t", "qemu", "--print", HEADER]) == 0
    written = checkout / "out/qemu/target/i386/kvm" / HEADER
    assert capsys.readouterr().out == written.read_text(encoding="utf-8")


def test_with_a_tree_it_prints_what_that_tree_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "target/i386"
    folder.mkdir(parents=True)
    (folder / "cpu.h").write_text("enum FeatureWord { FEAT_VMX_PINBASED_CTLS };\n")
    assert main(["gen", "-t", "qemu", "--tree", str(tmp_path), "--print", HEADER]) == 0
    text = capsys.readouterr().out
    assert "pin_ctls & (1ull << 6)" in text
    assert "FEAT_VMX_PROCBASED_CTLS" not in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--print", HEADER], "one output of one --target"),
        (["-t", "qemu", "-t", "c", "--print", HEADER], "one output of one --target"),
        (["-t", "qemu", "--print", "vmx.h"], "makes no 'vmx.h'"),
        (["-t", "qemu", "--print", HEADER, "--check"], "compares nothing"),
        (["-t", "qemu", "--print", HEADER, "--tree", "nowhere"], "can't be read"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gen", *arguments]) == 2
    caught = capsys.readouterr()
    assert told in caught.err
    assert not caught.out
