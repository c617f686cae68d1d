"""Make-believe CPUs that the field test of target kvm-unit-tests runs on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from capability_sets import Sets

import vmcsgen
from needs import need

HERE = Path(__file__).parent
VMCS_ENUM, MISC = 0x48A, 0x485
UNITS_FLAGS = ("-std=gnu99", "-ffreestanding", "-Wall", "-Wextra", "-Werror")
"""As kvm-unit-tests compiles its files."""


def includes(folder: Path) -> tuple[str, ...]:
    return f"-I{folder / 'shim'}", f"-I{folder / 'x86'}"


def build(folder: Path, program: Path) -> Path:
    """The field test, its shim and the make-believe CPU, as a program."""
    done = subprocess.run(
        [need("gcc", "gcc"), *UNITS_FLAGS, "-O1", *includes(folder), folder / "shim/shim.c",
         HERE / "field_test_machine.c", "-o", program],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return program


@dataclass
class Cpu:
    """What a make-believe CPU has."""

    msrs: dict[int, int]
    features: Mapping[str, bool]
    exists: set[int]
    spec: vmcsgen.Spec = field(repr=False)
    lax: bool = False
    """VMWRITE of read-only fields ends well, whatever IA32_VMX_MISC says."""

    def lines(self) -> Iterable[str]:
        yield from (f"msr {msr:x} {value:x}" for msr, value in self.msrs.items())
        yield "cpuid 0 0 24 0 0 0"
        leaves: dict[tuple[int, int], list[int]] = {}
        for each in self.spec.features:
            registers = leaves.setdefault((each.leaf, each.subleaf), [0] * 4)
            place = ("eax", "ebx", "ecx", "edx").index(each.register)
            registers[place] |= self.features[each.name] << each.bit
        for (leaf, subleaf), registers in leaves.items():
            yield f"cpuid {leaf:x} {subleaf:x} " + " ".join(f"{each:x}" for each in registers)
        yield from (f"exists {encoding:x}" for encoding in sorted(self.exists))
        if self.lax:
            yield "lax"
        yield "run"


def conforming(spec: vmcsgen.Spec, sets: Sets, number: int, misc: int = 0) -> Cpu:
    """A CPU that has what its capability MSRs say, and tells the right VMCS_ENUM."""
    msrs, features = sets.one(number)
    capabilities = vmcsgen.Capabilities.from_msrs(spec, msrs, features)
    present = vmcsgen.existing_fields(spec, capabilities)
    encodings = {each.encoding.value for each in present}
    encodings |= {each.high_encoding.value for each in present if each.high_encoding}
    maximum = vmcsgen.enumerate_fields(spec.confirmed, capabilities).vmcs_enum
    return Cpu({**msrs, VMCS_ENUM: maximum, MISC: misc}, features, encodings, spec)


def run_test(machine: Path, cpus: Sequence[Cpu]) -> list[list[str]]:
    """The results of each CPU, one line each."""
    text = "".join(f"{line}\n" for cpu in cpus for line in cpu.lines())
    done = subprocess.run([machine], input=text, capture_output=True, text=True, check=True)
    runs: list[list[str]] = [[]]
    for line in done.stdout.splitlines():
        if line.startswith("end "):
            assert line != "end changed"
            runs.append([])
        else:
            runs[-1].append(line)
    return runs[:-1]


def failures(machine: Path, cpu: Cpu) -> list[str]:
    (lines,) = run_test(machine, [cpu])
    assert len(lines) > 1
    return [line.removeprefix("fail ") for line in lines if line.startswith("fail ")]
