"""A comparison as text, JSON, table and entry of spec/cpus."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from vmcsgen.core.spec import Spec
from vmcsgen.logs.probe_reading import parse_log
from vmcsgen.probe.compare import compare
from vmcsgen.probe.deviations import load_explanations
from vmcsgen.probe.report import Result, aligned, as_plain, as_text, cpu_entry, markdown, table
from vmcsgen.specfile import nodes, schema


@pytest.fixture
def result(spec: Spec, recorded: bytes) -> Result:
    log = parse_log(recorded, "tigerlake.log")
    return Result("tigerlake.log", log, compare(spec, log, load_explanations(spec)))


def test_text_names_processor_counts_and_known_deviation(spec: Spec, result: Result) -> None:
    text = "\n".join(as_text(result))
    assert text.startswith("bochs 2.7 tigerlake: GenuineIntel 06-8c-01, 11th Gen Intel(R) Core")
    assert f"32837 encodings asked, {len(spec.confirmed)} fields compared, 158 of them" in text
    assert "VMCS_ENUM: reported 0x34, derived 0x32" in text
    assert "known    vmcs_enum" in text
    assert text.endswith("agrees, but for bochs-vmcs-enum-constant")


def test_text_names_field_and_requirement_of_a_difference(spec: Spec, result: Result) -> None:
    msrs = {**result.log.msrs, 0x48B: result.log.msrs[0x48B] & ~(1 << 57)}
    log = replace(result.log, msrs=msrs)
    text = "\n".join(as_text(Result("log", log, compare(spec, log))))
    assert "DIFFERS  unexpected: 0x2032 tsc_multiplier: exists, but should not" in text


def test_json_has_numbers_and_a_verdict(spec: Spec, result: Result) -> None:
    plain = json.loads(json.dumps(as_plain(spec, result)))
    assert plain["agrees"] is True
    assert plain["vmcs_enum"] == {"reported": 52, "derived": 50, "exact": True, "found": 50}
    assert plain["inspected"] == {
        "fields": len(spec.confirmed),
        "existing": 158,
        "encodings": 32837,
    }
    (difference,) = plain["differences"]
    assert difference["known"] is True
    assert difference["deviation"]["id"] == "bochs-vmcs-enum-constant"
    assert plain["msrs"]["0x48a"] == 0x34


def test_a_table_has_one_row_a_machine(result: Result) -> None:
    (row,) = table([result])
    assert row[:5] == ("tigerlake", "158", "0x34", "0x32", "0x32")
    heading, line = aligned([row])
    assert heading.split()[0] == "CPU"
    assert line.startswith("tigerlake  158")
    assert list(markdown([result]))[2].startswith("| tigerlake | 158 | 0x34 |")


def test_a_cpu_entry_follows_the_schema_and_keeps_the_msrs(spec: Spec, result: Result) -> None:
    document = nodes.parse(cpu_entry(spec, result.log), "cpus/probed.yaml")
    assert schema.check(document, "cpus") == []
    (entry,) = document.root.plain()["cpus"]  # type: ignore[index, call-overload]
    assert entry["name"] == "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz"
    assert (entry["family"], entry["model"], entry["cpuid_1_eax"]) == (6, 0x8C, 0x806C1)
    assert entry["kind"] == "model"
    msrs = {int(msr, 16): value for msr, value in entry["msrs"].items()}
    assert msrs == {msr: value for msr, value in result.log.msrs.items() if msr >= 0x480}
    assert entry["features"] == dict.fromkeys(spec.feature_by_name, False)


def test_a_cpu_entry_has_the_features_that_the_log_tells(spec: Spec, result: Result) -> None:
    fred = spec.feature_by_name["cpuid.fred"]
    registers = tuple(
        1 << fred.bit if register == fred.register else 0
        for register in ("eax", "ebx", "ecx", "edx")
    )
    leaves = {(0, 0): (0x20, 0, 0, 0), (fred.leaf, fred.subleaf): registers}
    assert "cpuid.fred: true" in cpu_entry(spec, replace(result.log, leaves=leaves))
    assert "features" not in cpu_entry(spec, replace(result.log, leaves={(1, 0): (1, 0, 0, 0)}))


@pytest.mark.parametrize(
    ("signature", "emulated", "kind"),
    [(b"", False, "hardware"), (b"KVMKVMKVM\0\0\0", False, "nested"), (b"", True, "model")],
)
def test_a_cpu_entry_tells_silicon_from_guests(
    spec: Spec, result: Result, signature: bytes, emulated: bool, kind: str
) -> None:
    leaves = dict(result.log.leaves)
    if signature:
        b, c, d = (int.from_bytes(signature[at : at + 4], "little") for at in (0, 4, 8))
        leaves[0x40000000, 0] = (0x40000001, b, c, d)
    log = replace(result.log, leaves=leaves, host=result.log.host if emulated else None)
    text = cpu_entry(spec, log)
    assert f"    kind: {kind}\n" in text


def test_a_brand_string_cannot_break_out_of_the_entry(spec: Spec, result: Result) -> None:
    evil = int.from_bytes(b'"\n: ', "little")
    leaves = {**result.log.leaves, (0x80000002, 0): (evil, evil, evil, evil)}
    document = nodes.parse(cpu_entry(spec, replace(result.log, leaves=leaves)), "c")
    assert schema.check(document, "cpus") == []
