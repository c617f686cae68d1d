"""What must not change a byte of an output: hash seed, locale, time zone, umask, file order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""The C locale as it was before Python 3.7: text is ASCII."""

_BACKWARDS = """
import os, sys
forwards = os.scandir
class scandir:
    def __init__(self, path="."):
        with forwards(path) as entries:
            self.left = sorted(entries, key=lambda entry: entry.name)
    def __enter__(self):
        return self
    def __exit__(self, *_):
        self.close()
    def __iter__(self):
        return self
    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop()
    def close(self):
        self.left = []
listed = os.listdir
class Backwards:
    def __call__(self, path="."):
        return sorted(listed(path), reverse=True)
os.scandir = scandir
os.listdir = Backwards()
from vmcsgen.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The program on a file system that lists folders from z to a."""


@dataclass(frozen=True)
class Surroundings:
    """How a process is started. ``backwards``: every folder is listed from z to a."""

    environment: Mapping[str, str] = field(default_factory=dict)
    umask: int = 0o022
    backwards: bool = False


def program(python: Path | str, surroundings: Surroundings) -> list[str]:
    """The command that starts vmcsgen under ``python`` in these surroundings."""
    if surroundings.backwards:
        return [str(python), "-c", _BACKWARDS]
    return [str(python), "-m", "vmcsgen"]


def run(
    command: list[str], surroundings: Surroundings, cwd: Path, *, cache: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run ``command`` with nothing of this process's own but (by default) the tests' cache."""
    dropped = ("LC_", "LANG", "PYTHON", "TZ")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "PYTHONPATH" or not name.startswith(dropped)
    }
    kept["VMCSGEN_CACHE"] = str(cache or os.environ["VMCSGEN_CACHE"])
    return subprocess.run(
        command, cwd=cwd, capture_output=True, check=False, umask=surroundings.umask,
        env=kept | dict(surroundings.environment),
    )  # fmt: skip


def generated(
    folder: Path,
    surroundings: Surroundings,
    *,
    python: Path | str = sys.executable,
    cached: bool = False,
) -> dict[str, bytes]:
    """Everything that ``gen`` makes in ``folder``; unless ``cached`` nothing is known before."""
    command = [*program(python, surroundings), "gen", "-o", str(folder / "out")]
    done = run(command, surroundings, folder, cache=None if cached else folder / "cache")
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")
    return tree(folder / "out")


def committed(checkout: Path) -> dict[str, bytes]:
    """What ``gen`` must make: out/ without the patch series, which tests/trees write and check."""
    return {name: text for name, text in tree(checkout / "out").items() if "/series/" not in name}


def tree(folder: Path) -> dict[str, bytes]:
    """The content of every file below ``folder``, by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def assert_same(made: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> None:
    """The same files with the same bytes; a difference names the files."""
    assert sorted(made) == sorted(wanted)
    assert [name for name in made if made[name] != wanted[name]] == []
