"""Wheel and sdist: built, installed into an empty environment, used outside the checkout."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

import pytest

from followed_pages import follow, succeed
from surroundings import assert_same, committed, tree


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in an environment that holds the wheel and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    (wheel,) = built.glob("*.whl")
    run(folder / "bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return folder / "bin/vmcsgen"


def test_the_wheel_generates_what_the_checkout_has(
    installed: Path, tmp_path: Path, checkout: Path
) -> None:
    run(installed, "gen", cwd=tmp_path)
    assert_same(tree(tmp_path / "out"), committed(checkout))
    assert "current" in run(installed, "gen", "--check", cwd=tmp_path)


def test_the_wheel_knows_every_field(installed: Path, tmp_path: Path) -> None:
    assert "valid: " in run(installed, "validate", cwd=tmp_path)
    assert "tsc_multiplier" in run(installed, "show", "0x2032", cwd=tmp_path)


def test_the_sdist_holds_what_a_packager_needs(built: Path) -> None:
    import tarfile

    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    wanted = {
        "LICENSE",
        "README.md",
        "Makefile",
        "spec/VERSION",
        "spec/fields/b04-64bit-control.yaml",
        "templates/c/target.yaml",
        "tests/conftest.py",
        "out/c/vmcs.h",
    }
    assert wanted <= names


def test_a_package_brings_a_target_as_the_page_says(
    installed: Path, tmp_path: Path, checkout: Path
) -> None:
    """docs/add-a-target.md to its end, with pip, but for what Go does."""
    page = (checkout / "docs/add-a-target.md").read_text()
    said = ""

    def do(command: str) -> None:
        nonlocal said
        if "go vet" not in command:
            said += succeed("sh", "-ec", command, cwd=tmp_path, programs=installed.parent)

    follow(page, tmp_path, do)
    assert "(package vmcsgen-go; made only if asked for)" in said
    # Written once more: the header now says how to regenerate it without --templates.
    assert said.endswith("3 files of 1 target: 3 written, 0 unchanged\n")
