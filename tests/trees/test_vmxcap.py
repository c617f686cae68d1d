"""scripts/kvm/vmxcap with a generated table: what it printed before, and the controls it lacked."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.cli import main

from . import qemu
from .cache import run
from .test_qemu_ladder import checkpatch

RUN = """
import builtins, io, runpy, sys
msrs = {int(key, 16): int(value, 16) for key, value in (word.split("=") for word in sys.argv[2:])}
class Msr(io.RawIOBase):
    at = 0
    def seek(self, at, whence=0):
        self.at = at
    def read(self, count=-1):
        # As the kernel's device: an MSR that the processor lacks can't be read.
        if self.at not in msrs:
            raise OSError("no such MSR")
        return msrs[self.at].to_bytes(8, "little")
real = builtins.open
builtins.open = lambda path, *rest: Msr() if path == "/dev/cpu/0/msr" else real(path, *rest)
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
runpy.run_path(sys.argv[1], run_name="__main__")
"""

EVERY_MSR = range(0x480, 0x494)


@pytest.fixture
def converted(qemu_build: qemu.QemuBuild, tmp_path: Path) -> Path:
    """The scripts of each QEMU after ``vmcsgen adopt vmxcap``."""
    shutil.copytree(qemu_build.tree / "scripts/kvm", tmp_path / "scripts/kvm")
    assert main(["adopt", "vmxcap", str(tmp_path)]) == 0
    return tmp_path


def output(tree: Path, msrs: dict[int, int]) -> dict[str, list[str]]:
    """What vmxcap of a tree prints on a processor: heading to lines."""
    words = [f"{msr:x}={value:x}" for msr, value in msrs.items()]
    text = run([sys.executable, "-c", RUN, tree / "scripts/kvm/vmxcap", *words])
    found: dict[str, list[str]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("  "):
            found[heading].append(line)
        else:
            heading = line
            found[heading] = []
    return found


def processors() -> Iterator[dict[int, int]]:
    chance = random.Random(7)
    yield dict.fromkeys(EVERY_MSR, 0)
    yield dict.fromkeys(EVERY_MSR, 2**64 - 1)
    yield {msr: chance.getrandbits(64) for msr in EVERY_MSR if msr < 0x491}
    for _ in range(5):
        yield {msr: chance.getrandbits(64) for msr in EVERY_MSR}


def test_it_prints_what_it_printed_and_the_controls_it_lacked(
    spec: vmcsgen.Spec, qemu_build: qemu.QemuBuild, converted: Path
) -> None:
    for msrs in processors():
        before, after = output(qemu_build.tree, msrs), output(converted, msrs)
        assert [heading for heading in after if heading in before] == list(before)
        assert set(after) - set(before) <= {"secondary VM-Exit controls"}  # not in 7.2
        for heading, lines in before.items():
            assert [line for line in after[heading] if line in lines] == lines, heading
    printed = sum(len(lines) for heading, lines in after.items() if "ontrols" in heading)
    emitted = [
        control
        for group in spec.groups
        for control in group.controls
        if control.status != "unconfirmed" and group.id != "vmfunc"
    ]
    assert printed == len(emitted)
    known = sum(len(lines) for heading, lines in before.items() if "ontrols" in heading)
    assert printed - known >= 20


def test_checkpatch_is_silent(
    qemu_build: qemu.QemuBuild, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["adopt", "vmxcap", str(qemu_build.tree), "--diff"])
    patch = tmp_path / "adopt.diff"
    patch.write_text(capsys.readouterr().out)
    said = checkpatch(qemu_build.tree, patch)
    assert "0 errors, 1 warnings" in said, said
    assert "MAINTAINERS" in said
