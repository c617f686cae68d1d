"""Verdicts, errata, deciders: what follows from a processor's capabilities."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

import vmcsgen
from vmcsgen.capabilities.assess import (
    Assessment,
    Verdict,
    assess,
    deciders,
    judge,
    reported_by_revision,
)
from vmcsgen.capabilities.dump import Dump, Identity, Processor
from vmcsgen.capabilities.report import as_text
from vmcsgen.capabilities.sources import processor
from vmcsgen.core.enumeration import Enumeration, existence
from vmcsgen.core.processor import Leaf, Registers, features
from vmcsgen.specfile.cpus import KnownCpus


def find(spec: vmcsgen.Spec, known: KnownCpus, name: str) -> Assessment:
    cpu = known.find(name)
    assert cpu is not None, name
    return assess(spec, processor(cpu), known)


@pytest.mark.parametrize(
    ("reported", "index", "upper", "erratum", "verdict"),
    [
        (0x2E, 23, 23, False, Verdict.MATCH),
        (0x2A, 23, 23, False, Verdict.TOO_LOW_CAPPED),
        (0x2A, 23, 23, True, Verdict.TOO_LOW_ERRATUM),
        (0x2C, 21, 21, True, Verdict.TOO_HIGH),
        # The derived value is a lower bound.
        (0x2E, 34, 39, False, Verdict.TOO_LOW_CAPPED),
        (0x44, 34, 39, False, Verdict.UNDECIDED),
        (0x48, 34, 39, False, Verdict.UNDECIDED),
        (0x4E, 34, 39, False, Verdict.UNDECIDED),
        (0x50, 34, 39, False, Verdict.TOO_HIGH),
        # Reserved bits make it another number.
        (0x2F, 23, 23, False, Verdict.TOO_HIGH),
    ],
)
def test_verdict_is_a_rule(
    reported: int, index: int, upper: int, erratum: bool, verdict: Verdict
) -> None:
    assert judge(reported, Enumeration(index, upper), erratum) is verdict


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("core2-t9600", (0x2A, True, 0x2C, Verdict.TOO_HIGH, ())),
        ("atom-e680", (0x2A, True, 0x2C, Verdict.TOO_HIGH, ())),
        ("i3-370m", (0x2E, True, 0x2A, Verdict.TOO_LOW_ERRATUM, ("AAT128",))),
        ("i7-2600k", (0x2E, True, 0x2A, Verdict.TOO_LOW_ERRATUM, ("BJ128", "BK126"))),
        ("i7-4770r", (0x2E, True, 0x2A, Verdict.TOO_LOW_ERRATUM, ("HSD70", "HSM71"))),
        ("xeon-w3670", (0x2E, True, 0x2A, Verdict.TOO_LOW_CAPPED, ())),
        ("celeron-j1900", (0x2E, True, 0x2E, Verdict.MATCH, ())),
        ("i9-10900k", (0x2E, True, 0x2E, Verdict.MATCH, ())),
        ("i9-7900x", (0x32, True, 0x2E, Verdict.TOO_LOW_CAPPED, ())),
        ("xeon-8351n", (0x3E, True, 0x2E, Verdict.TOO_LOW_CAPPED, ())),
        ("i9-12900k", (0x44, False, 0x2E, Verdict.TOO_LOW_CAPPED, ())),
        ("core-7-350", (0x52, True, 0x2E, Verdict.TOO_LOW_CAPPED, ())),
        ("kx-7000", (0x32, True, 0x32, Verdict.MATCH, ())),
        # Family 6, model 0x47 is Broadwell at Intel: its errata are not Centaur's.
        ("centaur-cns", (0x32, True, 0x2E, Verdict.TOO_LOW_CAPPED, ())),
        ("nested-cooperlake", (0x2E, True, None, None, ())),
        ("qemu-kvm64-v1", (0x2A, True, 0x2E, Verdict.TOO_HIGH, ())),
    ],
)
def test_known_cpus(
    spec: vmcsgen.Spec, known: KnownCpus, name: str, expected: tuple[object, ...]
) -> None:
    """Derived, whether exact, reported, verdict and errata."""
    found = find(spec, known, name)
    errata = tuple(each.id for each in found.errata)
    enumeration = found.enumeration
    assert expected == (
        enumeration.vmcs_enum, enumeration.exact, found.reported, found.verdict, errata,
    )  # fmt: skip


def test_an_erratum_covers_what_it_tells_of_only(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    """One that says that VMCS_ENUM is too low explains no value that is right."""
    cpu = known.find("i7-3770k")
    assert cpu is not None
    right = processor(cpu)
    right = replace(right, msrs={**right.msrs, 0x48A: 0x2E})
    found = assess(spec, right, known)
    assert (found.verdict, found.errata) == (Verdict.MATCH, ())


def test_intel_reports_one_value_for_each_vmcs_revision(known: KnownCpus) -> None:
    found = reported_by_revision(known)
    assert {revision: list(values) for revision, values in found.items()} == {
        0x2: [0x2E], 0x4: [0x2E], 0x9: [0x2C], 0xD: [0x2C], 0xF: [0x2A], 0x10: [0x2A],
        0x11: [0x2E], 0x12: [0x2A], 0x13: [0x2E], 0x15: [0x2E],
    }  # fmt: skip
    counted = sum(len(ids) for values in found.values() for ids in values.values())
    intel = [cpu for cpu in known.cpus if cpu.kind == "hardware" and cpu.vendor == "Intel"]
    assert counted == sum(cpu.reliability == "ok" for cpu in intel) > 30


def test_zhaoxin_does_not(known: KnownCpus) -> None:
    """Its processors share revision 7: what holds for Intel is no law of the architecture."""
    assert reported_by_revision(known, "Zhaoxin/Centaur")[7].keys() == {0x2E, 0x32}


def test_errata_do_not_cover_virtual_machines(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    cpu = known.find("i7-3770k")
    assert cpu is not None
    virtual = assess(spec, replace(processor(cpu), virtual=True), known)
    assert virtual.verdict is Verdict.TOO_LOW_CAPPED
    assert virtual.reading_errata == ()
    assert [each.id for each in find(spec, known, "i7-3770k").reading_errata] == ["BV29", "BU29"]


def test_inferences_agree_with_cpuid_on_every_known_processor(
    spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    """FRED as CPUID tells it, and as bit 58 of IA32_VMX_BASIC implies it or rules it out."""
    compared = 0
    for cpu in known.cpus:
        if cpu.kind == "hardware" and cpu.features:
            blind = assess(spec, replace(processor(cpu), features={}), known)
            assert blind.capabilities.supports("cpuid.fred") is cpu.features["cpuid.fred"], cpu.id
            assert "cpuid.fred" in blind.capabilities.inferred
            compared += 1
    assert compared > 30


@pytest.mark.parametrize(
    ("cpuid", "fred"),
    [
        ({(7, 1): (1 << 17, 0, 0, 0)}, True),
        ({(7, 1): (0, 0, 0, 0)}, False),
        # The processor says that it has no such leaf, or no such subleaf.
        ({(0, 0): (6, 0, 0, 0)}, False),
        ({(0, 0): (7, 0, 0, 0), (7, 0): (0, 0, 0, 0)}, False),
        # The dump merely lacks it.
        ({(0, 0): (7, 0, 0, 0), (7, 0): (1, 0, 0, 0)}, None),
        ({}, None),
    ],
)
def test_features_by_cpuid(
    spec: vmcsgen.Spec, cpuid: dict[Leaf, Registers], fred: bool | None
) -> None:
    assert features(spec, cpuid).get("cpuid.fred") is fred


def test_nothing_is_inferred_for_virtual_machines(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    cpu = known.find("nested-cooperlake")
    assert cpu is not None
    blind = assess(spec, replace(processor(cpu), features={}), known)
    assert blind.capabilities.supports("cpuid.fred") is None
    assert blind.enumeration == Enumeration(23, 41)
    guest = Processor(None, (), dict(cpu.msrs), {(1, 0): (0, 0, 1 << 31, 0)}, {}, {}, None)
    assert assess(spec, guest, known).virtual is True


def test_deciders_name_what_the_source_lacks(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    alder = find(spec, known, "i9-12900k")
    for field in alder.undecided:
        assert deciders(spec, alder, field), field.id
    needed = Counter(
        each if isinstance(each, int) else each.name
        for field in alder.undecided
        for each in deciders(spec, alder, field)
    )
    assert set(needed) == {0x491, 0x492, 0x493}
    only = assess(spec, Processor(None, (), {0x480: 1 << 55}, {}, {}, {}, None), known)
    assert deciders(spec, only, spec.field("tsc_multiplier")) == (0x48E, 0x48B)
    assert deciders(spec, only, spec.field("eptp_list_address")) == (0x48E, 0x48B, 0x491)


def test_one_field_is_not_called_fields(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    for name, words in (("i7-4770r", "1 field can't"), ("i3-8109u", "2 fields can't")):
        found = find(spec, known, name)
        dump = Dump(name, "test", (found.processor,), 1, ())
        assert words in as_text(spec, dump, found)


def test_adding_what_decides_does_decide(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    for cpu in known.cpus:
        found = assess(spec, processor(cpu), known)
        for field in found.undecided:
            added = {each: 0 for each in deciders(spec, found, field) if isinstance(each, int)}
            features = {
                each.name: False
                for each in deciders(spec, found, field)
                if not isinstance(each, int)
            }
            whole = replace(
                found.processor,
                msrs={**found.processor.msrs, **added},
                features={**found.processor.features, **features},
            )
            decided = assess(spec, whole, known)
            assert existence(field, decided.capabilities) is False, (cpu.id, field.id)


def test_every_known_cpu_without_doubt_is_consistent(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    assert len(known.cpus) == 50
    for cpu in known.cpus:
        found = assess(spec, processor(cpu), known)
        if cpu.reliability == "ok":
            assert found.inconsistencies == (), cpu.id


def test_alike_finds_the_processor_of_a_bare_dump(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    cpu = known.find("i9-7900x")
    assert cpu is not None
    bare = assess(spec, Processor(None, (), dict(cpu.msrs), {}, {}, {}, None), known)
    assert [each.id for each in bare.alike] == ["i9-7900x"]
    assert find(spec, known, "i9-7900x").alike == ()


def test_identity_without_leaves_of_a_known_cpu(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    assert find(spec, known, "i3-370m").identity == Identity(
        "Intel", "Intel Core i3-370M", 6, 0x25, None
    )


def test_ladder_of_a_qemu_version(known: KnownCpus) -> None:
    for version, since in (("7.2.22", "7.2"), ("9.1.0", "7.2"), ("9.2.0", "9.2"), ("11.0", "9.2")):
        ladder = known.ladder("qemu", version)
        assert ladder is not None and ladder.since == since
    assert known.ladder("qemu", "6.2.0") is None
    assert known.ladder("xen", "4.20") is None
