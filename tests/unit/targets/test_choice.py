"""Which targets there are, and which were asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.permissions import bound

from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.targets.choice import choose, recipe_option


@pytest.fixture
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, below the working directory, with two targets and a folder that is none."""
    monkeypatch.chdir(tmp_path)
    for name in ("go", "ada"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        (tmp_path / "mine" / name / "target.yaml").write_text("")
    (tmp_path / "mine" / "notes").mkdir()
    return Path("mine")


def test_what_is_asked_for_comes_once_in_order_and_case_blind(targets: Path) -> None:
    assert choose(["go", "ADA", "Go"], targets) == ("ada", "go")
    assert choose([], targets) == ("ada", "go")


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [("gp", "there is no target 'gp'", "go"), ("notes", "no target 'notes'", "")],
)
def test_unknown_target_is_refused(targets: Path, wanted: str, message: str, hint: str) -> None:
    with pytest.raises(DiagnosticError, match=re.escape(message)) as caught:
        choose([wanted], targets)
    (fault,) = caught.value.diagnostics
    assert hint in fault.hint
    assert fault.location.path == "mine"


def test_folder_without_targets_says_how_to_begin_one(targets: Path) -> None:
    with pytest.raises(DiagnosticError, match="holds no target") as caught:
        choose([], targets / "notes")
    assert "new-target" in caught.value.diagnostics[0].hint
    with pytest.raises(DiagnosticError, match="is a file"):
        choose([], targets / "go" / "target.yaml")


@pytest.mark.parametrize("folder", ["mine", "mine/ada"])
def test_folder_that_can_not_be_listed_is_refused(targets: Path, folder: str) -> None:
    Path(folder).chmod(0o311)
    for verb in (["gen", "-t", "ada"], ["targets"]):
        done = bound([*verb, "--templates", str(targets)])
        assert done.returncode == 2
        assert f"{folder}: error: can't be listed: Permission denied" in done.stderr
    Path(folder).chmod(0o755)


@pytest.mark.parametrize("wanted", [[], ["-t", "go"]], ids=["all", "another"])
def test_a_target_that_can_not_be_looked_at_is_not_passed_over(
    targets: Path, wanted: list[str]
) -> None:
    Path("mine/ada").chmod(0o600)
    done = bound(["gen", *wanted, "--templates", str(targets), "--check"])
    assert done.returncode == 2
    assert "mine/ada: error: can't be read: Permission denied" in done.stderr
    Path("mine/ada").chmod(0o755)


@pytest.mark.parametrize(
    ("folder", "option"),
    [
        ("mine", " --templates mine"),
        ("mine/../mine", " --templates mine"),
        ("a */ b", " --templates DIR"),
        ("-o\nx", " --templates DIR"),
    ],
)
def test_command_that_regenerates_names_the_folder(
    targets: Path, checkout: Path, folder: str, option: str
) -> None:
    assert recipe_option(folder) == option
    assert recipe_option(None) == recipe_option(checkout / "templates") == ""
    assert recipe_option("/somewhere/else") == " --templates DIR"
