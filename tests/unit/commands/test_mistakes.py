"""What people mistype: every message says what was probably meant, or what there is."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path

import pytest

from vmcsgen.cli import main

MISTAKES = {
    "help shwo": "did you mean 'show'?",
    "--verison": "did you mean '--version'?",
    "list --formt json": "did you mean '--format'?",
    "check --basline=known.json vmx.h": "did you mean '--baseline'?",
    "list --where widht=64": "did you mean 'width'?",
    "list --where project=linx": "did you mean 'linux'?",
    "list --where source=sdm-2026-20": "did you mean 'sdm-2026-02'?",
    "show tsc_multiplyer": "did you mean tsc_multiplier?",
    "show ''": "an argument is empty",
    "gen -t c -o ''": "an argument is empty",
    "gen --tree=": "an argument is empty",
    "show 2032": "did you mean 0x2032?",
    "diff - -": "standard input can be read once only",
    "gen -t linx": "did you mean 'linux'?",
    "gen -t c --print vmcs.c": "did you mean 'vmcs.h'?",
    "gen -t c --print vmcs.h -o elsewhere": "not to --output",
    "gen --templates vmx.h": "vmx.h: error: is a file",
    "gen --templates nowhere": "nowhere: error: there is no such folder",
    "gen --templates empty": "vmcsgen new-target begins one",
    "adopt c empty": "one of: kvm-unit-tests, linux, qemu, vmxcap",
    "patch c empty --from 'A <a@b>'": "one of: kvm-unit-tests, linux, qemu, vmxcap",
    "check vmx.h --project linx": "did you mean 'linux'?",
    "check vmx.h --jobs -3": "a number of processes, 1 to 1024",
    "check vmx.h --jobs two": "a number of processes, 1 to 1024",
    "caps i7-7700k@3": "unnumbered CPUs: leave out @3",
    "cpus --revision --kind nested": "leave out --field and --kind",
    "diff empty nowhere --breaking": "empty: error: --breaking compares specs",
    "annotate vmx.h --names linx": "did you mean 'linux'?",
    "annotate /proc/self/mem": "/proc/self/mem: error: can't be read on: Input/output error",
    "annotate empty": "empty: error: is a folder, not a log",
    "probe run --emulator boch --cpu tigerlake": "did you mean 'bochs'?",
    "new-target mine --templates vmx.h": "this file is as it was",
}


@pytest.mark.parametrize(("command", "wanted"), MISTAKES.items(), ids=list(MISTAKES))
def test_a_mistake_is_told_with_the_way_to_mend_it(
    command: str,
    wanted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vmx.h").write_text("enum vmcs_field { GUEST_RIP = 0x681e };\n")
    (tmp_path / "empty").mkdir()
    try:
        status = main(shlex.split(command))
    except SystemExit as ended:
        status = int(ended.code or 0)
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert wanted in said.err


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("caps NAME", "can't be read: File name too long"),
        ("caps NAME@1", "can't be read: File name too long"),
        ("diff i7-7700k NAME@1", "can't be read: File name too long"),
        ("validate NAME", "there is no such folder"),
        ("list --spec NAME", "there is no such folder"),
        ("caps i7-7700k --spec NAME", "there is no such folder"),
        ("annotate NAME", "can't be read: File name too long"),
        ("check NAME", "there is no such file or folder"),
        ("check . --baseline NAME", "can't be read: File name too long"),
        ("gen --templates NAME", "there is no such folder"),
        ("gen --tree NAME", "is no folder"),
        ("gen -t c -o NAME", "can't be read: File name too long"),
        ("adopt linux NAME", "is no folder"),
        ("patch linux NAME", "is no folder"),
        ("new-target mine --templates NAME", "can't be read: File name too long"),
        ("probe read NAME", "can't be read: File name too long"),
        ("probe build -o NAME", "can't be read: File name too long"),
    ],
)
def test_a_name_that_no_file_can_have_is_no_bug(
    command: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.replace("NAME", "n" * 300).split()) == 2
    assert wanted in capsys.readouterr().err


@pytest.mark.parametrize("command", ["list", "caps i7-7700k", "completion bash"])
def test_a_full_disk_is_no_bug(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails
    monkeypatch.setattr("sys.stdout", full)
    assert main(command.split()) == 2
    with contextlib.suppress(OSError):  # it still holds what could not be written
        full.close()
    assert capsys.readouterr().err == "vmcsgen: not all could be written: No space left on device\n"
