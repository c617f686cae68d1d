"""Pages of the guide followed to the letter: their files are written, their commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"(?:^`(?P<path>[\w./-]+)`:\n\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Step:
    """A file to write, or commands to run."""

    path: str | None
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines of a shell block."""
        return self.text.splitlines()


def steps(page: str) -> Iterator[Step]:
    """The blocks of a page, or a part of one, that say what to do."""
    for block in _BLOCK.finditer(page):
        if block["path"] or block["language"] == "sh":
            yield Step(block["path"], block["text"])


def follow(page: str, folder: Path, run: Callable[[str], None]) -> None:
    """Do in ``folder`` what a page says, in its order."""
    for step in steps(page):
        if step.path is None:
            for command in step.commands:
                run(command)
        else:
            path = folder / step.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)


def succeed(*command: str, cwd: Path, programs: Path | None = None) -> str:
    """What a command that must succeed printed; ``programs`` is looked into first."""
    path = f"{programs or Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": path, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"},
    )  # fmt: skip
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout
