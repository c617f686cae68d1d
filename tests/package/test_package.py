"""Wheel and sdist: built, installed into an empty environment, used outside the checkout."""

from __future__ import annotations

import ast
import os
import shutil
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


HEAVY = ("black", "jsonschema", "yaml")


def test_the_wheel_brings_what_its_spec_was_validated_to(installed: Path, tmp_path: Path) -> None:
    """gen from nothing needs no validator and no formatter, until a byte of the package changes."""
    python = installed.parent / "python"
    asked = "import vmcsgen; print(vmcsgen.__path__[0])"
    package = Path(run(python, "-c", asked, cwd=tmp_path).strip())
    copy = tmp_path / "copy/vmcsgen"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def gen(*options: str) -> tuple[int, list[str]]:
        """The exit status in one process, without cache and outputs, and what heavy it took."""
        code = (
            "import os, sys; os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1]); "
            "from vmcsgen.cli import main; status = main(sys.argv[1:]); "
            f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr); sys.exit(status)"
        )
        settings = {"PYTHONPATH": str(copy.parent), "VMCSGEN_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(
            [python, "-c", code, *options],
            cwd=tmp_path, capture_output=True, text=True, check=False, env=os.environ | settings,
        )  # fmt: skip
        for made in ("cache", "out"):
            shutil.rmtree(tmp_path / made, ignore_errors=True)
        return done.returncode, ast.literal_eval(done.stderr.splitlines()[-1])

    (tmp_path / "vmcs.py").write_text(
        "GUEST_RIP = 0x681E\nGUEST_RSP = 0x681C\nGUEST_CR0 = 0x6800\n"
    )
    for options in (["gen"], ["show", "0x2032"], ["cpus"], ["targets"], ["check", "vmcs.py"]):
        assert gen(*options) == (0, []), options
    for options in (["validate"], ["gen", "--spec", str(copy / "share/spec/../spec")]):
        assert gen(*options) == (0, ["jsonschema", "yaml"]), options
    with (copy / "core/encoding.py").open("a") as file:
        file.write("# another byte\n")
    assert gen("gen") == (0, sorted(HEAVY))
    table = copy / "share/spec/fields/b04-64bit-control.yaml"
    table.write_text(table.read_text().replace("0x2032", "0x2033"))
    assert gen("gen")[0] == 2


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
