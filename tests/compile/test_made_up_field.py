"""A control and a field that nobody has, added to a scratch spec: every list shows them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from capability_sets import boundary_sets
from compilers import generate
from make_believe import Cpu, build, conforming, failures, run_test
from qemu_cpu import HEADER

import vmcsgen

CONTROL, FIELD, ENCODING, BIT = "entry.load_made_up_state", "made_up_state", 0x2056, 26


@pytest.fixture(scope="module")
def scratch_spec(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> vmcsgen.Spec:
    folder = tmp_path_factory.mktemp("scratch") / "spec"
    shutil.copytree(checkout / "spec", folder)
    with (folder / "controls/entry.yaml").open("a") as file:
        file.write(
            f"  - {{bit: {BIT}, id: load_made_up_state, title: Load made-up state,"
            " sources: [sdm-2026-02]}\n"
        )
    with (folder / "fields/b04-64bit-control.yaml").open("a") as file:
        file.write(
            f"  - id: {FIELD}\n    title: Made-up state\n    encoding: {ENCODING:#x}\n"
            f"    requires: {CONTROL}\n    sources: [sdm-2026-02]\n"
        )
    return vmcsgen.load(folder)


def test_qemus_ladder_has_a_new_highest_rung(scratch_spec: vmcsgen.Spec, tmp_path: Path) -> None:
    lines = (generate(scratch_spec, "qemu", tmp_path) / HEADER).read_text().splitlines()
    rung = lines.index("    /* Made-up state (0x2056) */")
    assert lines[rung + 1 : rung + 4] == [
        "    /* Bit 26: Load made-up state */",
        f"    if (entry_ctls & (1ull << {BIT})) {{",
        "        return 0x56;",
    ]
    assert rung < lines.index("        return 0x52;")


def test_vmxcap_prints_the_control(scratch_spec: vmcsgen.Spec, tmp_path: Path) -> None:
    table = generate(scratch_spec, "vmxcap", tmp_path) / "scripts/kvm/vmx_controls.py"
    names: dict[str, dict[int, str]] = {}
    exec(table.read_text(), names)
    assert names["ENTRY_CTLS"][BIT] == "Load made-up state"


def test_the_field_test_of_kvm_unit_tests_expects_it(
    scratch_spec: vmcsgen.Spec, tmp_path: Path
) -> None:
    folder = generate(scratch_spec, "kvm-unit-tests", tmp_path)
    assert "\tMADE_UP_STATE_HI\t" in (folder / "x86/vmx.h").read_text()
    machine = build(folder, tmp_path / "machine")
    sets = boundary_sets(scratch_spec)
    has = sets.supported[CONTROL]
    with_it = conforming(scratch_spec, sets, (has & -has).bit_length() - 1)
    without = conforming(scratch_spec, sets, 0)
    assert ENCODING in with_it.exists
    assert ENCODING not in without.exists
    for lines in run_test(machine, [with_it, without]):
        assert [line.split()[0] for line in lines] == ["pass", "pass"], lines
    assert failures(machine, add(without, ENCODING))[0] == (
        "VMREAD 0x2056 ends with 0, not 12: MADE_UP_STATE needs entry.load_made_up_state; "
        "entry.load_made_up_state is 0 (MSR 0x484, bit 58)"
    )


def add(cpu: Cpu, encoding: int) -> Cpu:
    cpu.exists.add(encoding)
    return cpu
