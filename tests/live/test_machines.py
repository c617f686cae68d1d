"""Running a probe: the same twice, from any medium, side by side, and never for ever."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from live_machines import Answers

from needs import need
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.logs import probe_protocol
from vmcsgen.logs.probe_reading import read_log
from vmcsgen.probe import process
from vmcsgen.probe.build import Built, compile_sources, render_sources
from vmcsgen.probe.emulators import EMULATORS, Machine, write_files
from vmcsgen.probe.run import CutShortError, run_probe

TIGERLAKE = Machine("bochs", "tigerlake")


def words(raw: bytes) -> list[tuple[str, ...]]:
    """What the probe's lines say, the host's line left out."""
    return [line.words for line in probe_protocol.lines(raw, "log") if line.number is not None]


def run_by_hand(built: Built, folder: Path, **replaced: str) -> process.Finished:
    """A run of Bochs in a folder that stays, with some lines of its configuration replaced."""
    recipe = EMULATORS["bochs"].recipe(TIGERLAKE, built)
    write_files(folder, recipe.files)
    config = recipe.files["bochsrc"].decode()
    for key, line in replaced.items():
        config, count = re.subn(rf"(?m)^{key}:.*$", line, config)
        assert count == 1
    (folder / "bochsrc").write_text(config)
    return process.run(recipe.command, folder, 60)


def test_two_runs_give_the_same_log(built: Built, answers: Answers) -> None:
    assert run_probe(TIGERLAKE, built) == answers[TIGERLAKE][0]


def test_both_ports_say_the_same(built: Built, tmp_path: Path) -> None:
    run_by_hand(built, tmp_path)
    port_e9, serial = ((tmp_path / name).read_bytes() for name in ("stdout", "serial"))
    assert words(port_e9) == words(serial)


def test_the_boot_floppy_brings_the_log_back(built: Built, tmp_path: Path) -> None:
    image = bytearray(built.image.read_bytes())
    image[257 * 512 : (257 + 128) * 512] = b"@vmcs1 0400 rest of a log\r\n".ljust(32) * 2048
    older = tmp_path / "older.img"
    older.write_bytes(image)
    run_by_hand(replace(built, image=older), tmp_path)
    on_floppy = read_log(tmp_path / "probe.img")
    assert on_floppy.answers == read_log(tmp_path / "serial").answers
    image = (tmp_path / "probe.img").read_bytes()
    assert b"rest of a log" not in image
    pristine = built.image.read_bytes()
    # Nothing but the free sectors was written.
    assert len(image) == len(pristine)
    assert image[: 257 * 512] == pristine[: 257 * 512]
    assert image[(257 + 128) * 512 :] == pristine[(257 + 128) * 512 :]


def test_a_write_protected_floppy_is_no_obstacle(built: Built, tmp_path: Path) -> None:
    floppy = "floppya: 1_44=probe.img, status=inserted, write_protected=1"
    run_by_hand(built, tmp_path, floppya=floppy)
    assert read_log(tmp_path / "serial").answers
    assert (tmp_path / "probe.img").read_bytes() == built.image.read_bytes()


def test_the_image_boots_as_a_disk(built: Built, tmp_path: Path, answers: Answers) -> None:
    """A stick is a disk to most BIOSes: LBA reads, another drive number."""
    disk = (
        "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14\n"
        "ata0-master: type=disk, path=probe.img, mode=flat, cylinders=20, heads=16, spt=9\n"
    )
    run_by_hand(built, tmp_path, floppya=disk, boot="boot: disk")
    assert words((tmp_path / "serial").read_bytes()) == words(answers[TIGERLAKE][0])
    assert read_log(tmp_path / "probe.img").answers


def test_no_port_answers_while_there_is_no_serial_port(built: Built, tmp_path: Path) -> None:
    run_by_hand(built, tmp_path, com1="com1: enabled=0")
    assert words((tmp_path / "stdout").read_bytes())[-1] == ("end",)


def test_several_runs_side_by_side_with_port_5900_taken(built: Built, answers: Answers) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 5900))
            other.listen()
        except OSError:
            pass  # then somebody else has it, which is as good
        with ThreadPoolExecutor(4) as pool:
            logs = list(pool.map(lambda _: run_probe(TIGERLAKE, built), range(4)))
    assert logs == [answers[TIGERLAKE][0]] * 4


@pytest.fixture(scope="session")
def endless(tools: None, live_spec: Spec, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A program in the probe's place that never ends."""
    folder = tmp_path_factory.mktemp("endless")
    render_sources(live_spec, folder)
    (folder / "endless.c").write_text(
        '#include "hooks.h"\n'
        "void field_test(void)\n"
        "{\n"
        '\tshim_report(true, "here it comes");\n'
        "\tfor (;;)\n"
        '\t\t__asm__ volatile("pause");\n'
        "}\n"
    )
    return compile_sources(folder, "field-test", "FIELD_TEST=endless.c")


def test_a_trap_in_vmx_operation_ends_the_session(
    tools: None, live_spec: Spec, tmp_path: Path
) -> None:
    """To the end, with the log on the floppy: in VMX operation no BIOS can be asked for that."""
    render_sources(live_spec, tmp_path)
    (tmp_path / "trapping.c").write_text(
        '#include "hooks.h"\n'
        "void field_test(void)\n"
        "{\n"
        '\tshim_report(true, "here it comes");\n'
        '\t__asm__ volatile("ud2");\n'
        "}\n"
    )
    trapping = compile_sources(tmp_path, "field-test", "FIELD_TEST=trapping.c")
    machine = tmp_path / "machine"
    machine.mkdir()
    assert not run_by_hand(trapping, machine).timed_out
    for name in ("stdout", "probe.img"):
        *_, report, trapped, end = words((machine / name).read_bytes())
        assert report == ("report", "pass", "here", "it", "comes")
        assert trapped[:2] == ("trapped", "06")
        assert end == ("end",)


def test_a_run_that_does_not_end_is_stopped(endless: Built) -> None:
    began = time.monotonic()
    with pytest.raises(CutShortError) as caught:
        run_probe(TIGERLAKE, endless, seconds=8)
    assert time.monotonic() - began < 30
    assert b"report pass here it comes" in caught.value.log
    told = str(caught.value)
    assert "the emulator was stopped after 8 s before the probe had ended" in told
    assert "line 0004 (report) is the last, the end line is missing" in told


def test_a_killed_emulator_is_told(endless: Built) -> None:
    before = bochs_processes()

    def kill_one() -> None:
        for _ in range(400):
            for pid in bochs_processes() - before:
                os.kill(pid, signal.SIGKILL)
                return
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(DiagnosticError, match=r"the emulator was ended by SIGKILL before"):
        run_probe(TIGERLAKE, endless, seconds=30)
    killer.join()


def bochs_processes() -> set[int]:
    """The Bochs below this process that run a machine: started by us, and by nobody else."""
    parents: dict[int, int] = {}
    named: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        parents[int(entry.name)] = int(parent)
        if words[0] == b"bochs-bin" and b"bochsrc" in words:
            named.add(int(entry.name))
    return {pid for pid in named if os.getpid() in _ancestors(pid, parents)}


def _ancestors(pid: int, parents: dict[int, int]) -> list[int]:
    found = []
    while pid in parents and pid not in found:
        found.append(pid)
        pid = parents[pid]
    return found


def test_a_panic_of_the_emulator_is_told(built: Built) -> None:
    # VMX 2 needs 64-bit mode, and Bochs says so by ending.
    machine = Machine("bochs", "bx_generic", ("cpuid.vmx=2", "cpuid.x86_64=0"))
    with pytest.raises(DiagnosticError) as caught:
        run_probe(machine, built)
    hints = " ".join(each.hint for each in caught.value.diagnostics)
    assert "x86-64" in hints


@pytest.mark.parametrize(
    "medium",
    [
        ("-kernel", "probe.elf"),
        ("-drive", "file=probe.img,format=raw,if=floppy"),
        ("-drive", "file=probe.img,format=raw,if=ide"),
    ],
    ids=["multiboot", "floppy", "disk"],
)
def test_it_boots_in_qemu_and_says_that_there_is_no_vmx(
    built: Built, tmp_path: Path, medium: tuple[str, str]
) -> None:
    """SeaBIOS and a multiboot loader; the emulated CPU of QEMU has no VMX."""
    qemu = need("qemu-system-x86_64", "qemu-system-x86")
    recipe = EMULATORS["qemu"].recipe(Machine("qemu", "max"), built)
    write_files(tmp_path, recipe.files)
    (tmp_path / "probe.img").write_bytes(built.image.read_bytes())
    at = recipe.command.index("-kernel")
    command = (qemu, *recipe.command[1:at], *medium, *recipe.command[at + 2 :])
    finished = process.run(command, tmp_path, 60)
    assert not finished.timed_out
    for name in recipe.logs:
        (begin, *_, stop, end) = words((tmp_path / name).read_bytes())
        assert begin[-1] == ("multiboot" if medium[0] == "-kernel" else "bios")
        assert stop == ("stop", "no-vmx")
        assert end == ("end",)
    if medium[0] == "-drive":
        with pytest.raises(DiagnosticError, match="does not offer VMX"):
            read_log(tmp_path / "probe.img")


def test_a_read_that_fails_once_is_tried_again(built: Built, tmp_path: Path) -> None:
    """A BIOS leaves in the packet how many sectors it read: a retry must not ask for none."""
    qemu = need("qemu-system-x86_64", "qemu-system-x86")
    recipe = EMULATORS["qemu"].recipe(Machine("qemu", "max"), built)
    write_files(tmp_path, {"probe.img": built.image.read_bytes()})
    (tmp_path / "faults").write_text(
        '[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "3"\nonce = "on"\n'
    )
    drive = ("-drive", "file=blkdebug:faults:probe.img,format=raw,if=ide")
    at = recipe.command.index("-kernel")
    command = (qemu, *recipe.command[1:at], *drive, *recipe.command[at + 2 :])
    process.run(command, tmp_path, 30)
    assert words((tmp_path / "e9").read_bytes())[-2:] == [("stop", "no-vmx"), ("end",)]


def test_the_program_is_stopped_by_itself_when_we_are_killed(
    endless: Built, tmp_path: Path
) -> None:
    """The emulator must not outlive a killed test run: timeout(1) stands above it."""
    recipe = EMULATORS["bochs"].recipe(TIGERLAKE, endless)
    write_files(tmp_path, recipe.files)
    before = bochs_processes()
    code = (
        "import sys; from pathlib import Path; from vmcsgen.probe import process; "
        "process.GRACE = 1; process.run(sys.argv[2:], Path(sys.argv[1]), 3)"
    )
    import sys

    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), *recipe.command])
    started: set[int] = set()
    for _ in range(200):
        started = bochs_processes() - before
        if started:
            break
        time.sleep(0.05)
    assert started
    parent.kill()
    parent.wait()
    for _ in range(200):
        if not any(Path(f"/proc/{pid}/cmdline").exists() for pid in started):
            return
        time.sleep(0.1)
    pytest.fail("Bochs still runs")
