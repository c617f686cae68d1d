"""adopt on as much of kvm-unit-tests as the fixtures and the target's own edits tell of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vmcsgen.cli import main

from .kvm_unit_tests_tree import make, published


@pytest.fixture
def tree(checkout: Path, tmp_path: Path) -> Path:
    return make(tmp_path, checkout)


def test_all_names_values_and_places_are_kept(checkout: Path, tree: Path) -> None:
    assert main(["adopt", "kvm-unit-tests", str(tree)]) == 0
    text = (tree / "x86/vmx.h").read_text()
    found = re.findall(r"^\t(\w+)\s*= (0x[0-9a-f]{4})ul,$", text, re.MULTILINE)
    before = published(checkout)
    assert [entry for entry in found if entry in before] == before
    values = [int(value, 16) for _, value in found]
    assert len(set(values)) == len(values) > 250
    for value in values:
        if value >> 13 == 1:
            assert value ^ 1 in values  # each half has its other


def test_the_test_is_linked_and_called_once(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["adopt", "kvm-unit-tests", str(tree)]) == 0
        assert (tree / "x86/vmx.c").read_text().count("\t\ttest_vmcs_fields();\n") == 1
        assert (tree / "x86/Makefile.x86_64").read_text().count("vmx_fields.o") == 1
        assert (tree / "x86/vmx.h").read_text().count("void test_vmcs_fields(void);") == 1
    assert main(["gen", "--tree", str(tree), "--check"]) == 0
    assert "3 regions in 3 files: 3 current" in capsys.readouterr().err
