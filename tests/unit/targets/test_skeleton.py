"""new-target: what it refuses. tests/compile/test_add_a_target.py runs what it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.targets.languages import LANGUAGES
from vmcsgen.targets.skeleton import SKELETONS


@pytest.mark.parametrize(
    "name", ["Mine", "../mine", "a b", "-x", ".", "..", ".x", "x-", "x--y", "a" * 81, "mine\n"]
)
def test_a_name_that_no_target_can_have(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-target", "--templates", str(tmp_path), "--", name]) == 2
    error = capsys.readouterr().err
    assert "is no name for a target" in error
    assert "such as my-target" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["my-target", "a-b-c", "64", "1.2", "no", "null", "2026-02-03", "a" * 80]
)
def test_a_name_that_a_target_can_have(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-target", name, "--templates", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for path in ("target.yaml", "vmcs.h.j2"):
        assert (tmp_path / name / path).is_file()
        assert f"{name}/{path}\n" in said
    out = str(tmp_path / "out")
    assert main(["gen", "--templates", str(tmp_path), "-t", name, "-o", out]) == 0


def test_a_name_of_ours_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-target", "c", "--templates", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "a target 'c' comes with vmcsgen" in error
    assert "choose another name" in error


def test_what_is_there_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-target", "mine", "--templates", str(tmp_path)]) == 0
    before = (tmp_path / "mine/target.yaml").read_text()
    assert main(["new-target", "mine", "--templates", str(tmp_path), "--language", "go"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "mine/target.yaml").read_text() == before


def test_a_link_that_leads_nowhere_is_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").symlink_to(tmp_path / "elsewhere")
    assert main(["new-target", "mine", "--templates", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "is there already" in error
    assert "choose another name, or remove it" in error
    assert not (tmp_path / "elsewhere").exists()


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
