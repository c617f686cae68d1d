"""Every CPU model of the installed QEMU: derived VMCS_ENUM, and what that QEMU would report."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import vmcsgen
from needs import missing, need
from vmcsgen.capabilities import qemu
from vmcsgen.capabilities.assess import Assessment, assess
from vmcsgen.capabilities.sources import processor
from vmcsgen.capabilities.verdict import Verdict
from vmcsgen.cli import main
from vmcsgen.specfile.cpus import KnownCpus, load_cpus


@pytest.fixture(scope="module")
def known(spec: vmcsgen.Spec, checkout: Path) -> KnownCpus:
    return load_cpus(spec, checkout / "spec", cache=False)


def model_names() -> list[str]:
    """Every CPU model that QEMU can expand without a host, in its order."""
    _, (answer,) = qemu.converse([{"execute": "query-cpu-definitions"}])
    models = answer["return"]
    return [each["name"] for each in models if each.get("unavailable-features") != ["kvm"]]


@pytest.fixture(scope="module")
def assessed(spec: vmcsgen.Spec, known: KnownCpus) -> dict[str, Assessment]:
    need(qemu.COMMAND, "qemu-system-x86")
    names = model_names()
    found = qemu.models(spec, names)
    return {
        name: assess(spec, dump.processors[0], known)
        for name, dump in zip(names, found.dumps, strict=True)
        if dump.processors
    }


def test_every_model_can_be_read(assessed: dict[str, Assessment]) -> None:
    assert len(assessed) > 100


def test_every_model_is_decided(assessed: dict[str, Assessment]) -> None:
    """A model's properties tell all that could raise VMCS_ENUM."""
    undecided = {name for name, each in assessed.items() if not each.enumeration.exact}
    # "max" passes on what the accelerator has: it is no fixed model.
    assert undecided <= {"max", "base", "host"}


def why_it_differs(spec: vmcsgen.Spec, found: Assessment) -> str:
    """The field that the ladder does not know, or the one that it takes for granted."""
    assert found.ladder is not None and found.ladder.value is not None
    if found.ladder.verdict is Verdict.TOO_HIGH:
        reached = [f for f in spec.confirmed if f.index << 1 == found.ladder.value]
        absent = [f.id for f in reached if f not in found.fields]
        assert absent == [f.id for f in reached]
        return "has no VMX-preemption timer" if "vmx_preemption_timer_value" in absent else "?"
    top = [f.id for f in found.fields if f.index == found.enumeration.index]
    return f"has {', '.join(top)}"


def test_how_many_models_differ_and_why(
    spec: vmcsgen.Spec, assessed: dict[str, Assessment], capsys: pytest.CaptureFixture[str]
) -> None:
    judged = {name: each for name, each in assessed.items() if each.ladder and each.ladder.verdict}
    if not judged:
        missing("the ladder of this QEMU version is not in spec/ladders.yaml")
    differing = {
        name: why_it_differs(spec, each)
        for name, each in judged.items()
        if each.ladder and each.ladder.verdict is not Verdict.MATCH
    }
    version = next(iter(judged.values())).ladder
    with capsys.disabled():
        print(f"\nQEMU {version and version.version}: {len(differing)} of {len(judged)} CPU models")
        print("report another VMCS_ENUM than their fields ask for:")
        reasons = Counter(
            (reason, judged[name].identity.vendor) for name, reason in differing.items()
        )
        for (reason, vendor), count in reasons.most_common():
            print(f"  {count:3} {reason} ({vendor})")
    assert "?" not in differing.values()
    if version is not None and version.version.startswith("7.2."):
        # The ladder of 7.2 ends in 0x2E even where the VMX-preemption timer is missing.
        assert set(differing.values()) <= {"has no VMX-preemption timer", "has tsc_multiplier"}
        assert 0 < len(differing) < len(judged)


def test_models_of_the_spec_say_the_same(
    spec: vmcsgen.Spec, known: KnownCpus, assessed: dict[str, Assessment]
) -> None:
    """spec/cpus holds models of a newer QEMU as MSRs, from its source: another way to the same."""
    by_name = {name.casefold(): each for name, each in assessed.items()}
    compared = 0
    for cpu in known.cpus:
        for identity in (cpu.id, *(twin.id for twin in cpu.also)):
            here = by_name.get(identity.casefold().removeprefix("qemu-"))
            if cpu.kind == "model" and here is not None:
                there = assess(spec, processor(cpu), known)
                assert here.fields == there.fields, identity
                assert here.enumeration == there.enumeration, identity
                compared += 1
    assert compared > 5


def test_caps_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    need(qemu.COMMAND, "qemu-system-x86")
    assert main(["caps", "qemu:core2duo"]) == 0
    out = capsys.readouterr().out
    assert "derived   0x2a" in out
    assert "would report 0x2e: too high" in out


def test_unknown_model(capsys: pytest.CaptureFixture[str]) -> None:
    need(qemu.COMMAND, "qemu-system-x86")
    assert main(["caps", "qemu:Skylark-Client"]) == 2
    assert "CPU model 'Skylark-Client' not found" in capsys.readouterr().err
