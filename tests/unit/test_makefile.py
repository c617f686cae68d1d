"""The Makefile, played: where the checkout may stand, and what clean leaves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[2] / "Makefile"


def make(folder: Path, goal: str) -> str:
    """What a copy of the Makefile says in ``folder``."""
    shutil.copy(MAKEFILE, folder)
    ended = subprocess.run(
        ["make", "-s", goal], check=False, text=True, capture_output=True, timeout=60, cwd=folder
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("gen", "-m vmcsgen gen\n-m vmcsgen gen --tree docs\n"),
        ("gen-check", "-m vmcsgen gen --check\n-m vmcsgen gen --tree docs --check\n"),
    ],
)
def test_the_checkout_may_have_a_blank_in_its_path(tmp_path: Path, goal: str, said: str) -> None:
    checkout = tmp_path / "check out"
    python = checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    (checkout / "pyproject.toml").touch()
    (checkout / ".venv/.ready").touch()
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    # As pip writes it: no kernel finds an interpreter behind a blank.
    script = python.with_name("vmcsgen")
    script.write_text(f"#!{python}\n")
    script.chmod(0o755)
    assert make(checkout, goal) == said


def test_clean_leaves_nothing_that_python_compiled(tmp_path: Path) -> None:
    for folder in ("generator/vmcsgen/core", "tests/unit"):
        (tmp_path / folder / "__pycache__").mkdir(parents=True)
        (tmp_path / folder / "__pycache__/spec.pyc").touch()
        (tmp_path / folder / "spec.py").touch()
    make(tmp_path, "clean")
    assert sorted(each.name for each in tmp_path.rglob("*.py*")) == ["spec.py", "spec.py"]
    assert not list(tmp_path.rglob("__pycache__"))
