"""Every CPU model of Bochs answers as the spec says, or deviates in a documented way."""

from __future__ import annotations

import pytest
from live_machines import MACHINES, MODELS, VARIATIONS, Answers

from needs import missing
from vmcsgen.logs.probe_reading import NothingAskedError
from vmcsgen.probe.emulators import Machine
from vmcsgen.probe.report import Result, as_text

VMX_MODELS_OF_2_7 = {
    "bx_generic", "core_duo_t2400_yonah", "core2_penryn_t9600", "corei5_lynnfield_750",
    "corei5_arrandale_m520", "corei7_sandy_bridge_2600k", "corei7_ivy_bridge_3770k",
    "corei7_haswell_4770", "broadwell_ult", "corei7_skylake_x", "corei3_cnl", "corei7_icelake_u",
    "tigerlake",
}  # fmt: skip


def test_there_are_cpu_models_with_vmx(answers: Answers) -> None:
    asked = {
        machine.model for machine, (_, result) in answers.items() if isinstance(result, Result)
    }
    # A newer Bochs may have more; one that lacks these is not Debian's 2.7 or later.
    assert asked >= VMX_MODELS_OF_2_7
    variations = [answers[machine][1] for machine in VARIATIONS]
    assert sum(isinstance(each, Result) for each in variations) == len(VARIATIONS) - 1


@pytest.mark.parametrize("machine", MACHINES or (None,), ids=str)
def test_a_cpu_model_answers_as_the_spec_says(
    machine: Machine | None, request: pytest.FixtureRequest
) -> None:
    if machine is None:
        missing("needs bochs: apt-get install bochs bochs-term bochsbios vgabios")
    answers: Answers = request.getfixturevalue("answers")
    _, result = answers[machine]
    if isinstance(result, NothingAskedError):
        assert "does not offer VMX" in str(result)
        return
    told = "\n".join(as_text(result))
    assert not result.comparison.unexplained, f"{machine}:\n{told}"
    assert not result.comparison.unseen, f"a documented deviation does not show:\n{told}"
    assert result.comparison.same_spec
    # Not empty by accident: the fields that every processor has are among them.
    assert result.comparison.existing > 100


def test_both_answers_to_a_write_of_exit_information_were_seen(answers: Answers) -> None:
    """VMWRITE of a read-only field: error 13 without bit 29 of IA32_VMX_MISC, none with it."""
    seen = {
        (result.log.msrs[0x485] >> 29 & 1, result.log.answer(0x4402).written.token)
        for _, result in answers.values()
        if isinstance(result, Result)
    }
    assert seen == {(0, "0d"), (1, "ok")}


def test_different_models_have_different_fields(answers: Answers) -> None:
    """The survey would prove little if all models were one."""
    counts = {
        result.comparison.existing
        for machine, (_, result) in answers.items()
        if isinstance(result, Result) and machine.model in MODELS
    }
    assert len(counts) >= 8
