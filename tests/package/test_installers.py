"""Run and installed by pipx, by uv and from the sdist: the program, and the script that starts it.

The script is a file of ours, not what installers write for an entry point, for the sake of a fast
start; so each installer must find it by itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from needs import tool
from vmcsgen import __version__


@pytest.fixture
def wheel(built: Path) -> str:
    (found,) = built.glob("*.whl")
    return str(found)


@pytest.fixture
def sdist(built: Path) -> Path:
    (found,) = built.glob("*.tar.gz")
    return found


def said(folder: Path, *command: str, **environment: str) -> str:
    """What a command that must succeed prints; what it installs stays below ``folder``."""
    places = {
        "PIPX_HOME": "pipx", "PIPX_BIN_DIR": "programs",
        "UV_TOOL_DIR": "uv", "UV_TOOL_BIN_DIR": "programs",
    }  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=900,
        env=os.environ | {name: str(folder / place) for name, place in places.items()}
        | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pipx_runs_the_wheel(wheel: str, tmp_path: Path) -> None:
    told = said(tmp_path, tool("pipx"), "run", "--spec", wheel, "vmcsgen", "show", "0x2032")
    assert told.startswith("TSC multiplier\n")


def test_uv_runs_the_wheel(wheel: str, tmp_path: Path) -> None:
    command = [tool("uv"), "tool", "run", "--from", wheel, "vmcsgen", "show", "0x2032"]
    assert said(tmp_path, *command, UV_PYTHON=sys.executable).startswith("TSC multiplier\n")


@pytest.mark.parametrize("installer", ["pipx install", "uv tool install"])
def test_installed_the_program_starts_by_our_script(
    installer: str, wheel: str, tmp_path: Path, checkout: Path
) -> None:
    name, *verb = installer.split()
    said(tmp_path, tool(name), *verb, wheel, UV_PYTHON=sys.executable)
    program = tmp_path / "programs/vmcsgen"
    assert said(tmp_path, str(program), "--version") == f"vmcsgen {__version__}\n"
    shebang, _, rest = program.read_text().partition("\n")
    assert shebang.startswith("#!/")
    assert rest == (checkout / "generator/bin/vmcsgen").read_text().partition("\n")[2]
    said(tmp_path, str(program), "gen", "-t", "c")
    assert (tmp_path / "out/c/vmcs.h").read_bytes() == (checkout / "out/c/vmcs.h").read_bytes()


def test_the_sdist_tests_itself(sdist: Path, tmp_path: Path) -> None:
    """What a packager does: unpack, check that the outputs are current, run tests of the core."""
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
        assert all(member.isfile() and ".." not in member.name for member in members)
        archive.extractall(tmp_path, members)
    (top,) = tmp_path.iterdir()
    source = {"PYTHONPATH": str(top / "generator")}
    asked = [sys.executable, "-c", "import vmcsgen; print(vmcsgen.__file__)"]
    assert said(top, *asked, **source).startswith(str(top))
    assert "current" in said(top, sys.executable, "-m", "vmcsgen", "gen", "--check", **source)
    tests = ["tests/unit/core", "tests/unit/specfile", "tests/golden/test_diagnostics.py"]
    told = said(
        top, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, **source
    )
    assert " passed" in told


def test_pip_installs_the_sdist(sdist: Path, tmp_path: Path) -> None:
    said(tmp_path, sys.executable, "-m", "venv", "environment")
    python = tmp_path / "environment/bin/python"
    said(tmp_path, str(python), "-m", "pip", "install", "--quiet", str(sdist))
    assert "valid: " in said(tmp_path, str(python.with_name("vmcsgen")), "validate")
