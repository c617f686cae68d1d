"""Outputs that are known to be current: every change of what decides their bytes is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vmcsgen.cli import main
from vmcsgen.targets.current import present, stamp_name

MANIFEST = """\
target: demo
title: A demonstration
license: MIT
outputs:
  - {template: t.j2, path: t.h, language: c}
"""


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a target below targets/ of the working directory."""
    folder = tmp_path / "targets/demo"
    folder.mkdir(parents=True)
    (folder / "target.yaml").write_text(MANIFEST)
    (folder / "t.j2").write_text("text\n")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("part", ["part.j2", ".part.j2", "parts/a.j2", ".parts/.a.j2"])
def test_a_change_of_a_part_of_a_template_is_seen(part: str, target: Path) -> None:
    (target / "t.j2").write_text(f"{{% include '{part}' %}}")
    (target / part).parent.mkdir(exist_ok=True)
    (target / part).write_text("one\n")
    assert main(["gen", "--templates", "targets"]) == 0
    assert main(["gen", "--templates", "targets", "--check"]) == 0
    (target / part).write_text("two\n")
    assert main(["gen", "--templates", "targets", "--check"]) == 1
    assert main(["gen", "--templates", "targets"]) == 0
    assert "two\n" in Path("out/demo/t.h").read_text()


@pytest.mark.usefixtures("target")
def test_outputs_that_say_another_command_are_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["gen", "--templates", "targets"]) == 0
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert main(["gen", "--templates", "../targets", "-o", "../out", "--check"]) == 1
    assert main(["gen", "--templates", str(tmp_path / "targets"), "-o", "../out", "--check"]) == 1
    monkeypatch.chdir(tmp_path)
    assert main(["gen", "--templates", "targets", "--check"]) == 0


def test_every_file_of_the_spec_decides(checkout: Path, tmp_path: Path) -> None:
    """Those that only some targets read too."""
    spec = Path(shutil.copytree(checkout / "tests/golden/spec", tmp_path / "spec"))
    seen = {stamp_name(["csv"], spec)}
    files = [path for path in spec.rglob("*") if path.is_file()]
    for file in files:
        with file.open("a") as stream:
            stream.write("# more\n")
        seen.add(stamp_name(["csv"], spec))
    assert len(seen) == 1 + len(files) > 10


ROOMS = """\
import os, sys
from pathlib import Path
import vmcsgen
from vmcsgen import states
from vmcsgen.cli import main
from vmcsgen.targets.current import unchanged

states.SETTLED = -3_600_000_000_000  # every change so far counts as one of long ago
assert main(["gen"]) == 0
package = Path(vmcsgen.__file__).parent
loaded = [each.__file__ for name, each in sys.modules.items() if name.startswith("vmcsgen.")]
rooms = {Path(file).parent: Path(file) for file in loaded if not file.endswith("__init__.py")}
assert unchanged(["csv"], "out") is None
assert main(["gen", "-t", "csv"]) == 0
assert unchanged(["csv"], "out") == unchanged(["csv"], "out") > 0
for file in rooms.values():
    before = file.stat().st_mtime_ns
    os.utime(file, ns=(1, 1))
    print(file.parent.relative_to(package), unchanged(["csv"], "out"))
    os.utime(file, ns=(before, before))
    assert unchanged(["csv"], "out")
"""


def test_a_change_of_any_room_that_makes_outputs_is_seen(checkout: Path, tmp_path: Path) -> None:
    """Of a copy of the program: the rooms that generating all targets imports."""
    for folder in ("spec", "templates", "generator/vmcsgen"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(checkout / folder, tmp_path / folder, ignore=ignored)
    done = subprocess.run(
        [sys.executable, "-c", ROOMS], cwd=tmp_path, check=True, capture_output=True, text=True,
        env=os.environ
        | {"PYTHONPATH": str(tmp_path / "generator"), "VMCSGEN_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rooms = dict(line.split() for line in done.stdout.splitlines() if ":" not in line)
    assert {".", "commands", "core", "site", "specfile", "targets"} <= set(rooms)
    assert set(rooms.values()) == {"None"}


def test_only_the_series_beside_the_outputs_is_none_of_them(tmp_path: Path) -> None:
    for path in ("a.h", "series/0001.patch", "sub/a.h", "sub/series/0001.patch"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    assert present(tmp_path) == {"a.h", "sub/a.h", "sub/series/0001.patch"}
    assert present(tmp_path / "none") == set()
