"""The pages about source trees: what they tell to type is typed, in small trees of each kind."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.unit.targets import kernel_tree, kvm_unit_tests_tree, qemu_tree

import vmcsgen
from vmcsgen.cli import main

CHECKOUT = Path(__file__).resolve().parents[3]

TREES: dict[str, Callable[[Path, vmcsgen.Spec], Path]] = {
    "in-a-kernel-tree.md": lambda top, spec: kernel_tree.make(top),
    "in-a-qemu-tree.md": qemu_tree.make,
    "in-kvm-unit-tests.md": lambda top, spec: kvm_unit_tests_tree.make(top, CHECKOUT),
}


def commands(page: str) -> Iterator[tuple[list[str], str]]:
    """(arguments, remark) of each line of a page's blocks that begins with vmcsgen."""
    text = (CHECKOUT / "docs" / page).read_text("utf-8")
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            if not language and line.startswith("vmcsgen "):
                command, _, remark = line.partition("#")
                yield shlex.split(command)[1:], remark


@pytest.mark.parametrize("page", TREES)
def test_commands_do_what_the_page_says(page: str, spec: vmcsgen.Spec, tmp_path: Path) -> None:
    top = TREES[page](tmp_path / "tree", spec)
    told = list(commands(page))
    assert len(told) >= 2
    for number, (arguments, remark) in enumerate(told):
        if remark.startswith(" or this"):
            top = TREES[page](tmp_path / "another", spec)
        typed = [str(top) if each == "DIR" else each for each in arguments]
        before = kernel_tree.files(top)
        asking = "--diff" in arguments or "--check" in arguments
        assert main(typed) == (1 if number == 0 and asking else 0), typed
        after = kernel_tree.files(top)
        if asking:
            assert after == before
        elif arguments[0] == "adopt":
            assert after != before
        if "twice" in remark:
            assert main(typed) == 0
            assert kernel_tree.files(top) == after
