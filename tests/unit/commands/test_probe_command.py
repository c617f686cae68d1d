"""vmcsgen probe read: exit statuses and formats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from vmcsgen.cli import main

CHECKOUT = Path(__file__).parents[3]
LOG = CHECKOUT / "tests" / "fixtures" / "probe" / "bochs-2.7-tigerlake.log"


def test_a_log_with_known_deviations_only_is_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "read", str(LOG)]) == 0
    assert "bochs-vmcs-enum-constant" in capsys.readouterr().out


def test_a_log_on_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with LOG.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert main(["probe", "read", "-"]) == 0
    assert "bochs-vmcs-enum-constant" in capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "read", str(LOG), "--format", "json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["emulator"]["model"] == "tigerlake"


def test_cpu_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "read", str(LOG), "--format", "cpu"]) == 0
    assert "cpuid_1_eax: 0x806c1" in capsys.readouterr().out


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A copy of the spec that a test may change."""
    return Path(shutil.copytree(CHECKOUT / "spec", tmp_path / "spec"))


def test_cpu_entry_may_go_into_a_new_file_of_the_spec(
    scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = scratch / "cpus" / "new.yaml"
    new.touch()  # as the shell does before vmcsgen begins
    assert main(["probe", "read", str(LOG), "--format", "cpu", "--spec", str(scratch)]) == 0
    new.write_text(capsys.readouterr().out)
    assert main(["cpus", "--spec", str(scratch)]) == 0
    assert "probe-806c1" in capsys.readouterr().out


def test_a_broken_requirement_is_exit_1_and_names_the_field(
    scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = scratch / "fields" / "b04-64bit-control.yaml"
    text = table.read_text()
    assert text.count("requires: secondary.use_tsc_scaling") == 1
    table.write_text(
        text.replace("requires: secondary.use_tsc_scaling", "requires: secondary.pasid_translation")
    )
    assert main(["probe", "read", str(LOG), "--spec", str(scratch)]) == 1
    out = capsys.readouterr().out
    assert "DIFFERS  unexpected: 0x2032 tsc_multiplier" in out
    assert "bochs 2.7 tigerlake" in out


@pytest.mark.parametrize("content", [b"", LOG.read_bytes()[:9000], b"@vmcs7 0000 begin *0000\n"])
def test_a_log_that_cannot_be_compared_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "serial.log"
    path.write_bytes(content)
    assert main(["probe", "read", str(path)]) == 2
    assert "serial.log" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--cpu", "tigerlake", "--emulator", "nosuch"],
        ["run", "--cpu", "tigerlake", "--timeout", "0"],
        ["run"],
        [],
    ],
)
def test_bad_usage_is_exit_2(arguments: list[str]) -> None:
    try:
        status = main(["probe", *arguments])
    except SystemExit as error:
        status = int(error.code or 0)
    assert status == 2
