"""What each kind of line means, and what lines can't mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from probe_logs import numbered

from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.logs.probe_answers import OK, READ_ONLY, SILENT, UNSUPPORTED, Answer, Ended
from vmcsgen.logs.probe_reading import NothingAskedError, parse_log, read_log

BEGIN = "begin 2026.11 0123456789ab bios"
CLOSING = ("sweep 0000 7fff", "verdict 0000 0000 0 0 0", "end")


def refusal(*between: str) -> str:
    with pytest.raises(DiagnosticError) as caught:
        parse_log(numbered(BEGIN, *between, *CLOSING), "log")
    return str(caught.value)


def test_a_recorded_log_tells_who_answered(recorded: bytes) -> None:
    log = parse_log(recorded, "log")
    assert (log.vendor, log.family, log.model, log.stepping) == ("GenuineIntel", 6, 0x8C, 1)
    assert log.brand == "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz"
    assert log.hypervisor == ""
    assert str(log.host) == "bochs 2.7 tigerlake"
    assert log.loader == "bios"


def test_the_extended_model_counts_from_family_6_up() -> None:
    """Zhaoxin's family 7 has one, and an entry of spec/cpus must agree with its signature."""
    leaf = "cpuid 00000001 00000000 000307b0 00000000 00000000 00000000"
    log = parse_log(numbered(BEGIN, leaf, *CLOSING), "log")
    assert (log.family, log.model, log.stepping) == (7, 0x3B, 0)


def test_a_recorded_log_tells_msrs_present_and_absent(recorded: bytes) -> None:
    log = parse_log(recorded, "log")
    assert log.msrs[0x48A] == 0x34
    assert log.absent_msrs == {0x8B, 0x492, 0x493}
    assert log.microcode is None


def test_a_recorded_log_tells_how_each_encoding_answered(recorded: bytes) -> None:
    log = parse_log(recorded, "log")
    assert log.answer(0x0800) == Answer(OK, OK, 0xFFFF)
    assert log.answer(0x2032) == Answer(OK, OK, 0xFFFFFFFF)
    assert log.answer(0x2034) == SILENT
    assert len(log.malformed) == 17 * 4 + 1
    assert set(log.malformed.values()) == {SILENT}


def test_a_processor_without_write_to_exit_information_answers_13(
    recordings: dict[str, bytes],
) -> None:
    log = parse_log(recordings["core_duo_t2400_yonah"], "log")
    assert log.answer(0x4400) == Answer(OK, READ_ONLY)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("ok", "succeeds"),
        ("0c", "fails with error 12 (unsupported VMCS component)"),
        ("0d", "fails with error 13 (read-only VMCS component)"),
        ("1c", "fails with error 28"),
        ("invalid", "fails without an error number (VMfailInvalid)"),
        ("trap06", "faults with #UD"),
        ("trap13", "faults with vector 19"),
    ],
)
def test_endings_in_words(token: str, words: str) -> None:
    assert str(Ended(token)) == words


def test_errors_have_numbers() -> None:
    assert (UNSUPPORTED.error, READ_ONLY.error, OK.error, Ended("invalid").error) == (
        12, 13, None, None
    )  # fmt: skip


@pytest.mark.parametrize("reason", ["no-vmx", "vmx-locked-off", "vmx-refused", "something-new"])
def test_a_run_that_could_not_ask_says_why(reason: str) -> None:
    with pytest.raises(NothingAskedError, match="nothing was asked"):
        parse_log(numbered(BEGIN, f"stop {reason}", "end"), "log")


def test_a_failed_step_is_named() -> None:
    assert "VMXON fails with error 15" in refusal("step vmxon 0f", "stop vmx-refused")


def test_a_trap_in_the_probe_is_told() -> None:
    assert "the probe itself failed: vector 0e" in refusal("trapped 0e 00000002 00100abc")


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "host a b c",
        "field 8000 ok ok 0",
        "field 0800 maybe ok",
        "field 0800 00 ok",
        "field 0800",
        "msr 480",
        "msr 480 xyz",
        "msr 480 10000000000000000",
        "cpuid 1 2 3",
        "differs 0800 missing",
        "begin",
        "end now",
        "step vmxon",
    ],
)
def test_lines_that_mean_nothing_are_refused(line: str) -> None:
    assert refusal(line)


def test_a_sweep_of_only_some_encodings_is_refused() -> None:
    with pytest.raises(DiagnosticError, match="not all"):
        parse_log(numbered(BEGIN, "sweep 0000 3fff", *CLOSING[1:]), "log")


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_a_run_that_compares_nothing_is_refused(left_out: int) -> None:
    whole = [BEGIN, *CLOSING]
    del whole[left_out]
    with pytest.raises(DiagnosticError, match="nothing can be compared"):
        parse_log(numbered(*whole), "log")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="can't be read"):
        read_log(tmp_path / "none.log")


def test_a_file_too_large_for_a_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.img"
    with path.open("wb") as stream:
        stream.truncate(17 << 20)
    with pytest.raises(DiagnosticError, match="larger than 16 MiB"):
        read_log(path)
