"""A log against the spec: every kind of difference is seen, named and, where known, explained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.logs.probe_answers import (
    OK,
    READ_ONLY,
    SILENT,
    UNSUPPORTED,
    Answer,
    Ended,
    OwnVerdict,
    ProbeLog,
)
from vmcsgen.logs.probe_reading import parse_log
from vmcsgen.probe.compare import Difference, capabilities, compare
from vmcsgen.probe.deviations import Deviation, OfSilicon, load_explanations
from vmcsgen.specfile.cpus import Erratum

TSC_MULTIPLIER = 0x2032
EXIT_REASON = 0x4402


@pytest.fixture
def log(recorded: bytes) -> ProbeLog:
    """Bochs' tigerlake, without what Bochs itself does wrong, and built from no spec of ours."""
    log = parse_log(recorded, "tigerlake.log")
    return replace(log, msrs={**log.msrs, 0x48A: 0x32}, spec_digest="elsewhere", host=None)


def answering(log: ProbeLog, encoding: int, answer: Answer) -> ProbeLog:
    return replace(log, answers={**log.answers, encoding: answer})


def only(spec: Spec, log: ProbeLog) -> Difference:
    (difference,) = compare(spec, log).differences
    return difference


def test_every_recorded_processor_agrees_but_for_the_known_deviation(
    spec: Spec, recordings: dict[str, bytes]
) -> None:
    assert len(recordings) == 3
    for model, raw in recordings.items():
        comparison = compare(spec, parse_log(raw, model), load_explanations(spec))
        assert comparison.unexplained == ()
        assert [each.kind for each in comparison.differences] == ["vmcs_enum"]
        assert comparison.unseen == ()


def test_a_log_without_differences_says_what_was_inspected(spec: Spec, log: ProbeLog) -> None:
    comparison = compare(spec, log)
    assert comparison.differences == ()
    assert comparison.fields == len(spec.confirmed)
    assert 100 < comparison.existing < comparison.fields
    assert comparison.encodings == 0x8000 + len(log.malformed)
    enum = comparison.vmcs_enum
    assert (enum.reported, enum.derived.vmcs_enum, enum.found) == (0x32, 0x32, 0x32)


def test_a_field_that_should_not_exist(spec: Spec, log: ProbeLog) -> None:
    without = {**log.msrs, 0x48B: log.msrs[0x48B] & ~(1 << 57)}
    differences = compare(spec, replace(log, msrs=without)).differences
    assert [(each.kind, each.encoding, each.field) for each in differences] == [
        ("unexpected", TSC_MULTIPLIER, "tsc_multiplier"),
        ("unexpected", TSC_MULTIPLIER | 1, "tsc_multiplier"),
    ]
    assert "TSC scaling" in differences[0].message


def test_a_field_that_should_exist(spec: Spec, log: ProbeLog) -> None:
    difference = only(spec, answering(log, 0x0812, SILENT))
    assert (difference.kind, difference.field) == ("missing", "pml_index")


def test_half_a_field_is_a_difference_of_its_own(spec: Spec, log: ProbeLog) -> None:
    difference = only(spec, answering(log, 0x2001, SILENT))
    assert (difference.kind, difference.encoding) == ("missing", 0x2001)


def test_an_encoding_that_no_field_has(spec: Spec, log: ProbeLog) -> None:
    difference = only(spec, answering(log, 0x0C0E, Answer(OK, OK, 0xFFFF)))
    assert (difference.kind, difference.field) == ("unlisted", None)
    assert "no field of the spec" in difference.message


def test_an_encoding_with_a_reserved_bit(spec: Spec, log: ProbeLog) -> None:
    difference = only(spec, answering(log, 0x1000, Answer(UNSUPPORTED, OK, 0)))
    assert difference.kind == "unlisted"
    assert "bit 12" in difference.message


def test_an_unconfirmed_field_that_answers_is_called_by_its_name(spec: Spec, log: ProbeLog) -> None:
    unconfirmed = next(each for each in spec.fields if not each.confirmed)
    difference = only(spec, answering(log, unconfirmed.encoding.value, Answer(OK, OK, 0xFFFFFFFF)))
    assert unconfirmed.id in difference.message


def test_another_error_than_12_for_a_field_that_does_not_exist(spec: Spec, log: ProbeLog) -> None:
    difference = only(spec, answering(log, 0x2034, Answer(Ended("invalid"), UNSUPPORTED)))
    assert (difference.kind, difference.field) == (
        "read", "tertiary_processor_based_vm_execution_controls"
    )  # fmt: skip


def test_exit_information_is_written_only_where_misc_bit_29_says_so(
    spec: Spec, log: ProbeLog
) -> None:
    assert log.msrs[0x485] >> 29 & 1
    refused = answering(log, EXIT_REASON, Answer(OK, READ_ONLY))
    assert only(spec, refused).kind == "write"
    cleared = replace(refused, msrs={**log.msrs, 0x485: log.msrs[0x485] & ~(1 << 29)})
    kinds = {(each.kind, each.encoding) for each in compare(spec, cleared).differences}
    assert ("write", EXIT_REASON) not in kinds
    assert ("write", EXIT_REASON + 2) in kinds


def test_error_13_for_a_field_that_does_not_exist_is_wrong(spec: Spec, log: ProbeLog) -> None:
    assert only(spec, answering(log, 0x2406, Answer(UNSUPPORTED, READ_ONLY))).kind == "write"


def test_a_16_bit_field_that_keeps_more(spec: Spec, log: ProbeLog) -> None:
    difference = only(spec, answering(log, 0x0802, Answer(OK, OK, 0x1FFFF)))
    assert (difference.kind, difference.field) == ("width", "guest_cs_selector")


def test_a_malformed_encoding_that_answers(spec: Spec, log: ProbeLog) -> None:
    difference = only(spec, replace(log, malformed={0x8800: Answer(OK, OK)}))
    assert (difference.kind, difference.encoding) == ("malformed", 0x8800)


@pytest.mark.parametrize("reported", [0x30, 0x33, 0x132])
def test_a_wrong_vmcs_enum(spec: Spec, log: ProbeLog, reported: int) -> None:
    difference = only(spec, replace(log, msrs={**log.msrs, 0x48A: reported}))
    assert (difference.kind, difference.value) == ("vmcs_enum", reported)


def test_a_vmcs_enum_that_cannot_be_read(spec: Spec, log: ProbeLog) -> None:
    without = {msr: value for msr, value in log.msrs.items() if msr != 0x48A}
    assert only(spec, replace(log, msrs=without)).kind == "vmcs_enum"


def test_a_field_whose_msr_is_missing_is_undecided(spec: Spec, log: ProbeLog) -> None:
    without = {msr: value for msr, value in log.msrs.items() if msr != 0x48B}
    kinds = {each.kind for each in compare(spec, replace(log, msrs=without)).differences}
    assert kinds == {"undecided"}


def test_a_cpuid_leaf_that_the_processor_lacks_rules_its_features_out(
    spec: Spec, log: ProbeLog
) -> None:
    vendor = log.leaves[0, 0]
    old = {(0, 0): (6, *vendor[1:]), (1, 0): log.leaves[1, 0]}
    capable = capabilities(spec, replace(log, leaves=old))
    assert {capable.supports(feature.name) for feature in spec.features} == {False}


def test_cpuid_features_come_from_the_log(spec: Spec, log: ProbeLog) -> None:
    fred = spec.feature_by_name["cpuid.fred"]
    leaves = {**log.leaves, (fred.leaf, fred.subleaf): (1 << fred.bit, 0, 0, 0)}
    assert capabilities(spec, replace(log, leaves=leaves)).supports("cpuid.fred") is True


def test_the_probes_own_verdict_is_compared_if_it_has_our_spec(spec: Spec, log: ProbeLog) -> None:
    verdict = OwnVerdict({0x0800: "missing"}, 0x32, 0x32, 0x32)
    other = replace(log, verdict=verdict)
    assert compare(spec, other).differences == ()
    difference = only(spec, replace(other, spec_digest=spec.digest[:12]))
    assert (difference.kind, difference.encoding) == ("own_verdict", 0x0800)


def deviation(**changes: object) -> Deviation:
    base = Deviation(
        "bochs-pml", "bochs", "missing", ("2.7",), frozenset({"tigerlake"}),
        frozenset({"pml_index"}), None, "Bochs lacks it.", "seen", (),
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"models": None}, True),
        ({"fields": None}, True),
        ({"emulator": "qemu"}, False),
        ({"versions": ("2.8",)}, False),
        ({"models": frozenset({"corei7_haswell_4770"})}, False),
        ({"fields": frozenset({"tsc_multiplier"})}, False),
        ({"kind": "unexpected"}, False),
    ],
)
def test_a_deviation_explains_only_what_it_describes(
    spec: Spec, log: ProbeLog, recorded: bytes, changes: dict[str, object], known: bool
) -> None:
    host = parse_log(recorded, "log").host
    lacking = replace(answering(log, 0x0812, SILENT), host=host)
    comparison = compare(spec, lacking, [deviation(**changes)])
    (difference,) = comparison.differences
    assert difference.known is known
    assert comparison.unexplained == (() if known else (difference,))


def test_another_wrong_value_is_no_known_deviation(spec: Spec, recorded: bytes) -> None:
    log = parse_log(recorded, "log")
    other = replace(log, msrs={**log.msrs, 0x48A: 0x36})
    assert [each.kind for each in compare(spec, other, load_explanations(spec)).unexplained] == [
        "vmcs_enum"
    ]


def test_a_deviation_that_does_not_show_is_unseen(spec: Spec, recorded: bytes) -> None:
    log = parse_log(recorded, "log")
    assert [each.id for each in compare(spec, log, [deviation()]).unseen] == ["bochs-pml"]
    assert compare(spec, replace(log, host=None), [deviation()]).unseen == ()


def test_a_file_of_deviations_that_breaks_its_schema_is_refused(spec: Spec, tmp_path: Path) -> None:
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields" / "any.yaml").write_text("{}\n")
    (tmp_path / "emulators.yaml").write_text("emulators:\n  - id: bochs\n    title: Bochs\n")
    with pytest.raises(DiagnosticError, match="deviations"):
        load_explanations(spec, tmp_path)


def test_a_spec_without_deviations_has_none(spec: Spec, tmp_path: Path) -> None:
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields" / "any.yaml").write_text("{}\n")
    assert load_explanations(spec, tmp_path) == ()


BJ44 = OfSilicon(
    Erratum("BJ44", "VMREAD", (), "vmread", "It may succeed.", "No fix", "seen", ((6, 0x2A),))
)


def sandy_bridge(log: ProbeLog) -> ProbeLog:
    """The log as if silicon of family 6, model 0x2a had answered, with a field too many."""
    signature = (0x206A7, *log.leaves[1, 0][1:])
    leaves = {**log.leaves, (1, 0): signature}
    return answering(replace(log, leaves=leaves), 0x0C0E, Answer(OK, OK, 0xFFFF))


def test_an_erratum_explains_what_silicon_does(spec: Spec, log: ProbeLog) -> None:
    comparison = compare(spec, sandy_bridge(log), [BJ44])
    assert [each.deviation for each in comparison.differences] == [BJ44]
    assert comparison.unexplained == ()


def test_an_erratum_that_does_not_show_is_nothing_unseen(spec: Spec, log: ProbeLog) -> None:
    without = {code: each for code, each in sandy_bridge(log).answers.items() if code != 0x0C0E}
    comparison = compare(spec, replace(sandy_bridge(log), answers=without), [BJ44])
    assert (comparison.differences, comparison.unseen) == ((), ())


def test_an_erratum_explains_no_guest_emulator_or_other_model(
    spec: Spec, log: ProbeLog, recorded: bytes
) -> None:
    sandy = sandy_bridge(log)
    kvm = tuple(int.from_bytes(part, "little") for part in (b"KVMK", b"VMKV", b"M\0\0\0"))
    guest = replace(sandy, leaves={**sandy.leaves, (0x40000000, 0): (0x40000001, *kvm)})
    emulated = replace(sandy, host=parse_log(recorded, "log").host)
    other = answering(log, 0x0C0E, Answer(OK, OK, 0xFFFF))
    for each in (guest, emulated, other):
        assert [one.kind for one in compare(spec, each, [BJ44]).unexplained] == ["unlisted"]


def test_the_errata_of_the_spec_are_known(spec: Spec) -> None:
    errata = [each for each in load_explanations(spec) if isinstance(each, OfSilicon)]
    assert {each.id for each in errata} >= {"AAT128", "BJ44"}
    assert all(each.erratum.cpus for each in errata)
    kinds = ("vmcs_enum", "unexpected", "unlisted", "read", "write", "missing")
    explained = {(each.id, kind) for each in errata for kind in kinds if each.explains(kind, "", 0)}
    assert {("AAT128", "vmcs_enum"), ("BJ44", "unlisted")} <= explained
    assert not {("AAT128", "unlisted"), ("BJ44", "vmcs_enum"), ("BJ44", "missing")} & explained
