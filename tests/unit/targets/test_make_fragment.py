"""vmcsgen.mk: make gen and make gen-check in a tree, alone or included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmcsgen.cli import main

from .kernel_tree import VMX_H, change, files, make, put

CALL = f"VMCSGEN={sys.executable} -m vmcsgen"


@pytest.fixture
def tree(tmp_path: Path, checkout: Path) -> Path:
    top = make(tmp_path / "linux")
    put(top, "vmcsgen.mk", (checkout / "out/make/vmcsgen.mk").read_text())
    assert main(["adopt", "linux", str(top)]) == main(["gen", "--tree", str(top)]) == 0
    return top


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Tests run below make themselves; what it hands down would make this one another's child.
    own = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments, CALL], cwd=tree, env=own, capture_output=True, text=True, check=False
    )


def test_alone_it_checks_and_mends(tree: Path) -> None:
    current = files(tree)
    assert run(tree, "-f", "vmcsgen.mk", "gen-check").returncode == 0
    text = current[VMX_H].decode()
    line = next(each for each in text.split("\n") if "without: POSTED_INTR_NV " in each)
    put(tree, VMX_H, text.replace(line, line.replace("POSTED_INTR_NV ", "")))
    failed = run(tree, "-f", "vmcsgen.mk", "gen-check")
    assert failed.returncode
    assert f"stale: {VMX_H}:" in failed.stdout
    assert run(tree, "-f", "vmcsgen.mk", "gen").returncode == 0
    assert run(tree, "-f", "vmcsgen.mk", "gen-check").returncode == 0
    assert b"POSTED_INTR_NV  " in files(tree)[VMX_H]


def test_a_hand_edit_fails_both(tree: Path) -> None:
    change(tree, VMX_H, "= 0x00006800", "= 0x00006802")
    assert run(tree, "-f", "vmcsgen.mk", "gen").returncode
    assert run(tree, "-f", "vmcsgen.mk", "gen-check").returncode


@pytest.mark.parametrize("first", [True, False])
def test_included_it_leaves_the_default_goal_alone(tree: Path, first: bool) -> None:
    include, own = "include vmcsgen.mk\n", "all:\n\t@echo of the tree\n"
    put(tree, "Makefile", include + own if first else own + include)
    assert run(tree).stdout == "of the tree\n"
    assert run(tree, "gen-check").returncode == 0
