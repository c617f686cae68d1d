"""One broken spec for each rule, beside the exact text that it must bring.

NAME.yaml replaces the file of tests/golden/spec that its first line names; NAME.err is the
output. ``UPDATE_GOLDEN=1`` writes the texts anew: read the diff before you commit it.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from vmcsgen.cli import main

HERE = Path(__file__).resolve().parent
CASES = sorted(path.stem for path in (HERE / "diagnostics").glob("*.yaml"))


def lay_out(case: str, folder: Path) -> None:
    """The small spec with one file replaced by the broken one."""
    shutil.copytree(HERE / "spec", folder / "spec")
    text = (HERE / "diagnostics" / f"{case}.yaml").read_text()
    first, _, rest = text.partition("\n")
    replaced = first.removeprefix("# file: ")
    assert (folder / "spec" / replaced).exists()
    (folder / "spec" / replaced).write_text(rest)


def test_the_small_spec_itself_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(HERE / "spec", tmp_path / "spec")
    monkeypatch.chdir(tmp_path)
    assert main(["validate", "spec"]) == 0
    assert capsys.readouterr().out.startswith("valid: 9 files, 4 fields, 3 controls, 1 project")


@pytest.mark.parametrize("case", CASES)
def test_broken_spec_brings_exactly_this_text(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    status = main(["validate", "spec"])
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    expected = HERE / "diagnostics" / f"{case}.err"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(captured.err)
    assert captured.err == expected.read_text()


def is_of_the_model(case: str) -> bool:
    """Whether the broken file is one that outputs are made from: known CPUs and errata are not."""
    first = (HERE / "diagnostics" / f"{case}.yaml").read_text().partition("\n")[0]
    return not first.removeprefix("# file: ").startswith(("cpus/", "errata", "ladders"))


@pytest.mark.parametrize("case", [case for case in CASES if is_of_the_model(case)])
def test_broken_spec_leaves_the_outputs_alone(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "out/csv/fields.csv"
    output.parent.mkdir(parents=True)
    output.write_text("as it was\n")
    assert main(["gen", "-t", "csv", "--spec", "spec"]) == 2
    assert output.read_text() == "as it was\n"
    assert [path.name for path in output.parent.iterdir()] == ["fields.csv"]
    assert "Traceback" not in capsys.readouterr().err


def test_every_rule_has_a_broken_spec() -> None:
    """Each SPEC id in the code stands in some .err, so that its message was read once."""
    code = Path(main.__code__.co_filename).parent
    raised = {
        rule
        for path in (code / "specfile").glob("*.py")
        for rule in re.findall(r'"(SPEC\d{3})"', path.read_text())
    }
    shown = {
        rule
        for path in (HERE / "diagnostics").glob("*.err")
        for rule in re.findall(r"\[(SPEC\d{3})\]", path.read_text())
    }
    elsewhere = {
        # files, not content: tests/unit/specfile/test_files.py
        "SPEC001", "SPEC002", "SPEC008", "SPEC009",
        "SPEC010", "SPEC124", "SPEC126",  # tests/unit/specfile/test_rules.py
        "SPEC135",  # beside the model: tests/unit/specfile/test_emulator_rules.py
    }  # fmt: skip
    assert raised - shown == elsewhere
