"""The generated test of kvm-unit-tests runs in the probe's place and finds the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from live_machines import Answers

from vmcsgen.core.spec import Spec
from vmcsgen.probe import protocol
from vmcsgen.probe.build import compile_sources, render_sources
from vmcsgen.probe.emulators import Machine
from vmcsgen.probe.report import Result
from vmcsgen.probe.run import run_probe
from vmcsgen.resources import template_root
from vmcsgen.specfile.load import load
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import render

TARGET = "kvm-unit-tests"
SKYLAKE = Machine("bochs", "corei7_skylake_x")
YONAH = Machine("bochs", "core_duo_t2400_yonah")

pytestmark = pytest.mark.skipif(
    not (template_root() / TARGET).is_dir(), reason=f"there is no target {TARGET}"
)

Reports = list[tuple[str, str]]
"""``pass`` or ``fail``, and the text."""


@pytest.fixture
def field_test(tools: None, tmp_path: Path) -> Callable[[Spec, Machine], Reports]:
    """Builds the field test of a spec and runs it on a machine."""

    def run(spec: Spec, machine: Machine) -> Reports:
        tree, folder = tmp_path / "tree", tmp_path / "guest"
        for each in render(spec, load_target(TARGET)):
            path = tree / each.output.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(each.text)
        render_sources(spec, folder)
        built = compile_sources(
            folder,
            "field-test",
            f"FIELD_TEST={tree}/shim/shim.c",
            f"FIELD_TEST_FLAGS=-I{tree}/shim -I{tree}/x86",
        )
        lines = protocol.lines(run_probe(machine, built), str(machine))
        reports = [
            (line.words[1], " ".join(line.words[2:])) for line in lines if line.kind == "report"
        ]
        (tested,) = (line.words for line in lines if line.kind == "tested")
        counts = [sum(result == each for result, _ in reports) for each in ("pass", "fail")]
        assert [int(number, 16) for number in tested[1:]] == counts
        return reports

    return run


@pytest.mark.parametrize("machine", [SKYLAKE, YONAH], ids=str)
def test_it_agrees_with_the_probe(
    field_test: Callable[[Spec, Machine], Reports],
    spec: Spec,
    answers: Answers,
    machine: Machine,
) -> None:
    _, result = answers[machine]
    assert isinstance(result, Result)
    answering = result.log.verdict.answering
    fields, vmcs_enum = field_test(spec, machine)
    assert fields[0] == "pass"
    assert fields[1].startswith(f"VMREAD and VMWRITE of 32768 encodings: {answering} exist, 0 ")
    # Bochs' known deviation, which this test can't know.
    found = result.comparison.vmcs_enum.found
    assert vmcs_enum[0] == "fail"
    assert vmcs_enum[1].startswith(f"VMCS_ENUM is 0x34; the highest index gives {found:#x}, ")


def test_it_names_field_and_control_of_a_wrong_requirement(
    field_test: Callable[[Spec, Machine], Reports], checkout: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "spec"
    shutil.copytree(checkout / "spec", scratch)
    table = scratch / "fields" / "b04-64bit-control.yaml"
    right = "requires: secondary.use_tsc_scaling\n"
    assert table.read_text().count(right) == 1
    table.write_text(table.read_text().replace(right, "requires: secondary.enable_pconfig\n"))
    failures = [
        text for result, text in field_test(load(scratch, cache=False), SKYLAKE) if result == "fail"
    ]
    assert any(
        text.startswith("VMREAD 0x2032 ends with 0, not 12: ")
        and "needs secondary.enable_pconfig" in text
        for text in failures
    )
