"""Where a source comes from, and what hostile ones do: nothing."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.capabilities import live, qemu, sources
from vmcsgen.capabilities.dump import Dump, parse_hexadecimal
from vmcsgen.core.spec import Feature
from vmcsgen.specfile.cpus import KnownCpus


@pytest.fixture
def read(spec: vmcsgen.Spec, known: KnownCpus) -> Callable[[str], Dump]:
    return lambda source: sources.open_source(source, spec, lambda: known)


def test_file(read: Callable[[str], Dump], tmp_path: Path) -> None:
    path = tmp_path / "dump.txt"
    path.write_text("0x480 1\n")
    assert dict(read(str(path)).processors[0].msrs) == {0x480: 1}


def test_standard_input(read: Callable[[str], Dump], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"0x480 2\n")))
    dump = read("-")
    assert (dump.source, dict(dump.processors[0].msrs)) == ("<stdin>", {0x480: 2})


@pytest.mark.parametrize(
    "name", ["i9-12900k", "I9-12900K", "cpu:i9-12900k", "inst-90675_AlderLake_03"]
)
def test_known_cpu(read: Callable[[str], Dump], name: str) -> None:
    dump = read(name)
    assert dump.processors[0].id == "i9-12900k"


def test_a_file_goes_before_a_known_cpu_of_the_same_name(
    read: Callable[[str], Dump], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("i9-12900k").write_text("0x480 3\n")
    assert dict(read("i9-12900k").processors[0].msrs) == {0x480: 3}
    assert read("cpu:i9-12900k").processors[0].id == "i9-12900k"


def test_one_logical_cpu_of_several(read: Callable[[str], Dump], tmp_path: Path) -> None:
    path = tmp_path / "dump.txt"
    path.write_text("cpu0 0x480 1\ncpu1 0x480 1\ncpu4 0x480 2\n")
    assert read(f"{path}@1").processors[0].msrs[0x480] == 1
    assert read(f"{path}@4").processors[0].msrs[0x480] == 2
    with pytest.raises(vmcsgen.DiagnosticError) as caught:
        read(f"{path}@2")
    assert caught.value.diagnostics[0].hint == "it tells of CPUs 0-1,4"


def test_one_kind_of_several_without_numbers(read: Callable[[str], Dump], tmp_path: Path) -> None:
    path = tmp_path / "dump.txt"
    path.write_text("0x480 1\n0x480 2\n0x480 1\n")
    assert [read(f"{path}@{kind}").processors[0].msrs[0x480] for kind in (0, 1)] == [1, 2]
    for text, hint in (("0x480 1\n0x480 2\n", ": choose one of its kinds with @0 to @1"),
                       ("0x480 1\n", ": leave out @2")):  # fmt: skip
        path.write_text(text)
        with pytest.raises(vmcsgen.DiagnosticError) as caught:
            read(f"{path}@2")
        assert caught.value.diagnostics[0].hint == f"it tells of unnumbered CPUs{hint}"


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("i9-12900", "no such file, and no known CPU", "did you mean i9-12900k"),
        ("nothing-like-it", "no such file, and no known CPU", "vmcsgen cpus"),
        ("qemu:../x", "can't be a CPU model", "-cpu help"),
        ("a\0b", "can't be read", ""),
        ("/", "is a folder", "name the file"),
    ],
)
def test_what_can_not_be_read(
    read: Callable[[str], Dump], source: str, message: str, hint: str
) -> None:
    with pytest.raises(vmcsgen.DiagnosticError) as caught:
        read(source)
    assert message in caught.value.diagnostics[0].message
    assert hint in caught.value.diagnostics[0].hint


@pytest.mark.parametrize("text", ["", "\n", "hello\n", "0x10a 0xd6b\n", "<html></html>", "[]"])
def test_a_source_that_tells_nothing_is_an_error(
    read: Callable[[str], Dump], tmp_path: Path, text: str
) -> None:
    path = tmp_path / "dump.txt"
    path.write_text(text)
    with pytest.raises(vmcsgen.DiagnosticError, match="tells nothing of VMX") as caught:
        read(str(path))
    assert "known formats" in caught.value.diagnostics[0].hint


def test_too_large_is_refused(spec: vmcsgen.Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SIZE_LIMIT", 1000)
    with pytest.raises(vmcsgen.DiagnosticError, match="is larger than"):
        sources.parse(b"0x480 1\n" * 200, "dump", spec)


MILLION = 1_000_000
HOSTILE = {
    "a million readings": b"0x480 1\n" * MILLION,
    "many lines of a log": b"some words of a log that has nothing to say 0x12\n" * (MILLION // 5),
    "many commands": b"rdmsr -a 0x480\n1\n" * (MILLION // 50),
    "many readings of one CPU": b"cpu0 0x480 1\n" * (MILLION // 50),
    "a million brackets": b"[" * MILLION,
    "a million open comments": b"<msr>" + b"<!--" * MILLION,
    "a million tags": b"<msr index='0x480' eax='0x1'/>" * (MILLION // 10),
    "a million tag beginnings": b"<msr " * (MILLION // 5),
    "a million attributes": b"<msr " + b"index='0x480' " * (MILLION // 10) + b"/>",
    "one long number": b"0x480 0x" + b"f" * MILLION,
    "one long word": b"x" * (8 * MILLION),
    "one line of many words": b"0x480 " * MILLION,
    "NUL bytes": b"\0" * MILLION,
    "control characters": b"\x1b[2J\x1b]0;x\x07cpu0 0x480 0x1\x1b[31m\n" * 1000,
    "not UTF-8": bytes(range(256)) * 1000,
    "UTF-16 that breaks off": b"\xff\xfe0\x00x\x004",
    "many leaves": b"---[ CPUID Registers\n" + b"CPUID 00000007: " + b"00000000-" * MILLION,
    "sections": b"------[ MSR Registers / Logical CPU #1 ]------\n" * (MILLION // 10),
    "sections that don't end": b"---[ MSR Registers ------[" * (MILLION // 10),
    "many blanks before a state": b"Basic VMX Information\npin-based controls\n  x"
    + b" " * MILLION,
    "VirtualBox names": b"HM: MSR_IA32_VMX_" + b"A" * MILLION,
    "JSON in JSON": b'{"a":' * (MILLION // 10),
    "a JSON key for each number": b"{" + b'"0x480":1,' * (MILLION // 10) + b'"0x481":2}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_source_is_harmless(spec: vmcsgen.Spec, name: str) -> None:
    start = time.process_time()
    try:
        dump = sources.parse(HOSTILE[name], "dump", spec)
    except vmcsgen.DiagnosticError as error:
        assert len(str(error)) < 1000
    else:
        assert len(dump.processors) <= 4096
        assert len(dump.faults) <= 1000
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    ("digits", "value"),
    [
        ("0", 0), ("0x0", 0), ("00000000000000000000", 0), ("FFFFffffFFFFffff", (1 << 64) - 1),
        ("0000-0000-0000-002E", 0x2E), ("2eh", 0x2E), ("00057cff`00000000", 0x57CFF00000000),
        ("10000000000000000", None), ("", None), ("0x", None), ("-", None), ("2g", None),
        ("-1", 1), ("١", None),
    ],
)  # fmt: skip
def test_parse_hexadecimal(digits: str, value: int | None) -> None:
    assert parse_hexadecimal(digits) == value


class Machine:
    """MSR devices in a folder of empty files; ``pread`` answers as the kernel would."""

    def __init__(self, folder: Path, registers: dict[int, int | None], cpus: int = 1) -> None:
        self.registers = registers
        for number in range(cpus):
            (folder / str(number)).mkdir(parents=True)
            (folder / str(number) / "msr").touch()

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        del descriptor
        value = self.registers.get(offset)
        if value is None:
            raise OSError(errno.EIO, "Input/output error")
        return value.to_bytes(size, "little")


def test_live_machine(spec: vmcsgen.Spec, tmp_path: Path) -> None:
    machine = Machine(tmp_path, {0x480: 0xDA040000000004, 0x48A: 0x2E, 0x481: None}, cpus=3)
    dump = live.read(tmp_path, spec, read_at=machine.pread)
    assert dump.count == 3
    (processor,) = dump.processors
    assert processor.numbers == (0, 1, 2)
    assert dict(processor.msrs) == {0x480: 0xDA040000000004, 0x48A: 0x2E}


def test_live_reads_cpuid_where_the_kernel_offers_it(spec: vmcsgen.Spec, tmp_path: Path) -> None:
    """The leaves that the spec has features on; a new one in it is no exception."""
    leaf = {1 << 32 | 7: 1 << 17, 1 << 32 | 0x24: 1 << 3, 1: 0x90672}
    machine = Machine(tmp_path, {0x480: 1, **leaf})
    (tmp_path / "0/cpuid").touch()
    feature = Feature("made_up", "Made up", 0x24, 1, "eax", 3)
    newer = replace(spec, features=(*spec.features, feature))
    (processor,) = live.read(tmp_path / "0/msr", newer, read_at=machine.pread).processors
    assert processor.cpuid[7, 1] == (1 << 17, 0, 0, 0)
    assert processor.cpuid[0x24, 1] == (1 << 3, 0, 0, 0)
    assert processor.cpuid[1, 0][0] == 0x90672


@pytest.mark.parametrize(
    ("flags", "message"),
    [("flags : fpu vme", "no VMX"), ("flags : fpu vmx", "msr module is not loaded")],
)
def test_live_without_devices(spec: vmcsgen.Spec, tmp_path: Path, flags: str, message: str) -> None:
    (tmp_path / "cpuinfo").write_text(f"processor : 0\n{flags}\n")
    for path in (tmp_path / "cpu", tmp_path / "cpu/0/msr"):
        with pytest.raises(vmcsgen.DiagnosticError, match=message):
            live.read(path, spec, tmp_path / "cpuinfo")


def test_live_without_vmx(spec: vmcsgen.Spec, tmp_path: Path) -> None:
    with pytest.raises(vmcsgen.DiagnosticError, match="no VMX, or a hypervisor"):
        live.read(tmp_path, spec, read_at=Machine(tmp_path, {}).pread)


def test_live_without_permission(
    spec: vmcsgen.Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(tmp_path, {})

    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(vmcsgen.DiagnosticError, match="needs root"):
        live.read(tmp_path, spec)


@pytest.mark.parametrize(
    ("path", "device"),
    [
        ("/dev/cpu", True), ("/dev/cpu/0", True), ("/dev/cpu/12/msr", True),
        ("/dev/cpu/0/cpuid", False), ("/dev/cpu/x", False), ("/dev/cpus", False), ("msr", False),
    ],
)  # fmt: skip
def test_device_paths(path: str, device: bool) -> None:
    assert live.is_device(Path(path)) is device


def fake_qemu(folder: Path, script: str) -> str:
    """A program that stands where QEMU would; returns its path."""
    path = folder / "qemu"
    path.write_text(f"#!{sys.executable}\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("print('no QMP here')", "does not answer as QMP does: no message"),
        ("import sys; sys.exit('can not start')", "does not answer as QMP does: can not start"),
        ("print('[]\\n{}\\n\\x00\\n' * 9)", "does not answer as QMP does"),
    ],
)
def test_qemu_that_is_none(spec: vmcsgen.Spec, tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(vmcsgen.DiagnosticError, match=message):
        qemu.models(spec, ["max"], fake_qemu(tmp_path, script))


def test_qemu_that_hangs(
    spec: vmcsgen.Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "_SECONDS", 0.2)
    with pytest.raises(vmcsgen.DiagnosticError, match="gave no answer"):
        qemu.models(spec, ["max"], fake_qemu(tmp_path, "import time; time.sleep(60)"))


def test_qemu_that_is_not_there(spec: vmcsgen.Spec, tmp_path: Path) -> None:
    with pytest.raises(vmcsgen.DiagnosticError, match="is not installed"):
        qemu.models(spec, ["max"], str(tmp_path / "none"))


def test_an_interrupted_pipe_ends_quietly(checkout: Path) -> None:
    """vmcsgen caps ... | head"""
    done = subprocess.run(
        f"{sys.executable} -m vmcsgen caps i9-12900k | head -1",
        shell=True, cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("i9-12900k: ")
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["vmxcap-i9-7900x.txt", None])
def test_a_byte_order_mark_hides_no_line(
    read: Callable[[str], Dump], tmp_path: Path, checkout: Path, name: str | None, encoding: str
) -> None:
    text = "0x48a 0x2a\n0x48b 0x57cff00000000\n"
    if name is not None:
        text = (checkout / "tests/fixtures/dumps" / name).read_text()
    path = tmp_path / "dump.txt"
    path.write_text(text)
    plain = read(str(path)).processors
    path.write_text(text, encoding=encoding)
    assert read(str(path)).processors == plain
    assert plain
