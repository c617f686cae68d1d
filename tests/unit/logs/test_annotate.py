"""Names beside encodings, and nothing else changed."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vmcsgen
from vmcsgen.logs.annotate import CHUNK, LINE_LIMIT, annotate, annotate_line, for_terminal, names


@pytest.fixture(scope="session")
def beside(spec: vmcsgen.Spec) -> dict[int, bytes]:
    return names(spec)


def run(log: bytes, beside: dict[int, bytes]) -> bytes:
    sink = io.BytesIO()
    annotate(io.BytesIO(log), sink, beside)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("line", "annotated"),
    [
        # Linux
        (
            "[  12.3] kvm: vmread failed: field=2032",
            "[  12.3] kvm: vmread failed: field=2032 [tsc_multiplier]",
        ),
        (
            "kvm_intel: vmwrite failed: field=2033 val=ffff err=12",
            "kvm_intel: vmwrite failed: field=2033 [tsc_multiplier_high] val=ffff err=12",
        ),
        (
            "vmwrite error: reg 6802 value 1c334000 (err 17408)",
            "vmwrite error: reg 6802 [guest_cr3] value 1c334000 (err 17408)",
        ),
        (
            "KVM: accessing unsupported EVMCS field 2032",
            "KVM: accessing unsupported EVMCS field 2032 [tsc_multiplier]",
        ),
        ("pkvm: vmread exception: field=0x0", "pkvm: vmread exception: field=0x0 "
         "[virtual_processor_identifier]"),
        # Xen
        (
            "(XEN) HVM/VMX: vmread of vmcs field 4402 failed!",
            "(XEN) HVM/VMX: vmread of vmcs field 4402 [exit_reason] failed!",
        ),
        # VirtualBox
        (
            "vmread: VMCS field 0x2032 invalid -> VMFail",
            "vmread: VMCS field 0x2032 [tsc_multiplier] invalid -> VMFail",
        ),
        # Bochs
        (
            "00012345e[CPU0 ] VMWRITE: write to read only field 0x00006400",
            "00012345e[CPU0 ] VMWRITE: write to read only field 0x00006400 [exit_qualification]",
        ),
        (
            "VMread16: can't access encoding 0x00000800, offset=0x4",
            "VMread16: can't access encoding 0x00000800 [guest_es_selector], offset=0x4",
        ),
        (
            "VMCS type 1 field 2 (encoding = 0x00000802) is in use",
            "VMCS type 1 field 2 (encoding = 0x00000802 [guest_cs_selector]) is in use",
        ),
        # kvm-unit-tests
        (
            "PASS: shadow: field 681e: VMREAD permission (0) is as expected",
            "PASS: shadow: field 681e [guest_rip]: VMREAD permission (0) is as expected",
        ),
        ("FAIL: field 2032: x", "FAIL: field 2032 [tsc_multiplier]: x"),
        ("Skipping read-only field 6400", "Skipping read-only field 6400 [exit_qualification]"),
    ],
)  # fmt: skip
def test_recognised(beside: dict[int, bytes], line: str, annotated: str) -> None:
    log = f"before\n{line}\nafter 2032\n"
    assert run(log.encode(), beside).decode() == f"before\n{annotated}\nafter 2032\n"
    assert run(line.encode(), beside).decode() == annotated


@pytest.mark.parametrize(
    "line",
    [
        "vmread failed: field=7fff",
        "vmread failed: field=2032abcd1",
        "vmread failed: field=2032_x",
        "vmread failed: field=12345678901234567",
        "vmwrite 2032",
        "vmread failed: field=",
        "*** Guest State ***",
        "CR0: actual=0x0000000080050033, shadow=0x0000000060000010, gh_mask=fffffffffffffff7",
        "PinBased=0x000000ff CPUBased=0xb5a06dfa SecondaryExec=0x000034eb",
        "VMCS 0000000012345678, last attempted VM-entry on CPU 3",
        "Virtual processor ID = 0x0001 VMfunc controls = 0000000000000000",
        "VMX_VMCS_ENUM.MAX_INDEX expected: 19, actual: 17",
    ],
)
def test_left_alone(beside: dict[int, bytes], line: str) -> None:
    log = f"{line}\nvmcs {line}\r\n\n".encode()
    assert run(log, beside) == log


def test_only_lines_about_vmcss_are_looked_at(beside: dict[int, bytes]) -> None:
    for line in (b"the field 2032 of wheat", b"reg 2032", b"a PASS: field 2032"):
        assert run(line, beside) == line


def test_project_names(spec: vmcsgen.Spec) -> None:
    line = b"vmread failed: field=2033, field=2012, field=402c"
    annotated, count = annotate_line(line, names(spec, "linux"))
    assert annotated == (
        b"vmread failed: field=2033 [TSC_MULTIPLIER_HIGH], field=2012 [VIRTUAL_APIC_PAGE_ADDR], "
        b"field=402c"
    )
    assert count == 2


@given(log=st.binary(max_size=300))
def test_bytes_that_say_nothing_pass_as_they_are(beside: dict[int, bytes], log: bytes) -> None:
    if b"vm" not in log.lower():
        assert run(log, beside) == log


@given(data=st.data())
def test_removing_the_names_gives_the_log(beside: dict[int, bytes], data: st.DataObject) -> None:
    """Whatever stands around an encoding, however the log is cut: only names are added."""
    pieces = data.draw(
        st.lists(
            st.one_of(
                st.binary(max_size=20).map(lambda raw: raw.replace(b"[", b"")),
                st.sampled_from([
                    b"vmread failed: field=2032", b"\n", b"\r\n", b" reg 6802 ", b"vmcs field 0x",
                    b"2032", b"PASS: field 681e:", b"encoding = 0x00002032)",
                ]),
            ),
            max_size=12,
        )
    )  # fmt: skip
    log = b"".join(pieces)
    annotated = run(log, beside)
    for name in set(beside.values()):
        annotated = annotated.replace(b" [" + name + b"]", b"")
    assert annotated == log


class Trickle(io.RawIOBase):
    """A source that gives a few bytes at a time."""

    def __init__(self, log: bytes, size: int) -> None:
        self.log, self.size = log, size

    def read1(self, _: int) -> bytes:
        piece, self.log = self.log[: self.size], self.log[self.size :]
        return piece


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_cuts_between_reads_do_not_matter(beside: dict[int, bytes], size: int) -> None:
    log = b"x\nvmread failed: field=2032\n\nPASS: field 681e: ok\nvmwrite error: reg 6802 v" * 5
    sink = io.BytesIO()
    annotate(Trickle(log, size), sink, beside)  # type: ignore[arg-type]
    assert sink.getvalue() == run(log, beside) != log


def test_a_line_without_end_passes_as_it_is(beside: dict[int, bytes]) -> None:
    long = b"vmread failed: field=2032 " * (3 * CHUNK // 26)
    assert len(long) > LINE_LIMIT
    log = long + b"\nvmread failed: field=2032\n" + long
    assert run(log, beside) == long + b"\nvmread failed: field=2032 [tsc_multiplier]\n" + long


class Endless(io.RawIOBase):
    """A log of many megabytes that is never in memory as a whole."""

    def __init__(self, piece: bytes, times: int) -> None:
        self.piece, self.times = piece, times

    def read1(self, _: int) -> bytes:
        self.times -= 1
        return self.piece if self.times >= 0 else b""


class Count(io.RawIOBase):
    """Counts what is written, and keeps nothing."""

    written = 0

    def write(self, block: object) -> int:
        assert isinstance(block, bytes)
        self.written += len(block)
        return len(block)


@pytest.mark.parametrize("end", [b"\n", b""])
def test_memory_does_not_grow_with_the_log(beside: dict[int, bytes], end: bytes) -> None:
    piece = (b"some line of a log\n" * 50_000)[: CHUNK - 1].replace(b"\n", end or b" ") + end
    sink = Count()
    tracemalloc.start()
    annotate(Endless(piece, 40), sink, beside)  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sink.written == 40 * len(piece)
    assert peak < 16 << 20


def test_a_growing_log_can_be_followed(beside: dict[int, bytes]) -> None:
    """What was read is written before more is waited for."""
    inner, outer = os.pipe(), os.pipe()
    with (
        os.fdopen(inner[0], "rb") as source, os.fdopen(inner[1], "wb", 0) as feed,
        os.fdopen(outer[0], "rb", 0) as shown, os.fdopen(outer[1], "wb") as sink,
    ):  # fmt: skip
        thread = threading.Thread(target=annotate, args=(source, sink, beside))
        thread.start()
        feed.write(b"vmread failed: field=2032\n")
        assert shown.read(100) == b"vmread failed: field=2032 [tsc_multiplier]\n"
        feed.close()
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_for_terminal_escapes_what_steers_one() -> None:
    shown = for_terminal(b"\x1b[31mred\x07\n\xff\ttab\r\n")
    assert shown == b"\\x1b[31mred\\x07\n\\xff tab\\x0d\n"
