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


PAGES = HERE.parents[2] / "docs" / "rules"


@pytest.mark.parametrize("rule", RULES)
def test_rule_has_a_page_with_what_it_prints(rule: str) -> None:
    page = (PAGES / f"{rule}.md").read_text()
    known = RULES[rule]
    assert page.startswith(
        f"# {rule} {known.name}\n\n{known.severity.capitalize()}: {known.title}.\n"
    )
    example = page.partition("```text\n")[2].partition("```")[0]
    assert f"[{rule}]" in example
    assert example in (HERE / rule / "expected.txt").read_text()


def test_index_of_rules_is_complete() -> None:
    index = (PAGES / "README.md").read_text()
    for rule in RULES.values():
        assert (
            f"| [{rule.id}]({rule.id}.md) {rule.name} | {rule.severity} | {rule.title} |" in index
        )
    assert {path.stem for path in PAGES.glob("VMCS*.md")} == set(RULES)


if __name__ == "__main__":
    for name in CASES:
        os.chdir(HERE / name)
        Path("expected.txt").write_text("")
        Path("expected.txt").write_text(output(".")[0])
