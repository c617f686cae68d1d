"""What a check of named files says twice: the same, until something it depends on has changed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from checked_again import LONG_AGO, RIGHT, WRONG, said, write

from vmcsgen import states
from vmcsgen.cli import main


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a header that was written long ago, and nothing said of it yet."""
    for each in Path(os.environ["VMCSGEN_CACHE"]).glob("said-*"):
        each.unlink()
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    monkeypatch.setattr(states, "SETTLED", LONG_AGO)
    write("vmx.h", WRONG)
    return tmp_path / "tree"


def kept() -> list[str]:
    return [each.name for each in Path(os.environ["VMCSGEN_CACHE"]).glob("said-*")]


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
@pytest.mark.parametrize("text", [WRONG, RIGHT, "int nothing_of_the_vmcs;\n"])
def test_both_streams_say_the_same_again(
    form: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("vmx.h", text)
    first = said(capsys, "vmx.h", "--format", form)
    assert said(capsys, "vmx.h", "--format", form) == first


def test_what_was_said_is_said_again_without_reading(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = said(capsys, "vmx.h")

    def fail(path: str) -> tuple[bytes, bool]:
        raise AssertionError(path)

    monkeypatch.setattr("vmcsgen.scan.check.read", fail)
    assert said(capsys, "vmx.h") == first


def test_other_arguments_get_another_answer(capsys: pytest.CaptureFixture[str]) -> None:
    plain, quiet, counted = (
        said(capsys, "vmx.h", *more)[1] for more in ((), ("--quiet",), ("--statistics",))
    )
    assert len(quiet) < len(plain) < len(counted)


def test_a_change_of_the_baseline_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    _, report, _ = said(capsys, "vmx.h", "--format", "json")
    write("known.json", report)
    assert said(capsys, "vmx.h", "--baseline", "known.json")[0] == 0
    write("known.json", json.dumps(json.loads(report) | {"findings": []}))
    assert said(capsys, "vmx.h", "--baseline", "known.json")[0] == 1


def test_a_change_of_the_spec_that_was_named_is_seen(
    tree: Path, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = Path(shutil.copytree(checkout / "spec", tree / "spec"))
    assert said(capsys, "vmx.h", "--spec", "spec")[0] == 1
    fields = spec / "fields/b15-natural-host.yaml"
    fields.write_text(fields.read_text().replace("Host RIP", "Host instruction pointer"))
    assert "the host instruction pointer is 0x6c16" in said(capsys, "vmx.h", "--spec", "spec")[1]


def test_a_change_of_settings_beside_a_file_elsewhere_is_seen(
    tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "sub").mkdir()
    monkeypatch.chdir(tree / "sub")
    assert said(capsys, "../vmx.h")[0] == 1
    write(tree / "vmcsgen.toml", "[[check.ignore]]\nrule = 'VMCS101'\nreason = 'later'\n")
    assert said(capsys, "../vmx.h")[0] == 0
    write(tree / "vmcsgen.toml", "[[check.ignore]]\nrule = 'VMCS102'\nreason = 'later'\n")
    assert said(capsys, "../vmx.h")[0] == 1


def test_other_bytes_are_seen_though_size_and_time_are_those_of_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys, "vmx.h")[0] == 1
    assert len(kept()) == 1
    write("vmx.h", RIGHT)
    assert said(capsys, "vmx.h")[0] == 0


@pytest.mark.parametrize("changed", ["vmx.h", "vmcsgen.toml"])
def test_nothing_is_kept_of_a_file_or_settings_that_changed_a_moment_before(
    changed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system's clock is coarse, the next change would look the same; and a time of
    long ago that was given to the bytes of a moment ago says nothing."""
    write("vmcsgen.toml", "[check]\n")
    monkeypatch.setattr(states, "SETTLED", 3_600_000_000_000)
    for time in (None, (1, 1)):
        os.utime(changed, time)
        assert said(capsys, "vmx.h")[0] == 1
        assert kept() == []
    monkeypatch.setattr(states, "SETTLED", LONG_AGO)
    assert said(capsys, "vmx.h")[0] == 1
    assert len(kept()) == 1


def test_vmcsgen_toml_comes_before_pyproject(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "vmcsgen.toml").write_text("[check]\npaths = ['vmx.h']\n")
    (tree / "pyproject.toml").write_text("[tool.vmcsgen.check]\npaths = ['other.h']\n")
    status, out, _ = said(capsys)
    assert (status, "vmx.h:6" in out) == (1, True)


def test_settings_above_a_work_tree_of_git_are_not_its_own(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a work tree beside its repository, and of a submodule, .git is a file."""
    (tree / "sub").mkdir()
    write("sub/vmx.h", WRONG)
    write("vmcsgen.toml", "[[check.ignore]]\nrule = 'VMCS101'\nreason = 'later'\n")
    assert said(capsys, "sub/vmx.h")[0] == 0
    write("sub/.git", "gitdir: elsewhere\n")
    assert said(capsys, "sub/vmx.h")[0] == 1


def test_a_terminal_is_told_in_colour_what_a_file_was_told_without(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = said(capsys, "vmx.h")[1]
    assert "\x1b" not in plain
    terminal, other = os.openpty()
    with os.fdopen(terminal, "rb"), os.fdopen(other, "w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert main(["check", "vmx.h"]) == 1
        stream.flush()
        shown = os.read(terminal, 1 << 16).decode()
    monkeypatch.undo()
    assert "\x1b[" in shown
