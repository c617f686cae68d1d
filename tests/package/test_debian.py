"""Debian's own Python and packages, nothing from PyPI: the same bytes, and every verb works."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from needs import missing
from surroundings import assert_same, committed, tree
from vmcsgen.cli import DEPENDENCIES

PYTHON = Path("/usr/bin/python3")
MODULES = {module: debian for module, (_, debian) in DEPENDENCIES.items()}


def start(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Debian's Python; a user's packages of his own stay out."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    source = Path(__file__).resolve().parents[2] / "generator"
    return subprocess.run(
        [PYTHON, "-s", *command], cwd=folder, capture_output=True, text=True, check=False,
        env=kept | {"PYTHONPATH": str(source)},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def debian(tmp_path: Path) -> None:
    """Skip, or fail where CI=true, unless all modules come from Debian's packages."""
    wanted = ", ".join(MODULES)
    asked = "".join(f"print({module}.__file__);" for module in MODULES)
    if not PYTHON.exists():
        missing(f"needs {PYTHON}: apt-get install python3")
    done = start(tmp_path, "-c", f"import {wanted}; {asked}")
    if done.returncode:
        missing(f"needs Debian's packages: apt-get install {' '.join(MODULES.values())}")
    places = done.stdout.split()
    if not all(place.startswith("/usr/lib/python3/dist-packages/") for place in places):
        missing(f"modules that are not Debian's hide Debian's: {', '.join(places)}")


def test_the_program_knows_what_pyproject_asks_for_and_ci_installs(checkout: Path) -> None:
    text = (checkout / "pyproject.toml").read_text()
    asked = text.partition("\ndependencies = [\n")[2].partition("\n]")[0]
    names = [line.strip(' ",').partition(">=")[0] for line in asked.splitlines()]
    assert sorted(names) == sorted(package for package, _ in DEPENDENCIES.values())
    installed = (checkout / ".ci/run").read_text().split()
    assert [package for package in MODULES.values() if package not in installed] == []


def test_gen_makes_the_committed_bytes(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From nothing: no cache has an answer of another black."""
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))
    done = start(tmp_path, "-m", "vmcsgen", "gen")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same(tree(tmp_path / "out"), committed(checkout))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ("gen --check", 0, " current"),
        ("gen --tree docs --check", 0, "1 region in 1 file: 1 current"),
        ("validate", 0, "valid: "),
        ("list --where id=tsc_multiplier", 0, "0x2032"),
        ("show 0x2033 --format json", 0, '"high": true'),
        ("caps i7-7700k", 0, "IA32_VMX_VMCS_ENUM"),
        ("cpus --kind hardware", 0, "i7-7700k"),
        ("diff spec spec", 0, "no difference"),
        ("targets", 0, "kvm-unit-tests"),
        ("check out/python/vmcs.py", 0, "read 1 file"),
        ("check tests/golden/check/VMCS202", 1, "[VMCS202]"),
        ("check spec/fields", 0, "spec/fields/b04-64bit-control.yaml:"),
        ("check out/python out/c out/rust", 2, "pip install 'vmcsgen[check]' brings both"),
    ],
)
def test_a_verb_works(arguments: str, status: int, said: str, checkout: Path) -> None:
    done = start(checkout, "-m", "vmcsgen", *arguments.split())
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
