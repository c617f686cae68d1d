"""Lines of the probe among other text: found where sound, refused where not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from probe_logs import LOGS, numbered

from vmcsgen.diagnostics import Diagnostic, DiagnosticError, as_text
from vmcsgen.logs.probe_answers import ProbeLog
from vmcsgen.logs.probe_protocol import LINES_LIMIT, checksum, framed, lines
from vmcsgen.logs.probe_reading import parse_log

RECORDED = (LOGS / "bochs-2.7-core_duo_t2400_yonah.log").read_bytes()


def rules(raw: bytes) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        lines(raw, "log")
    return [each.rule for each in caught.value.diagnostics]


def message(raw: bytes) -> str:
    with pytest.raises(DiagnosticError) as caught:
        lines(raw, "log")
    return str(caught.value)


def test_checksum_is_crc_16_ccitt_false() -> None:
    # The check value that every catalogue of CRCs has.
    assert checksum(b"123456789") == 0x29B1


def test_a_log_is_its_lines_in_order() -> None:
    found = lines(numbered("begin a b bios", "sweep 0000 7fff", "end"), "log")
    assert [line.kind for line in found] == ["begin", "sweep", "end"]
    assert [line.location.line for line in found] == [1, 2, 3]


def test_boot_messages_between_lines_do_no_harm(recorded: bytes) -> None:
    noisy = b"SeaBIOS\r\n\x1b[2J" + recorded.replace(
        b"\r\n@vmcs1", b"\r\n[    1.234567] usb 1-1: new device\r\nBooting: @vmcs1"
    )
    assert noisy.count(b"usb 1-1") > 200
    assert [line.words for line in lines(noisy, "log")] == [
        line.words for line in lines(recorded, "log")
    ]


def test_a_message_inside_a_line_is_named_with_its_place(recorded: bytes) -> None:
    torn = recorded.replace(b"msr 0000048b ", b"msr 00[  1.2] usb 1-1: new device\r\n00048b ")
    (error,) = caught(torn)
    assert error.rule == "LOG003"
    assert error.location.line == recorded[: recorded.index(b"msr 0000048b")].count(b"\n") + 1


def caught(raw: bytes) -> list[Diagnostic]:
    with pytest.raises(DiagnosticError) as error:
        lines(raw, "log")
    return list(error.value.diagnostics)


def test_missing_lines_are_named(recorded: bytes) -> None:
    parts = recorded.split(b"\r\n")
    assert message(b"\r\n".join(parts[:50] + parts[51:])).startswith("line ")
    assert re.search(
        r"lines \w{4} to \w{4} of the probe are missing",
        message(b"\r\n".join(parts[:50] + parts[60:])),
    )


def test_lines_out_of_order_are_an_error() -> None:
    whole = numbered("begin a b bios", "sweep 0000 7fff", "malformed 1 0c 0c", "end").split(b"\r\n")
    assert rules(b"\r\n".join([whole[0], whole[2], whole[1], whole[3]]))[0] == "LOG004"


def test_a_log_without_its_end_is_cut_short(recorded: bytes) -> None:
    cut = recorded[: recorded.index(b"@vmcs1 0040")]
    assert rules(cut) == ["LOG005"]
    assert "line 003f (field) is the last" in message(cut)


def test_a_log_of_another_version_says_so(recorded: bytes) -> None:
    other = recorded.replace(b"@vmcs1 ", b"@vmcs2 ")
    assert rules(other) == ["LOG002"]
    assert "version 2 of the probe's protocol" in message(other)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"\0" * 4096, "is empty"),
        (b"SeaBIOS (version 1.16)\r\nBooting from floppy\r\n", "holds no line of the probe"),
    ],
)
def test_a_log_without_lines_is_an_error(raw: bytes, words: str) -> None:
    assert rules(raw) == ["LOG001"]
    assert words in message(raw)


def test_two_ports_in_one_file_are_recognized(recorded: bytes) -> None:
    doubled = bytes(byte for byte in recorded for _ in range(2))
    assert "every character stands twice" in message(doubled)


def test_the_last_complete_run_counts(recorded: bytes, recordings: dict[str, bytes]) -> None:
    other = recordings["core_duo_t2400_yonah"]
    assert parse_log(other + recorded, "log").model == parse_log(recorded, "log").model
    cut = recorded[: len(recorded) // 2]
    assert parse_log(other + cut, "log").model == parse_log(other, "log").model


def test_a_shorter_log_is_read_in_front_of_the_rest_of_an_older_one(
    recordings: dict[str, bytes],
) -> None:
    older, log = recordings["tigerlake"], recordings["core_duo_t2400_yonah"]
    assert len(log) < len(older)
    # The rest may begin in the middle of a line, and hold a line that is damaged.
    for rest in (older[len(log) :], older[len(log) :].replace(b"@vmcs1", b"@vmcs1 00ff x @vmcs1")):
        assert parse_log(log + rest, "stick.img").answers == parse_log(log, "log").answers
    follows = framed(("0002", "field")).encode()
    found = lines(numbered("begin", "end") + follows, "log")
    assert [each.kind for each in found] == ["begin", "end"]


def test_a_run_keeps_the_host_that_stands_before_it(recordings: dict[str, bytes]) -> None:
    tigerlake, yonah = recordings["tigerlake"], recordings["core_duo_t2400_yonah"]
    cut = tigerlake[: len(tigerlake) // 2]
    host = parse_log(yonah + cut, "log").host
    assert host is not None
    assert host.model == "core_duo_t2400_yonah"
    without = tigerlake[tigerlake.index(b"@vmcs1 0000") :]
    assert lines(yonah + without, "log")[0].number == 0


def test_an_image_holds_the_log_among_zeros_and_code(recorded: bytes) -> None:
    own = recorded[recorded.index(b"@vmcs1 0000") :]
    image = b"\x90" * 512 + b"@vmcs1 \0probe" + b"\0" * 5000 + own + b"\0" * 9000
    assert parse_log(image, "probe.img").answers == parse_log(recorded, "log").answers


def test_control_characters_stay_off_the_terminal() -> None:
    for error in caught(b"\x1b]0;owned\x07@vmcs1 0000 begin \x1b[31m *0000\r\n"):
        assert "\x1b" not in as_text(error)


def test_a_flood_of_marks_is_refused() -> None:
    assert rules(b"@vmcs1 0000 x" * (LINES_LIMIT + 1)) == ["INPUT"]


def outcome(raw: bytes) -> ProbeLog | None:
    """The log, or None where it is refused; anything else is a failure of the reader."""
    try:
        return parse_log(raw, "log")
    except DiagnosticError:
        return None


def facts(log: ProbeLog) -> tuple[object, ...]:
    return log.answers, log.msrs, log.leaves, log.malformed, log.verdict


END = RECORDED.index(b" end *") + len(" end *cccc")
FACTS = facts(parse_log(RECORDED, "log"))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(RECORDED) - 1), st.integers(1, 255))
def test_no_changed_byte_changes_a_fact(position: int, difference: int) -> None:
    # The line about the host has no number: without it the log is sound, but of unknown origin.
    changed = bytearray(RECORDED)
    changed[position] ^= difference
    log = outcome(bytes(changed))
    assert log is None or facts(log) == FACTS


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(RECORDED)))
def test_no_cut_log_passes_for_whole(length: int) -> None:
    log = outcome(RECORDED[:length])
    assert (log is None) == (length < END)


PIECES = [
    b"@vmcs1 ",
    b"@vmcs9 0000 ",
    b"@vmcs1 host ",
    b" *0000",
    framed(("0000", "begin", "a", "b", "c")).encode(),
    framed(("0000", "field", "0800", "ok")).encode(),
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(PIECES))))
def test_no_bytes_crash_the_reader(pieces: list[bytes]) -> None:
    assert outcome(b"".join(pieces)) is None
