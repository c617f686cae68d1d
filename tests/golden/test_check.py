"""One case a rule: the files of a folder, checked, give its expected.txt to the letter.

`python tests/golden/test_check.py` writes the expected files anew; read what git says changed.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.scan.findings import RULES

HERE = Path(__file__).resolve().parent / "check"
CASES = sorted(folder.name for folder in HERE.iterdir() if folder.is_dir())


def output(*arguments: str) -> tuple[str, int]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(["check", *arguments])
    return said.getvalue() + f"exit status {status}\n", status


@pytest.mark.parametrize("case", CASES)
def test_findings_of_case(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(HERE / case, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    expected = (tmp_path / "expected.txt").read_text()
    assert output(".")[0] == expected


@pytest.mark.parametrize("case", [case for case in CASES if case in RULES])
def test_case_shows_its_rule(case: str) -> None:
    expected = (HERE / case / "expected.txt").read_text()
    assert f"{RULES[case].severity}: " in expected
    assert f"[{case}]" in expected


def test_every_rule_has_a_case() -> None:
    assert set(RULES) <= set(CASES)


if __name__ == "__main__":
    for name in CASES:
        os.chdir(HERE / name)
        Path("expected.txt").write_text("")
        Path("expected.txt").write_text(output(".")[0])
