"""Target kvm-unit-tests without its tree: names and values, and the test on make-believe CPUs."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

import pytest
from capability_sets import Sets, boundary_sets, random_sets
from compilers import PACKAGES, Compiler, generate
from make_believe import (
    UNITS_FLAGS,
    VMCS_ENUM,
    build,
    conforming,
    failures,
    includes,
    run_test,
)

import vmcsgen
from needs import need

HERE = Path(__file__).parent
MISC_VMWRITE_ANY = 1 << 29


@pytest.fixture(scope="session")
def units_folder(spec: vmcsgen.Spec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the outputs of target kvm-unit-tests."""
    return generate(spec, "kvm-unit-tests", tmp_path_factory.mktemp("kvm-unit-tests"))


@pytest.fixture(scope="session")
def machine(units_folder: Path) -> Path:
    return build(units_folder, units_folder / "machine")


@pytest.fixture(scope="session")
def full(spec: vmcsgen.Spec) -> Sets:
    """One set: every control and feature."""
    sets = boundary_sets(spec)
    numbers = [n for n in range(len(sets)) if all(c >> n & 1 for c in sets.supported.values())]
    msrs = {msr: [values[numbers[0]]] for msr, values in sets.msrs.items()}
    return Sets(spec, msrs, {name: [True] for name in sets.features})


@pytest.mark.parametrize("bits", ["-m32", "-m64"])
def test_it_compiles_freestanding_without_warnings(
    compiler: Compiler, units_folder: Path, tmp_path: Path, bits: str
) -> None:
    need(compiler.name, PACKAGES[compiler.name])
    flags = [bits, *UNITS_FLAGS, "-O2", "-Wconversion", "-Wpedantic", "-Wno-sign-conversion"]
    done = subprocess.run(
        [compiler.name, *flags, *includes(units_folder), "-c", units_folder / "shim/shim.c",
         "-o", tmp_path / "shim.o"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def enumerators(folder: Path) -> dict[str, int]:
    """The constants of enum Encoding, in order, as the compiler is given them."""
    text = (folder / "x86/vmx.h").read_text()
    found = re.findall(r"^\t(\w+)\s*= (0x[0-9a-f]{4})ul,$", text, re.MULTILINE)
    return {name: int(value, 16) for name, value in found}


def test_every_name_of_the_tree_is_kept_with_its_value_and_place(units_folder: Path) -> None:
    ours = enumerators(units_folder)
    with (HERE.parent / "fixtures/names/kvm-unit-tests.csv").open(newline="") as file:
        theirs = {row["name"]: int(row["encoding"], 16) for row in csv.DictReader(file)}
    assert len(theirs) == 153
    assert [name for name in ours if name in theirs] == list(theirs)
    assert {name: ours[name] for name in theirs} == theirs


def test_every_encoding_of_the_spec_has_one_name(spec: vmcsgen.Spec, units_folder: Path) -> None:
    values = list(enumerators(units_folder).values())
    confirmed = {each.encoding.value for each in spec.confirmed}
    high = {each.high_encoding.value for each in spec.confirmed if each.high_encoding}
    assert sorted(values) == sorted(confirmed | high)


def test_the_table_has_every_field(spec: vmcsgen.Spec, units_folder: Path) -> None:
    names = enumerators(units_folder)
    header = (units_folder / "x86/vmx_fields.h").read_text()
    rows = re.findall(r"^\tVMX_FIELD\((\w+), (\d+)\),$", header, re.MULTILINE)
    assert [names[name] for name, _ in rows] == [f.encoding.value for f in spec.confirmed]
    texts = dict(re.findall(r"^\t\[(\d+)\] = \{\n\t\t\"(.*)\",$", header, re.MULTILINE))
    assert [texts[number] for _, number in rows] == [str(f.requires) for f in spec.confirmed]


def test_cpus_that_have_what_they_say_pass(spec: vmcsgen.Spec, machine: Path, full: Sets) -> None:
    boundary, chance = boundary_sets(spec), random_sets(spec, 60, seed=5)
    cpus = [conforming(spec, full, 0), conforming(spec, full, 0, MISC_VMWRITE_ANY)]
    cpus += [conforming(spec, boundary, number) for number in range(0, len(boundary), 11)]
    cpus += [conforming(spec, chance, number) for number in range(len(chance))]
    runs = run_test(machine, cpus)
    assert len(runs) == len(cpus) > 120
    for cpu, lines in zip(cpus, runs, strict=True):
        assert [line.split()[0] for line in lines] == ["pass", "pass"], lines
        assert f": {len(cpu.exists)} exist, 0 answers are wrong" in lines[0]


def test_a_field_that_is_missing_is_named_with_its_control(
    spec: vmcsgen.Spec, machine: Path, full: Sets
) -> None:
    cpu = conforming(spec, full, 0)
    cpu.exists.remove(0x0812)
    assert failures(machine, cpu)[:2] == [
        f"{verb} 0x0812 ends with 12, not 0: GUEST_PML_INDEX needs secondary.enable_pml; "
        "secondary.enable_pml is 1 (MSR 0x48b, bit 49)"
        for verb in ("VMREAD", "VMWRITE")
    ]


def test_a_field_that_is_there_without_its_control_is_named(
    spec: vmcsgen.Spec, machine: Path, full: Sets
) -> None:
    full.msrs[0x48B][0] &= ~(1 << 49)
    cpu = conforming(spec, full, 0)
    full.msrs[0x48B][0] |= 1 << 49
    cpu.exists.add(0x0812)
    assert failures(machine, cpu)[0] == (
        "VMREAD 0x0812 ends with 0, not 12: GUEST_PML_INDEX needs secondary.enable_pml; "
        "secondary.enable_pml is 0 (MSR 0x48b, bit 49)"
    )


def test_a_missing_high_half_is_named(spec: vmcsgen.Spec, machine: Path, full: Sets) -> None:
    cpu = conforming(spec, full, 0)
    cpu.exists.remove(0x2033)
    assert (
        "VMREAD 0x2033 ends with 12, not 0: TSC_MULTIPLIER (high) needs"
        in failures(machine, cpu)[0]
    )


def test_an_encoding_that_nobody_knows_is_told(
    spec: vmcsgen.Spec, machine: Path, full: Sets
) -> None:
    for encoding in (0x0FFE, 0x1000, 0x4013, 0x7FFF):
        cpu = conforming(spec, full, 0)
        cpu.exists.add(encoding)
        told = failures(machine, cpu)[0]
        assert told == (
            f"VMREAD {encoding:#06x} ends with 0, not 12: no known field has this encoding"
        )


def test_a_field_that_can_be_written_although_it_is_read_only_is_told(
    spec: vmcsgen.Spec, machine: Path, full: Sets
) -> None:
    cpu = conforming(spec, full, 0)
    cpu.lax = True
    told = failures(machine, cpu)
    assert "VMWRITE 0x4400 ends with 0, not 13: VMX_INST_ERROR exists always" in told
    read_only = [e for e in cpu.exists if vmcsgen.Encoding(e).type is vmcsgen.FieldType.READ_ONLY]
    assert len(told) == len(read_only) + 1


def test_a_read_only_field_that_cannot_be_written_although_misc_says_so_is_told(
    spec: vmcsgen.Spec, machine: Path, full: Sets
) -> None:
    cpu = conforming(spec, full, 0, MISC_VMWRITE_ANY)
    assert failures(machine, cpu) == []
    cpu.exists.remove(0x4400)
    assert failures(machine, cpu)[1].startswith("VMWRITE 0x4400 ends with 12, not 0")


@pytest.mark.parametrize("reported", [0, 0x2E, 0x50, 0x54, 0x53, 1 << 32 | 0x52])
def test_a_wrong_vmcs_enum_is_told_with_the_field_and_its_control(
    spec: vmcsgen.Spec, machine: Path, full: Sets, reported: int
) -> None:
    cpu = conforming(spec, full, 0)
    cpu.msrs[VMCS_ENUM] = reported
    assert failures(machine, cpu) == [
        f"VMCS_ENUM is {reported:#x}; the highest index gives 0x52, by 0x2052: "
        "INJECTED_EVENT_DATA needs cpuid.fred; cpuid.fred is 1 (CPUID)"
    ]


def test_a_cpu_without_any_field_fails(spec: vmcsgen.Spec, machine: Path, full: Sets) -> None:
    cpu = conforming(spec, full, 0)
    cpu.exists.clear()
    assert failures(machine, cpu)[-1] == "VMCS_ENUM: no field can be read"
