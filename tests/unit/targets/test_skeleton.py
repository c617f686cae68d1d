"""new-target: what it refuses. tests/compile/test_add_a_target.py runs what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.targets.languages import LANGUAGES
from vmcsgen.targets.skeleton import SKELETONS


@pytest.mark.parametrize("name", ["", "Mine", "../mine", "a b", "-x", "a" * 81, "mine\n"])
def test_a_name_that_no_target_can_have(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-target", "--templates", str(tmp_path), "--", name]) == 2
    assert "is no name for a target" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_ours_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-target", "c", "--templates", str(tmp_path)]) == 2
    assert "a target 'c' comes with vmcsgen" in capsys.readouterr().err


def test_what_is_there_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-target", "mine", "--templates", str(tmp_path)]) == 0
    before = (tmp_path / "mine/target.yaml").read_text()
    assert main(["new-target", "mine", "--templates", str(tmp_path), "--language", "go"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "mine/target.yaml").read_text() == before


def test_the_command_that_it_names_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import shlex

    monkeypatch.chdir(tmp_path)
    assert main(["new-target", "mine", "--templates", "my targets"]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    program, *arguments = shlex.split(said.removeprefix("generate with: "))
    assert program == "vmcsgen"
    assert main(arguments) == 0
    assert (tmp_path / "out/mine/vmcs.h").is_file()


def test_every_language_is_one_that_outputs_can_have() -> None:
    assert set(SKELETONS) <= set(LANGUAGES)
