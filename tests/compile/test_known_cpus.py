"""For every CPU of spec/cpus the generated C, run natively, says what the library says."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import ask
from capability_sets import Sets, msr_addresses
from compilers import Compiler

import vmcsgen
from vmcsgen.capabilities.assess import Assessment, assess
from vmcsgen.capabilities.sources import processor
from vmcsgen.specfile.cpus import load_cpus


@pytest.fixture(scope="module")
def assessed(spec: vmcsgen.Spec, checkout: Path) -> list[tuple[str, Assessment]]:
    known = load_cpus(spec, checkout / "spec", cache=False)
    return [(cpu.id, assess(spec, processor(cpu), known)) for cpu in known.cpus]


def test_fields_and_vmcs_enum_of_every_known_cpu(
    spec: vmcsgen.Spec,
    assessed: list[tuple[str, Assessment]],
    compiler: Compiler,
    c_folder: Path,
    tmp_path: Path,
) -> None:
    """The C takes an MSR that a dump lacks as zero: what is undecided does not exist for it."""
    sets = Sets(
        spec,
        {
            msr: [each.processor.msrs.get(msr, 0) for _, each in assessed]
            for msr in msr_addresses(spec)
        },
        {
            feature.name: [each.capabilities.supports(feature.name) is True for _, each in assessed]
            for feature in spec.features
        },
    )
    program = compiler.build(c_folder / "vmcs-selftest.c", tmp_path / "selftest")
    _, enums, columns = ask(sets, program)
    assert len(enums) == len(assessed) == 50
    for number, (cpu, each) in enumerate(assessed):
        existing = tuple(
            field
            for field, column in zip(spec.confirmed, columns, strict=True)
            if column >> number & 1
        )
        assert existing == each.fields, cpu
        assert enums[number] == each.enumeration.vmcs_enum, cpu
    assert len(set(enums)) >= 6
