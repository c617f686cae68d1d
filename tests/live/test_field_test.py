"""The field test of target kvm-unit-tests in the probe's place, on CPU models of Bochs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from test_scratch_spec import WRONG, Wrong, broken

from vmcsgen.core.spec import Spec
from vmcsgen.logs import probe_protocol
from vmcsgen.probe.build import Built, compile_sources, render_sources
from vmcsgen.probe.emulators import Machine
from vmcsgen.probe.run import run_probe
from vmcsgen.specfile.load import load
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import render

BOCHS_VMCS_ENUM = 0x34
"""What Bochs 2.7 reports for every CPU model (spec/emulators.yaml)."""


def build_field_test(spec: Spec, folder: Path) -> Built:
    """The generated test and its shim, in the place of the probe."""
    render_sources(spec, folder)
    for each in render(spec, load_target("kvm-unit-tests")):
        path = folder / "units" / each.output.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(each.text, encoding="utf-8")
    flags = "FIELD_TEST_FLAGS=-Iunits/shim -Iunits/x86 -Werror"
    return compile_sources(folder, "field-test", "FIELD_TEST=units/shim/shim.c", flags)


@pytest.fixture(scope="module")
def field_test(tools: None, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_field_test(load(checkout / "spec"), tmp_path_factory.mktemp("field-test"))


def results(machine: Machine, program: Built) -> list[str]:
    """What the test reported: ``pass TEXT`` or ``fail TEXT``."""
    lines = probe_protocol.lines(run_probe(machine, program, seconds=120), "log")
    said = [line.words for line in lines if line.number is not None]
    assert [words for words in said if words[0] == "tested"]
    return [" ".join(words[1:]) for words in said if words[0] == "report"]


@pytest.mark.parametrize(
    ("model", "highest"),
    [
        ("tigerlake", "0x32, by 0x2032: TSC_MULTIPLIER needs secondary.use_tsc_scaling"),
        (
            "corei7_sandy_bridge_2600k",
            "0x2e, by 0x482e: PREEMPT_TIMER_VALUE needs pin.activate_vmx_preemption_timer",
        ),
        ("core2_penryn_t9600", "0x2a, by 0x482a: GUEST_SYSENTER_CS exists always"),
    ],
)
def test_bochs_has_the_fields_that_its_msrs_say_and_a_wrong_vmcs_enum(
    field_test: Built, model: str, highest: str
) -> None:
    fields, vmcs_enum = results(Machine("bochs", model), field_test)
    assert fields.startswith("pass VMREAD and VMWRITE of 32768 encodings: ")
    assert fields.endswith(" 0 answers are wrong")
    told = f"fail VMCS_ENUM is {BOCHS_VMCS_ENUM:#x}; the highest index gives {highest}"
    assert vmcs_enum.startswith(told)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.field)
def test_a_wrong_requirement_is_named(
    tools: None, checkout: Path, tmp_path: Path, wrong: Wrong
) -> None:
    shutil.copytree(checkout / "spec", tmp_path / "spec")
    broken(tmp_path / "spec", wrong)
    spec = load(tmp_path / "spec", cache=False)
    program = build_field_test(spec, tmp_path / "program")
    name = spec.project_by_id["kvm-unit-tests"].name_for(spec.by_id[wrong.field])
    failed = [each for each in results(Machine("bochs", wrong.model), program) if "fail" in each]
    assert any(f": {name} " in each and wrong.wrong in each for each in failed), failed
